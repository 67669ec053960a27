"""Checks every invariant over a database, and over the provider's book beside it; it changes nothing.

A book is compared where nothing is in flight; while an operation is open, only the limits are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from tollbridge_server.domain.event import GIVEN_BACK, Event, ExceptionRecord
from tollbridge_server.domain.operation import Attempt, AttemptState, Operation, OperationKind, OperationState
from tollbridge_server.domain.payment import Payment, PaymentState, broken_sums, derive_state
from tollbridge_server.domain.refund import Refund, RefundState
from tollbridge_server.ports.books import BookedCharge, ProviderBook
from tollbridge_server.ports.storage import Storage, Transaction

_BATCH = 200
_MAX_EVENTS = 100_000
_ENDED = (PaymentState.CANCELED, PaymentState.EXPIRED, PaymentState.FAILED)
_OPEN_STATES = (OperationState.PROCESSING, OperationState.REQUIRES_ACTION, OperationState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class Break:
    """One invariant that does not hold: of which payment, which rule, and what was found."""

    payment_id: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Review:
    """Why a payment waits for a person; `kind` is that of its ExceptionRecord."""

    payment_id: str
    kind: str
    detail: str


@dataclass(slots=True)
class Verification:
    """What a check went through, and what it found; `effects` counts those in the providers' books.

    `reviews` are no breaks: payments of which a person has something to see, with what the engine put before them.
    """

    payments: int = 0
    operations: int = 0
    refunds: int = 0
    events: int = 0
    effects: int = 0
    in_flight: int = 0
    breaks: list[Break] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Dossier:
    """All rows of one payment."""

    payment: Payment
    operations: tuple[Operation, ...]
    attempts: tuple[Attempt, ...]
    refunds: tuple[Refund, ...]
    events: tuple[Event, ...]
    exceptions: tuple[ExceptionRecord, ...]

    def attempts_of(self, operation: Operation) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.operation_id == operation.operation_id]

    def minor(self, kind: OperationKind, *states: OperationState) -> int:
        return sum(o.amount.amount_minor for o in self.operations if o.kind is kind and o.state in states)

    @property
    def given_back(self) -> frozenset[str]:
        """The references of charges whose money the provider took and gave back by itself."""
        told = {record.attempt_id for record in self.exceptions if record.kind == GIVEN_BACK}
        return frozenset(each.request_reference for each in self.attempts if each.attempt_id in told)

    @property
    def is_at_rest(self) -> bool:
        # An attempt that is settled and asked about all the same is in doubt: news has come that says otherwise. One
        # that is only watched is not: nothing is known of it, and it counts as over.
        return all(operation.state not in _OPEN_STATES for operation in self.operations) and not any(
            attempt.next_check_at_us and not attempt.is_watched for attempt in self.attempts
        )


class Verifier:
    """Goes through a whole database, payment by payment, in bounded batches."""

    def __init__(self, storage: Storage, books: Mapping[str, ProviderBook]) -> None:
        self._storage = storage
        self._books = books

    async def verify(self, progress: Callable[[int], None] = lambda _: None) -> Verification:
        """Check everything; `progress` is told how many payments are done after each batch."""
        booked = {
            (account_id, charge.request_reference): charge
            for account_id, book in self._books.items()
            for charge in book.charges()
        }
        result = Verification(effects=sum(len(charge.effects) for charge in booked.values()))
        known: set[tuple[str, str]] = set()
        after_id = ""
        while dossiers := await self._storage.read(partial(_load, after_id=after_id)):
            for dossier in dossiers:
                self._check(dossier, booked, known, result)
            after_id = dossiers[-1].payment.payment_id
            progress(result.payments)
        for (account_id, reference), charge in booked.items():
            # A charge that nobody knows and that took nothing is the trace of a cancel that came first.
            if (account_id, reference) not in known and charge.effects:
                result.breaks.append(Break("", "an effect belongs to an attempt", f"{account_id} booked {reference}"))
        return result

    def _check(
        self,
        dossier: _Dossier,
        booked: Mapping[tuple[str, str], BookedCharge],
        known: set[tuple[str, str]],
        result: Verification,
    ) -> None:
        payment = dossier.payment
        result.payments += 1
        result.operations += len(dossier.operations)
        result.refunds += len(dossier.refunds)
        result.events += len(dossier.events)
        result.in_flight += not dossier.is_at_rest
        waits = any(refund.state is RefundState.NEEDS_REVIEW for refund in dossier.refunds)
        if waits or payment.state is PaymentState.NEEDS_REVIEW or dossier.given_back:
            result.reviews += [Review(payment.payment_id, each.kind, each.detail) for each in dossier.exceptions]
        found = [*_broken_rows(dossier), *_broken_amounts(dossier), *_broken_events(dossier)]
        charges = []
        for attempt in dossier.attempts:
            key = (attempt.provider_account_id, attempt.request_reference)
            known.add(key)
            if key in booked:
                charges.append(booked[key])
        if payment.provider_account_id in self._books:
            found += _broken_books(dossier, charges)
        result.breaks += [Break(payment.payment_id, rule, detail) for rule, detail in found]


def _load(tx: Transaction, after_id: str) -> list[_Dossier]:
    return [
        _Dossier(
            payment,
            tuple(tx.operations.of_payment(payment.payment_id)),
            tuple(tx.attempts.of_payment(payment.payment_id)),
            tuple(tx.refunds.of_payment(payment.payment_id)),
            tuple(tx.events.of_payment(payment.payment_id, limit=_MAX_EVENTS)),
            tuple(tx.exceptions.of_payment(payment.payment_id)),
        )
        for payment in tx.payments.scan(after_id, limit=_BATCH)
    ]


_Finding = tuple[str, str]


def _broken_rows(dossier: _Dossier) -> Iterator[_Finding]:
    payment = dossier.payment
    if broken := broken_sums(payment):
        yield "sums hold", broken
    if derive_state(payment) is not payment.state:
        yield "the state follows from the facts", f"{payment.state} is stored, {derive_state(payment)} follows"
    for operation in dossier.operations:
        succeeded = [a for a in dossier.attempts_of(operation) if a.state is AttemptState.SUCCEEDED]
        if len(succeeded) > 1:
            yield "one successful attempt an operation", f"{operation.operation_id} has {len(succeeded)}"
        if operation.state is OperationState.SUCCEEDED and not succeeded and dossier.attempts_of(operation):
            yield "a success has its attempt", operation.operation_id
        if operation.amount.currency != payment.currency:
            yield "one currency", f"{operation.operation_id} is in {operation.amount.currency}"
    for attempt in dossier.attempts:
        is_settled = attempt.state.is_final or attempt.state is AttemptState.UNRESOLVED
        if not is_settled and attempt.next_check_at_us == 0:
            yield "every open attempt has its next question", attempt.attempt_id


def _broken_amounts(dossier: _Dossier) -> Iterator[_Finding]:
    payment, minor = dossier.payment, dossier.minor
    if payment.is_contradicted:
        return  # A person decides; the provider told two stories, and both cannot add up.
    captured = minor(OperationKind.CAPTURE, OperationState.SUCCEEDED)
    for operation in dossier.operations:
        is_charge = operation.operation_id == payment.charge_operation_id
        if is_charge and operation.kind is OperationKind.SALE and operation.state is OperationState.SUCCEEDED:
            captured += operation.amount.amount_minor
    open_captures = minor(OperationKind.CAPTURE, *_OPEN_STATES)
    refunded = sum(r.amount.amount_minor for r in dossier.refunds if r.state is RefundState.SUCCEEDED)
    open_states = (RefundState.PROCESSING, RefundState.NEEDS_REVIEW)
    open_refunds = sum(r.amount.amount_minor for r in dossier.refunds if r.state in open_states)
    for name, stored, added in (
        ("captured", payment.captured_minor, captured),
        ("capture reserved", payment.capture_reserved_minor, open_captures),
        ("refunded", payment.refunded_minor, refunded),
        ("refund reserved", payment.refund_reserved_minor, open_refunds),
    ):
        if stored != added:
            yield f"{name} is the sum of its operations", f"{stored} is stored, its operations add up to {added}"
    yield from _overdrawn_captures(dossier)


def _overdrawn_captures(dossier: _Dossier) -> Iterator[_Finding]:
    """Yield each capture of which more is given back than it took; refunds that nobody knows the end of count."""
    taken = {o.operation_id: o.amount.amount_minor for o in dossier.operations if o.kind is OperationKind.CAPTURE}
    given_back: dict[str, int] = {}
    for operation in dossier.operations:
        if operation.capture_operation_id and operation.state not in (OperationState.FAILED, OperationState.CANCELED):
            of_capture = given_back.get(operation.capture_operation_id, 0) + operation.amount.amount_minor
            given_back[operation.capture_operation_id] = of_capture
    for operation_id, amount_minor in given_back.items():
        if amount_minor > taken.get(operation_id, 0):
            detail = f"{operation_id} took {taken.get(operation_id, 0)}, its refunds add up to {amount_minor}"
            yield "refunds fit their capture", detail


def _broken_events(dossier: _Dossier) -> Iterator[_Finding]:
    versions = [event.version for event in dossier.events]
    if versions != list(range(1, dossier.payment.version + 1)):
        yield "one event for each version", f"version {dossier.payment.version}, {len(versions)} events"


def _broken_books(dossier: _Dossier, charges: list[BookedCharge]) -> Iterator[_Finding]:
    payment = dossier.payment
    by_reference = {attempt.request_reference: attempt for attempt in dossier.attempts}
    # What came and went is in the provider's book alone, except for a payment that we knew; that waits for a person.
    returned = [each for each in charges if each.request_reference in dossier.given_back and _is_returned(each)]
    for charge in charges:
        for effect in charge.effects:
            is_return = charge in returned and effect.kind is OperationKind.REFUND
            if effect.request_reference not in by_reference and not is_return:
                yield "an effect belongs to an attempt", f"the provider booked {effect.request_reference}"
            if effect.currency != payment.currency:
                yield "one currency", f"the provider booked {effect.currency}"
    kept = [charge for charge in charges if charge not in returned]
    captured = sum(charge.captured_minor for charge in kept)
    refunded = sum(charge.refunded_minor for charge in kept)
    paid = [charge for charge in kept if charge.captured_minor]
    if len(paid) > 1:
        yield "no payment is charged twice", f"the provider took money {len(paid)} times"
    for taken in (captured, *(charge.captured_minor for charge in returned)):
        if taken > payment.amount_minor:
            yield "the provider took no more than was asked", f"{taken} of {payment.amount_minor}"
    if refunded > captured:
        yield "the provider gave back no more than it took", f"{refunded} of {captured}"
    yield from _held_amounts(dossier, charges)
    if dossier.is_at_rest and not payment.is_contradicted:
        if captured != payment.captured_minor:
            yield "both books agree", f"captured: {payment.captured_minor} here, {captured} at the provider"
        if refunded != payment.refunded_minor:
            yield "both books agree", f"refunded: {payment.refunded_minor} here, {refunded} at the provider"


def _is_returned(charge: BookedCharge) -> bool:
    return 0 < charge.captured_minor == charge.refunded_minor


def _held_amounts(dossier: _Dossier, charges: list[BookedCharge]) -> Iterator[_Finding]:
    """Yield what the provider still holds of a payer's money without any right to it."""
    payment = dossier.payment
    holding = [charge for charge in charges if charge.authorized_minor > charge.captured_minor and not charge.is_voided]
    if len(holding) > 1:
        yield "no amount is held twice", f"the provider holds {len(holding)} authorizations"
    is_settled = dossier.is_at_rest and not payment.is_contradicted
    if holding and is_settled and payment.state in _ENDED:
        yield "nothing is held for a payment that has ended", f"{payment.state}, and {holding[0].request_reference}"
