"""WeChat Pay's error codes in our words: for each task a table from code to reason and advice.

Refuses to guess: a code that is not in the table of its task is UNKNOWN and logged. An error is WeChat Pay's word
about the request alone; whether an order was paid or a refund was made, only a query tells.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.domain.evidence import DeclineReason, Failure, Outcome, RetryAdvice

logger = logging.getLogger(__name__)

USER_PAYING = frozenset({"USERPAYING", "USER_PAYING"})


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
    same code also comes for a number that has a history.
    """

    outcome: Outcome
    failure: Failure | None = None
    is_absent: bool = False
    is_doubtful: bool = False


_Meaning = tuple[DeclineReason, RetryAdvice]
_R, _A = DeclineReason, RetryAdvice

_CONFIGURED_WRONG: _Meaning = (_R.PROVIDER_CONFIGURATION, _A.AFTER_OPERATOR)
_NO_CANCEL: _Meaning = (_R.CANCEL_NOT_POSSIBLE, _A.NEVER)
_NO_REFUND: _Meaning = (_R.REFUND_NOT_POSSIBLE, _A.NEVER)

_CONFIGURATION = frozenset(
    {"SIGN_ERROR", "NO_AUTH", "NOAUTH", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "MCHID_NOT_EXIST"}
)
"""The request was turned away before it reached the business: nothing came of it, and a query would fail alike."""

_OPEN = frozenset({"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "SERVICE_UNAVAILABLE"})
_NOT_FOUND = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "ORDER_NOT_EXISTS", "RESOURCE_NOT_EXISTS"})
_LIMITED = frozenset({"FREQUENCY_LIMITED", "FREQUENCY_LIMIT", "RATELIMIT_EXCEEDED"})

_TABLES: dict[Task, dict[str, _Meaning]] = {
    Task.CHARGE: {
        "PARAM_ERROR": _CONFIGURED_WRONG,
        "INVALID_REQUEST": (_R.NOT_PERMITTED, _A.CORRECTED_DATA),
        "OPENID_MISMATCH": _CONFIGURED_WRONG,
        "RULE_LIMIT": (_R.LIMIT_EXCEEDED, _A.OTHER_METHOD),
        "TRADE_ERROR": (_R.GENERIC_DECLINE, _A.OTHER_METHOD),
        "NOT_ENOUGH": (_R.INSUFFICIENT_FUNDS, _A.OTHER_METHOD),
        "NOTENOUGH": (_R.INSUFFICIENT_FUNDS, _A.OTHER_METHOD),
        "ACCOUNT_ERROR": (_R.ACCOUNT_RESTRICTED, _A.OTHER_METHOD),
        "ACCOUNTERROR": (_R.ACCOUNT_RESTRICTED, _A.OTHER_METHOD),
        "OUT_TRADE_NO_USED": (_R.DUPLICATE, _A.NEVER),
        "ORDER_PAID": (_R.DUPLICATE, _A.NEVER),
        "ORDERPAID": (_R.DUPLICATE, _A.NEVER),
        "ORDER_CLOSED": (_R.DUPLICATE, _A.NEVER),
    },
    Task.CANCEL: {
        "PARAM_ERROR": _NO_CANCEL,
        "INVALID_REQUEST": _NO_CANCEL,
        "RULE_LIMIT": _NO_CANCEL,
        "TRADE_ERROR": _NO_CANCEL,
        "ORDER_PAID": _NO_CANCEL,
        "ORDERPAID": _NO_CANCEL,
        "ORDER_CLOSED": _NO_CANCEL,
    },
    Task.REFUND: {
        "PARAM_ERROR": _NO_REFUND,
        "INVALID_REQUEST": _NO_REFUND,
        "INVALID_TRANSACTIONID": _NO_REFUND,
        "RESOURCE_NOT_EXISTS": _NO_REFUND,
        "ORDER_NOT_EXIST": _NO_REFUND,
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


def reading_of(task: Task, *, status: int, code: str, message: str) -> Reading:
    """Return what an error of HTTP `status` means to `task`."""
    if code in USER_PAYING:
        return Reading(Outcome.PENDING)
    if task is not Task.QUERY and status in (400, 401, 403, 404) and code in _CONFIGURATION:
        return Reading(Outcome.DECLINED, _failure(_CONFIGURED_WRONG, code, message))
    if task is Task.CHARGE and (status == 429 or code in _LIMITED):
        # Turned away at the gate: another account may take the payment now.
        failure = _failure((_R.PROVIDER_UNAVAILABLE, _A.LATER), code, message)
        return Reading(Outcome.DECLINED, failure, is_doubtful=True)
    meaning = _TABLES[task].get(code)
    if 400 <= status < 500 and meaning is not None:
        return Reading(Outcome.DECLINED, _failure(meaning, code, message), is_doubtful=True)
    if task is Task.QUERY and status == 404 and code in _NOT_FOUND:
        return Reading(Outcome.UNKNOWN, is_absent=True)
    if code not in _OPEN and code not in _LIMITED:
        logger.warning("wechatpay %s: HTTP %d with code %.64r proves nothing", task.value, status, code)
    return _UNKNOWN


def _failure(meaning: _Meaning, code: str, message: str) -> Failure:
    reason, retry = meaning
    return Failure(reason, provider_code=code[:64], provider_message=message[:256], retry=retry)
