"""Alipay's codes in our words: for each task a table from code to outcome, reason and advice.

Refuses to guess: a code that is not in the table of its task is UNKNOWN, and so is every unsigned error but those that
say that our configuration kept the gateway from carrying the request out. A question's error never fails a payment.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tollbridge_server.domain.evidence import DeclineReason, Failure, Outcome, RetryAdvice
from tollbridge_server.providers.alipay.refused_fields import meaning_of_field

logger = logging.getLogger(__name__)

SUCCESS = "10000"
IN_PROCESS = "10003"
BUSINESS = "40004"
_UNAVAILABLE = "20000"
_TOKEN = "20001"
_LIMITED = "40005"
_ECHO = re.compile("(?:网关生成的)?验签字符串")
"""What the gateway writes before it repeats the string that a signature should have been of."""
_CONFIGURATION = frozenset({"40001", "40002", "40003", "40006"})


class Task(StrEnum):
    """What a request asked for; the same code may mean different things to different tasks.

    SCAN is a charge of a code that the payer showed: we do not keep the code, so that it can not be sent again.
    """

    CHARGE = "charge"
    SCAN = "scan"
    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"
    QUERY = "query"


class Concern(StrEnum):
    """What a refusal of our configuration is about. CONTENT: Alipay can not read what we have encrypted for it."""

    APPLICATION = "application"
    KEY = "key"
    CERTIFICATES = "certificates"
    CLOCK = "clock"
    CONTENT = "content"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Reading:
    """What an error amounts to. `is_absent`: the provider does not know what was asked for."""

    outcome: Outcome
    failure: Failure | None = None
    is_absent: bool = False


T = TypeVar("T")
_Meaning = tuple[DeclineReason, RetryAdvice]
_R, _A = DeclineReason, RetryAdvice

_CONFIGURED_WRONG: _Meaning = (_R.PROVIDER_CONFIGURATION, _A.AFTER_OPERATOR)
_PAYER_FUNDS: _Meaning = (_R.INSUFFICIENT_FUNDS, _A.OTHER_METHOD)
_PAYER_LIMIT: _Meaning = (_R.LIMIT_EXCEEDED, _A.OTHER_METHOD)
_PAYER_RESTRICTED: _Meaning = (_R.ACCOUNT_RESTRICTED, _A.OTHER_METHOD)
_MERCHANT_LIMIT: _Meaning = (_R.LIMIT_EXCEEDED, _A.AFTER_OPERATOR)
_RISK: _Meaning = (_R.FRAUD_SUSPECTED, _A.NEVER)
_NO_CAPTURE: _Meaning = (_R.CAPTURE_NOT_POSSIBLE, _A.NEVER)
_NO_CANCEL: _Meaning = (_R.CANCEL_NOT_POSSIBLE, _A.NEVER)
_NO_REFUND: _Meaning = (_R.REFUND_NOT_POSSIBLE, _A.NEVER)
_AMOUNT: _Meaning = (_R.AMOUNT_INVALID, _A.CORRECTED_DATA)
_MERCHANT_FUNDS: _Meaning = (_R.BALANCE_INSUFFICIENT, _A.LATER)


def _each(codes: str, meaning: T) -> dict[str, T]:
    return dict.fromkeys(codes.split(), meaning)


def _set(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


_OUTCOME_OPEN = _set("SYSTEM_ERROR ENTERPRISE_PAY_BIZ_ERROR BIZ_ERROR REFUND_CHARGE_ERROR")
_NOT_FOUND = _set("TRADE_NOT_EXIST AUTH_ORDER_NOT_EXIST AUTH_OPERATION_NOT_EXIST")

_REQUEST_OR_CONTRACT = {
    **_each(
        "INVALID_PARAMETER ACCESS_FORBIDDEN EXIST_FORBIDDEN_WORD PARTNER_ERROR SUB_GOODS_SIZE_MAX_COUNT "
        "INVALID_STORE_ID SELLER_NOT_EXIST SELLER_BEEN_BLOCKED INVALID_RECEIVE_ACCOUNT MERCHANT_AGREEMENT_NOT_EXIST "
        "MERCHANT_STATUS_NOT_NORMAL APPLY_PC_MERCHANT_CODE_ERROR DEFAULT_SETTLE_RULE_NOT_EXIST ILLEGAL_ARGUMENT "
        "HAS_NO_PRIVILEGE PAYEE_NOT_EXIST PAYER_PAYEE_EQUAL RISK_MERCHANT_IP_NOT_EXIST",
        _CONFIGURED_WRONG,
    ),
    **_each("TOTAL_FEE_EXCEED UNSUPPORT_ORDER_AMOUNT", _AMOUNT),
    "NOW_TIME_AFTER_EXPIRE_TIME_ERROR": (_R.PAYER_TIMEOUT, _A.LATER),
}

_PAYER_OR_LIMIT = {
    **_each("BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH MONEY_NOT_ENOUGH", _PAYER_FUNDS),
    **_each("NO_PAYMENT_INSTRUMENTS_AVAILABLE PAYMENT_FAIL PULL_MOBILE_CASHIER_FAIL", (_R.GENERIC_DECLINE, _A.LATER)),
    **_each("BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR", _PAYER_LIMIT),
    **_each(
        "ERROR_BALANCE_PAYMENT_DISABLE BUYER_ENABLE_STATUS_FORBID MOBILE_PAYMENT_SWITCH_OFF NOT_CERTIFIED_USER "
        "USER_FACE_PAYMENT_SWITCH_OFF ERROR_BUYER_CERTIFY_LEVEL_LIMIT PAYER_USER_STATUS_LIMIT PAYER_NOT_EXIST",
        _PAYER_RESTRICTED,
    ),
    "BUYER_SELLER_EQUAL": (_R.NOT_PERMITTED, _A.OTHER_METHOD),
    "PAYMENT_AUTH_CODE_INVALID": (_R.AUTHENTICATION_FAILED, _A.CORRECTED_DATA),
    "PAYMENT_REQUEST_HAS_RISK": _RISK,
    "BEYOND_PAY_RESTRICTION": _MERCHANT_LIMIT,
}

_TABLES: dict[Task, dict[str, _Meaning]] = {
    Task.CHARGE: {**_REQUEST_OR_CONTRACT, **_PAYER_OR_LIMIT},
    Task.CAPTURE: {
        **_REQUEST_OR_CONTRACT,
        **_PAYER_OR_LIMIT,
        **_each(
            "AUTH_NO_ERROR AUTH_ORDER_NOT_PAID PAYER_UNMATCHED PRE_AUTH_PROD_CODE_INCONSISTENT "
            "AUTH_ORDER_NOT_EXIST AUTH_OPERATION_NOT_EXIST",
            _NO_CAPTURE,
        ),
        **_each("AUTH_AMOUNT_NOT_ENOUGH REQUEST_AMOUNT_EXCEED", _AMOUNT),
        **_each("AUTH_ORDER_HAS_FINISHED AUTH_ORDER_HAS_CLOSED", (_R.AUTHORIZATION_EXPIRED, _A.NEVER)),
    },
    Task.CANCEL: {
        **_REQUEST_OR_CONTRACT,
        **_each(
            "TRADE_CANCEL_TIME_OUT CANCEL_NOT_ALLOWED REASON_TRADE_REFUND_FEE_ERR REASON_TRADE_BEEN_FREEZEN "
            "CANCEL_OPERATION_TIME_OUT REQUEST_AMOUNT_EXCEED ILLEGAL_STATUS",
            _NO_CANCEL,
        ),
        "SELLER_BALANCE_NOT_ENOUGH": _MERCHANT_FUNDS,
    },
    Task.REFUND: {
        **_REQUEST_OR_CONTRACT,
        **_each(
            "TRADE_NOT_EXIST TRADE_HAS_FINISHED TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID "
            "TRADE_NOT_ALLOW_REFUND REASON_TRADE_BEEN_FREEZEN BUYER_NOT_EXIST BUYER_ERROR USER_NOT_MATCH_ERR "
            "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND TRADE_SETTLE_ERROR CUSTOMER_VALIDATE_ERROR TRADE_HAS_CLOSE "
            "REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST REFUNDALLOC_UNAUTH_LIMIT NOT_ALLOW_PARTIAL_REFUND",
            _NO_REFUND,
        ),
        "DISCORDANT_REPEAT_REQUEST": (_R.DUPLICATE, _A.NEVER),
        **_each(
            "REASON_TRADE_REFUND_FEE_ERR REFUND_AMT_NOT_EQUAL_TOTAL REFUND_FEE_ERROR ALLOC_AMOUNT_VALIDATE_ERROR",
            _AMOUNT,
        ),
        **_each("SELLER_BALANCE_NOT_ENOUGH REFUND_ACCOUNT_NOT_EXIST", _MERCHANT_FUNDS),
        "CURRENCY_NOT_SUPPORT": (_R.CURRENCY_NOT_SUPPORTED, _A.NEVER),
    },
    Task.QUERY: {},
}

_FAMILIES: dict[Task, tuple[tuple[str, _Meaning], ...]] = {
    Task.CHARGE: (
        ("USER_BANKCARD_", (_R.ISSUER_UNAVAILABLE, _A.OTHER_METHOD)),
        ("BEYOND_PER_RECEIPT_", _MERCHANT_LIMIT),
        ("MERCHANT_PERM_RECEIPT_", _MERCHANT_LIMIT),
        ("SECONDARY_MERCHANT_", _CONFIGURED_WRONG),
    ),
    Task.CANCEL: (("SECONDARY_MERCHANT_", _CONFIGURED_WRONG),),
    Task.REFUND: (("OVERDRAFT_", _MERCHANT_FUNDS), ("SECONDARY_MERCHANT_", _CONFIGURED_WRONG)),
    Task.QUERY: (),
}
_FAMILIES[Task.SCAN] = _FAMILIES[Task.CAPTURE] = _FAMILIES[Task.CHARGE]
_TABLES[Task.SCAN] = _TABLES[Task.CHARGE]

_OF_A_TRADE = _set(
    "TRADE_HAS_SUCCESS TRADE_HAS_CLOSE TRADE_HAS_FINISHED FREEZE_ALREADY_SUCCESS ORDER_ALREADY_CLOSED "
    "ORDER_ALREADY_FINISH CONTEXT_INCONSISTENT TRADE_BUYER_NOT_MATCH UNIQUE_VIOLATION"
)
_SETTLED: dict[Task, frozenset[str]] = {
    Task.CHARGE: _OF_A_TRADE,
    Task.SCAN: _OF_A_TRADE,
    Task.CAPTURE: _OF_A_TRADE,
    Task.CANCEL: _OF_A_TRADE | _set("TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID REASON_ILLEGAL_STATUS"),
    Task.REFUND: frozenset(),
    Task.QUERY: frozenset(),
}
_UNKNOWN = Reading(Outcome.UNKNOWN)

_CONCERNS = {
    **_each("invalid-app-id missing-app-id", Concern.APPLICATION),
    **_each("invalid-signature missing-signature invalid-signature-type", Concern.KEY),
    **_each("missing-signature-key missing-signature-config", Concern.KEY),
    **_each("missing-app-cert-sn missing-alipay-root-cert-sn app-cert-expired", Concern.CERTIFICATES),
    **_each("invalid-timestamp missing-timestamp", Concern.CLOCK),
    **_each("illegal-json", Concern.CONTENT),
    **_each("ACCESS_FORBIDDEN HAS_NO_PRIVILEGE", Concern.CONTRACT),
    **_each("insufficient-isv-permissions insufficient-user-permissions", Concern.CONTRACT),
}
_CIPHER_WORDS = ("encrypt", "decrypt")
_TO_CHECK = {
    Concern.APPLICATION: "app_id and gateway: sandbox and production know different applications",
    Concern.KEY: "private_key, or app_certificate: the console has another public key",
    Concern.CERTIFICATES: "app_certificate and alipay_root_certificate: expired, or others than the console's",
    Concern.CLOCK: "the clock of this machine",
    Concern.CONTENT: "aes_key",
    Concern.CONTRACT: "the product's contract in Alipay's console",
}


def reading_of(
    task: Task, *, code: str, sub_code: str, sub_message: str, is_signed: bool, account_id: str = ""
) -> Reading:
    """Return what an answer with another code than success means to `task`; `account_id` is for the log."""
    if code == IN_PROCESS and is_signed:
        return Reading(Outcome.PENDING)
    meaning = _meaning_of(task, code=code, sub_code=sub_code, message=sub_message, is_signed=is_signed)
    if meaning is None:
        return _open(task, code=code, sub_code=sub_code, is_signed=is_signed)
    if meaning is _CONFIGURED_WRONG:
        where = setting_to_check(sub_code) or "the account's settings and its contract"
        known = {"provider_account_id": account_id, "code": (sub_code or code)[:64]}
        logger.error("alipay %s: refused with %.64s; check %s", task.value, sub_code or code, where, extra=known)
    if task is Task.QUERY:
        return _UNKNOWN
    reason, retry = meaning
    message = without_echo(sub_message)[:256]
    failure = Failure(reason, provider_code=sub_code or code, provider_message=message, retry=retry)
    return Reading(Outcome.DECLINED, failure)


def is_settled(task: Task, *, code: str, sub_code: str, is_signed: bool) -> bool:
    """Whether what was asked for has happened before in one way or the other, so that a query tells which."""
    return is_signed and code == BUSINESS and _bare(sub_code) in _SETTLED[task]


def names_no_trade(sub_code: str) -> bool:
    """Whether a business code says that Alipay does not know what was named."""
    return _bare(sub_code) in _NOT_FOUND


def names_configuration(code: str, *, is_signed: bool) -> bool:
    """Whether a gateway's code says that our configuration or contract kept it from carrying the request out."""
    return code in _CONFIGURATION or (code == _TOKEN and is_signed)


def is_passing(code: str) -> bool:
    """Whether a gateway's code says that it is busy, or that we ask too often."""
    return code in (_UNAVAILABLE, _LIMITED)


def concern_of(sub_code: str) -> Concern | None:
    """Return what a refusal of our configuration is about, None where its code does not say."""
    word = sub_code.rpartition(".")[2]
    return Concern.CONTENT if any(each in word for each in _CIPHER_WORDS) else _CONCERNS.get(word)


def setting_to_check(sub_code: str) -> str:
    """Return which setting a refusal of our configuration is about, as a person looks for it; else nothing."""
    concern = concern_of(sub_code)
    return _TO_CHECK[concern] if concern else ""


def without_echo(message: str) -> str:
    """Return Alipay's words without our own request, the payer's code in it, which it repeats for a wrong signature."""
    return _ECHO.split(message, maxsplit=1)[0]


def _bare(sub_code: str) -> str:
    return sub_code.removeprefix("ACQ.").removeprefix("AQC.")  # The second is misspelled by Alipay.


def _meaning_of(task: Task, *, code: str, sub_code: str, message: str, is_signed: bool) -> _Meaning | None:
    """Return why nothing was done, or None where that is not certain."""
    if names_configuration(code, is_signed=is_signed):
        return _CONFIGURED_WRONG
    if not is_signed:
        return None
    if code == _LIMITED and task is Task.SCAN:
        # Turned away at the gate, so nothing was done, and nobody can send the code again. Everything else goes out
        # again under the same reference, when a query has said that Alipay does not know it.
        return _R.PROVIDER_UNAVAILABLE, _A.LATER
    if code != BUSINESS:
        return None
    bare = _bare(sub_code)
    if task in (Task.CHARGE, Task.SCAN) and (of_a_field := meaning_of_field(bare, message)):
        return of_a_field
    families = (meaning for family, meaning in _FAMILIES[task] if bare.startswith(family))
    return _TABLES[task].get(bare) or next(families, None)


def _open(task: Task, *, code: str, sub_code: str, is_signed: bool) -> Reading:
    """Return the reading of an answer that does not say whether anything was done; an unknown one is logged."""
    bare = _bare(sub_code) if code == BUSINESS and is_signed else ""
    if bare in _NOT_FOUND:
        return Reading(Outcome.UNKNOWN, is_absent=True)
    is_known = is_passing(code) or bare in _OUTCOME_OPEN or bare in _SETTLED[task]
    if not is_known:
        logger.warning("alipay %s: code %.16r with %.64r proves nothing", task.value, code, sub_code)
    return _UNKNOWN
