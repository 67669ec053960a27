"""What the WeChat Pay simulator decides by: test amounts, test payment codes and times, all of them published here.

An amount is recognised by its last four digits in fen, a payment code by its own last four. The numbers from 9101 to
9113 mean what they mean at the sandbox acquirer, as far as WeChat Pay knows such a thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.testing.simulators.frame.faults import BOOKED_FAULTS, UNBOOKED_FAULTS, Fault
from tollbridge_server.testing.simulators.wechatpay.replies import Refused


class Behavior(StrEnum):
    """What a test amount or a test code provokes, or what is armed for the next requests."""

    LOST = Fault.LOST.value
    RESET = Fault.RESET.value
    SERVER_ERROR = Fault.SERVER_ERROR.value
    BAD_GATEWAY = "bad_gateway"
    ACCEPTED = "accepted"
    THROTTLED = "throttled"
    SYSTEM_ERROR = "system_error"

    BOOKED_TIMEOUT = Fault.BOOKED_TIMEOUT.value
    BOOKED_RESET = Fault.BOOKED_RESET.value
    BOOKED_SERVER_ERROR = Fault.BOOKED_SERVER_ERROR.value
    BOOKED_BAD_GATEWAY = "booked_bad_gateway"
    BOOKED_SYSTEM_ERROR = "booked_system_error"
    BANK_ERROR = "bank_error"

    WRONG_SIGNATURE = "wrong_signature"
    MISSING_HEADERS = "missing_headers"
    STALE_TIMESTAMP = "stale_timestamp"
    SIGNTEST = "signtest"
    UNKNOWN_SERIAL = "unknown_serial"
    TRUNCATED = "truncated"
    FORGED = "forged"
    SLOW = "slow"

    DECLINED = "declined"
    RULE_LIMIT = "rule_limit"
    NO_AUTH = "no_auth"
    NOT_ENOUGH = "not_enough"
    CODE_USED = "code_used"
    CODE_EXPIRED = "code_expired"
    USERPAYING = "userpaying"
    USERPAYING_FAILURE = "userpaying_failure"
    USERPAYING_202 = "userpaying_202"
    USERPAYING_202_FAILURE = "userpaying_202_failure"
    USERPAYING_FOREVER = "userpaying_forever"

    PENDING_SUCCESS = "pending_success"
    PENDING_FAILURE = "pending_failure"
    REFUND_CLOSED = "refund_closed"
    PAID_AT_CLOSE = "paid_at_close"
    COUPON = "coupon"
    WRONG_AMOUNT = "wrong_amount"
    DUPLICATE_NOTIFICATIONS = "duplicate_notifications"
    REORDERED_NOTIFICATIONS = "reordered_notifications"

    HASH_MISMATCH = "hash_mismatch"
    STATEMENT_CREATING = "statement_creating"


UNBOOKED = frozenset(
    {
        *(Behavior(fault) for fault in UNBOOKED_FAULTS),
        Behavior.BAD_GATEWAY,
        Behavior.ACCEPTED,
        Behavior.THROTTLED,
        Behavior.SYSTEM_ERROR,
    }
)
"""The request never takes effect; the next one under the same number does."""

BOOKED = frozenset(
    {
        *(Behavior(fault) for fault in BOOKED_FAULTS),
        Behavior.BOOKED_BAD_GATEWAY,
        Behavior.BOOKED_SYSTEM_ERROR,
        Behavior.BANK_ERROR,
    }
)
"""The request takes effect, and its answer does not say so."""

SPOILED = frozenset(
    {
        Behavior.WRONG_SIGNATURE,
        Behavior.MISSING_HEADERS,
        Behavior.STALE_TIMESTAMP,
        Behavior.SIGNTEST,
        Behavior.UNKNOWN_SERIAL,
        Behavior.TRUNCATED,
        Behavior.FORGED,
    }
)
"""The request takes effect and is answered, but the answer does not verify."""

ON_THE_WIRE = UNBOOKED | BOOKED | SPOILED | {Behavior.SLOW}
"""What goes wrong between the parties; everything else is decided when the request is booked."""

OF_BILLS = frozenset({Behavior.HASH_MISMATCH, Behavior.STATEMENT_CREATING})
"""What only the question for a bill can suffer."""

OF_EFFECTS = frozenset(Behavior) - ON_THE_WIRE - OF_BILLS
"""What a question can not suffer, since it changes nothing."""

TYPING_FAILS = frozenset({Behavior.USERPAYING_FAILURE, Behavior.USERPAYING_202_FAILURE})
TYPING_202 = frozenset({Behavior.USERPAYING_202, Behavior.USERPAYING_202_FAILURE})
TYPING = TYPING_FAILS | TYPING_202 | {Behavior.USERPAYING, Behavior.USERPAYING_FOREVER}
"""The payer has to type the password; without it, and how WeChat Pay says so."""

STILL_TYPING = frozenset({Behavior.USERPAYING_202, Behavior.USERPAYING_FOREVER})
"""The payer is typing when a reverse comes, which WeChat Pay refuses then."""

_TURNED_AWAY = frozenset({Behavior.DECLINED, Behavior.RULE_LIMIT, Behavior.NO_AUTH})
_NOTIFIED = frozenset({Behavior.DUPLICATE_NOTIFICATIONS, Behavior.REORDERED_NOTIFICATIONS})
_CODE_REFUSED = frozenset({Behavior.NOT_ENOUGH, Behavior.CODE_USED, Behavior.CODE_EXPIRED})
_FATES = frozenset({Behavior.PENDING_SUCCESS, Behavior.PENDING_FAILURE, Behavior.REFUND_CLOSED})

OF_ORDERS = _TURNED_AWAY | _NOTIFIED | {Behavior.PAID_AT_CLOSE, Behavior.COUPON, Behavior.WRONG_AMOUNT}
OF_CODE_PAYMENTS = _TURNED_AWAY | _CODE_REFUSED | TYPING | {Behavior.COUPON, Behavior.WRONG_AMOUNT}
OF_CLOSES = frozenset({Behavior.PAID_AT_CLOSE})
OF_REVERSES = STILL_TYPING | {Behavior.PAID_AT_CLOSE}
OF_REFUNDS = _TURNED_AWAY | _NOTIFIED | _FATES | {Behavior.NOT_ENOUGH, Behavior.WRONG_AMOUNT}
OF_NOTHING = frozenset[Behavior]()
"""What each kind of effect can suffer beside what goes wrong on the wire; armed, the rest waits for another kind."""


@dataclass(frozen=True, slots=True)
class TestAmount:
    """The last four digits of an amount in fen, and what they provoke."""

    last_digits: int
    behavior: Behavior
    meaning: str


TEST_AMOUNTS: tuple[TestAmount, ...] = (
    TestAmount(9101, Behavior.PENDING_SUCCESS, "refund: PROCESSING, then SUCCESS (as every refund)"),
    TestAmount(9102, Behavior.PENDING_FAILURE, "refund: PROCESSING, then ABNORMAL"),
    TestAmount(9103, Behavior.SLOW, "answered after a second"),
    TestAmount(9104, Behavior.LOST, "the first request is lost: nothing booked, no answer"),
    TestAmount(9105, Behavior.RESET, "the first request is reset: nothing booked"),
    TestAmount(9106, Behavior.SERVER_ERROR, "the first request is answered with HTTP 500: nothing booked"),
    TestAmount(9107, Behavior.BOOKED_TIMEOUT, "booked, but the answer never comes"),
    TestAmount(9108, Behavior.BOOKED_RESET, "booked, but the connection is reset"),
    TestAmount(9109, Behavior.BOOKED_SERVER_ERROR, "booked, but answered with HTTP 500"),
    TestAmount(9110, Behavior.DUPLICATE_NOTIFICATIONS, "success is notified three times"),
    TestAmount(
        9111,
        Behavior.REORDERED_NOTIFICATIONS,
        "success is notified at once and late once more; that of a refund before the refund is answered",
    ),
    TestAmount(9112, Behavior.DECLINED, "order: 403 TRADE_ERROR; refund: 403 NOT_ENOUGH"),
    TestAmount(9113, Behavior.WRONG_AMOUNT, "another amount is reported than was asked for"),
    TestAmount(9114, Behavior.REFUND_CLOSED, "refund: PROCESSING, then CLOSED"),
    TestAmount(
        9115, Behavior.COUPON, "order: the buyer pays a tenth by coupon, so that payer_total is lower than total"
    ),
    TestAmount(9116, Behavior.PAID_AT_CLOSE, "order: the buyer pays while the close is on its way: 400 ORDER_PAID"),
    TestAmount(9117, Behavior.RULE_LIMIT, "order: 403 RULE_LIMIT; refund: 403 REQUEST_BLOCKED"),
    TestAmount(9118, Behavior.NO_AUTH, "order or refund: 403 NO_AUTH"),
    TestAmount(9119, Behavior.ACCEPTED, "the first request is answered with HTTP 202: nothing booked"),
    TestAmount(9120, Behavior.THROTTLED, "the first request is answered with HTTP 429: nothing booked"),
    TestAmount(9121, Behavior.BAD_GATEWAY, "the first request is answered with an HTML page, HTTP 502: nothing booked"),
    TestAmount(9122, Behavior.BOOKED_BAD_GATEWAY, "booked, but answered with an HTML page, HTTP 502"),
    TestAmount(9123, Behavior.WRONG_SIGNATURE, "booked, but the answer is signed with a key that nobody knows"),
)


@dataclass(frozen=True, slots=True)
class TestCode:
    """The last four digits of a payment code (18 digits that begin with 10 to 15), and what they provoke."""

    last_digits: str
    behavior: Behavior
    meaning: str


TEST_CODES: tuple[TestCode, ...] = (
    TestCode("9101", Behavior.USERPAYING, "200 USERPAYING, then SUCCESS"),
    TestCode("9102", Behavior.USERPAYING_FAILURE, "200 USERPAYING, then PAYERROR"),
    TestCode("9103", Behavior.USERPAYING_202, "202 USERPAYING, then SUCCESS"),
    TestCode("9104", Behavior.USERPAYING_202_FAILURE, "202 USERPAYING, then PAYERROR"),
    TestCode("9105", Behavior.BOOKED_SYSTEM_ERROR, "500 SYSTEM_ERROR, and yet it is paid"),
    TestCode("9106", Behavior.SYSTEM_ERROR, "500 SYSTEM_ERROR the first time: nothing booked"),
    TestCode("9107", Behavior.NOT_ENOUGH, "403 NOT_ENOUGH: the buyer has not enough money"),
    TestCode("9108", Behavior.CODE_USED, "400 INVALID_REQUEST: the code was used before"),
    TestCode("9109", Behavior.DECLINED, "403 TRADE_ERROR: the buyer's bank declines"),
    TestCode("9110", Behavior.BANK_ERROR, "500 BANK_ERROR, and yet it is paid"),
    TestCode("9111", Behavior.CODE_EXPIRED, "400 INVALID_REQUEST: the code is older than a minute"),
    TestCode("9112", Behavior.USERPAYING_FOREVER, "200 USERPAYING until it is reversed; the first reverse is too soon"),
)
"""Every other code is paid at once; each code pays one order only."""

FOREIGN_OPENID_SUFFIX = "9999"
"""An openid with this end belongs to another appid: 400 PARAM_ERROR."""

SLOW_S = 1.0
COUPON_TENTHS = 1

NOTIFY_SCHEDULE_S: tuple[float, ...] = (
    *(15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600),
    *(10_800, 10_800, 10_800, 21_600, 21_600),
)
"""Seconds before each further try of a notification; after the last one WeChat Pay gives up."""

_AMOUNTS = {amount.last_digits: amount.behavior for amount in TEST_AMOUNTS}
_CODES = {code.last_digits: code.behavior for code in TEST_CODES}


def behavior_of(total: object) -> Behavior | None:
    """Return what an amount in fen provokes, or None; also None for what is no amount."""
    return _AMOUNTS.get(total % 10_000) if isinstance(total, int) else None


def behavior_of_code(auth_code: object) -> Behavior | None:
    """Return what a payment code provokes, or None; also None for what is no code."""
    return _CODES.get(auth_code[-4:]) if isinstance(auth_code, str) else None


def refusal_of(behavior: Behavior | None) -> Refused | None:
    """Return the refusal that a behavior means for an order, or None."""
    match behavior:
        case Behavior.DECLINED:
            return Refused(403, "TRADE_ERROR", "交易失败，请更换其他支付方式", tail=268435460)
        case Behavior.RULE_LIMIT:
            return Refused(403, "RULE_LIMIT", "业务规则限制", tail=268435461)
        case Behavior.NO_AUTH:
            return _no_auth()
        case Behavior.NOT_ENOUGH:
            return Refused(403, "NOT_ENOUGH", "用户的可用余额不足", tail=268435463)
        case Behavior.CODE_USED:
            return Refused(400, "INVALID_REQUEST", "每个二维码仅限使用一次，请刷新再试", tail=268435464)
        case Behavior.CODE_EXPIRED:
            return Refused(400, "INVALID_REQUEST", "二维码已过期，请用户在微信上刷新后再试", tail=268435465)
        case _:
            return None


def refusal_of_refund(behavior: Behavior | None) -> Refused | None:
    """Return the refusal that a behavior means for a refund, or None."""
    match behavior:
        case Behavior.DECLINED | Behavior.NOT_ENOUGH:
            return Refused(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起", tail=268435481)
        case Behavior.RULE_LIMIT:
            # The documents name RULE_LIMIT for orders alone; a refund that a rule stops is blocked.
            return Refused(403, "REQUEST_BLOCKED", "请求被拦截", tail=268435482)
        case Behavior.NO_AUTH:
            return _no_auth()
        case _:
            return None


def _no_auth() -> Refused:
    return Refused(403, "NO_AUTH", "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试", tail=268435462)
