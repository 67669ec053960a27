"""The exactly-once engine over a real SQLite file: what is sent, what is stored, and what silence does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tollbridge_server.domain.errors import Effect, ErrorReason, RequestError
from tollbridge_server.domain.evidence import (
    DeclineReason,
    Evidence,
    EvidenceSource,
    Failure,
    NextAction,
    NextActionKind,
    Outcome,
)
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, PaymentState
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.ports.provider import InboundNotification, Notification
from tollbridge_server.ports.storage import PaymentFilter
from tollbridge_server.services.requests import (
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreateRefund,
    PaymentLookup,
    RefundLookup,
)

from tests.unit.services.news import ANY
from tests.unit.services.scripted import CALLER, QR, STRANGER, Bridge
from tests.waiting import PATIENCE_S, until

EUR_1000 = Money(1000, "EUR")
UNKNOWN = Evidence(Outcome.UNKNOWN, detail="silence")
UNSENT = Evidence(Outcome.UNKNOWN, unsent=True, detail="connection refused")
DECLINED = Evidence(Outcome.DECLINED, failure=Failure(DeclineReason.INSUFFICIENT_FUNDS, "51"))
SHOW_QR = Evidence(Outcome.REQUIRES_ACTION, next_action=NextAction(NextActionKind.SHOW_QR, payload="qr"))


def query(outcome: Outcome, amount: Money | None = None, **fields: Any) -> Evidence:
    return Evidence(outcome, EvidenceSource.QUERY, amount=amount, **fields)


async def state_of(bridge: Bridge, payment_id: str) -> PaymentState:
    return (await bridge.payments.get(CALLER, PaymentLookup(payment_id))).payment.state


async def test_a_sale_is_authorized_and_captured_in_one(bridge: Bridge) -> None:
    view = await bridge.pay()
    assert view.payment.state is PaymentState.SUCCEEDED
    assert (view.payment.authorized_minor, view.payment.captured_minor) == (1000, 1000)
    assert len(bridge.adapter.calls) == 1


async def test_a_payment_costs_two_commits(bridge: Bridge) -> None:
    before = bridge.storage.statistics().commits
    await bridge.pay()
    assert bridge.storage.statistics().commits - before == 2


async def test_the_intent_is_durable_before_anything_is_sent(bridge: Bridge) -> None:
    seen: list[int] = []

    async def look(order: Any) -> Evidence:
        attempt = await bridge.storage.read(
            lambda tx: tx.attempts.find_by_request_reference("acme-1", order.request_reference)
        )
        seen.append(1 if attempt else 0)
        return Evidence(Outcome.SUCCEEDED, amount=order.amount)

    bridge.adapter.will("charge", look)
    await bridge.pay()
    assert seen == [1]


async def test_the_same_key_and_request_give_the_same_payment_and_one_charge(bridge: Bridge) -> None:
    first = await bridge.pay(token=bridge.token("k", b"r"))
    again = await bridge.pay(token=bridge.token("k", b"r"))
    assert again.is_replayed
    assert not first.is_replayed
    assert again.payment == first.payment
    assert len(bridge.adapter.calls) == 1


async def test_the_same_key_with_another_request_is_refused_without_effect(bridge: Bridge) -> None:
    await bridge.pay(token=bridge.token("k", b"r"))
    with pytest.raises(RequestError) as refused:
        await bridge.pay(token=bridge.token("k", b"s"))
    assert refused.value.reason is ErrorReason.IDEMPOTENCY_KEY_REUSED
    assert len(bridge.adapter.calls) == 1


async def test_the_same_key_of_another_merchant_is_another_key(bridge: Bridge) -> None:
    mine = await bridge.pay(token=bridge.token("k", b"r"))
    theirs = await bridge.pay(token=bridge.token("k", b"r"), caller=STRANGER)
    assert mine.payment.payment_id != theirs.payment.payment_id


async def test_a_repeat_while_the_first_is_being_sent_is_told_to_wait(bridge: Bridge) -> None:
    release = asyncio.Event()

    async def wait(order: Any) -> Evidence:
        await release.wait()
        return Evidence(Outcome.SUCCEEDED, amount=order.amount)

    bridge.adapter.will("charge", wait)
    first = asyncio.create_task(bridge.pay(token=bridge.token("k", b"r")))
    await until(lambda: bridge.adapter.calls)
    with pytest.raises(RequestError) as refused:
        await bridge.pay(token=bridge.token("k", b"r"))
    assert refused.value.reason is ErrorReason.OPERATION_IN_PROGRESS
    assert refused.value.effect is Effect.POSSIBLE
    release.set()
    assert (await first).payment.state is PaymentState.SUCCEEDED


async def test_a_caller_that_hangs_up_does_not_stop_the_effect(bridge: Bridge) -> None:
    release = asyncio.Event()

    async def wait(order: Any) -> Evidence:
        await release.wait()
        return Evidence(Outcome.SUCCEEDED, amount=order.amount)

    bridge.adapter.will("charge", wait)
    call = asyncio.create_task(bridge.pay(token=bridge.token("k", b"r")))
    await until(lambda: bridge.adapter.calls)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    release.set()
    await bridge.engine.drained()
    found = await bridge.payments.page(CALLER, PaymentFilter(), before_id="", limit=10)
    assert [payment.state for payment in found.payments] == [PaymentState.SUCCEEDED]


async def test_a_draining_server_takes_no_new_work(bridge: Bridge) -> None:
    await bridge.engine.drained()
    with pytest.raises(RequestError) as refused:
        await bridge.pay()
    assert refused.value.reason is ErrorReason.SHUTTING_DOWN
    assert not bridge.adapter.calls


async def test_silence_is_processing_and_never_a_failure(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    view = await bridge.pay()
    assert view.payment.state is PaymentState.PROCESSING
    await bridge.settle(seconds=120)
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.PROCESSING


async def test_an_adapter_that_raises_is_silence(bridge: Bridge) -> None:
    def explode(_: Any) -> Evidence:
        raise RuntimeError("a defect")

    bridge.adapter.will("charge", explode)
    assert (await bridge.pay()).payment.state is PaymentState.PROCESSING


async def test_a_silent_charge_is_settled_by_the_provider_s_word(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    view = await bridge.pay()
    bridge.adapter.will("query", query(Outcome.SUCCEEDED, EUR_1000))
    await bridge.settle(seconds=60)
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.SUCCEEDED
    assert len(bridge.adapter.sent("charge")) == 1


async def test_a_charge_that_provably_never_left_fails_after_its_retries(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNSENT, UNSENT, UNSENT)
    view = await bridge.pay()
    assert view.payment.state is PaymentState.FAILED
    assert view.payment.failure is not None
    assert view.payment.failure.reason is DeclineReason.PROVIDER_UNAVAILABLE
    assert len({order.request_reference for order in bridge.adapter.sent("charge")}) == 1


async def test_not_found_before_the_grace_proves_nothing(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    view = await bridge.pay()
    bridge.adapter.will("query", query(Outcome.UNKNOWN, absent=True))
    bridge.clock.pass_s(6)
    await bridge.resolver.work_once()
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.PROCESSING
    assert not bridge.adapter.sent("cancel")


async def test_a_lost_card_charge_is_closed_at_the_provider_and_never_resent(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    view = await bridge.pay()
    bridge.adapter.will("query", *[query(Outcome.UNKNOWN, absent=True)] * 20)
    await bridge.settle(seconds=600)
    assert len(bridge.adapter.sent("charge")) == 1
    assert len(bridge.adapter.sent("cancel")) == 1
    after = await bridge.payments.get(CALLER, PaymentLookup(view.payment.payment_id))
    assert after.payment.state is PaymentState.FAILED
    assert after.payment.failure is not None
    assert after.payment.failure.reason is DeclineReason.NOT_PROCESSED


async def test_a_lost_wallet_charge_is_resent_under_the_same_reference(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN, SHOW_QR)
    view = await bridge.pay(method=QR)
    bridge.adapter.will("query", *[query(Outcome.UNKNOWN, absent=True)] * 4)
    await bridge.settle(seconds=120)
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.REQUIRES_ACTION
    first, second = bridge.adapter.sent("charge")
    assert first == second


async def test_a_decline_is_a_value_with_the_provider_s_code(bridge: Bridge) -> None:
    bridge.adapter.will("charge", DECLINED)
    view = await bridge.pay()
    assert view.payment.state is PaymentState.FAILED
    assert view.payment.failure is not None
    assert view.payment.failure.provider_code == "51"


async def test_after_a_decline_another_method_can_pay(bridge: Bridge) -> None:
    bridge.adapter.will("charge", DECLINED)
    view = await bridge.pay(on_decline=OnDecline.ASK_PAYMENT_METHOD)
    assert view.payment.state is PaymentState.REQUIRES_ACTION
    confirmed = await bridge.payments.confirm(
        CALLER, ConfirmPayment(bridge.token(), view.payment.payment_id, method=QR)
    )
    assert confirmed.payment.state is PaymentState.SUCCEEDED
    assert len(confirmed.operations) == 2


async def test_another_method_closes_the_open_action_first(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR)
    confirmed = await bridge.payments.confirm(
        CALLER, ConfirmPayment(bridge.token(), view.payment.payment_id, method=QR)
    )
    assert [verb for verb, _ in bridge.adapter.calls] == ["charge", "cancel", "charge"]
    assert confirmed.payment.state is PaymentState.SUCCEEDED


async def test_another_method_is_not_charged_when_the_payer_has_paid_meanwhile(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR)
    bridge.adapter.will("cancel", DECLINED)
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), view.payment.payment_id, method=QR))
    assert [verb for verb, _ in bridge.adapter.calls] == ["charge", "cancel"]
    bridge.adapter.will("query", query(Outcome.SUCCEEDED, EUR_1000))
    await bridge.settle(seconds=60)
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.SUCCEEDED


async def test_another_method_waits_until_the_cancel_before_it_is_certain(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR)
    payment_id = view.payment.payment_id
    charge = bridge.adapter.sent("charge")[0]
    bridge.adapter.will("cancel", UNKNOWN)
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment_id, method=QR))
    closed = Evidence(Outcome.CANCELED, EvidenceSource.NOTIFICATION)
    bridge.adapter.notifications = [Notification("e1", charge.request_reference, ANY, closed)]
    await bridge.notifications.receive("scripted", "acme-1", InboundNotification(b"{}", {}, "", 1))

    with pytest.raises(RequestError) as refused:
        await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment_id, method=QR))
    assert refused.value.reason is ErrorReason.OPERATION_IN_PROGRESS
    assert len(bridge.adapter.sent("charge")) == 1

    bridge.adapter.will("query", query(Outcome.SUCCEEDED))
    await bridge.settle(seconds=60)
    confirmed = await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment_id, method=QR))
    assert confirmed.payment.state is PaymentState.SUCCEEDED
    assert len(bridge.adapter.sent("charge")) == 2


async def test_confirm_asks_the_provider_at_once(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR)
    bridge.adapter.will("query", query(Outcome.SUCCEEDED, EUR_1000))
    confirmed = await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), view.payment.payment_id))
    assert confirmed.payment.state is PaymentState.SUCCEEDED


async def test_partial_captures_add_up_and_no_more(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    payment_id = view.payment.payment_id
    assert view.payment.state is PaymentState.AUTHORIZED
    for _ in range(2):
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=400))
    with pytest.raises(RequestError) as refused:
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=201))
    assert refused.value.reason is ErrorReason.CAPTURE_EXCEEDS_AUTHORIZED
    assert refused.value.facts["capturable_minor"] == "200"
    last = await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id))
    assert last.payment.state is PaymentState.SUCCEEDED
    assert last.payment.captured_minor == 1000


async def test_a_silent_capture_keeps_its_amount_reserved(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    payment_id = view.payment.payment_id
    bridge.adapter.will("capture", UNKNOWN)
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=900))
    with pytest.raises(RequestError):
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=101))
    bridge.adapter.will("query", query(Outcome.DECLINED))
    await bridge.settle(seconds=60)
    after = await bridge.payments.get(CALLER, PaymentLookup(payment_id))
    assert after.payment.capture_reserved_minor == 0
    assert after.payment.capturable_minor == 1000


async def test_a_final_capture_releases_the_rest(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    captured = await bridge.payments.capture(
        CALLER, CapturePayment(bridge.token(), view.payment.payment_id, amount_minor=400, is_final=True)
    )
    assert captured.payment.state is PaymentState.SUCCEEDED
    assert captured.payment.capturable_minor == 0


async def test_a_cancel_without_captures_is_canceled(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    canceled = await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id, "changed"))
    assert canceled.payment.state is PaymentState.CANCELED
    with pytest.raises(RequestError) as refused:
        await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), view.payment.payment_id))
    assert refused.value.reason is ErrorReason.PAYMENT_STATE_CONFLICT


async def test_a_cancel_after_a_capture_keeps_what_was_captured(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    payment_id = view.payment.payment_id
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=300))
    canceled = await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment_id))
    assert canceled.payment.state is PaymentState.SUCCEEDED
    assert canceled.payment.refundable_minor == 300


async def test_success_that_arrives_after_a_confirmed_cancel_is_never_dropped(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))
    charge = bridge.adapter.sent("charge")[0]
    bridge.adapter.notifications = [
        Notification(
            "e1",
            charge.request_reference,
            ANY,
            Evidence(Outcome.SUCCEEDED, EvidenceSource.NOTIFICATION, amount=EUR_1000),
        )
    ]
    bridge.adapter.will("query", query(Outcome.SUCCEEDED, EUR_1000))
    inbound = InboundNotification(b"{}", {}, "", 1)
    reply = await bridge.notifications.receive("scripted", "acme-1", inbound)
    assert reply is not None
    assert reply.status == 200
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.NEEDS_REVIEW
    records = await bridge.storage.read(lambda tx: tx.exceptions.of_payment(view.payment.payment_id))
    assert [record.kind for record in records] == ["CONTRADICTION"]


async def test_refunds_are_bounded_by_what_was_captured(bridge: Bridge) -> None:
    view = await bridge.pay()
    payment_id = view.payment.payment_id
    first = await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, amount_minor=600))
    assert first.refund.state is RefundState.SUCCEEDED
    with pytest.raises(RequestError) as refused:
        await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, amount_minor=401))
    assert refused.value.reason is ErrorReason.REFUND_EXCEEDS_CAPTURED
    rest = await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id))
    assert rest.refund.amount.amount_minor == 400
    assert rest.payment.refunded_minor == 1000


async def test_a_silent_refund_is_resent_with_the_same_reference_when_the_provider_never_saw_it(
    bridge: Bridge,
) -> None:
    view = await bridge.pay()
    bridge.adapter.will("refund", UNKNOWN)
    made = await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id))
    assert made.refund.state is RefundState.PROCESSING
    bridge.adapter.will("query", *[query(Outcome.UNKNOWN, absent=True)] * 4)
    await bridge.settle(seconds=120)
    found = await bridge.refunds.get(CALLER, RefundLookup(made.refund.refund_id))
    assert found.refund.state is RefundState.SUCCEEDED
    assert len({order.request_reference for order in bridge.adapter.sent("refund")}) == 1


async def test_a_provider_that_took_another_amount_is_put_before_a_person(bridge: Bridge) -> None:
    bridge.adapter.will("charge", Evidence(Outcome.SUCCEEDED, amount=Money(9999, "EUR")))
    bridge.adapter.will("query", query(Outcome.SUCCEEDED, Money(9999, "EUR")))
    view = await bridge.pay()
    assert view.payment.state is PaymentState.NEEDS_REVIEW
    records = await bridge.storage.read(lambda tx: tx.exceptions.of_payment(view.payment.payment_id))
    assert [record.kind for record in records] == ["AMOUNT_MISMATCH"]


async def test_a_resolver_that_gets_no_answer_calls_a_person_in_the_end(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    view = await bridge.pay()
    await bridge.settle(seconds=9 * 86400, rounds=60)
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.NEEDS_REVIEW


async def test_evidence_after_the_resolver_gave_up_still_settles_the_payment(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    view = await bridge.pay()
    await bridge.settle(seconds=9 * 86400, rounds=60)
    bridge.adapter.will("query", query(Outcome.SUCCEEDED, EUR_1000))
    refreshed = await bridge.status.get(CALLER, PaymentLookup(view.payment.payment_id), refresh=True)
    assert refreshed.payment.state is PaymentState.SUCCEEDED
    assert refreshed.is_refreshed


async def test_an_unpaid_action_expires_at_the_provider_too(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR, expires_at_us=bridge.clock.now_us() + 300_000_000)
    bridge.adapter.will("query", *[query(Outcome.REQUIRES_ACTION)] * 10)
    await bridge.settle(seconds=600)
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.EXPIRED
    assert len(bridge.adapter.sent("cancel")) == 1


async def test_a_payment_that_waits_for_a_method_expires_without_asking_anybody(bridge: Bridge) -> None:
    bridge.adapter.will("charge", DECLINED)
    expires_at_us = bridge.clock.now_us() + 60_000_000
    view = await bridge.pay(on_decline=OnDecline.ASK_PAYMENT_METHOD, expires_at_us=expires_at_us)
    await bridge.settle(seconds=120)
    assert await state_of(bridge, view.payment.payment_id) is PaymentState.EXPIRED
    assert not bridge.adapter.sent("cancel")


async def test_an_expiry_in_the_past_is_refused_before_any_effect(bridge: Bridge) -> None:
    with pytest.raises(RequestError) as refused:
        await bridge.pay(expires_at_us=1)
    assert refused.value.reason is ErrorReason.PAYMENT_EXPIRED
    assert not bridge.adapter.calls


async def test_another_merchant_s_payment_does_not_exist(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    payment_id = view.payment.payment_id
    for attempt in (
        bridge.payments.get(STRANGER, PaymentLookup(payment_id)),
        bridge.payments.capture(STRANGER, CapturePayment(bridge.token(), payment_id)),
        bridge.payments.cancel(STRANGER, CancelPayment(bridge.token(), payment_id)),
        bridge.payments.confirm(STRANGER, ConfirmPayment(bridge.token(), payment_id)),
        bridge.refunds.create(STRANGER, CreateRefund(bridge.token(), payment_id)),
        bridge.status.get(STRANGER, PaymentLookup(payment_id), refresh=True),
    ):
        with pytest.raises(RequestError) as refused:
            await attempt
        assert refused.value.reason is ErrorReason.PAYMENT_NOT_FOUND


async def test_every_version_has_its_event(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    payment_id = view.payment.payment_id
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), payment_id, amount_minor=400))
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, amount_minor=100))
    after = await bridge.payments.get(CALLER, PaymentLookup(payment_id))
    events = await bridge.storage.read(lambda tx: tx.events.of_payment(payment_id))
    assert [event.version for event in events] == list(range(1, after.payment.version + 1))


async def test_watch_follows_until_the_end_and_can_resume(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR)
    seen: list[PaymentState] = []

    async def follow() -> None:
        watched = bridge.status.watch(CALLER, PaymentLookup(view.payment.payment_id), after_version=0)
        async for status in watched:
            seen.append(status.payment.state)  # noqa: PERF401  Each one as it comes: the test waits for the first.

    task = asyncio.create_task(follow())
    await until(lambda: seen)
    bridge.adapter.will("query", query(Outcome.SUCCEEDED, EUR_1000))
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), view.payment.payment_id))
    await asyncio.wait_for(task, PATIENCE_S)
    assert seen == [PaymentState.REQUIRES_ACTION, PaymentState.SUCCEEDED]


async def test_keys_are_purged_when_their_time_is_over(bridge: Bridge) -> None:
    await bridge.pay(token=bridge.token("k", b"r"))
    assert await bridge.resolver.purge_idempotency_keys() == 0
    bridge.clock.pass_s(31 * 86400)
    assert await bridge.resolver.purge_idempotency_keys() == 1
