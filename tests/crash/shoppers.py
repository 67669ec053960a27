"""Concurrent callers that know nothing of the kills: they repeat with the same key until they are answered.

Each keeps what it was told, and says so when a later answer takes it back.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import tollbridge
from tollbridge_server.testing import payer

from tests.crash.operations.sandbox import DECLINED_SOFTLY, MASTERCARD, VISA, card
from tests.crash.operations.shapes import AMOUNT_MINOR

T = TypeVar("T")

PATIENCE_S = 90.0
_PAUSE_S = 0.05
_OPEN = (tollbridge.OPERATION_STATE_PROCESSING, tollbridge.OPERATION_STATE_REQUIRES_ACTION)
_PASSING = (tollbridge.Unavailable, tollbridge.Aborted, tollbridge.DeadlineExceeded)


class Shopper:
    """One caller with a client of its own; `broken` is what it was told and then was not so."""

    def __init__(self, name: str, client: tollbridge.AsyncClient, chance: random.Random) -> None:
        self._name = name
        self._client = client
        self._chance = chance
        self._keys = 0
        self.payment_ids: dict[str, str] = {}
        """The payment of each order, by its merchant reference."""
        self.steps = 0
        self.broken: list[str] = []

    async def shop(self, closing: asyncio.Event) -> None:
        """Place one order after the other until the shop closes."""
        orders = (self._captured, self._canceled, self._sold, self._scanned, self._second_card)
        while not closing.is_set():
            await self._chance.choice(orders)()

    async def doubled_orders(self) -> list[str]:
        """Return the orders that have another payment than the one that this caller was told of."""
        doubled = []
        for reference, payment_id in self.payment_ids.items():
            named = [payment async for payment in self._client.list_payments(merchant_reference=reference)]
            if [payment.payment_id for payment in named] != [payment_id]:
                doubled.append(reference)
        return doubled

    async def _captured(self) -> None:
        payment = await self._pay(card(VISA), capture_method=tollbridge.CAPTURE_METHOD_MANUAL)
        if not self._is_sound(payment, tollbridge.PAYMENT_STATE_AUTHORIZED, captured_minor=0):
            return
        payment = await self._capture(payment, 3000, is_final=False)
        self._expect(payment, tollbridge.PAYMENT_STATE_AUTHORIZED, captured_minor=3000)
        payment = await self._capture(payment, 4000, is_final=True)
        self._expect(payment, tollbridge.PAYMENT_STATE_SUCCEEDED, captured_minor=7000)
        payment = await self._refund(payment, 1000)
        self._expect(payment, tollbridge.PAYMENT_STATE_SUCCEEDED, captured_minor=7000, refunded_minor=1000)

    async def _canceled(self) -> None:
        payment = await self._pay(card(VISA), capture_method=tollbridge.CAPTURE_METHOD_MANUAL)
        if not self._is_sound(payment, tollbridge.PAYMENT_STATE_AUTHORIZED, captured_minor=0):
            return
        key, payment_id = self._key(), payment.payment_id
        await _patiently(lambda: self._client.cancel_payment(payment_id=payment_id, idempotency_key=key))
        self._expect(await self._rest(payment_id), tollbridge.PAYMENT_STATE_CANCELED, captured_minor=0)

    async def _sold(self) -> None:
        payment = await self._pay(card(VISA))
        if not self._is_sound(payment, tollbridge.PAYMENT_STATE_SUCCEEDED, captured_minor=AMOUNT_MINOR):
            return
        await self._refund(payment, 1000)
        payment = await self._refund(payment, 500)
        self._expect(payment, tollbridge.PAYMENT_STATE_SUCCEEDED, captured_minor=AMOUNT_MINOR, refunded_minor=1500)

    async def _scanned(self) -> None:
        qr = tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(qr=tollbridge.AlipayQr()))
        payment = await self._pay(qr, currency_code="CNY")
        self._expect(payment, tollbridge.PAYMENT_STATE_SUCCEEDED, captured_minor=AMOUNT_MINOR)

    async def _second_card(self) -> None:
        payment = await self._pay(card(DECLINED_SOFTLY), on_decline=tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD)
        key, payment_id = self._key(), payment.payment_id
        await _patiently(
            lambda: self._client.confirm_payment(
                payment_id=payment_id, payment_method=card(MASTERCARD), idempotency_key=key
            )
        )
        payment = await self._rest(payment_id)
        if payment.state != tollbridge.PAYMENT_STATE_REQUIRES_ACTION:  # Else the second card never arrived.
            self._expect(payment, tollbridge.PAYMENT_STATE_SUCCEEDED, captured_minor=AMOUNT_MINOR)

    async def _pay(
        self,
        method: tollbridge.PaymentMethod,
        *,
        currency_code: str = "EUR",
        capture_method: tollbridge.CaptureMethod | None = None,
        on_decline: tollbridge.OnDecline | None = None,
    ) -> tollbridge.Payment:
        key = self._key()
        made = await _patiently(
            lambda: self._client.create_payment(
                amount=tollbridge.Money(currency_code=currency_code, amount_minor=AMOUNT_MINOR),
                payment_method=method,
                capture_method=capture_method,
                on_decline=on_decline,
                merchant_reference=key,
                idempotency_key=key,
            )
        )
        self.payment_ids[key] = made.payment.payment_id
        return await self._rest(made.payment.payment_id)

    async def _capture(self, payment: tollbridge.Payment, amount_minor: int, *, is_final: bool) -> tollbridge.Payment:
        key = self._key()
        await _patiently(
            lambda: self._client.capture_payment(
                payment_id=payment.payment_id,
                amount=tollbridge.Money(currency_code="EUR", amount_minor=amount_minor),
                final_capture=is_final,
                idempotency_key=key,
            )
        )
        return await self._rest(payment.payment_id)

    async def _refund(self, payment: tollbridge.Payment, amount_minor: int) -> tollbridge.Payment:
        key = self._key()
        await _patiently(
            lambda: self._client.create_refund(
                payment_id=payment.payment_id,
                amount=tollbridge.Money(currency_code="EUR", amount_minor=amount_minor),
                idempotency_key=key,
            )
        )
        return await self._rest(payment.payment_id)

    async def _rest(self, payment_id: str) -> tollbridge.Payment:
        """Return the payment when nothing of it is open, paying as its payer on the way."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            payment = (await _patiently(lambda: self._client.get_payment(payment_id=payment_id))).payment
            if payment.next_action.HasField("show_qr"):
                await asyncio.to_thread(payer.decide, payment.next_action.show_qr.payload, "approve")
            if not any(operation.state in _OPEN for operation in payment.operations):
                self.steps += 1
                return payment
            assert time.monotonic() < deadline, f"{payment_id} does not come to rest"
            await asyncio.sleep(_PAUSE_S)

    def _is_sound(self, payment: tollbridge.Payment, state: tollbridge.PaymentState, *, captured_minor: int) -> bool:
        """Whether the order goes on; the charge of a card that never arrived fails, and takes nothing."""
        if payment.state == tollbridge.PAYMENT_STATE_FAILED:
            self._expect(payment, tollbridge.PAYMENT_STATE_FAILED, captured_minor=0)
            return False
        self._expect(payment, state, captured_minor=captured_minor)
        return payment.state == state

    def _expect(
        self,
        payment: tollbridge.Payment,
        state: tollbridge.PaymentState,
        *,
        captured_minor: int,
        refunded_minor: int = 0,
    ) -> None:
        found = (payment.state, payment.captured_amount.amount_minor, payment.refunded_amount.amount_minor)
        if found != (state, captured_minor, refunded_minor):
            self.broken.append(f"{payment.payment_id} is {found} and not {(state, captured_minor, refunded_minor)}")

    def _key(self) -> str:
        self._keys += 1
        return f"{self._name}-{self._keys}"


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Repeat until there is an answer."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await ask()
        except _PASSING:
            assert time.monotonic() < deadline, "a repeat with its key is never answered"
            await asyncio.sleep(_PAUSE_S)
