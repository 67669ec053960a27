"""Many callers at once on few payments: what they do is drawn from a seed, and every acknowledged success is kept."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import grpc
import tollbridge

from tests.integration.concurrency.bridges import Bridges
from tests.integration.machine.shop import card, euros

AMOUNT = 20_000
MANUAL = tollbridge.CAPTURE_METHOD_MANUAL
_REFUSALS = {"OPERATION_IN_PROGRESS", "PAYMENT_STATE_CONFLICT", "CAPTURE_EXCEEDS_AUTHORIZED", "REFUND_EXCEEDS_CAPTURED"}


@dataclass(slots=True)
class Crowd:
    """The callers' common record: ids of acknowledged captures and refunds by payment, and of payments by key."""

    payment_ids: list[str] = field(default_factory=list)
    captures: dict[str, set[str]] = field(default_factory=dict)
    refunds: dict[str, set[str]] = field(default_factory=dict)
    canceled: set[str] = field(default_factory=set)
    by_key: dict[str, set[str]] = field(default_factory=dict)
    first_answers: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    async def open(self, client: tollbridge.AsyncClient, count: int) -> None:
        """Make the payments: half of them authorized, half of them taken."""
        for number in range(count):
            capture_method = MANUAL if number % 2 else tollbridge.CAPTURE_METHOD_AUTOMATIC
            made = await client.create_payment(
                amount=euros(AMOUNT), payment_method=card(), capture_method=capture_method
            )
            self.payment_ids.append(made.payment.payment_id)

    async def rush(self, bridges: Bridges, *, callers: int, calls: int, seed: int) -> None:
        """Let all callers loose at once, spread over the servers."""
        await asyncio.gather(*(self._caller(bridges, number, calls, seed * 1000 + number) for number in range(callers)))

    async def _caller(self, bridges: Bridges, number: int, calls: int, seed: int) -> None:
        chance = random.Random(seed)
        async with bridges.client(number) as client:
            for _ in range(calls):
                try:
                    await self._act(client, chance)
                except tollbridge.TollbridgeError as error:
                    if error.code is grpc.StatusCode.UNAVAILABLE:
                        self.lost += 1
                        return  # Its server is gone.
                    if error.reason not in _REFUSALS:
                        raise
                    self.refusals[error.reason] += 1

    async def _act(self, client: tollbridge.AsyncClient, chance: random.Random) -> None:
        payment_id = chance.choice(self.payment_ids)
        amount = euros(chance.choice((700, 1500, 4000, 9000, 9106, 9108)))
        match chance.choice("cccrrrrkkx"):
            case "c":
                captured = await client.capture_payment(payment_id=payment_id, amount=amount)
                self._note_capture(captured)
            case "r":
                refunded = await client.create_refund(payment_id=payment_id, amount=amount)
                if refunded.refund.state == tollbridge.REFUND_STATE_SUCCEEDED:
                    self.refunds.setdefault(payment_id, set()).add(refunded.refund.refund_id)
            case "k":
                key = f"shared-{chance.randrange(10)}"
                created = await client.create_payment(
                    amount=euros(1234), payment_method=card(), merchant_reference=key, idempotency_key=key
                )
                self.by_key.setdefault(key, set()).add(created.payment.payment_id)
                self.first_answers[key] += not created.replayed
            case _:
                if chance.random() < 0.15:
                    canceled = await client.cancel_payment(payment_id=payment_id)
                    if canceled.payment.state in (tollbridge.PAYMENT_STATE_CANCELED,):
                        self.canceled.add(payment_id)

    def _note_capture(self, captured: tollbridge.CapturePaymentResponse) -> None:
        for operation in captured.payment.operations:
            is_this = operation.operation_id == captured.operation_id
            if is_this and operation.state == tollbridge.OPERATION_STATE_SUCCEEDED:
                self.captures.setdefault(captured.payment.payment_id, set()).add(operation.operation_id)

    async def require_kept(self, client: tollbridge.AsyncClient) -> None:
        """Every acknowledged success is there, and no amount exceeds its bound."""
        for payment_id in self.payment_ids:
            payment = (await client.get_payment(payment_id=payment_id)).payment
            done = {o.operation_id for o in payment.operations if o.state == tollbridge.OPERATION_STATE_SUCCEEDED}
            given_back = {o.refund_id for o in payment.operations if o.operation_id in done and o.refund_id}
            assert self.captures.get(payment_id, set()) <= done
            assert self.refunds.get(payment_id, set()) <= given_back
            if payment_id in self.canceled:
                assert payment.state == tollbridge.PAYMENT_STATE_CANCELED
            assert payment.captured_amount.amount_minor <= payment.authorized_amount.amount_minor == AMOUNT
            assert payment.refunded_amount.amount_minor <= payment.captured_amount.amount_minor
