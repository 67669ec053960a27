"""WeChat Pay's error codes in our words: for each task a table from code to reason and advice.

Refuses to guess: a code that is not in the table of its task is UNKNOWN and logged. An error is WeChat Pay's word
about the request alone; whether an order was paid or a refund was made, only a query tells.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.domain.evidence import DeclineReason, Failure, Outcome, RetryAdvice

logger = logging.getLogger(__name__)

USER_PAYING = frozenset({"USERPAYING", "USER_PAYING"})
_MAX_LOGGED = 128


class Task(StrEnum):
    """What a request asked for; the same code may mean different things to different tasks."""

    CHARGE = "charge"
    CANCEL = "cancel"
    REFUND = "refund"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Reading:
    """What an error amounts to.

    `is_absent`: WeChat Pay does not know what was asked for. `is_doubtful`: a query has to confirm it, because the
    same code also comes for a number that has a history. `is_repeated`: the refusal speaks of such a history itself.
    """

    outcome: Outcome
    failure: Failure | None = None
    is_absent: bool = False
    is_doubtful: bool = False
    is_repeated: bool = False


_Meaning = tuple[DeclineReason, RetryAdvice]
_R, _A = DeclineReason, RetryAdvice

_CONFIGURED_WRONG: _Meaning = (_R.PROVIDER_CONFIGURATION, _A.AFTER_OPERATOR)
_NO_REFUND: _Meaning = (_R.REFUND_NOT_POSSIBLE, _A.NEVER)

_NO_MERCHANT = frozenset({"MCH_NOT_EXISTS", "MCHID_NOT_EXIST"})
_SIGNATURE = "mchid, serial_no, private_key and this machine's clock"
_CONFIGURATION = {
    "SIGN_ERROR": _SIGNATURE,
    **dict.fromkeys(("NO_AUTH", "NOAUTH"), "mchid, and whether the merchant platform has opened the product for it"),
    "APPID_MCHID_NOT_MATCH": "app_id, more_app_ids and mchid",
    **dict.fromkeys(_NO_MERCHANT, "mchid"),
}
"""The request was turned away before it reached the business, and what an operator has to look at."""

_OPEN = frozenset({"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "SERVICE_UNAVAILABLE"})
_NOT_FOUND = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "ORDER_NOT_EXISTS", "RESOURCE_NOT_EXISTS"})
_LIMITED = frozenset({"FREQUENCY_LIMITED", "FREQUENCY_LIMIT", "RATELIMIT_EXCEEDED"})
_REPEATED = frozenset({"OUT_TRADE_NO_USED", "ORDER_PAID", "ORDERPAID", "ORDER_CLOSED", "ORDERCLOSED"})
_NOT_ENDED = _REPEATED | _NOT_FOUND | {"PARAM_ERROR", "INVALID_REQUEST", "RULE_LIMIT", "TRADE_ERROR"}
"""With these WeChat Pay refuses to close or to reverse; what became of the order only a query tells."""

_OURS = frozenset({"appid", "mchid", "notify_url", "out_trade_no"})
"""What we write into an order by ourselves; all other fields are the caller's."""

_TOO_MUCH = re.compile("(大于|超过|超出).{0,8}金额|已全额退款")
_TOO_SOON = re.compile("频繁|频率|间隔|稍后")
"""What WeChat Pay writes in the message of a refused refund: its code is the same for all of it."""

_TABLES: dict[Task, dict[str, _Meaning]] = {
    Task.CHARGE: {
        "PARAM_ERROR": _CONFIGURED_WRONG,
        "INVALID_REQUEST": (_R.NOT_PERMITTED, _A.CORRECTED_DATA),
        "OPENID_MISMATCH": (_R.NOT_PERMITTED, _A.CORRECTED_DATA),  # The openid is the caller's.
        "RULE_LIMIT": (_R.LIMIT_EXCEEDED, _A.OTHER_METHOD),
        "TRADE_ERROR": (_R.GENERIC_DECLINE, _A.OTHER_METHOD),
        "NOT_ENOUGH": (_R.INSUFFICIENT_FUNDS, _A.OTHER_METHOD),
        "NOTENOUGH": (_R.INSUFFICIENT_FUNDS, _A.OTHER_METHOD),
        "ACCOUNT_ERROR": (_R.ACCOUNT_RESTRICTED, _A.OTHER_METHOD),
        "ACCOUNTERROR": (_R.ACCOUNT_RESTRICTED, _A.OTHER_METHOD),
        **dict.fromkeys(_REPEATED, (_R.DUPLICATE, _A.NEVER)),
    },
    Task.CANCEL: {},
    Task.REFUND: {
        "PARAM_ERROR": _NO_REFUND,
        "INVALID_REQUEST": _NO_REFUND,
        "INVALID_TRANSACTIONID": _NO_REFUND,
        **dict.fromkeys(_NOT_FOUND, _NO_REFUND),
        "TRADE_OVERDUE": _NO_REFUND,
        "REFUND_FEE_MISMATCH": (_R.AMOUNT_INVALID, _A.CORRECTED_DATA),
        "NOT_ENOUGH": (_R.BALANCE_INSUFFICIENT, _A.LATER),
        "NOTENOUGH": (_R.BALANCE_INSUFFICIENT, _A.LATER),
        "USER_ACCOUNT_ABNORMAL": (_R.ACCOUNT_RESTRICTED, _A.AFTER_OPERATOR),
        "REQUEST_BLOCKED": (_R.FRAUD_SUSPECTED, _A.AFTER_OPERATOR),
    },
    Task.QUERY: {},
}
_UNKNOWN = Reading(Outcome.UNKNOWN)


def reading_of(task: Task, *, status: int, code: str, message: str, field: str = "", account_id: str = "") -> Reading:
    """Return what an error of HTTP `status` means to `task`; `field` is the place that it complains of, if any.

    `account_id` is for the log, which gets one line about a refusal that an operator has to look at.
    """
    if code in USER_PAYING and task in (Task.CHARGE, Task.CANCEL):
        return Reading(Outcome.PENDING)
    known, where = {"provider_account_id": account_id, "code": code[:64]}, setting_to_check(code, status=status)
    if where:
        told = f"{code[:64]} {message[:_MAX_LOGGED]}".strip()
        logger.error("wechatpay %s: HTTP %d %s; check %s", task.value, status, told, where, extra=known)
    if task is not Task.QUERY and where and code in _CONFIGURATION:
        return _misconfigured(task, code, message)
    if task is Task.CHARGE and (status == 429 or code in _LIMITED):
        # Turned away at the gate: another account may take the payment now.
        failure = _failure((_R.PROVIDER_UNAVAILABLE, _A.LATER), code, message)
        return Reading(Outcome.DECLINED, failure, is_doubtful=True)
    meaning = _meaning_of(task, code, message=message, field=field)
    if 400 <= status < 500 and meaning is not None:
        failure = _failure(meaning, code, f"{field}: {message}" if field else message)
        return Reading(Outcome.DECLINED, failure, is_doubtful=True, is_repeated=code in _REPEATED)
    if task is Task.QUERY and status == 404 and code in _NOT_FOUND:
        return Reading(Outcome.UNKNOWN, is_absent=True)
    is_expected = code in _OPEN or code in _LIMITED or (task is Task.CANCEL and code in _NOT_ENDED)
    if not is_expected and not where:
        logger.warning("wechatpay %s: HTTP %d with code %.64r proves nothing", task.value, status, code, extra=known)
    return _UNKNOWN


def setting_to_check(code: str, *, status: int) -> str:
    """Return which settings a refusal of our configuration is about, as a person looks for them; else nothing."""
    if status not in (400, 401, 403, 404):
        return ""
    # With HTTP 401 WeChat Pay does not take a request for ours, whatever the code is.
    return _CONFIGURATION.get(code, _SIGNATURE if status == 401 else "")


def names_no_merchant(code: str) -> bool:
    """Whether WeChat Pay says that it knows no merchant of our number."""
    return code in _NO_MERCHANT


def _misconfigured(task: Task, code: str, message: str) -> Reading:
    """Return what a refusal means that came before the business.

    Nothing came of a charge. A refund may have been made by an earlier sending, which only a query tells; and a cancel
    that is refused so leaves its order as it is, to be canceled again when the settings are right.
    """
    if task is Task.CANCEL:
        return _UNKNOWN
    return Reading(Outcome.DECLINED, _failure(_CONFIGURED_WRONG, code, message), is_doubtful=task is Task.REFUND)


def _meaning_of(task: Task, code: str, *, message: str, field: str) -> _Meaning | None:
    """Return the meaning in the table of `task`, or what the field or the message tell beyond the code."""
    if task is Task.CHARGE and code == "PARAM_ERROR":
        place, _, name = field.removeprefix("/").partition("/")
        top = name.partition("/")[0]
        if place == "body" and top not in _OURS:
            return (_R.AMOUNT_INVALID if top == "amount" else _R.NOT_PERMITTED), _A.CORRECTED_DATA
    if task is Task.REFUND and code == "INVALID_REQUEST":
        if _TOO_MUCH.search(message):
            return _R.AMOUNT_INVALID, _A.CORRECTED_DATA
        if _TOO_SOON.search(message):
            return _R.REFUND_NOT_POSSIBLE, _A.LATER
    return _TABLES[task].get(code)


def _failure(meaning: _Meaning, code: str, message: str) -> Failure:
    reason, retry = meaning
    return Failure(reason, provider_code=code[:64], provider_message=message[:256], retry=retry)
