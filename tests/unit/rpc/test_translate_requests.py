"""Requests of the contract as the services see them: nothing lost, nothing invented, no time that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tollbridge.v1 import (
    customer_pb2,
    payment_pb2,
    payment_service_pb2,
    refund_pb2,
    refund_service_pb2,
)
from tollbridge_server.domain.errors import Effect, ErrorReason, RequestError
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.order import NO_DETAILS, Identity
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, PaymentState
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.ports.storage import PaymentFilter, RefundFilter
from tollbridge_server.rpc import requests, views
from tollbridge_server.services.requests import (
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreateRefund,
    IdempotencyToken,
    PaymentLookup,
    RefundLookup,
)

from tests.unit.rpc.samples import CUSTOMER, DETAILS, METHODS, PAYMENT, create_request, unset_fields

QR = METHODS[MethodKind.ALIPAY_QR][0]
RESULT = {"PayerID": "p", "token": "t"}


# CreatePayment.


def full_request() -> payment_service_pb2.CreatePaymentRequest:
    request = create_request(QR)
    said = views.payment_alone(PAYMENT)
    request.order.CopyFrom(said.order)
    request.customer.CopyFrom(said.customer)
    request.customer.identity.type = customer_pb2.IDENTITY_TYPE_PASSPORT
    request.customer.identity.number, request.customer.identity.name = "P1", "A PAYER"
    request.customer.identity.min_age = 18
    request.metadata.update(said.metadata)
    request.description, request.statement_descriptor = said.description, said.statement_descriptor
    request.return_url, request.merchant_reference = said.return_url, "A-1001"
    request.capture_method = payment_pb2.CAPTURE_METHOD_MANUAL
    request.on_decline = payment_pb2.ON_DECLINE_ASK_PAYMENT_METHOD
    request.expire_time.seconds, request.expire_time.nanos = 1_790_000_900, 1_999
    request.provider_account_id = "sandbox-eu"
    return request


def test_the_full_request_leaves_no_field_of_the_contract_out() -> None:
    # What the contract calls an empty message can not be set any further.
    assert unset_fields(full_request()) == set()


def test_create_payment_arrives_whole() -> None:
    arrived = requests.create_payment(full_request())
    assert arrived.token.key == "key-1"
    assert arrived.merchant_reference == "A-1001"
    assert arrived.amount == Money(1300, "CNY")
    assert arrived.method == PaymentMethod(MethodKind.ALIPAY_QR)
    assert arrived.capture_method is CaptureMethod.MANUAL
    assert arrived.on_decline is OnDecline.ASK_PAYMENT_METHOD
    assert arrived.provider_account_id == "sandbox-eu"
    assert arrived.expires_at_us == 1_790_000_900_000_001
    assert arrived.details == DETAILS
    assert arrived.identity == Identity("PASSPORT", "P1", "A PAYER", 18)


def test_what_create_payment_leaves_out_takes_the_contracts_defaults() -> None:
    arrived = requests.create_payment(create_request(QR))
    assert (arrived.capture_method, arrived.on_decline) == (CaptureMethod.AUTOMATIC, OnDecline.FAIL)
    assert (arrived.expires_at_us, arrived.identity) == (0, None)
    assert arrived.details is NO_DETAILS


def test_the_identity_document_is_no_part_of_the_details_that_are_stored() -> None:
    arrived = requests.create_payment(full_request())
    assert arrived.details.customer == CUSTOMER
    assert "P1" not in repr(arrived)


def test_a_device_at_utc_without_java_differs_from_one_that_did_not_say() -> None:
    request = create_request(QR)
    request.customer.device.language = "en"
    silent = requests.create_payment(request).details.customer
    request.customer.device.time_zone_offset_minutes = 0
    request.customer.device.java_enabled = False
    said = requests.create_payment(request).details.customer
    assert silent is not None
    assert silent.device is not None
    assert (silent.device.time_zone_offset_minutes, silent.device.is_java_enabled) == (None, None)
    assert said is not None
    assert said.device is not None
    assert (said.device.time_zone_offset_minutes, said.device.is_java_enabled) == (0, False)


# The idempotency token.


def test_the_canonical_request_is_the_same_under_another_key_and_keeps_the_request_whole() -> None:
    first, second = full_request(), full_request()
    second.idempotency_key = "key-2"
    before = first.SerializeToString(deterministic=True)
    assert requests.token(first).canonical_request == requests.token(second).canonical_request
    assert requests.token(second).key == "key-2"
    assert first.SerializeToString(deterministic=True) == before


def test_the_canonical_request_does_not_depend_on_the_order_of_metadata() -> None:
    first, second = create_request(QR), create_request(QR)
    entries = {f"key {number}": str(number) for number in range(40)}
    first.metadata.update(entries)
    second.metadata.update(dict(reversed(entries.items())))
    assert requests.token(first).canonical_request == requests.token(second).canonical_request


@pytest.mark.parametrize(
    "field",
    [
        field
        for field in payment_service_pb2.CreatePaymentRequest.DESCRIPTOR.fields_by_name
        if field != "idempotency_key"
    ],
)
def test_the_canonical_request_differs_when_a_field_does(field: str) -> None:
    changed = full_request()
    changed.ClearField(field)  # type: ignore[arg-type]
    assert requests.token(changed).canonical_request != requests.token(full_request()).canonical_request


# The other requests.


def test_confirm_payment_arrives_whole() -> None:
    request = payment_service_pb2.ConfirmPaymentRequest(
        idempotency_key="k", payment_id="pay_1", payment_method=QR, action_result=RESULT
    )
    assert requests.confirm_payment(request) == ConfirmPayment(
        requests.token(request), "pay_1", PaymentMethod(MethodKind.ALIPAY_QR), (("PayerID", "p"), ("token", "t"))
    )


def test_confirm_payment_without_a_method_goes_on_with_the_open_attempt() -> None:
    request = payment_service_pb2.ConfirmPaymentRequest(idempotency_key="k", payment_id="pay_1")
    assert requests.confirm_payment(request).method is None


def test_capture_payment_arrives_whole() -> None:
    request = payment_service_pb2.CapturePaymentRequest(idempotency_key="k", payment_id="pay_1", final_capture=True)
    request.amount.currency_code, request.amount.amount_minor = "JPY", 7
    assert requests.capture_payment(request) == CapturePayment(requests.token(request), "pay_1", 7, "JPY", True)


def test_cancel_payment_arrives_whole() -> None:
    request = payment_service_pb2.CancelPaymentRequest(idempotency_key="k", payment_id="pay_1", reason="sold out")
    assert requests.cancel_payment(request) == CancelPayment(requests.token(request), "pay_1", "sold out")


def test_create_refund_arrives_whole() -> None:
    request = refund_service_pb2.CreateRefundRequest(
        idempotency_key="k", payment_id="pay_1", reason="broken", merchant_reference="R-1"
    )
    request.amount.currency_code, request.amount.amount_minor = "JPY", 7
    assert requests.create_refund(request) == CreateRefund(requests.token(request), "pay_1", 7, "JPY", "broken", "R-1")


def test_without_an_amount_captures_and_refunds_take_all_that_is_left() -> None:
    capture = payment_service_pb2.CapturePaymentRequest(idempotency_key="k", payment_id="pay_1")
    refund = refund_service_pb2.CreateRefundRequest(idempotency_key="k", payment_id="pay_1")
    empty = IdempotencyToken("k", requests.token(capture).canonical_request)
    assert requests.capture_payment(capture) == CapturePayment(empty, "pay_1")
    assert requests.create_refund(refund) == CreateRefund(requests.token(refund), "pay_1")


@pytest.mark.parametrize("name", ["payment_id", "merchant_reference", "provider_reference"])
def test_each_name_of_a_payment_arrives_under_its_own_name(name: str) -> None:
    lookup = payment_pb2.PaymentLookup(**{name: "x"})  # type: ignore[arg-type]
    assert requests.payment_lookup(lookup) == PaymentLookup(**{name: "x"})


@pytest.mark.parametrize("name", ["refund_id", "merchant_reference", "provider_reference"])
def test_each_name_of_a_refund_arrives_under_its_own_name(name: str) -> None:
    request = refund_service_pb2.GetRefundRequest(**{name: "x"})  # type: ignore[arg-type]
    assert requests.refund_lookup(request) == RefundLookup(**{name: "x"})


def test_the_filter_of_payments_arrives_whole() -> None:
    request = payment_service_pb2.ListPaymentsRequest(
        states=[payment_pb2.PAYMENT_STATE_FAILED, payment_pb2.PAYMENT_STATE_EXPIRED],
        provider="sandbox",
        provider_account_id="sandbox-eu",
        merchant_reference="A-1",
    )
    request.create_time_from.seconds, request.create_time_before.seconds = 5, 6
    states = (PaymentState.FAILED, PaymentState.EXPIRED)
    expected = PaymentFilter(states, "sandbox", "sandbox-eu", "A-1", 5_000_000, 6_000_000)
    assert requests.payment_filter(request) == expected


def test_the_filter_of_refunds_arrives_whole() -> None:
    request = refund_service_pb2.ListRefundsRequest(
        payment_id="pay_1",
        states=[refund_pb2.REFUND_STATE_FAILED],
        provider="sandbox",
        provider_account_id="sandbox-eu",
        merchant_reference="R-1",
    )
    request.create_time_from.seconds, request.create_time_before.seconds = 5, 6
    states = (RefundState.FAILED,)
    expected = RefundFilter("pay_1", states, "sandbox", "sandbox-eu", "R-1", 5_000_000, 6_000_000)
    assert requests.refund_filter(request) == expected


def test_an_empty_filter_filters_nothing() -> None:
    assert requests.payment_filter(payment_service_pb2.ListPaymentsRequest()) == PaymentFilter()
    assert requests.refund_filter(refund_service_pb2.ListRefundsRequest()) == RefundFilter()


# Times.

TIMED: list[tuple[Callable[[], Any], Callable[[Any], Any], str]] = [
    (lambda: create_request(QR), requests.create_payment, "expire_time"),
    (payment_service_pb2.ListPaymentsRequest, requests.payment_filter, "create_time_from"),
    (payment_service_pb2.ListPaymentsRequest, requests.payment_filter, "create_time_before"),
    (refund_service_pb2.ListRefundsRequest, requests.refund_filter, "create_time_from"),
    (refund_service_pb2.ListRefundsRequest, requests.refund_filter, "create_time_before"),
]


@pytest.mark.parametrize(("make", "translate", "field"), TIMED)
@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [(2**63 - 1, 0), (-(2**63), 0), (253_402_300_800, 0), (-62_135_596_801, 0), (1, -1), (1, 1_000_000_000)],
)
def test_a_time_that_is_none_is_refused_by_the_name_of_its_field(
    make: Callable[[], Any], translate: Callable[[Any], Any], field: str, seconds: int, nanos: int
) -> None:
    request = make()
    getattr(request, field).seconds, getattr(request, field).nanos = seconds, nanos
    with pytest.raises(RequestError) as caught:
        translate(request)
    assert (caught.value.reason, caught.value.effect) == (ErrorReason.REQUEST_INVALID, Effect.EXCLUDED)
    assert [violation.field for violation in caught.value.violations] == [field]


@pytest.mark.parametrize(
    ("seconds", "nanos", "expected_us"),
    [
        (253_402_300_799, 999_999_999, 253_402_300_799_999_999),
        (-62_135_596_800, 0, -62_135_596_800_000_000),
        (-1, 500_000_000, -500_000),
        (1, 1_999, 1_000_001),
    ],
)
def test_a_time_is_counted_in_whole_microseconds(seconds: int, nanos: int, expected_us: int) -> None:
    request = create_request(QR)
    request.expire_time.seconds, request.expire_time.nanos = seconds, nanos
    assert requests.create_payment(request).expires_at_us == expected_us
