"""Money that a provider took and gave back by itself is neither owed nor lost, and somebody gets to know of it."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind, OperationState
from tollbridge_server.domain.payment import CaptureMethod, Payment, PaymentState
from tollbridge_server.domain.values import replace
from tollbridge_server.services.requests import (
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreateRefund,
    PaymentLookup,
)

from tests.unit.services.news import (
    DECLINED,
    EUR_1000,
    GIVEN_BACK,
    PAID,
    PENDING,
    SHOW_QR,
    SUCCEEDED,
    UNKNOWN,
    answer,
    exceptions_of,
    notify,
    payment_of,
    reference_of,
    view_of,
    waiting,
)
from tests.unit.services.scripted import CALLER, QR, Bridge

CLOSED = answer(Outcome.CANCELED)
ENDED = Evidence(Outcome.SUCCEEDED, is_given_back=True, detail="paid, and given back")


async def canceled(bridge: Bridge, answered: Evidence = ENDED) -> str:
    """A payment whose payer paid while its cancel was on its way; the cancel is answered with `answered`."""
    payment = await waiting(bridge)
    bridge.adapter.will("cancel", answered)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))
    return payment.payment_id


def sums(payment: Payment) -> tuple[PaymentState, int, int]:
    return payment.state, payment.captured_minor, payment.refunded_minor


async def kinds_of(bridge: Bridge, payment_id: str) -> list[str]:
    return [record.kind for record in await exceptions_of(bridge, payment_id)]


async def test_a_cancel_that_gave_a_payment_back_cancels_it_and_says_so(bridge: Bridge) -> None:
    payment_id = await canceled(bridge)
    assert sums(await payment_of(bridge, payment_id)) == (PaymentState.CANCELED, 0, 0)
    (record,) = await exceptions_of(bridge, payment_id)
    assert (record.kind, record.detail) == ("GIVEN_BACK", "paid, and given back")


async def test_a_cancel_whose_answer_was_lost_is_found_to_have_given_the_payment_back(bridge: Bridge) -> None:
    bridge.adapter.will_always("query", GIVEN_BACK)
    payment_id = await canceled(bridge, UNKNOWN)
    await bridge.settle(seconds=60)
    assert sums(await payment_of(bridge, payment_id)) == (PaymentState.CANCELED, 0, 0)
    assert await kinds_of(bridge, payment_id) == ["GIVEN_BACK"]


async def test_the_late_news_of_that_payment_change_nothing_and_call_nobody_again(bridge: Bridge) -> None:
    payment_id = await canceled(bridge)
    bridge.adapter.will_always("query", GIVEN_BACK)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
    asked = len(bridge.adapter.sent("query"))
    await bridge.settle(seconds=86400, rounds=50)

    assert sums(await payment_of(bridge, payment_id)) == (PaymentState.CANCELED, 0, 0)
    assert await kinds_of(bridge, payment_id) == ["GIVEN_BACK"]
    assert (asked, len(bridge.adapter.sent("query"))) == (1, 1)


async def test_a_cancel_that_was_plain_is_told_of_when_its_money_turns_out_to_have_come_and_gone(
    bridge: Bridge,
) -> None:
    payment_id = await canceled(bridge, SUCCEEDED)
    bridge.adapter.will_always("query", GIVEN_BACK)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
    assert sums(await payment_of(bridge, payment_id)) == (PaymentState.CANCELED, 0, 0)
    assert await kinds_of(bridge, payment_id) == ["GIVEN_BACK"]


async def test_a_charge_that_was_paid_and_given_back_before_anybody_asked_has_ended(bridge: Bridge) -> None:
    payment = await waiting(bridge)
    bridge.adapter.will_always("query", GIVEN_BACK)
    await bridge.settle(seconds=60)
    assert sums(await payment_of(bridge, payment.payment_id)) == (PaymentState.FAILED, 0, 0)
    assert await kinds_of(bridge, payment.payment_id) == ["GIVEN_BACK"]


async def test_a_payment_that_we_know_is_not_undone_by_its_return(bridge: Bridge) -> None:
    payment = (await bridge.pay()).payment
    for is_notified in (True, False):
        if is_notified:
            await notify(bridge, reference_of(bridge, "charge"), Outcome.CANCELED, is_given_back=True)
        else:
            bridge.adapter.will("query", GIVEN_BACK)
            await bridge.status.get(CALLER, PaymentLookup(payment.payment_id), refresh=True)
        assert sums(await payment_of(bridge, payment.payment_id)) == (PaymentState.SUCCEEDED, 1000, 0)
    assert await kinds_of(bridge, payment.payment_id) == []


async def test_a_capture_that_was_paid_and_given_back_is_for_a_person_to_see(bridge: Bridge) -> None:
    payment = (await bridge.pay(capture_method=CaptureMethod.MANUAL)).payment
    bridge.adapter.will("capture", UNKNOWN)
    bridge.adapter.will_always("query", GIVEN_BACK)
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment.payment_id, 400, "EUR"))
    await bridge.settle(seconds=60)
    after = await payment_of(bridge, payment.payment_id)
    assert (sums(after), after.capture_reserved_minor) == ((PaymentState.NEEDS_REVIEW, 0, 0), 400)
    (record,) = await exceptions_of(bridge, payment.payment_id)
    assert (record.kind, record.detail) == ("UNRESOLVED", "paid, and given back")


@pytest.mark.parametrize(
    ("answered", "kinds"), [(ENDED, ["CONTRADICTION", "GIVEN_BACK"]), (SUCCEEDED, ["CONTRADICTION"])]
)
async def test_a_cancel_of_what_is_known_to_be_paid_goes_to_a_person_with_a_word_why(
    bridge: Bridge, answered: Evidence, kinds: list[str]
) -> None:
    payment = await waiting(bridge)

    async def paid_meanwhile(_order: object) -> Evidence:
        await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
        return answered

    bridge.adapter.will("cancel", paid_meanwhile)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))
    assert sums(await payment_of(bridge, payment.payment_id)) == (PaymentState.NEEDS_REVIEW, 1000, 0)
    assert sorted(await kinds_of(bridge, payment.payment_id)) == kinds


async def test_a_refused_cancel_that_gave_the_money_back_all_the_same_is_both_things_to_see(bridge: Bridge) -> None:
    payment_id = await canceled(bridge, DECLINED)
    bridge.adapter.will_always("query", replace(ENDED, source=EvidenceSource.QUERY))
    await notify(bridge, reference_of(bridge, "cancel"), Outcome.SUCCEEDED)
    assert sorted(await kinds_of(bridge, payment_id)) == ["CONTRADICTION", "GIVEN_BACK"]


@pytest.mark.parametrize("closed", [GIVEN_BACK, CLOSED], ids=["given back", "closed"])
async def test_a_full_refund_of_ours_is_neither_a_return_nor_an_undone_payment(
    bridge: Bridge, closed: Evidence
) -> None:
    payment = await waiting(bridge)
    bridge.adapter.will("cancel", PENDING)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment.payment_id))
    ended = replace(closed, outcome=Outcome.SUCCEEDED)
    bridge.adapter.will_always("query", lambda asked: ended if asked.kind is OperationKind.CANCEL else closed)
    await bridge.status.get(CALLER, PaymentLookup(payment.payment_id), refresh=True)
    await bridge.settle(seconds=3600, rounds=20)

    view = await view_of(bridge, payment.payment_id)
    assert sums(view.payment) == (PaymentState.SUCCEEDED, 1000, 1000)
    (cancel,) = [operation for operation, _ in view.operations if operation.kind is OperationKind.CANCEL]
    assert (cancel.state, cancel.failure and cancel.failure.reason) == (
        OperationState.FAILED,
        DeclineReason.CANCEL_NOT_POSSIBLE,
    )
    assert await kinds_of(bridge, payment.payment_id) == []


async def test_each_charge_whose_money_came_and_went_is_told_of(bridge: Bridge) -> None:
    payment = await waiting(bridge, may_ask=True)
    bridge.adapter.will("cancel", ENDED, ENDED)
    bridge.adapter.will("charge", SHOW_QR)
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment.payment_id, method=QR))
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))

    assert sums(await payment_of(bridge, payment.payment_id)) == (PaymentState.CANCELED, 0, 0)
    records = await exceptions_of(bridge, payment.payment_id)
    view = await view_of(bridge, payment.payment_id)
    charges = [attempts[-1].attempt_id for operation, attempts in view.operations if operation.kind.opens]
    assert sorted(record.attempt_id for record in records) == sorted(charges)
    assert [record.kind for record in records] == ["GIVEN_BACK", "GIVEN_BACK"]


async def test_what_is_doubted_is_logged_with_both_amounts(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    payment = await waiting(bridge)
    bridge.adapter.will("query", PAID)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, Money(1, "EUR"))
    assert sums(await payment_of(bridge, payment.payment_id)) == (PaymentState.SUCCEEDED, 1000, 0)
    (line,) = [record for record in caplog.records if "doubtful" in record.getMessage()]
    assert "asked for 10.00 EUR, the provider reports 0.01 EUR" in line.getMessage()
    assert line.__dict__["payment_id"] == payment.payment_id
