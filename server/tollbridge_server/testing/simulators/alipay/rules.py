"""What the Alipay simulator decides by: test payment codes, all of them published here, and faults on demand.

A code has 16 to 24 digits and begins with 25 to 30; its last four digits decide, and what is not in the table is paid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.testing.simulators.common.faults import BOOKED_FAULTS, UNBOOKED_FAULTS, Fault


class Behavior(StrEnum):
    """How the next request goes wrong, or its answer."""

    LOST = Fault.LOST.value
    RESET = Fault.RESET.value
    SERVER_ERROR = Fault.SERVER_ERROR.value
    BOOKED_TIMEOUT = Fault.BOOKED_TIMEOUT.value
    BOOKED_RESET = Fault.BOOKED_RESET.value
    BOOKED_SERVER_ERROR = Fault.BOOKED_SERVER_ERROR.value
    SLOW = "slow"
    SYSTEM_ERROR = "system_error"
    BOOKED_SYSTEM_ERROR = "booked_system_error"
    WRONG_SIGNATURE = "wrong_signature"
    MISSING_SIGNATURE = "missing_signature"
    DUPLICATED_NODE = "duplicated_node"
    TRUNCATED = "truncated"
    REISSUED = "reissued"


UNBOOKED = frozenset({*(Behavior(fault) for fault in UNBOOKED_FAULTS), Behavior.SYSTEM_ERROR})
"""The request never takes effect; the next one under the same number does."""
BOOKED = frozenset(Behavior(fault) for fault in BOOKED_FAULTS)
"""The request takes effect, and its answer is lost."""


@dataclass(frozen=True, slots=True)
class TestCode:
    """The last four digits of a payment code, and Alipay's code of the refusal; nothing: the payer has to confirm."""

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
)
TO_BE_CONFIRMED = "0001"

_CODE = re.compile(r"(?:2[5-9]|30)[0-9]{14,22}", re.ASCII)
_REFUSALS = {code.last_digits: code.sub_code for code in TEST_CODES if code.sub_code}


def refusal_of(auth_code: str) -> str:
    """Return the sub code with which a payment code is refused, or nothing."""
    if not _CODE.fullmatch(auth_code):
        return "PAYMENT_AUTH_CODE_INVALID"
    return _REFUSALS.get(auth_code[-4:], "")
