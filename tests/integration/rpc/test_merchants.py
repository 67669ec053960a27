"""Merchants never see each other: what belongs to one does not exist for another, by whatever name it is called."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
import tollbridge
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import refund_service_pb2 as refunds_pb
from tollbridge.v1 import status_service_pb2 as statuses_pb

from tests.integration.rpc import wire
from tests.integration.rpc.bridges import A, B, Bridge, create, money, pay, unique

OK = grpc.StatusCode.OK
NOT_FOUND = grpc.StatusCode.NOT_FOUND
MISSING_ID = "0" * 26


@pytest.fixture(scope="module")
def resources(bridge: Bridge) -> dict[str, str]:
    """A's payment with a refund, by every name that a request can call them."""
    reference, refund_reference = unique("order"), unique("return")
    payment = pay(bridge, merchant_reference=reference)
    request = refunds_pb.CreateRefundRequest(
        idempotency_key=unique(),
        payment_id=payment.payment_id,
        amount=money(100),
        merchant_reference=refund_reference,
    )
    refund = bridge.call("CreateRefund", request).read(refunds_pb.CreateRefundResponse).refund
    assert refund.provider_reference
    return {
        "payment_id": payment.payment_id,
        "merchant_reference": reference,
        "provider_reference": payment.provider_reference,
        "refund_id": refund.refund_id,
        "refund_merchant_reference": refund_reference,
        "refund_provider_reference": refund.provider_reference,
    }


MISSING = {
    "payment_id": f"pay_{MISSING_ID}",
    "merchant_reference": "no-such-order",
    "provider_reference": "no-such-reference",
    "refund_id": f"re_{MISSING_ID}",
    "refund_merchant_reference": "no-such-return",
    "refund_provider_reference": "no-such-reference",
}


def _naming_requests() -> list[tuple[str, str]]:
    """Every RPC but the lists and BatchGetStatus, with each field by which it can name a resource."""
    found = []
    for path, method in wire.METHODS.items():
        names = set(method.request_type.DESCRIPTOR.fields_by_name)
        if "lookup" in names:
            found += [(path, name) for name in ("payment_id", "merchant_reference", "provider_reference")]
        elif "refund_id" in names:
            found += [(path, name) for name in ("refund_id", "refund_merchant_reference", "refund_provider_reference")]
        elif "payment_id" in names and "page_size" not in names:
            found.append((path, "payment_id"))
    return found


def _request_naming(path: str, name: str, value: str) -> Any:
    method = wire.METHODS[path]
    request: Any = method.request_type()
    if method.is_keyed:
        request.idempotency_key = unique()
    if "lookup" in method.request_type.DESCRIPTOR.fields_by_name:
        setattr(request.lookup, name, value)
    else:
        setattr(request, name.removeprefix("refund_") if name != "refund_id" else name, value)
    return request


def test_every_rpc_is_in_the_matrix_of_merchants() -> None:
    lists = {"ListPayments", "ListRefunds", "BatchGetStatus"}
    named = {wire.METHODS[path].name for path, _ in _naming_requests()}
    assert named | lists | {"CreatePayment"} == {method.name for method in wire.METHODS.values()}


@pytest.mark.parametrize(("path", "name"), _naming_requests())
def test_what_belongs_to_another_merchant_does_not_exist(
    bridge: Bridge, resources: dict[str, str], path: str, name: str
) -> None:
    """The answer to a foreign name is, but for the correlation id, the answer to a name that nobody has."""
    foreign = bridge.call(path, _request_naming(path, name, resources[name]), merchant=B)
    missing = bridge.call(path, _request_naming(path, name, MISSING[name]), merchant=B)
    expected = "REFUND_NOT_FOUND" if wire.METHODS[path].name == "GetRefund" else "PAYMENT_NOT_FOUND"
    assert foreign.refusal == (NOT_FOUND, expected)
    assert foreign.told(resources[name]) == missing.told(MISSING[name])


@pytest.mark.parametrize(("path", "name"), [case for case in _naming_requests() if not wire.METHODS[case[0]].is_keyed])
def test_its_own_merchant_reads_it_by_each_of_these_names(
    bridge: Bridge, resources: dict[str, str], path: str, name: str
) -> None:
    """Without this the test above could pass with names that lead nowhere."""
    assert bridge.call(path, _request_naming(path, name, resources[name])).code is OK


def test_a_batch_answers_a_foreign_payment_with_an_error_in_its_place(
    bridge: Bridge, resources: dict[str, str]
) -> None:
    own = pay(bridge, merchant=B)
    names = ("payment_id", "merchant_reference", "provider_reference")
    lookups = [tollbridge.PaymentLookup(**{name: resources[name]}) for name in names]
    lookups.insert(1, tollbridge.PaymentLookup(payment_id=own.payment_id))
    answer = bridge.call("BatchGetStatus", statuses_pb.BatchGetStatusRequest(lookups=lookups), merchant=B)
    results = answer.read(statuses_pb.BatchGetStatusResponse).results
    assert results[1].status.payment_id == own.payment_id
    for result in (results[0], results[2], results[3]):
        assert result.WhichOneof("result") == "error"
        assert wire.read_details(result.error)[0] == "PAYMENT_NOT_FOUND"
        assert result.error.code == NOT_FOUND.value[0]


@pytest.mark.parametrize("name", ["payment_id", "merchant_reference", "refund_merchant_reference", ""])
def test_lists_never_show_what_belongs_to_another_merchant(
    bridge: Bridge, resources: dict[str, str], name: str
) -> None:
    pay(bridge, merchant=B)
    payments = payments_pb.ListPaymentsRequest(page_size=100)
    refunds = refunds_pb.ListRefundsRequest(page_size=100)
    if name == "payment_id":
        refunds.payment_id = resources[name]
    elif name == "merchant_reference":
        payments.merchant_reference = resources[name]
    elif name:
        refunds.merchant_reference = resources[name]
    listed = bridge.call("ListPayments", payments, merchant=B).read(payments_pb.ListPaymentsResponse)
    assert {payment.merchant_id for payment in listed.payments} == (set() if name == "merchant_reference" else {B})
    returned = bridge.call("ListRefunds", refunds, merchant=B).read(refunds_pb.ListRefundsResponse)
    assert not returned.refunds


def test_a_foreign_provider_account_can_neither_be_used_nor_listed(bridge: Bridge) -> None:
    pinned = bridge.call("CreatePayment", create(provider_account_id=f"{B}-sandbox"))
    assert pinned.refusal == (NOT_FOUND, "PROVIDER_ACCOUNT_NOT_FOUND")
    pay(bridge, merchant=B)
    request = payments_pb.ListPaymentsRequest(provider_account_id=f"{B}-sandbox")
    assert not bridge.call("ListPayments", request).read(payments_pb.ListPaymentsResponse).payments


def test_the_page_token_of_one_merchant_is_refused_for_another(bridge: Bridge) -> None:
    for _ in range(2):
        pay(bridge)
        pay(bridge, merchant=B)
    request = payments_pb.ListPaymentsRequest(page_size=1)
    page = bridge.call("ListPayments", request).read(payments_pb.ListPaymentsResponse)
    request.page_token = page.next_page_token
    answer = bridge.call("ListPayments", request, merchant=B)
    assert answer.refusal == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")
    assert answer.fields == ("page_token",)
    assert bridge.call("ListPayments", request).code is OK


def test_the_same_idempotency_key_of_two_merchants_makes_two_payments(bridge: Bridge) -> None:
    request = create()
    answers = [
        bridge.call("CreatePayment", request, merchant=merchant).read(payments_pb.CreatePaymentResponse)
        for merchant in (A, B)
    ]
    assert [answer.replayed for answer in answers] == [False, False]
    assert [answer.payment.merchant_id for answer in answers] == [A, B]
    assert answers[0].payment.payment_id != answers[1].payment.payment_id
