"""Strikes one operation down and lets it recover, then compares with what must have come of it.

It returns what is wrong as sentences, so that a planted bug can be seen to be found; an empty list is a pass.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

import tollbridge
from tollbridge_server.testing import payer

from tests.crash.operations.shapes import Effect, Expected, Fault, Operation, Subject
from tests.crash.rig import Rig

T = TypeVar("T")

PATIENCE_S = 60.0
"""How long anything may take on a busy machine before a case counts as stuck."""
_PAUSE_S = 0.03
_REPEATS = 3

_OPEN = (tollbridge.OPERATION_STATE_PROCESSING, tollbridge.OPERATION_STATE_REQUIRES_ACTION)
_PASSING = (tollbridge.Unavailable, tollbridge.Aborted, tollbridge.DeadlineExceeded)
"""What a caller repeats: nobody answers, or the first request is still being carried out."""

_UNHURRIED = {"TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S": "[60]"}
"""Nobody asks about a payment that waits for its payer, so that what is struck is the operation alone."""

_numbers = itertools.count(1)


class Stuck(AssertionError):
    """A payment did not come to rest, or a request got no answer, in any time that makes sense."""


class Case:
    """One operation on one payment of its own. Its steps stand in the order in which they are called."""

    def __init__(self, rig: Rig, operation: Operation, expected: Expected | None = None) -> None:
        """Make a case of which `expected` must come; without it what comes of the operation on a good day."""
        self._rig = rig
        self._operation = operation
        self._expected = expected or operation.expected
        self._key = str(uuid.uuid4())
        self._subject = Subject(f"order-{next(_numbers)}-{self._key[:8]}")
        self._acknowledged: tollbridge.Payment | None = None
        self._answered_id = ""
        self._fault: Fault | None = None
        self._booked_before: Counter[tuple[str, Effect]] = Counter()

    def prepare(self) -> None:
        """Bring the payment to where the operation makes sense, and note all that is promised so far."""
        if self._operation.waits_for_payer:
            self._rig.start(environment=_UNHURRIED)
        self._rig.ensure_started()
        with self._rig.client() as client:
            payment_id = self._operation.prepare(client, self._subject.merchant_reference)
            if payment_id:
                self._subject = Subject(self._subject.merchant_reference, payment_id)
                self._acknowledged = (
                    client.get_payment(payment_id=payment_id).payment
                    if self._operation.waits_for_payer
                    else self._rest(client)
                )
        self._booked_before = self._booked()

    def strike(self, failpoint: str, *, fault: Fault | None = None) -> None:
        """Ask with the failpoint armed; return when the server killed itself, or when the payment is at rest.

        `fault` is how the provider misbehaves on the request.
        """
        self._rig.start(failpoint)
        if fault:
            self._fault = fault
            self._rig.arm_provider(fault)
        with self._rig.client() as client:
            try:
                self._answered_id = self._operation.ask(client, self._subject, self._key)
                self._subject = Subject(self._subject.merchant_reference, self._answered_id)
                self._rest(client)
            except _PASSING:
                return

    def strike_recovery(self, failpoint: str) -> None:
        """Start with the failpoint armed and ask for nothing: the server recovers, and dies of it."""
        self._rig.start(failpoint)
        self._rig.wait_for_death()

    def recover(self) -> None:
        """Start again, and repeat the request with its key until it is answered and the payment is at rest."""
        if self._fault is not None and self._fault.withholds:
            self._rig.deliver_notifications()
        self._rig.start()
        with self._rig.client() as client:
            for _ in range(_REPEATS):
                payment_id = _patiently(lambda: self._operation.ask(client, self._subject, self._key))
                self._subject = Subject(self._subject.merchant_reference, payment_id)
                # Where the payment still asks for a card, a caller repeats: the key does not let it be charged twice.
                if self._rest(client).state != tollbridge.PAYMENT_STATE_REQUIRES_ACTION:
                    return

    def findings(self) -> list[str]:
        """Compare promises, payment, provider's book and every invariant with what must be."""
        with self._rig.client() as client:
            payment = client.get_payment(payment_id=self._subject.payment_id).payment
            again = self._operation.ask(client, self._subject, self._key)
            named = list(client.list_payments(merchant_reference=self._subject.merchant_reference))
        found = [*self._broken_promises(payment), *_differences(payment, self._expected), *self._misbooked()]
        if again != payment.payment_id or (self._answered_id and again != self._answered_id):
            found.append(f"one key answers with {self._answered_id}, {payment.payment_id} and {again}")
        if len(named) != 1:
            found.append(f"one order has {len(named)} payments")
        verification = asyncio.run(self._rig.verify())
        found += [f"{broken.rule}: {broken.detail}" for broken in verification.breaks]
        if verification.in_flight:
            found.append(f"{verification.in_flight} payments are in flight")
        return found

    def _rest(self, client: tollbridge.Client) -> tollbridge.Payment:
        """Return the payment when nothing of it is open and all news has arrived, paying as its payer on the way."""

        def look() -> tollbridge.Payment | None:
            payment = client.get_payment(payment_id=self._subject.payment_id).payment
            if payment.next_action.HasField("show_qr") and not self._operation.waits_for_payer:
                payer.decide(payment.next_action.show_qr.payload, "approve")
            is_open = any(operation.state in _OPEN for operation in payment.operations)
            return None if is_open or self._rig.has_notifications_due() else payment

        deadline = time.monotonic() + PATIENCE_S
        while (payment := look()) is None:
            if time.monotonic() > deadline:
                raise Stuck(f"{self._subject.payment_id} does not come to rest")
            time.sleep(_PAUSE_S)
        return payment

    def _broken_promises(self, now: tollbridge.Payment) -> Iterator[str]:
        before = self._acknowledged
        if before is None:
            return
        if now.version < before.version:
            yield f"version {before.version} was acknowledged, now it is {now.version}"
        kept = {operation.operation_id: operation.state for operation in now.operations}
        for operation in before.operations:
            is_final = operation.state not in _OPEN
            if operation.operation_id not in kept or (is_final and kept[operation.operation_id] != operation.state):
                yield f"{operation.operation_id} was acknowledged as {operation.state}"
        if before.captured_amount.amount_minor > now.captured_amount.amount_minor:
            yield "captured money was acknowledged and is gone"

    def _booked(self) -> Counter[tuple[str, Effect]]:
        return Counter(
            (effect.request_reference, (effect.kind, effect.amount_minor))
            for charge in self._rig.booked().values()
            for effect in charge.effects
        )

    def _misbooked(self) -> Iterator[str]:
        new = [effect for _, effect in (self._booked() - self._booked_before).elements()]
        if Counter(new) != Counter(self._expected.effects):
            yield f"the provider booked {sorted(new)} and not {sorted(self._expected.effects)}"


def _differences(payment: tollbridge.Payment, expected: Expected) -> Iterator[str]:
    for name, is_, must in (
        ("state", tollbridge.PaymentState.Name(payment.state), tollbridge.PaymentState.Name(expected.state)),
        ("captured", payment.captured_amount.amount_minor, expected.captured_minor),
        ("refunded", payment.refunded_amount.amount_minor, expected.refunded_minor),
    ):
        if is_ != must:
            yield f"{name} is {is_} and not {must}"


def _patiently(ask: Callable[[], T]) -> T:
    """Repeat until there is an answer."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except _PASSING as error:
            if time.monotonic() > deadline:
                raise Stuck("a repeat with its key is never answered") from error
            time.sleep(_PAUSE_S)
