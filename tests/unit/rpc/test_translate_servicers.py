"""The servicers over the real services and a real SQLite file; only the provider answers by script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.rpc import error_details_pb2
from tollbridge.v1 import payment_method_pb2, payment_pb2, refund_pb2
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import refund_service_pb2 as refunds_pb
from tollbridge.v1 import status_service_pb2 as status_pb
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.rpc.context import CALLER, CORRELATION_ID, current_caller
from tollbridge_server.rpc.pages import PageTokens
from tollbridge_server.rpc.payments import PaymentServicer
from tollbridge_server.rpc.refunds import RefundServicer
from tollbridge_server.rpc.status import StatusServicer

from tests.unit.services import scripted

AUTHORIZE = payment_pb2.CAPTURE_METHOD_MANUAL


@dataclass
class Servicers:
    clock: scripted.Clock
    payments: PaymentServicer
    refunds: RefundServicer
    status: StatusServicer

    async def pay(self, key: str, **fields: int | str) -> payments_pb.CreatePaymentResponse:
        request = payments_pb.CreatePaymentRequest(idempotency_key=key, **fields)  # type: ignore[arg-type]
        request.amount.currency_code, request.amount.amount_minor = "EUR", 1000
        card = payment_method_pb2.Card(number="4242424242424242", expiry_month=12, expiry_year=2035, cvv="123")
        request.payment_method.card.CopyFrom(card)
        self.clock.pass_s(1)  # Identifiers sort by their millisecond.
        return await self.payments.CreatePayment(request, None)


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[scripted.Bridge]:
    opened = scripted.Bridge.open(tmp_path)
    yield opened
    await opened.engine.drained()
    await opened.storage.close()


@pytest.fixture
def servicers(bridge: scripted.Bridge) -> Servicers:
    pages = PageTokens(b"k" * 32)
    return Servicers(
        bridge.clock,
        PaymentServicer(bridge.payments, pages),
        RefundServicer(bridge.refunds, pages),
        StatusServicer(bridge.status),
    )


@pytest.fixture(autouse=True)
def caller() -> None:
    CALLER.set(scripted.CALLER)
    CORRELATION_ID.set("c1b0-test")


def by_id(payment_id: str) -> payment_pb2.PaymentLookup:
    return payment_pb2.PaymentLookup(payment_id=payment_id)


async def test_a_payment_that_was_made_is_found_again_as_it_was_answered(servicers: Servicers) -> None:
    made = await servicers.pay("k1", merchant_reference="A-1")
    assert made.payment.state == payment_pb2.PAYMENT_STATE_SUCCEEDED
    assert not made.replayed
    found = await servicers.payments.GetPayment(
        payments_pb.GetPaymentRequest(lookup=by_id(made.payment.payment_id)), None
    )
    assert found.payment == made.payment


async def test_a_repeat_says_that_it_is_one(servicers: Servicers) -> None:
    first, second = await servicers.pay("k1"), await servicers.pay("k1")
    assert (second.replayed, second.payment) == (True, first.payment)


async def test_a_capture_names_its_own_operation_in_the_timeline(servicers: Servicers) -> None:
    made = await servicers.pay("k1", capture_method=AUTHORIZE)
    request = payments_pb.CapturePaymentRequest(idempotency_key="k2", payment_id=made.payment.payment_id)
    servicers.clock.pass_s(1)
    captured = await servicers.payments.CapturePayment(request, None)
    assert [step.operation_id for step in captured.payment.operations][1:] == [captured.operation_id]
    assert captured.payment.captured_amount.amount_minor == 1000
    assert (await servicers.payments.CapturePayment(request, None)).operation_id == captured.operation_id


async def test_a_cancel_leaves_the_payment_canceled(servicers: Servicers) -> None:
    made = await servicers.pay("k1", capture_method=AUTHORIZE)
    request = payments_pb.CancelPaymentRequest(idempotency_key="k2", payment_id=made.payment.payment_id)
    canceled = await servicers.payments.CancelPayment(request, None)
    assert canceled.payment.state == payment_pb2.PAYMENT_STATE_CANCELED


async def test_a_refund_is_answered_found_listed_and_told_in_the_status(servicers: Servicers) -> None:
    made = await servicers.pay("k1")
    request = refunds_pb.CreateRefundRequest(idempotency_key="k2", payment_id=made.payment.payment_id, reason="broken")
    refund = (await servicers.refunds.CreateRefund(request, None)).refund
    assert (refund.state, refund.amount.amount_minor) == (refund_pb2.REFUND_STATE_SUCCEEDED, 1000)
    found = await servicers.refunds.GetRefund(refunds_pb.GetRefundRequest(refund_id=refund.refund_id), None)
    listed = await servicers.refunds.ListRefunds(refunds_pb.ListRefundsRequest(), None)
    status = await servicers.status.GetStatus(status_pb.GetStatusRequest(lookup=by_id(made.payment.payment_id)), None)
    assert [found.refund, *listed.refunds] == [refund, refund]
    assert [told.refund_id for told in status.status.refunds] == [refund.refund_id]


async def test_a_repeated_refund_says_that_it_is_one(servicers: Servicers) -> None:
    made = await servicers.pay("k1")
    request = refunds_pb.CreateRefundRequest(idempotency_key="k2", payment_id=made.payment.payment_id)
    first = await servicers.refunds.CreateRefund(request, None)
    second = await servicers.refunds.CreateRefund(request, None)
    assert (first.replayed, second.replayed) == (False, True)
    assert second.refund == first.refund


async def test_a_status_asks_the_provider_only_where_it_is_told_to(
    servicers: Servicers, bridge: scripted.Bridge
) -> None:
    bridge.adapter.will("charge", Evidence(Outcome.PENDING, provider_reference="p_1"))
    bridge.adapter.will("query", Evidence(Outcome.PENDING, EvidenceSource.QUERY, "p_1"))
    made = await servicers.pay("k1")
    bridge.clock.pass_s(60)
    lookup = by_id(made.payment.payment_id)
    plain = await servicers.status.GetStatus(status_pb.GetStatusRequest(lookup=lookup), None)
    asked_before = len(bridge.adapter.sent("query"))
    refreshed = await servicers.status.GetStatus(status_pb.GetStatusRequest(lookup=lookup, refresh=True), None)
    assert (plain.refreshed, refreshed.refreshed) == (False, True)
    assert (asked_before, len(bridge.adapter.sent("query"))) == (0, 1)


async def test_pages_follow_each_other_without_gap_or_repeat(servicers: Servicers) -> None:
    made = [(await servicers.pay(f"k{number}")).payment.payment_id for number in range(5)]
    request, seen = payments_pb.ListPaymentsRequest(page_size=2), []
    while True:
        page = await servicers.payments.ListPayments(request, None)
        seen += [payment.payment_id for payment in page.payments]
        assert len(page.payments) <= 2
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == made[::-1]


async def test_a_batch_has_a_status_or_an_error_with_details_in_the_order_of_its_lookups(servicers: Servicers) -> None:
    made = await servicers.pay("k1")
    request = status_pb.BatchGetStatusRequest(lookups=[by_id("pay_absent"), by_id(made.payment.payment_id)])
    missing, found = (await servicers.status.BatchGetStatus(request, None)).results
    info = error_details_pb2.ErrorInfo()
    assert missing.error.details[0].Unpack(info)
    assert (info.reason, info.metadata["correlation_id"]) == ("PAYMENT_NOT_FOUND", "c1b0-test")
    assert found.status.payment_id == made.payment.payment_id


async def test_a_watch_of_what_is_over_sends_the_status_and_ends(servicers: Servicers) -> None:
    made = await servicers.pay("k1")
    request = status_pb.WatchStatusRequest(lookup=by_id(made.payment.payment_id))
    sent = [answer.status.version async for answer in servicers.status.WatchStatus(request, None)]
    assert sent == [made.payment.version]


async def test_a_refusal_leaves_a_servicer_as_a_request_error(servicers: Servicers) -> None:
    with pytest.raises(RequestError) as caught:
        await servicers.payments.GetPayment(payments_pb.GetPaymentRequest(lookup=by_id("pay_absent")), None)
    assert caught.value.reason is ErrorReason.PAYMENT_NOT_FOUND


async def test_the_merchant_is_the_callers_and_nobody_elses(servicers: Servicers) -> None:
    made = await servicers.pay("k1")
    assert made.payment.merchant_id == current_caller().merchant_id == "acme"
    CALLER.set(scripted.STRANGER)
    with pytest.raises(RequestError) as caught:
        await servicers.payments.GetPayment(payments_pb.GetPaymentRequest(lookup=by_id(made.payment.payment_id)), None)
    assert caught.value.reason is ErrorReason.PAYMENT_NOT_FOUND
