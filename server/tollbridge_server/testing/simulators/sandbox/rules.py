"""What the sandbox acquirer decides by: test card numbers and test amounts, all of them published here.

The numbers are those that Stripe and Adyen publish for their own tests; none belongs to a card. A test amount is
recognised by its last four digits in minor units, and works with every operation that it makes sense for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.testing.simulators.frame.faults import BOOKED_FAULTS, UNBOOKED_FAULTS, Fault


class Decision(StrEnum):
    """What the acquirer does with a charge."""

    APPROVE = "approve"
    DECLINE = "decline"
    CHALLENGE = "challenge"


@dataclass(frozen=True, slots=True)
class TestCard:
    """A published test number, what becomes of a charge with it, and the acquirer's code of a decline."""

    number: str
    decision: Decision
    code: str = ""
    meaning: str = ""


TEST_CARDS: tuple[TestCard, ...] = (
    TestCard("4242424242424242", Decision.APPROVE, meaning="Visa, approved"),
    TestCard("5555555555554444", Decision.APPROVE, meaning="Mastercard, approved"),
    TestCard("378282246310005", Decision.APPROVE, meaning="American Express, approved"),
    TestCard("6011111111111117", Decision.APPROVE, meaning="Discover, approved"),
    TestCard("3056930009020004", Decision.APPROVE, meaning="Diners Club, approved"),
    TestCard("3566002020360505", Decision.APPROVE, meaning="JCB, approved"),
    TestCard("6200000000000005", Decision.APPROVE, meaning="UnionPay, approved"),
    TestCard("4000000000000002", Decision.DECLINE, "generic_decline", "declined, soft"),
    TestCard("4000000000009995", Decision.DECLINE, "insufficient_funds", "insufficient funds"),
    TestCard("4000000000009987", Decision.DECLINE, "lost_card", "reported lost, hard"),
    TestCard("4000000000009979", Decision.DECLINE, "stolen_card", "reported stolen, hard"),
    TestCard("4000000000000069", Decision.DECLINE, "expired_card", "expired by the issuer's word"),
    TestCard("4000000000000127", Decision.DECLINE, "incorrect_cvc", "wrong CVV"),
    TestCard("4000000000000119", Decision.DECLINE, "processing_error", "the issuer could not answer, soft"),
    TestCard("4000000000006975", Decision.DECLINE, "card_velocity_exceeded", "limit exceeded"),
    TestCard("4100000000000019", Decision.DECLINE, "fraudulent", "suspected fraud, hard"),
    TestCard("4000000000003220", Decision.CHALLENGE, meaning="3-D Secure challenge"),
    TestCard("4000002760003184", Decision.CHALLENGE, meaning="3-D Secure challenge, always"),
)

CARDS_BY_NUMBER = {card.number: card for card in TEST_CARDS}


class Behavior(StrEnum):
    """What a test amount provokes."""

    PENDING_SUCCESS = "pending_success"
    PENDING_FAILURE = "pending_failure"
    SLOW = "slow"
    LOST = Fault.LOST.value
    RESET = Fault.RESET.value
    SERVER_ERROR = Fault.SERVER_ERROR.value
    BOOKED_TIMEOUT = Fault.BOOKED_TIMEOUT.value
    BOOKED_RESET = Fault.BOOKED_RESET.value
    BOOKED_SERVER_ERROR = Fault.BOOKED_SERVER_ERROR.value
    DUPLICATE_NOTIFICATIONS = "duplicate_notifications"
    REORDERED_NOTIFICATIONS = "reordered_notifications"
    DECLINED = "declined"
    WRONG_AMOUNT = "wrong_amount"


@dataclass(frozen=True, slots=True)
class TestAmount:
    """The last four digits of an amount in minor units, and what they provoke."""

    last_digits: int
    behavior: Behavior
    meaning: str


TEST_AMOUNTS: tuple[TestAmount, ...] = (
    TestAmount(9101, Behavior.PENDING_SUCCESS, "pending for a second, then success by notification"),
    TestAmount(9102, Behavior.PENDING_FAILURE, "pending for a second, then failure by notification"),
    TestAmount(9103, Behavior.SLOW, "answered after a second"),
    TestAmount(9104, Behavior.LOST, "the first request is lost: nothing booked, no answer"),
    TestAmount(9105, Behavior.RESET, "the first request is reset: nothing booked"),
    TestAmount(9106, Behavior.SERVER_ERROR, "the first request is answered with HTTP 500: nothing booked"),
    TestAmount(9107, Behavior.BOOKED_TIMEOUT, "booked, but the answer never comes"),
    TestAmount(9108, Behavior.BOOKED_RESET, "booked, but the connection is reset"),
    TestAmount(9109, Behavior.BOOKED_SERVER_ERROR, "booked, but answered with HTTP 500"),
    TestAmount(9110, Behavior.DUPLICATE_NOTIFICATIONS, "pending, then success notified three times"),
    TestAmount(9111, Behavior.REORDERED_NOTIFICATIONS, "pending, then success notified before pending"),
    TestAmount(9112, Behavior.DECLINED, "declined, whatever the operation"),
    TestAmount(9113, Behavior.WRONG_AMOUNT, "the acquirer reports another amount than was asked for, to whoever asks"),
)

_MAX_PAUSE_S = 60.0
_MAX_TRIES = 50

_BEHAVIORS = {amount.last_digits: amount.behavior for amount in TEST_AMOUNTS}

PENDING_BEHAVIORS = frozenset(
    {
        Behavior.PENDING_SUCCESS,
        Behavior.PENDING_FAILURE,
        Behavior.DUPLICATE_NOTIFICATIONS,
        Behavior.REORDERED_NOTIFICATIONS,
    }
)
UNBOOKED_BEHAVIORS = frozenset(Behavior(fault) for fault in UNBOOKED_FAULTS)
"""The request never takes effect; the next one under the same reference does."""
BOOKED_BEHAVIORS = frozenset(Behavior(fault) for fault in BOOKED_FAULTS)
"""The request takes effect, and its answer is lost."""


def behavior_of(amount_minor: int) -> Behavior | None:
    """Return what an amount provokes, or None."""
    return _BEHAVIORS.get(amount_minor % 10_000)


def decide(number: str) -> TestCard:
    """Return the rule for a card number; one that is not on the list is approved."""
    return CARDS_BY_NUMBER.get(number) or TestCard(number, Decision.APPROVE)


def delivery_pause_s(tries: int) -> float | None:
    """Return the seconds until a notification is sent again after `tries` failures, None after the last one."""
    return min(0.25 * 2**tries, _MAX_PAUSE_S) if tries + 1 < _MAX_TRIES else None
