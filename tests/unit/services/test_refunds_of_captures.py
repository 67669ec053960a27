"""Refunds at a provider that gives back capture by capture: which capture, how much of it, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.payment import CaptureMethod
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.services.requests import CapturePayment, CreateRefund, RefundView
from tollbridge_server.storage.sqlite import SqliteStorage

from tests.unit.services.forgetful import ForgetfulAdapter
from tests.unit.services.news import ABSENT, EUR_1000, answer, payment_of, view_of
from tests.unit.services.scripted import CALLER, Bridge


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    return Bridge(SqliteStorage.open(tmp_path / "bridge.db"), adapter=ForgetfulAdapter(refunds_captures=True))


async def captured(bridge: Bridge, *amounts_minor: int) -> str:
    """Authorize 10.00 EUR and capture it in parts; return the payment's id."""
    payment_id = (await bridge.pay(capture_method=CaptureMethod.MANUAL)).payment.payment_id
    for amount_minor in amounts_minor:
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor))
    return payment_id


async def refund(bridge: Bridge, payment_id: str, amount_minor: int = 0) -> RefundView:
    return await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, amount_minor))


def asked(bridge: Bridge) -> list[int]:
    """The captures, by number, that the refunds were asked of."""
    references = [order.request_reference for order in bridge.adapter.sent("capture")]
    return [references.index(order.capture.request_reference) for order in bridge.adapter.sent("refund")]


async def test_a_refund_after_one_partial_capture_names_that_capture(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 400)
    await refund(bridge, payment_id)
    (order,) = bridge.adapter.sent("refund")
    (capture,) = bridge.adapter.sent("capture")
    assert order.capture.request_reference == capture.request_reference
    assert order.capture.amount == capture.amount
    assert order.capture.provider_reference == f"p_{capture.request_reference[:8]}"


async def test_a_refund_is_of_the_smallest_capture_that_has_room(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 500, 200, 300)
    for amount_minor in (250, 200, 400):
        await refund(bridge, payment_id, amount_minor)
    assert asked(bridge) == [2, 1, 0]


async def test_what_is_refunded_already_leaves_less_room(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 300, 500)
    await refund(bridge, payment_id, 300)
    await refund(bridge, payment_id, 300)
    assert asked(bridge) == [0, 1]


async def test_a_refund_that_failed_gives_its_room_back(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 300, 500)
    bridge.adapter.will("refund", Evidence(Outcome.DECLINED))
    await refund(bridge, payment_id, 300)
    await refund(bridge, payment_id, 300)
    assert asked(bridge) == [0, 0]


async def test_a_refund_of_which_nobody_knows_keeps_its_room(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 300, 500)
    bridge.adapter.will("refund", Evidence(Outcome.UNKNOWN))
    await refund(bridge, payment_id, 300)
    await refund(bridge, payment_id, 300)
    assert asked(bridge) == [0, 1]


async def test_a_failed_capture_is_not_refunded_from(bridge: Bridge) -> None:
    bridge.adapter.will("capture", Evidence(Outcome.DECLINED))
    payment_id = await captured(bridge, 300, 500)
    await refund(bridge, payment_id, 300)
    assert asked(bridge) == [1]


@pytest.mark.parametrize("amount_minor", [0, 501, 800])
async def test_more_than_any_capture_has_left_is_refused_with_what_is_possible(
    bridge: Bridge, amount_minor: int
) -> None:
    payment_id = await captured(bridge, 300, 500)
    with pytest.raises(RequestError) as refused:
        await refund(bridge, payment_id, amount_minor)
    assert refused.value.reason is ErrorReason.REFUND_EXCEEDS_CAPTURED
    assert refused.value.facts["refundable_minor"] == "500"
    assert bridge.adapter.sent("refund") == []
    assert (await payment_of(bridge, payment_id)).refund_reserved_minor == 0


async def test_refunds_at_once_never_take_more_of_a_capture_than_it_has(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 500, 500)
    done = await asyncio.gather(*(refund(bridge, payment_id, 200) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, RefundView) for each in done) == 4
    assert sorted(asked(bridge)) == [0, 0, 1, 1]


async def test_a_refund_is_asked_about_and_sent_again_with_its_capture(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 300, 500)
    bridge.adapter.will("refund", Evidence(Outcome.UNKNOWN))
    bridge.adapter.will("query", ABSENT)
    view = await refund(bridge, payment_id, 400)
    await bridge.settle(seconds=600)
    first, again = bridge.adapter.sent("refund")
    assert first == again
    assert bridge.adapter.sent("query")[-1].capture == first.capture
    assert (await bridge.storage.read(lambda tx: tx.refunds.get(view.refund.refund_id))) is not None


async def test_the_timeline_shows_which_capture_a_refund_was_of(bridge: Bridge) -> None:
    payment_id = await captured(bridge, 300)
    await refund(bridge, payment_id)
    operations = [operation for operation, _ in (await view_of(bridge, payment_id)).operations]
    capture, of_refund = operations[-2:]
    assert of_refund.capture_operation_id == capture.operation_id


async def test_a_refund_of_a_sale_names_no_capture(bridge: Bridge) -> None:
    view = await bridge.pay()
    done = await refund(bridge, view.payment.payment_id)
    assert done.refund.state is RefundState.SUCCEEDED
    assert bridge.adapter.sent("refund")[0].capture is None


async def test_other_providers_are_not_told_of_captures(bridge: Bridge) -> None:
    bridge.adapter.refunds_captures = False
    payment_id = await captured(bridge, 300, 500)
    bridge.adapter.will_always("query", answer(Outcome.SUCCEEDED, EUR_1000))
    await refund(bridge, payment_id)
    assert bridge.adapter.sent("refund")[0].capture is None
