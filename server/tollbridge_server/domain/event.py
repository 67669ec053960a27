"""Events: one immutable row for each change of a payment or refund, written in the transaction of the change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """What changed. `type` is `payment.<state>` or `refund.<state>` in lower case, or `payment.updated`.

    `version` is the payment's version after the change. `body` is a JSON object with state and amounts.
    """

    event_id: str
    merchant_id: str
    payment_id: str
    refund_id: str
    type: str
    version: int
    body: str
    created_at_us: int


GIVEN_BACK = "GIVEN_BACK"
"""The kind of a record of money that a provider took and gave back by itself: nothing is owed to anybody."""


@dataclass(frozen=True, slots=True)
class ExceptionRecord:
    """Something that must not be dropped silently: contradictory evidence, a wrong amount, an exhausted attempt.

    `kind` is one word of CONTRADICTION, AMOUNT_MISMATCH, SECOND_SUCCESS, UNRESOLVED, GIVEN_BACK. It stays open
    until a person closes it.
    """

    exception_id: str
    merchant_id: str
    payment_id: str
    attempt_id: str
    kind: str
    detail: str
    created_at_us: int
