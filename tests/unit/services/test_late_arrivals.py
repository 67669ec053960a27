"""A charge that was ended because nobody knew it may still arrive: it is watched, and what comes of it is not lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, PaymentState
from tollbridge_server.services.requests import CancelPayment, CapturePayment, CreateRefund, PaymentLookup
from tollbridge_server.storage.sqlite import SqliteStorage

from tests.unit.services.forgetful import ABSENCE_ENDS_AFTER_S, ForgetfulAdapter, ending
from tests.unit.services.news import (
    ABSENT,
    PAID,
    SHOW_QR,
    SILENT,
    UNKNOWN,
    answer,
    exceptions_of,
    notify,
    payment_of,
    reference_of,
)
from tests.unit.services.scripted import CALLER, QR, START_US, Bridge

WEEK_S = 7 * 86400


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    made = Bridge(SqliteStorage.open(tmp_path / "bridge.db"), adapter=ForgetfulAdapter())
    made.adapter.will("charge", UNKNOWN)
    made.adapter.will_always("query", ABSENT)
    made.adapter.will_always("cancel", ending)
    return made


async def lost(bridge: Bridge, *, on_decline: OnDecline = OnDecline.FAIL) -> str:
    """Pay with what is never stored, lose the answer, and wait until the charge counts as over."""
    payment_id = (await bridge.pay(on_decline=on_decline)).payment.payment_id
    await bridge.settle(seconds=3600, rounds=60)
    return payment_id


async def test_a_charge_is_not_over_before_a_slow_request_and_different_clocks_are_excluded(bridge: Bridge) -> None:
    payment_id = (await bridge.pay()).payment.payment_id
    await bridge.settle(seconds=ABSENCE_ENDS_AFTER_S, rounds=60)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.PROCESSING
    assert not any(order.is_charge_over for order in bridge.adapter.sent("cancel"))


async def test_a_lost_charge_fails_once_it_counts_as_over(bridge: Bridge) -> None:
    payment = await payment_of(bridge, await lost(bridge))
    assert payment.state is PaymentState.FAILED
    assert payment.failure is not None
    assert payment.failure.reason is DeclineReason.NOT_PROCESSED
    assert len(bridge.adapter.sent("charge")) == 1


async def test_a_success_days_later_is_found_without_a_notification(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    await bridge.settle(seconds=2 * 86400, rounds=50)

    bridge.adapter.will_always("query", PAID)
    await bridge.settle(seconds=86400, rounds=50)

    payment = await payment_of(bridge, payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.NEEDS_REVIEW, 1000)
    assert [record.kind for record in await exceptions_of(bridge, payment_id)] == ["CONTRADICTION"]


async def test_news_of_another_kind_about_what_is_watched_take_nothing(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, kinds=frozenset({OperationKind.REFUND}))
    await bridge.settle(seconds=2 * WEEK_S, rounds=80)

    payment = await payment_of(bridge, payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.FAILED, 0)
    assert await exceptions_of(bridge, payment_id) == []


async def test_a_success_that_is_notified_is_believed_after_asking(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    bridge.adapter.will_always("query", PAID)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, PAID.amount)
    payment = await payment_of(bridge, payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.NEEDS_REVIEW, 1000)


async def test_what_never_arrives_is_asked_about_for_a_week_and_stays_as_it_is(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    await bridge.settle(seconds=WEEK_S + 86400, rounds=200)
    asked = len(bridge.adapter.sent("query"))
    await bridge.settle(seconds=WEEK_S, rounds=200)

    assert (await payment_of(bridge, payment_id)).state is PaymentState.FAILED
    assert await exceptions_of(bridge, payment_id) == []
    assert 25 < asked < 60
    assert len(bridge.adapter.sent("query")) == asked


async def test_what_arrives_late_and_is_refused_changes_nothing_and_ends_the_watch(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    refused = Failure(DeclineReason.PAYER_TIMEOUT, "code expired")
    bridge.adapter.will("query", Evidence(Outcome.DECLINED, EvidenceSource.QUERY, failure=refused))
    await bridge.settle(seconds=86400, rounds=50)
    asked = len(bridge.adapter.sent("query"))
    await bridge.settle(seconds=86400, rounds=50)

    payment = await payment_of(bridge, payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.FAILED, 0)
    assert await exceptions_of(bridge, payment_id) == []
    assert len(bridge.adapter.sent("query")) == asked


@pytest.mark.parametrize("outcome", [Outcome.DECLINED, Outcome.CANCELED])
async def test_a_late_refusal_that_is_notified_is_no_contradiction(bridge: Bridge, outcome: Outcome) -> None:
    payment_id = await lost(bridge)
    await notify(bridge, reference_of(bridge, "charge"), outcome)
    await bridge.settle(seconds=2 * WEEK_S, rounds=300)
    payment = await payment_of(bridge, payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.FAILED, 0)


async def test_a_doubt_about_what_is_watched_goes_to_a_person_when_nobody_settles_it(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, PAID.amount)
    await bridge.settle(seconds=WEEK_S, rounds=200)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW


async def test_repeated_news_do_not_put_off_the_questions_about_what_is_watched(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    bridge.adapter.will_always("query", PAID)
    for number in range(24):
        await notify(bridge, reference_of(bridge, "charge"), Outcome.CANCELED, event_id=f"event-{number}")
        await bridge.settle(seconds=600, rounds=3)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW


async def test_a_caller_that_polls_does_not_keep_a_request_from_being_sent_again(bridge: Bridge) -> None:
    bridge.adapter.script["charge"].clear()
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    bridge.adapter.will("capture", UNKNOWN)
    bridge.adapter.will_always("query", SILENT)
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=60, rounds=20)
    bridge.adapter.will_always("query", ABSENT)
    for _ in range(300):
        await bridge.status.get(CALLER, PaymentLookup(view.payment.payment_id), refresh=True)
        await bridge.settle(seconds=2, rounds=1)
    assert len(bridge.adapter.sent("capture")) > 1


async def test_a_caller_that_polls_does_not_put_off_what_is_due(bridge: Bridge) -> None:
    payment_id = (await bridge.pay()).payment.payment_id
    for _ in range(120):
        await bridge.status.get(CALLER, PaymentLookup(payment_id), refresh=True)
        await bridge.settle(seconds=6, rounds=2)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.FAILED


async def test_the_end_of_each_time_is_noticed_when_it_comes(bridge: Bridge) -> None:
    payment_id = (await bridge.pay()).payment.payment_id
    await bridge.settle(seconds=ABSENCE_ENDS_AFTER_S + 60, rounds=132)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.FAILED


async def test_a_code_that_was_given_is_watched_after_its_end_too(bridge: Bridge) -> None:
    bridge.adapter.script["charge"].clear()
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR, expires_at_us=START_US + 1800 * 1_000_000)
    bridge.adapter.will_always("cancel", Evidence(Outcome.SUCCEEDED, absent=True))
    await bridge.settle(seconds=3600, rounds=60)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.EXPIRED

    bridge.adapter.will_always("query", PAID)
    await bridge.settle(seconds=86400, rounds=50)

    payment = await payment_of(bridge, view.payment.payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.NEEDS_REVIEW, 1000)


async def test_another_method_may_follow_and_the_late_first_one_is_still_found(bridge: Bridge) -> None:
    payment_id = await lost(bridge, on_decline=OnDecline.ASK_PAYMENT_METHOD)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.REQUIRES_ACTION
    bridge.adapter.will_always("query", PAID)
    await bridge.settle(seconds=86400, rounds=50)
    assert (await payment_of(bridge, payment_id)).state is PaymentState.NEEDS_REVIEW


async def test_an_authorization_is_never_over_because_it_is_not_found(bridge: Bridge) -> None:
    bridge.adapter.script["charge"].clear()
    bridge.adapter.will("charge", Evidence(Outcome.SUCCEEDED))
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    bridge.clock.pass_s(3600)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=86400, rounds=50)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.AUTHORIZED
    assert not any(order.is_charge_over for order in bridge.adapter.sent("cancel"))


async def test_a_charge_that_the_provider_has_named_is_never_over_because_it_is_not_found(bridge: Bridge) -> None:
    bridge.adapter.will("query", answer(Outcome.UNKNOWN, reference="their-number"))
    view = await bridge.pay()
    await bridge.settle(seconds=86400, rounds=50)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.PROCESSING
    assert not any(order.is_charge_over for order in bridge.adapter.sent("cancel"))


async def test_a_server_that_stood_still_and_sent_nothing_says_nothing_of_what_was_ended(bridge: Bridge) -> None:
    payment_id = await lost(bridge)
    reference = reference_of(bridge, "charge")
    attempt = await bridge.storage.read(lambda tx: tx.attempts.find_by_request_reference("acme-1", reference))
    assert attempt is not None
    unsent = Evidence(Outcome.DECLINED, failure=Failure(DeclineReason.PROVIDER_UNAVAILABLE), unsent=True)
    await bridge.engine.record(attempt, unsent)
    await bridge.settle(seconds=2 * WEEK_S, rounds=300)
    payment = await payment_of(bridge, payment_id)
    assert (payment.state, payment.captured_minor) == (PaymentState.FAILED, 0)


async def test_keys_that_are_refused_at_a_repeat_say_nothing_of_the_first_sending(bridge: Bridge) -> None:
    bridge.adapter.script["charge"].clear()
    bridge.adapter.will_always("query", PAID)
    view = await bridge.pay()
    bridge.adapter.will_always("query", ABSENT)
    refused = Evidence(Outcome.DECLINED, failure=Failure(DeclineReason.PROVIDER_CONFIGURATION, "SIGN_ERROR"))
    bridge.adapter.will("refund", UNKNOWN, refused)
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=600, rounds=20)

    payment = await payment_of(bridge, view.payment.payment_id)
    assert len(bridge.adapter.sent("refund")) > 1
    assert (payment.refund_reserved_minor + payment.refunded_minor, payment.refundable_minor) == (1000, 0)
