"""A server that stood still or was cut off neither sends what another may send by now, nor speaks about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import PaymentState
from tollbridge_server.domain.payment_method import Card, MethodKind, PaymentMethod
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.ports.storage import ChangeFeed, Storage, StorageStatistics, Transaction
from tollbridge_server.services.requests import ConfirmPayment, CreateRefund, RefundView

from tests.unit.services.news import ABSENT, UNKNOWN, UNSENT, answer, payment_of, waiting
from tests.unit.services.scripted import CALLER, CARD, QR, Bridge, Clock

OTHER_CARD = PaymentMethod(MethodKind.CARD, card=Card("5555555555554444", 12, 2035, "123"))

T = TypeVar("T")


class CutOff:
    """One server's way to the database, which a test can cut; what is written then waits until `restore`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._open = asyncio.Event()
        self._open.set()
        self.waits = asyncio.Event()

    def cut(self) -> None:
        self._open.clear()

    def restore(self) -> None:
        self._open.set()

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        if not self._open.is_set():
            self.waits.set()
            await self._open.wait()
        return await self._storage.write(unit)

    async def read(self, unit: Callable[[Transaction], T]) -> T:
        return await self._storage.read(unit)

    def changes(self) -> ChangeFeed:
        return self._storage.changes()

    def statistics(self) -> StorageStatistics:
        return self._storage.statistics()

    async def is_healthy(self) -> bool:
        return self._open.is_set()

    async def close(self) -> None:
        return None


def stands_still(clock: Clock, *, at: str, hours: float) -> Callable[[str], None]:
    """A failpoint: the process stops there for so long, as a paused machine does."""

    def pause(name: str) -> None:
        if name == at:
            clock.pass_s(hours * 3600)

    return pause


async def refund_taken_over(bridge: Bridge, payment_id: str, reply: Outcome) -> RefundView:
    """A refund that one server could not send and this one did; return what the first one tells its caller."""
    way = CutOff(bridge.storage)
    cut_off = Bridge(way, clock=bridge.clock)

    def fail(_: Any) -> Evidence:
        way.cut()
        return UNSENT

    cut_off.adapter.will_always("refund", fail)
    told = asyncio.create_task(cut_off.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id)))
    await way.waits.wait()
    bridge.clock.pass_s(60)
    bridge.adapter.will("query", ABSENT)
    bridge.adapter.will("refund", Evidence(reply))
    await bridge.resolver.work_once()
    assert len(bridge.adapter.sent("refund")) == 1
    way.restore()
    return await told


@pytest.mark.parametrize("reply", [Outcome.PENDING, Outcome.UNKNOWN])
async def test_a_sender_that_was_cut_off_does_not_fail_what_another_server_has_sent(
    bridge: Bridge, reply: Outcome
) -> None:
    payment_id = (await bridge.pay(method=QR)).payment.payment_id

    told = await refund_taken_over(bridge, payment_id, reply)

    assert told.refund.state is RefundState.PROCESSING
    assert (await payment_of(bridge, payment_id)).refund_reserved_minor == 1000


async def test_what_another_server_has_sent_leaves_no_room_for_a_second_refund(bridge: Bridge) -> None:
    payment_id = (await bridge.pay(method=QR)).payment.payment_id
    await refund_taken_over(bridge, payment_id, Outcome.PENDING)

    with pytest.raises(RequestError) as refused:
        await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id))

    assert refused.value.reason is ErrorReason.REFUND_EXCEEDS_CAPTURED
    assert len(bridge.adapter.sent("refund")) == 1


async def test_a_sender_that_could_send_nothing_fails_what_nobody_else_has_sent(bridge: Bridge) -> None:
    payment_id = (await bridge.pay(method=QR)).payment.payment_id
    bridge.adapter.will_always("refund", UNSENT)

    made = await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id))

    assert made.refund.state is RefundState.FAILED
    assert (await payment_of(bridge, payment_id)).refund_reserved_minor == 0


async def test_a_sender_whose_lease_is_over_sends_nothing(bridge: Bridge) -> None:
    pause = stands_still(bridge.clock, at="intent.after_commit", hours=3)
    paused = Bridge(bridge.storage, clock=bridge.clock, failpoint=pause)

    made = await paused.pay(method=QR)

    assert not paused.adapter.sent("charge")
    assert made.payment.state is PaymentState.FAILED


async def test_nothing_is_sent_again_after_the_provider_has_forgotten_its_reference(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    await bridge.pay(method=QR)
    pause = stands_still(bridge.clock, at="resolver.after_commit", hours=2)
    paused = Bridge(bridge.storage, clock=bridge.clock, failpoint=pause)
    paused.adapter.will("query", ABSENT)
    bridge.clock.pass_s(60)

    await paused.resolver.work_once()

    assert len(paused.adapter.sent("query")) == 1
    assert not paused.adapter.sent("charge")


async def test_a_resend_that_was_decided_before_the_reference_was_forgotten_is_not_carried_out_after_it(
    bridge: Bridge,
) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    made = await bridge.pay(method=QR)
    attempt = made.operations[0][1][0]
    bridge.clock.pass_s(2 * 3600)

    await bridge.engine.resend(attempt)

    assert len(bridge.adapter.sent("charge")) == 1


async def test_a_confirm_key_that_closed_the_action_charges_no_other_card(bridge: Bridge) -> None:
    payment_id = (await waiting(bridge, may_ask=True)).payment_id
    bridge.adapter.will("cancel", UNKNOWN)
    first = ConfirmPayment(bridge.token("k", b"one"), payment_id, method=CARD)
    await bridge.payments.confirm(CALLER, first)

    def ask(inquiry: Any) -> Evidence:
        return answer(Outcome.SUCCEEDED if inquiry.kind is OperationKind.CANCEL else Outcome.REQUIRES_ACTION)

    bridge.adapter.will_always("query", ask)
    await bridge.settle(seconds=60)
    with pytest.raises(RequestError) as refused:
        await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token("k", b"two"), payment_id, method=OTHER_CARD))
    assert refused.value.reason is ErrorReason.IDEMPOTENCY_KEY_REUSED
    assert len(bridge.adapter.sent("charge")) == 1

    again = await bridge.payments.confirm(CALLER, first)
    assert again.payment.state is PaymentState.SUCCEEDED
    assert len(bridge.adapter.sent("charge")) == 2
