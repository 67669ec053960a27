"""News that come late, twice, or against what is known are kept until the provider settles them, and count once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, PaymentState
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.services.requests import (
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreateRefund,
    RefundLookup,
)

from tests.unit.services.news import (
    ABSENT,
    DECLINED,
    EUR_1000,
    PAID,
    PENDING,
    SILENT,
    SUCCEEDED,
    UNKNOWN,
    answer,
    exceptions_of,
    notify,
    payment_of,
    reference_of,
    waiting,
)
from tests.unit.services.scripted import CALLER, QR, Bridge

WEEK_AND_A_DAY_S = 8 * 86400


async def declined(bridge: Bridge, *, may_ask: bool = False) -> str:
    """A payment whose charge was declined."""
    bridge.adapter.will("charge", DECLINED)
    on_decline = OnDecline.ASK_PAYMENT_METHOD if may_ask else OnDecline.FAIL
    return (await bridge.pay(method=QR, on_decline=on_decline)).payment.payment_id


async def canceled(bridge: Bridge) -> str:
    """A payment whose cancel the provider confirmed."""
    payment = await waiting(bridge)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))
    return payment.payment_id


async def authorized(bridge: Bridge) -> str:
    """A payment of 10.00 EUR that can be captured."""
    return (await bridge.pay(method=QR, capture_method=CaptureMethod.MANUAL)).payment.payment_id


@pytest.mark.parametrize("end", [declined, canceled])
@pytest.mark.parametrize("first_answer", [SILENT, answer(Outcome.PENDING)], ids=["silence", "pending"])
async def test_a_success_after_the_end_is_asked_about_until_the_provider_settles_it(
    bridge: Bridge, end: Any, first_answer: Evidence
) -> None:
    payment_id = await end(bridge)
    bridge.adapter.will("query", first_answer)
    bridge.adapter.will_always("query", PAID)

    assert await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000) == 200
    await bridge.settle(seconds=WEEK_AND_A_DAY_S)

    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW
    assert [record.kind for record in await exceptions_of(bridge, payment_id)] == ["CONTRADICTION"]


async def test_a_success_after_the_end_that_is_never_settled_is_put_before_a_person(bridge: Bridge) -> None:
    payment_id = await declined(bridge)
    bridge.adapter.will_always("query", SILENT)

    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
    await bridge.settle(seconds=WEEK_AND_A_DAY_S, rounds=40)

    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW
    assert len(await exceptions_of(bridge, payment_id)) == 1


async def test_a_success_after_the_end_that_the_provider_denies_changes_nothing(bridge: Bridge) -> None:
    payment_id = await declined(bridge)
    bridge.adapter.will("query", SILENT)
    bridge.adapter.will_always("query", answer(Outcome.DECLINED))

    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
    await bridge.settle(seconds=WEEK_AND_A_DAY_S)

    assert (await payment_of(bridge, payment_id)).state is PaymentState.FAILED
    assert not await exceptions_of(bridge, payment_id)
    assert len(bridge.adapter.sent("query")) == 2


async def test_a_success_of_another_amount_after_the_end_is_put_before_a_person(bridge: Bridge) -> None:
    payment_id = await declined(bridge)
    bridge.adapter.will_always("query", answer(Outcome.SUCCEEDED, Money(999, "EUR")))

    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, Money(999, "EUR"))

    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW
    assert [record.kind for record in await exceptions_of(bridge, payment_id)] == ["AMOUNT_MISMATCH"]


@pytest.mark.parametrize("wrong", [Money(999, "EUR"), Money(1000, "JPY")], ids=["amount", "currency"])
async def test_a_notification_of_another_amount_is_not_believed_before_the_provider_was_asked(
    bridge: Bridge, wrong: Money
) -> None:
    payment = await waiting(bridge)
    bridge.adapter.will("query", PAID)

    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, wrong)

    assert (await payment_of(bridge, payment.payment_id)).state is PaymentState.SUCCEEDED
    assert not await exceptions_of(bridge, payment.payment_id)


async def test_a_wrong_amount_that_is_reported_many_times_is_put_before_a_person_once(bridge: Bridge) -> None:
    payment = await waiting(bridge)
    wrong = Money(1, "EUR")
    bridge.adapter.will_always("query", answer(Outcome.SUCCEEDED, wrong))

    for _ in range(20):
        await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, wrong, event_id="same")
    await bridge.settle(seconds=WEEK_AND_A_DAY_S)

    assert (await payment_of(bridge, payment.payment_id)).state is PaymentState.NEEDS_REVIEW
    assert [record.kind for record in await exceptions_of(bridge, payment.payment_id)] == ["AMOUNT_MISMATCH"]


async def test_a_second_transaction_for_one_charge_is_put_before_a_person_and_hides_the_first_one_never(
    bridge: Bridge,
) -> None:
    payment = await waiting(bridge)
    charge = reference_of(bridge, "charge")

    await notify(bridge, charge, Outcome.SUCCEEDED, EUR_1000, reference="trade-1", event_id="e1")
    await notify(bridge, charge, Outcome.SUCCEEDED, EUR_1000, reference="trade-2", event_id="e2")

    after = await payment_of(bridge, payment.payment_id)
    assert (after.state, after.provider_reference) == (PaymentState.NEEDS_REVIEW, "trade-1")
    assert [record.kind for record in await exceptions_of(bridge, payment.payment_id)] == ["SECOND_SUCCESS"]


async def test_a_payment_of_an_account_that_was_removed_is_put_before_a_person_in_the_end(bridge: Bridge) -> None:
    bridge.adapter.will("charge", PENDING)
    payment_id = (await bridge.pay(method=QR)).payment.payment_id
    bridge.accounts.remove("acme-1")

    await bridge.settle(seconds=30 * 86400, rounds=40)

    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW


async def test_a_second_method_is_not_charged_again_once_the_first_is_known_to_have_paid(bridge: Bridge) -> None:
    payment_id = await declined(bridge, may_ask=True)
    bridge.adapter.will("charge", UNKNOWN)
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment_id, method=QR))
    bridge.adapter.will("query", PAID)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW

    bridge.adapter.will_always("query", ABSENT)
    await bridge.settle(seconds=600)

    assert len(bridge.adapter.sent("charge")) == 2


async def test_a_refund_is_not_sent_again_while_its_payment_is_before_a_person(bridge: Bridge) -> None:
    payment_id = (await bridge.pay(method=QR)).payment.payment_id
    bridge.adapter.will("refund", UNKNOWN)
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id))
    bridge.adapter.will("query", answer(Outcome.DECLINED))
    await notify(bridge, reference_of(bridge, "charge"), Outcome.DECLINED)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW

    bridge.adapter.will_always("query", ABSENT)
    await bridge.settle(seconds=600)

    assert len(bridge.adapter.sent("refund")) == 1


@pytest.mark.parametrize("text", ["p\x00q", "p\ud800q"], ids=["nul", "surrogate"])
async def test_an_outcome_with_text_that_no_database_takes_is_kept(bridge: Bridge, text: str) -> None:
    bridge.adapter.will("charge", Evidence(Outcome.SUCCEEDED, provider_reference=text, amount=EUR_1000))

    payment = (await bridge.pay()).payment

    assert (payment.state, payment.provider_reference) == (PaymentState.SUCCEEDED, "p?q")


async def test_a_declined_refund_reported_again_frees_nothing_of_another_refund(bridge: Bridge) -> None:
    payment_id = (await bridge.pay(method=QR)).payment.payment_id
    bridge.adapter.will("refund", DECLINED, PENDING)
    for _ in range(2):
        await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, amount_minor=500))

    await notify(bridge, reference_of(bridge, "refund"), Outcome.DECLINED, reference="re_1")

    assert (await payment_of(bridge, payment_id)).refund_reserved_minor == 500
    with pytest.raises(RequestError) as refused:
        await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, amount_minor=1000))
    assert refused.value.reason is ErrorReason.REFUND_EXCEEDS_CAPTURED


async def test_a_refund_reported_again_with_its_reference_is_counted_once(bridge: Bridge) -> None:
    payment_id = (await bridge.pay(method=QR)).payment.payment_id
    bridge.adapter.will("refund", SUCCEEDED)
    made = await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, amount_minor=400))

    for number in range(2):
        news = {"reference": "re_1", "event_id": f"e{number}"}
        status = await notify(bridge, reference_of(bridge, "refund"), Outcome.SUCCEEDED, Money(400, "EUR"), **news)
        assert status == 200

    refund = (await bridge.refunds.get(CALLER, RefundLookup(made.refund.refund_id))).refund
    assert (refund.state, refund.provider_reference) == (RefundState.SUCCEEDED, "re_1")
    after = await payment_of(bridge, payment_id)
    assert (after.refunded_minor, after.refund_reserved_minor) == (400, 0)


async def test_a_declined_capture_reported_again_frees_nothing_of_another_capture(bridge: Bridge) -> None:
    payment_id = await authorized(bridge)
    bridge.adapter.will("capture", DECLINED, PENDING)
    for _ in range(2):
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=500))

    await notify(bridge, reference_of(bridge, "capture"), Outcome.DECLINED, reference="cap_1")

    assert (await payment_of(bridge, payment_id)).capture_reserved_minor == 500
    with pytest.raises(RequestError) as refused:
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=1000))
    assert refused.value.reason is ErrorReason.CAPTURE_EXCEEDS_AUTHORIZED


async def test_a_capture_reported_again_with_its_reference_is_counted_once(bridge: Bridge) -> None:
    payment_id = await authorized(bridge)
    bridge.adapter.will("capture", SUCCEEDED, PENDING)
    for _ in range(2):
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=500))

    await notify(bridge, reference_of(bridge, "capture"), Outcome.SUCCEEDED, Money(500, "EUR"), reference="cap_1")

    after = await payment_of(bridge, payment_id)
    assert (after.captured_minor, after.capture_reserved_minor) == (500, 500)


async def test_late_news_of_the_first_cancel_do_not_close_the_second_charge(bridge: Bridge) -> None:
    payment_id = (await waiting(bridge, may_ask=True)).payment_id
    bridge.adapter.will("charge", PENDING)
    bridge.adapter.will("cancel", SUCCEEDED)
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment_id, method=QR))

    await notify(bridge, reference_of(bridge, "cancel"), Outcome.SUCCEEDED, reference="void_1")

    assert (await payment_of(bridge, payment_id)).state is PaymentState.PROCESSING


async def test_late_news_of_a_decline_do_not_reopen_a_canceled_payment(bridge: Bridge) -> None:
    payment_id = await declined(bridge, may_ask=True)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment_id))

    await notify(bridge, reference_of(bridge, "charge"), Outcome.DECLINED, reference="pi_1")

    assert (await payment_of(bridge, payment_id)).state is PaymentState.CANCELED


async def test_late_news_of_a_refused_cancel_do_not_allow_a_capture_beside_the_next_cancel(bridge: Bridge) -> None:
    payment_id = await authorized(bridge)
    bridge.adapter.will("cancel", DECLINED, PENDING)
    for _ in range(2):
        await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment_id))

    await notify(bridge, reference_of(bridge, "cancel"), Outcome.DECLINED, reference="void_1")

    with pytest.raises(RequestError):
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id))
    assert not bridge.adapter.sent("capture")


async def test_an_answer_to_a_question_counts_as_one_whatever_the_adapter_calls_it(bridge: Bridge) -> None:
    payment_id = await declined(bridge)
    bridge.adapter.will_always("query", replace(PAID, source=EvidenceSource.REPLY))

    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)

    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW


async def test_what_the_provider_leaves_to_a_person_is_put_before_one_at_once(bridge: Bridge) -> None:
    view = await bridge.pay()
    bridge.adapter.will("refund", Evidence(Outcome.PENDING))
    stuck = Evidence(Outcome.PENDING, EvidenceSource.QUERY, "r-1", needs_person=True, detail="abnormal")
    bridge.adapter.will_always("query", stuck)
    made = await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=60)

    found = await bridge.refunds.get(CALLER, RefundLookup(refund_id=made.refund.refund_id))
    assert (found.refund.state, found.refund.provider_reference) == (RefundState.NEEDS_REVIEW, "r-1")
    (record,) = await exceptions_of(bridge, view.payment.payment_id)
    assert (record.kind, record.detail) == ("UNRESOLVED", "abnormal")
    assert found.payment.refund_reserved_minor == 1000


async def test_what_a_person_has_settled_at_the_provider_is_found_by_asking(bridge: Bridge) -> None:
    view = await bridge.pay()
    bridge.adapter.will("refund", Evidence(Outcome.PENDING, needs_person=True))
    bridge.adapter.will_always("query", Evidence(Outcome.PENDING, EvidenceSource.QUERY, needs_person=True))
    made = await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=2 * 86400, rounds=50)

    bridge.adapter.will_always("query", PAID)
    await bridge.settle(seconds=86400, rounds=20)

    found = await bridge.refunds.get(CALLER, RefundLookup(refund_id=made.refund.refund_id))
    assert (found.refund.state, found.payment.refunded_minor) == (RefundState.SUCCEEDED, 1000)
    assert len(await exceptions_of(bridge, view.payment.payment_id)) == 1


async def test_nobody_is_asked_for_ever_about_what_a_person_has_to_settle(bridge: Bridge) -> None:
    view = await bridge.pay()
    bridge.adapter.will("refund", Evidence(Outcome.PENDING, needs_person=True))
    bridge.adapter.will_always("query", Evidence(Outcome.PENDING, EvidenceSource.QUERY, needs_person=True))
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=9 * 86400, rounds=100)
    asked = len(bridge.adapter.sent("query"))
    await bridge.settle(seconds=30 * 86400, rounds=100)
    assert len(bridge.adapter.sent("query")) == asked < 60


async def test_a_decline_after_a_confirmed_cancel_is_no_contradiction(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    bridge.adapter.will_always("query", ABSENT)
    view = await bridge.pay()
    await bridge.settle(seconds=600)
    asked = len(bridge.adapter.sent("query"))

    await notify(bridge, reference_of(bridge, "charge"), Outcome.DECLINED)
    await bridge.settle(seconds=WEEK_AND_A_DAY_S, rounds=100)

    payment = await payment_of(bridge, view.payment.payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.FAILED, 0)
    assert len(bridge.adapter.sent("query")) == asked


async def test_a_sender_that_sent_nothing_casts_no_doubt_on_what_is_paid(bridge: Bridge) -> None:
    view = await bridge.pay()
    (attempt,) = view.operations[0][1]
    merged = await bridge.engine.record(attempt, replace(DECLINED, unsent=True))
    assert not merged.is_doubtful
    assert bridge.adapter.sent("query") == []
