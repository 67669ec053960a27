"""One account's slow provider takes up its own room and no more; whoever is refused has left nothing behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.errors import Effect, ErrorReason, RequestError
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.payment import PaymentState
from tollbridge_server.services.operations import OperationEngine
from tollbridge_server.services.payments import PaymentService

from tests.unit.services.scripted import STRANGER, Accounts, Bridge
from tests.waiting import until


@pytest.fixture
def narrow(bridge: Bridge) -> Bridge:
    """A bridge whose accounts may have two operations under way."""
    settings = replace(bridge.settings, max_sending_per_account=2)
    shared: dict[str, Any] = {
        "storage": bridge.storage,
        "accounts": Accounts(bridge.adapter),
        "clock": bridge.clock,
        "settings": settings,
    }
    bridge.engine = OperationEngine(**shared)
    bridge.payments = PaymentService(engine=bridge.engine, **shared)
    return bridge


async def test_a_full_account_refuses_without_effect_and_another_one_goes_on(narrow: Bridge) -> None:
    release = asyncio.Event()

    async def slow(order: Any) -> Evidence:
        await release.wait()
        return Evidence(Outcome.SUCCEEDED, amount=order.amount)

    narrow.adapter.will("charge", slow, slow)
    under_way = [asyncio.create_task(narrow.pay()) for _ in range(2)]
    await until(lambda: len(narrow.adapter.sent("charge")) == 2)
    token = narrow.token()

    with pytest.raises(RequestError) as refused:
        await narrow.pay(token=token)
    other = await narrow.pay(caller=STRANGER)

    assert refused.value.reason is ErrorReason.OVERLOADED
    assert refused.value.effect is Effect.EXCLUDED
    assert "acme-1" in refused.value.message
    assert other.payment.state is PaymentState.SUCCEEDED
    release.set()
    assert [made.payment.state for made in await asyncio.gather(*under_way)] == [PaymentState.SUCCEEDED] * 2
    repeated = await narrow.pay(token=token)
    assert repeated.payment.state is PaymentState.SUCCEEDED
    assert not repeated.is_replayed
    assert len(narrow.adapter.sent("charge")) == 4


async def test_a_failed_send_leaves_its_room(narrow: Bridge) -> None:
    for _ in range(3):
        narrow.adapter.will("charge", lambda _: Evidence(Outcome.UNKNOWN))
        await narrow.pay()

    assert len(narrow.adapter.sent("charge")) == 3
