"""A notification says something of the kinds of operations that it speaks of, and of no others."""

from __future__ import annotations

import itertools

import pytest
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import CaptureMethod, PaymentState
from tollbridge_server.services.requests import CancelPayment, CapturePayment, CreateRefund

from tests.unit.services.news import PAID, SILENT, UNKNOWN, notify, reference_of, view_of
from tests.unit.services.scripted import CALLER, Bridge

VERBS = {
    OperationKind.SALE: "charge",
    OperationKind.AUTHORIZE: "charge",
    OperationKind.CAPTURE: "capture",
    OperationKind.CANCEL: "cancel",
    OperationKind.REFUND: "refund",
}


async def unanswered(bridge: Bridge, kind: OperationKind) -> str:
    """A payment whose last operation is of this kind, and has no answer yet."""
    is_manual = kind in (OperationKind.AUTHORIZE, OperationKind.CAPTURE, OperationKind.CANCEL)
    verb = VERBS[kind]
    bridge.adapter.will(verb, UNKNOWN)
    payment = (await bridge.pay(capture_method=CaptureMethod.MANUAL if is_manual else CaptureMethod.AUTOMATIC)).payment
    match kind:
        case OperationKind.CAPTURE:
            await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment.payment_id, 400, "EUR"))
        case OperationKind.CANCEL:
            await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))
        case OperationKind.REFUND:
            await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment.payment_id, 300, "EUR"))
        case _:
            pass
    return payment.payment_id


@pytest.mark.parametrize(
    ("told", "asked"), [(told, asked) for told, asked in itertools.product(OperationKind, repeat=2) if told != asked]
)
async def test_news_of_another_kind_of_operation_are_a_reason_to_ask_and_nothing_more(
    bridge: Bridge, told: OperationKind, asked: OperationKind, caplog: pytest.LogCaptureFixture
) -> None:
    payment_id = await unanswered(bridge, asked)
    bridge.adapter.will("query", SILENT)
    before = (await view_of(bridge, payment_id)).payment
    status = await notify(
        bridge, reference_of(bridge, VERBS[asked]), Outcome.SUCCEEDED, reference="2026", kinds=frozenset({told})
    )

    assert status == 200
    assert (await view_of(bridge, payment_id)).payment == before
    assert len(bridge.adapter.sent("query")) == 1
    assert f"notification of {told} for a request of {asked}" in caplog.text


async def test_what_is_settled_is_asked_about_until_the_provider_has_answered(bridge: Bridge) -> None:
    payment = (await bridge.pay()).payment
    bridge.adapter.will("query", SILENT, SILENT, PAID)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, kinds=frozenset({OperationKind.CANCEL}))
    await bridge.settle(seconds=3600, rounds=20)

    assert len(bridge.adapter.sent("query")) == 3
    assert (await view_of(bridge, payment.payment_id)).payment.state is PaymentState.SUCCEEDED


@pytest.mark.parametrize("kind", OperationKind)
async def test_news_of_its_own_kind_settle_an_operation(bridge: Bridge, kind: OperationKind) -> None:
    payment_id = await unanswered(bridge, kind)
    await notify(
        bridge, reference_of(bridge, VERBS[kind]), Outcome.SUCCEEDED, reference="2026", kinds=frozenset({kind})
    )
    assert bridge.adapter.sent("query") == []
    operation, attempts = (await view_of(bridge, payment_id)).operations[-1]
    assert (operation.kind, attempts[-1].provider_reference) == (kind, "2026")
