"""Money that a provider took and gave back by itself is neither owed nor lost, and somebody gets to know of it."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.payment import CaptureMethod, Payment, PaymentState
from tollbridge_server.services.requests import CancelPayment, CapturePayment, PaymentLookup

from tests.unit.services.news import (
    EUR_1000,
    GIVEN_BACK,
    PAID,
    SUCCEEDED,
    UNKNOWN,
    exceptions_of,
    notify,
    payment_of,
    reference_of,
    waiting,
)
from tests.unit.services.scripted import CALLER, Bridge

ENDED = Evidence(Outcome.SUCCEEDED, is_given_back=True, detail="paid, and given back")


async def canceled(bridge: Bridge, answer: Evidence = ENDED) -> str:
    """A payment whose payer paid while its cancel was on its way; the cancel is answered with `answer`."""
    payment = await waiting(bridge)
    bridge.adapter.will("cancel", answer)
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


async def test_a_capture_that_was_paid_and_given_back_takes_nothing(bridge: Bridge) -> None:
    payment = (await bridge.pay(capture_method=CaptureMethod.MANUAL)).payment
    bridge.adapter.will("capture", UNKNOWN)
    bridge.adapter.will_always("query", GIVEN_BACK)
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment.payment_id, 400, "EUR"))
    await bridge.settle(seconds=60)
    after = await payment_of(bridge, payment.payment_id)
    assert (sums(after), after.capture_reserved_minor) == ((PaymentState.AUTHORIZED, 0, 0), 0)
    assert await kinds_of(bridge, payment.payment_id) == ["GIVEN_BACK"]


@pytest.mark.parametrize(("answer", "kind"), [(ENDED, "GIVEN_BACK"), (SUCCEEDED, "CONTRADICTION")])
async def test_a_cancel_of_what_is_known_to_be_paid_goes_to_a_person_with_a_word_why(
    bridge: Bridge, answer: Evidence, kind: str
) -> None:
    payment = await waiting(bridge)

    async def paid_meanwhile(_order: object) -> Evidence:
        await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
        return answer

    bridge.adapter.will("cancel", paid_meanwhile)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))
    assert sums(await payment_of(bridge, payment.payment_id)) == (PaymentState.NEEDS_REVIEW, 1000, 0)
    assert await kinds_of(bridge, payment.payment_id) == [kind]


async def test_what_is_doubted_is_logged_with_both_amounts(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    payment = await waiting(bridge)
    bridge.adapter.will("query", PAID)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, Money(1, "EUR"))
    assert sums(await payment_of(bridge, payment.payment_id)) == (PaymentState.SUCCEEDED, 1000, 0)
    (line,) = [record for record in caplog.records if "doubtful" in record.getMessage()]
    assert "asked for 10.00 EUR, the provider reports 0.01 EUR" in line.getMessage()
    assert line.__dict__["payment_id"] == payment.payment_id
