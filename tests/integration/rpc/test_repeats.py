"""Idempotency keys, lists by pages, and watches that resume, as callers meet them on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
import tollbridge
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import refund_service_pb2 as refunds_pb
from tollbridge.v1 import status_service_pb2 as statuses_pb

from tests.integration.rpc.bridges import B, Bridge, card, create, money, pay, unique

MANUAL = tollbridge.CAPTURE_METHOD_MANUAL
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


# Idempotency keys.


def test_the_same_key_and_request_give_the_same_payment_as_a_replay(bridge: Bridge) -> None:
    request = create(metadata={"cart": "7", "shop": "1"})
    first, second = (bridge.call("CreatePayment", request).read(payments_pb.CreatePaymentResponse) for _ in range(2))
    assert (first.replayed, second.replayed) == (False, True)
    assert first.payment == second.payment


def test_a_replay_shows_the_payment_as_it_is_now(bridge: Bridge) -> None:
    request = create(capture_method=MANUAL)
    made = bridge.call("CreatePayment", request).read(payments_pb.CreatePaymentResponse).payment
    capture = payments_pb.CapturePaymentRequest(idempotency_key=unique(), payment_id=made.payment_id)
    bridge.call("CapturePayment", capture)
    replay = bridge.call("CreatePayment", request).read(payments_pb.CreatePaymentResponse)
    assert replay.replayed
    assert replay.payment.state == tollbridge.PAYMENT_STATE_SUCCEEDED
    assert replay.payment.version > made.version


CHANGES = {
    "amount": create(2000),
    "currency": create(amount=money(1999, "USD")),
    "card": create(payment_method=card("5555555555554444")),
    "CVV": create(payment_method=card(cvv="124")),
    "order number": create(merchant_reference="another"),
    "note": create(metadata={"cart": "8"}),
    "capture": create(capture_method=MANUAL),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_key_with_another_request_is_refused(bridge: Bridge, change: str) -> None:
    request, other = create(), CHANGES[change]
    bridge.call("CreatePayment", request)
    other.idempotency_key = request.idempotency_key
    answer = bridge.call("CreatePayment", other)
    assert answer.refusal == (FAILED_PRECONDITION, "IDEMPOTENCY_KEY_REUSED")
    assert answer.facts["effect"] == "EXCLUDED"
    assert bridge.call("CreatePayment", request).read(payments_pb.CreatePaymentResponse).replayed


def test_the_same_key_on_other_rpcs_is_another_key(bridge: Bridge) -> None:
    key = unique()
    payment = pay(bridge, 3000, idempotency_key=key, capture_method=MANUAL)
    capture = payments_pb.CapturePaymentRequest(idempotency_key=key, payment_id=payment.payment_id, amount=money(1000))
    captured = bridge.call("CapturePayment", capture).read(payments_pb.CapturePaymentResponse)
    refund = refunds_pb.CreateRefundRequest(idempotency_key=key, payment_id=payment.payment_id, amount=money(500))
    refunded = bridge.call("CreateRefund", refund).read(refunds_pb.CreateRefundResponse)
    cancel = payments_pb.CancelPaymentRequest(idempotency_key=key, payment_id=payment.payment_id)
    canceled = bridge.call("CancelPayment", cancel).read(payments_pb.CancelPaymentResponse)
    assert not any(answer.replayed for answer in (captured, refunded, canceled))
    assert canceled.payment.captured_amount == money(1000)
    assert canceled.payment.refunded_amount == money(500)


def test_each_changing_rpc_replays(bridge: Bridge) -> None:
    payment = pay(bridge, 3000, capture_method=MANUAL)
    capture = payments_pb.CapturePaymentRequest(
        idempotency_key=unique(), payment_id=payment.payment_id, amount=money(1000)
    )
    captures = [bridge.call("CapturePayment", capture).read(payments_pb.CapturePaymentResponse) for _ in range(2)]
    assert [answer.replayed for answer in captures] == [False, True]
    assert captures[0].operation_id == captures[1].operation_id != ""
    refund = refunds_pb.CreateRefundRequest(idempotency_key=unique(), payment_id=payment.payment_id, amount=money(100))
    refunds = [bridge.call("CreateRefund", refund).read(refunds_pb.CreateRefundResponse) for _ in range(2)]
    assert [answer.replayed for answer in refunds] == [False, True]
    assert refunds[0].refund == refunds[1].refund
    cancel = payments_pb.CancelPaymentRequest(idempotency_key=unique(), payment_id=payment.payment_id)
    cancels = [bridge.call("CancelPayment", cancel).read(payments_pb.CancelPaymentResponse) for _ in range(2)]
    assert [answer.replayed for answer in cancels] == [False, True]
    assert cancels[1].payment.captured_amount == money(1000)
    assert cancels[1].payment.refunded_amount == money(100)


def test_a_decline_is_replayed_too_and_asks_nobody_again(bridge: Bridge) -> None:
    request = create(payment_method=card("4000000000009995"))
    first, second = (bridge.call("CreatePayment", request).read(payments_pb.CreatePaymentResponse) for _ in range(2))
    assert second.replayed
    assert first.payment == second.payment
    assert second.payment.failure.reason == tollbridge.DECLINE_REASON_INSUFFICIENT_FUNDS


# Lists.


@pytest.fixture(scope="module")
def shelf(bridge: Bridge) -> tuple[str, list[str]]:
    """Five paid and two declined payments under one order number, oldest first; returns the number and the paid."""
    reference = unique("shelf")
    paid = []
    for index in range(7):
        if index in (2, 5):
            pay(bridge, merchant_reference=reference, payment_method=card("4000000000000002"))
        else:
            paid.append(pay(bridge, merchant_reference=reference).payment_id)
    return reference, paid


def _pages(bridge: Bridge, request: payments_pb.ListPaymentsRequest) -> Iterator[payments_pb.ListPaymentsResponse]:
    while True:
        page = bridge.call("ListPayments", request).read(payments_pb.ListPaymentsResponse)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def test_three_pages_with_filters_show_each_payment_once_and_the_newest_first(
    bridge: Bridge, shelf: tuple[str, list[str]]
) -> None:
    reference, paid = shelf
    request = payments_pb.ListPaymentsRequest(
        page_size=2,
        merchant_reference=reference,
        states=[tollbridge.PAYMENT_STATE_SUCCEEDED],
        provider="sandbox",
        provider_account_id="demo-sandbox",
    )
    pages = list(_pages(bridge, request))
    assert [len(page.payments) for page in pages] == [2, 2, 1]
    listed = [payment for page in pages for payment in page.payments]
    assert [payment.payment_id for payment in listed] == paid[::-1]
    assert not any(payment.operations for payment in listed)


def test_a_time_window_holds_what_was_made_in_it(bridge: Bridge, shelf: tuple[str, list[str]]) -> None:
    """The begin is part of the window and the end is not."""
    reference, paid = shelf
    lookup = [tollbridge.PaymentLookup(payment_id=paid[index]) for index in (1, 3)]
    begin, end = (
        bridge.call("GetPayment", payments_pb.GetPaymentRequest(lookup=one))
        .read(payments_pb.GetPaymentResponse)
        .payment.create_time
        for one in lookup
    )
    request = payments_pb.ListPaymentsRequest(
        merchant_reference=reference, states=[tollbridge.PAYMENT_STATE_SUCCEEDED], create_time_from=begin
    )
    request.create_time_before.CopyFrom(end)
    (page,) = _pages(bridge, request)
    assert [payment.payment_id for payment in page.payments] == [paid[2], paid[1]]


def test_a_payment_made_between_two_pages_shifts_nothing(bridge: Bridge) -> None:
    reference = unique("shift")
    made = [pay(bridge, merchant_reference=reference).payment_id for _ in range(3)]
    pages = _pages(bridge, payments_pb.ListPaymentsRequest(page_size=2, merchant_reference=reference))
    first = next(pages)
    pay(bridge, merchant_reference=reference)
    second = next(pages)
    assert [payment.payment_id for page in (first, second) for payment in page.payments] == made[::-1]


def test_a_page_token_is_refused_with_other_filters_and_by_the_other_list(
    bridge: Bridge, shelf: tuple[str, list[str]]
) -> None:
    request = payments_pb.ListPaymentsRequest(page_size=2, merchant_reference=shelf[0])
    first = bridge.call("ListPayments", request).read(payments_pb.ListPaymentsResponse)
    request.page_token = first.next_page_token
    request.page_size = 5  # The size may change between pages; the filters may not.
    assert bridge.call("ListPayments", request).code is grpc.StatusCode.OK
    request.provider = "sandbox"
    assert bridge.call("ListPayments", request).reason == "PAGE_TOKEN_INVALID"
    refunds = refunds_pb.ListRefundsRequest(page_token=first.next_page_token, merchant_reference=shelf[0])
    assert bridge.call("ListRefunds", refunds).reason == "PAGE_TOKEN_INVALID"


def test_a_page_holds_twenty_where_no_size_is_asked_for(bridge: Bridge) -> None:
    for _ in range(21):
        pay(bridge, merchant=B)
    page = bridge.call("ListPayments", merchant=B).read(payments_pb.ListPaymentsResponse)
    assert len(page.payments) == 20


def test_refunds_are_listed_by_pages_and_payment(bridge: Bridge) -> None:
    payment = pay(bridge)
    made = []
    for _ in range(3):
        refund = refunds_pb.CreateRefundRequest(
            idempotency_key=unique(), payment_id=payment.payment_id, amount=money(100)
        )
        made.append(bridge.call("CreateRefund", refund).read(refunds_pb.CreateRefundResponse).refund)
    with bridge.client() as client:
        pages = list(client.list_refunds(payment_id=payment.payment_id, page_size=2).pages())
    assert [len(page.refunds) for page in pages] == [2, 1]
    assert [refund for page in pages for refund in page.refunds] == made[::-1]


# Watches.


def test_a_watch_shows_the_present_status_and_each_later_one_until_the_end(bridge: Bridge) -> None:
    payment = pay(bridge, capture_method=MANUAL)
    with bridge.client() as client:
        watch = iter(client.watch_status(payment_id=payment.payment_id, timeout_s=20))
        first = next(watch)
        client.capture_payment(payment_id=payment.payment_id)
        later = list(watch)
    assert (first.state, first.version) == (tollbridge.PAYMENT_STATE_AUTHORIZED, payment.version)
    versions = [first.version, *(status.version for status in later)]
    assert versions == sorted(set(versions))
    assert later[-1].state == tollbridge.PAYMENT_STATE_SUCCEEDED


def test_a_watch_resumes_after_the_version_that_was_seen(bridge: Bridge) -> None:
    payment = pay(bridge, capture_method=MANUAL)
    with bridge.client() as client:
        watch = iter(client.watch_status(payment_id=payment.payment_id, after_version=payment.version, timeout_s=20))
        client.capture_payment(payment_id=payment.payment_id)
        versions = [status.version for status in watch]
    assert versions
    assert min(versions) > payment.version


def test_a_watch_of_a_final_status_that_was_not_seen_ends_after_it(bridge: Bridge) -> None:
    payment = pay(bridge)
    with bridge.client() as client:
        (status,) = client.watch_status(payment_id=payment.payment_id, after_version=payment.version - 1, timeout_s=20)
    assert (status.state, status.version) == (payment.state, payment.version)


def test_a_watch_of_a_final_status_that_was_seen_ends_at_once(bridge: Bridge) -> None:
    payment = pay(bridge)
    lookup = tollbridge.PaymentLookup(payment_id=payment.payment_id)
    request = statuses_pb.WatchStatusRequest(lookup=lookup, after_version=payment.version)
    answer = bridge.call("WatchStatus", request)
    assert (answer.code, answer.bodies) == (grpc.StatusCode.OK, ())
