"""What the kit knows of a provider: its account, its operations, what must come of each, and how it misbehaves.

What must come of an operation at every provider stands here once; the tables of the providers say what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import tollbridge
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.books import ProviderBook

AMOUNT_MINOR = 10_000

Effect = tuple[OperationKind, int]
"""What the provider books: the kind, and the amount in minor units."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The payment that a case is about. `payment_id` is empty while the operation itself is to make it."""

    merchant_reference: str
    payment_id: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """State of the payment and its sums in minor units, and all that the provider books for the operation."""

    state: tollbridge.PaymentState
    effects: tuple[Effect, ...]
    captured_minor: int = 0
    refunded_minor: int = 0


AUTHORIZED = Expected(tollbridge.PAYMENT_STATE_AUTHORIZED, ((OperationKind.AUTHORIZE, AMOUNT_MINOR),))
SOLD = Expected(tollbridge.PAYMENT_STATE_SUCCEEDED, ((OperationKind.SALE, AMOUNT_MINOR),), captured_minor=AMOUNT_MINOR)
RELEASED = Expected(tollbridge.PAYMENT_STATE_CANCELED, ((OperationKind.CANCEL, AMOUNT_MINOR),))
"""What was authorized is held no longer."""
CLOSED = Expected(tollbridge.PAYMENT_STATE_CANCELED, ())
"""Nobody had paid, so that there is nothing to book."""
NEVER_PAID = Expected(tollbridge.PAYMENT_STATE_FAILED, ())
"""Nothing arrived and nothing can any more, so that there is nothing to book, not even an end."""


def captured(amount_minor: int, *, is_final: bool = False) -> Expected:
    """Return what comes of a capture of an authorization."""
    state = tollbridge.PAYMENT_STATE_SUCCEEDED if is_final else tollbridge.PAYMENT_STATE_AUTHORIZED
    return Expected(state, ((OperationKind.CAPTURE, amount_minor),), captured_minor=amount_minor)


def refunded(amount_minor: int, *, of_minor: int = AMOUNT_MINOR) -> Expected:
    """Return what comes of a refund of what was taken."""
    return Expected(
        tollbridge.PAYMENT_STATE_SUCCEEDED,
        ((OperationKind.REFUND, amount_minor),),
        captured_minor=of_minor,
        refunded_minor=amount_minor,
    )


Prepare = Callable[[tollbridge.Client, str], str]
"""Takes a client and a merchant reference; returns the id of the payment that was made, if one was."""
Ask = Callable[[tollbridge.Client, Subject, str], str]
"""Takes a client, the payment and an idempotency key; returns the payment's id."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `prepare` brings a payment to where `ask` makes sense; `ask` may be repeated with its key.

    `unsent` is what must have come of it when the request was durable, never arrived, and can not be sent again
    because what the payer paid with is never stored.
    """

    prepare: Prepare
    ask: Ask
    expected: Expected
    unsent: Expected | None = None
    waits_for_payer: bool = False
    """Whether the payment that `prepare` makes has an action open, which nobody takes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How the provider treats the request; with `withholds` its notifications get lost as well, until a recovery."""

    behavior: str
    withholds: bool = False


LOST_NEWS = {
    "resolver.after_claim": Fault("booked_timeout", withholds=True),
    "resolver.after_query": Fault("booked_reset", withholds=True),
    "resolver.after_commit": Fault("lost"),
}
"""The bad days of a provider that notifies of whatever it booked: without the news nobody but the resolver asks."""

Unreachable = Mapping[tuple[str, str], str]
"""By failpoint and operation, why the one does not lie on the path of the other."""


def unreachable(reason: str, failpoints: tuple[str, ...], *operations: str) -> Unreachable:
    """Return that none of the failpoints lies on the path of any of the operations."""
    return {(failpoint, operation): reason for failpoint in failpoints for operation in operations}


SENT_AGAIN = ("resolver.after_commit",)
"""The failpoint of a second intent, which only what can be sent again has."""
NOTIFIED = ("notification.after_verify", "notification.after_commit")
"""The failpoints of a notification, which not everything is notified of."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider as the kit strikes it.

    `faults` is how it treats the request where a failpoint lies on the path of a bad day only. `unreachable` names
    the pairs of failpoint and operation where the one does not lie on the path of the other, and why; every other
    pair kills the server.
    """

    name: str
    account_id: str
    read_book: Callable[[Path], Mapping[str, ProviderBook]]
    operations: Mapping[str, Operation]
    faults: Mapping[str, Fault]
    unreachable: Unreachable
    is_asked_on: bool = False
    """Whether the server goes on asking about what was ended unknown, which would strike the next case as well."""
