"""What the Alipay simulator decides by: test payment codes, all of them published here, and faults on demand.

A code has 16 to 24 digits and begins with 25 to 30, a face token has "fp" and 33 letters and digits; the last four
characters decide, and what is not in the table is paid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.testing.simulators.frame.decisions import APPROVE, REFUSE
from tollbridge_server.testing.simulators.frame.faults import BOOKED_FAULTS, UNBOOKED_FAULTS, Fault


class Behavior(StrEnum):
    """How the next request goes wrong, or its answer, or what follows from it."""

    LOST = Fault.LOST.value
    RESET = Fault.RESET.value
    SERVER_ERROR = Fault.SERVER_ERROR.value
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    SYSTEM_ERROR = "system_error"
    CALL_LIMITED = "call_limited"

    BOOKED_TIMEOUT = Fault.BOOKED_TIMEOUT.value
    BOOKED_RESET = Fault.BOOKED_RESET.value
    BOOKED_SERVER_ERROR = Fault.BOOKED_SERVER_ERROR.value
    BOOKED_BAD_GATEWAY = "booked_bad_gateway"
    BOOKED_UNAVAILABLE = "booked_unavailable"
    BOOKED_SYSTEM_ERROR = "booked_system_error"

    SLOW = "slow"
    WRONG_SIGNATURE = "wrong_signature"
    MISSING_SIGNATURE = "missing_signature"
    DUPLICATED_NODE = "duplicated_node"
    TRUNCATED = "truncated"
    REISSUED = "reissued"
    WRONG_AMOUNT = "wrong_amount"

    DUPLICATE_NOTIFICATIONS = "duplicate_notifications"
    REORDERED_NOTIFICATIONS = "reordered_notifications"
    RETRY_FLAG = "retry_flag"
    SELLER_BALANCE = "seller_balance"
    FINISHED = "finished"
    PAID_AT_CLOSE = "paid_at_close"
    DECLINED_WAITING = "declined_waiting"


UNBOOKED = frozenset(
    {
        *(Behavior(fault) for fault in UNBOOKED_FAULTS),
        Behavior.BAD_GATEWAY,
        Behavior.UNAVAILABLE,
        Behavior.SYSTEM_ERROR,
        Behavior.CALL_LIMITED,
    }
)
"""The request never takes effect; the next one under the same number does."""
BOOKED = frozenset(
    {
        *(Behavior(fault) for fault in BOOKED_FAULTS),
        Behavior.BOOKED_BAD_GATEWAY,
        Behavior.BOOKED_UNAVAILABLE,
        Behavior.BOOKED_SYSTEM_ERROR,
    }
)
"""The request takes effect, and its answer does not say so."""
OF_EFFECTS = frozenset(
    {
        Behavior.DUPLICATE_NOTIFICATIONS,
        Behavior.REORDERED_NOTIFICATIONS,
        Behavior.RETRY_FLAG,
        Behavior.SELLER_BALANCE,
        Behavior.FINISHED,
        Behavior.PAID_AT_CLOSE,
        Behavior.DECLINED_WAITING,
    }
)
"""What a question can not suffer, since it changes nothing."""
LASTING = frozenset(
    {
        Behavior.WRONG_AMOUNT,
        Behavior.DUPLICATE_NOTIFICATIONS,
        Behavior.REORDERED_NOTIFICATIONS,
        Behavior.FINISHED,
        Behavior.PAID_AT_CLOSE,
    }
)
"""What an order keeps that was made under it, since it shows later: when its payer pays, or when it is closed."""

SLOW_S = 1.0
LATE_S = 2.0
"""How long after the first one a reordered notification comes once more."""
CONCLUDES_S = 10.0
"""How long a payer takes who decides alone."""


@dataclass(frozen=True, slots=True)
class TestCode:
    """The last four digits of what a payer shows, the code of its refusal (empty: none), and what it means."""

    last_digits: str
    sub_code: str
    meaning: str


TEST_CODES: tuple[TestCode, ...] = (
    TestCode("0001", "", "to be confirmed on the telephone: approve or refuse on the payer's page"),
    TestCode("0002", "BUYER_BALANCE_NOT_ENOUGH", "insufficient funds"),
    TestCode("0003", "PAYMENT_AUTH_CODE_INVALID", "the code is not valid any more"),
    TestCode("0004", "PAYMENT_FAIL", "declined, try again"),
    TestCode("0005", "BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR", "over the payer's daily limit"),
    TestCode("0006", "PAYMENT_REQUEST_HAS_RISK", "refused by risk control"),
    TestCode("0007", "BUYER_ENABLE_STATUS_FORBID", "the payer's account is restricted"),
    TestCode(
        "0008", "BUYER_BALANCE_NOT_ENOUGH", "insufficient funds, and the trade waits on: take a fresh code for it"
    ),
    TestCode("0009", "", "to be confirmed; after ten seconds the payer confirms"),
    TestCode("0010", "", "to be confirmed; after ten seconds the payer refuses, and the order is closed"),
    TestCode("0011", "", "20000 the first time: nothing booked"),
    TestCode("0012", "", "20000, and yet it is paid"),
    TestCode("0013", "SYSTEM_ERROR", "the first time: nothing booked"),
    TestCode("0014", "SYSTEM_ERROR", "and yet it is paid"),
)

_CONCLUSIONS = {"0009": APPROVE, "0010": REFUSE}
_TO_BE_CONFIRMED = frozenset({"0001", *_CONCLUSIONS})
_BEHAVIORS = {
    "0008": Behavior.DECLINED_WAITING,
    "0011": Behavior.UNAVAILABLE,
    "0012": Behavior.BOOKED_UNAVAILABLE,
    "0013": Behavior.SYSTEM_ERROR,
    "0014": Behavior.BOOKED_SYSTEM_ERROR,
}

BAR_CODE, FACE = "bar_code", "security_code"
CODE_KINDS: Mapping[str, re.Pattern[str]] = {
    BAR_CODE: re.compile(r"(?:2[5-9]|30)[0-9]{14,22}", re.ASCII),
    FACE: re.compile(r"fp[0-9A-Za-z]{33}", re.ASCII),
}
"""What a payer can show, as `scene` and `auth_code_type` name it, and its form."""

_NO_CODE = "PAYMENT_AUTH_CODE_INVALID"
_REFUSALS = {code.last_digits: code.sub_code for code in TEST_CODES if code.sub_code not in ("", "SYSTEM_ERROR")}


def refusal_of(auth_code: str, kind: str) -> str:
    """Return the sub code with which what a payer shows is refused as one of CODE_KINDS, or nothing."""
    if not CODE_KINDS[kind].fullmatch(auth_code):
        return _NO_CODE
    return _REFUSALS.get(auth_code[-4:], "")


def behavior_of_code(auth_code: object, kind: object) -> Behavior | None:
    """Return what a payment code or face token provokes, or None; also None for what is none of that kind."""
    if not isinstance(auth_code, str) or not isinstance(kind, str):
        return None
    form = CODE_KINDS.get(kind)
    return _BEHAVIORS.get(auth_code[-4:]) if form and form.fullmatch(auth_code) else None


def is_to_be_confirmed(auth_code: str) -> bool:
    """Whether the payer has to confirm on the telephone what the code pays for."""
    return auth_code[-4:] in _TO_BE_CONFIRMED


def conclusion_of(auth_code: str) -> str:
    """Return what the payer decides alone after CONCLUDES_S seconds; empty: the payer's page decides."""
    return _CONCLUSIONS.get(auth_code[-4:], "")
