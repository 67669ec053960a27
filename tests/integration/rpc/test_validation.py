"""What a request may not say: each kind of rule names its field, and nothing of the refused value is told or done."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
import tollbridge
from google.protobuf.timestamp_pb2 import Timestamp
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import status_service_pb2 as statuses_pb

from tests.integration.rpc import wire
from tests.integration.rpc.bridges import B, Bridge, card, create, pay, unique
from tests.integration.rpc.broken_requests import BROKEN, listed

INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT


def _send(bridge: Bridge, request: Any, **options: Any) -> wire.Answer:
    name = type(request).DESCRIPTOR.name.removesuffix("Request")
    return bridge.call(name, request, **options)


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_is_refused_with_the_path_of_its_field(bridge: Bridge, case: str) -> None:
    build, field = BROKEN[case]
    answer = _send(bridge, build())
    assert (answer.code, answer.fields) == (INVALID_ARGUMENT, (field,)), answer
    assert answer.reason in ("REQUEST_INVALID", "PAGE_TOKEN_INVALID")
    assert answer.facts["effect"] == "EXCLUDED"


def test_every_request_of_the_contract_has_a_broken_rule_here() -> None:
    tried = {type(build()).DESCRIPTOR.full_name for build, _ in BROKEN.values()}
    assert tried == {method.request_type.DESCRIPTOR.full_name for method in wire.METHODS.values()}


def test_all_broken_rules_are_named_at_once(bridge: Bridge) -> None:
    answer = _send(bridge, create(0, idempotency_key="", description="d" * 257))
    assert set(answer.fields) == {"idempotency_key", "amount.amount_minor", "description"}


def test_a_refused_request_makes_nothing_and_leaves_its_key_free(bridge: Bridge) -> None:
    request = create(description="d" * 257, merchant_reference=unique("order"))
    _send(bridge, request)
    request.description = "tea"
    assert not _send(bridge, request).read(payments_pb.CreatePaymentResponse).replayed
    found = _send(bridge, listed(merchant_reference=request.merchant_reference))
    assert len(found.read(payments_pb.ListPaymentsResponse).payments) == 1


@pytest.mark.parametrize(
    ("method", "reason", "field"),
    [
        (card("4242424242424241", cvv="871"), "CARD_NUMBER_INVALID", "payment_method.card.number"),
        (card("42424242424242425", cvv="871"), "CARD_NUMBER_INVALID", "payment_method.card.number"),
        (card(cvv="871", expiry_month=1, expiry_year=2001), "CARD_EXPIRED", "payment_method.card.expiry_year"),
        (card(cvv="9876"), "CVV_INVALID", "payment_method.card.cvv"),
    ],
)
def test_what_is_wrong_with_a_card_is_said_without_the_card(
    bridge: Bridge, method: tollbridge.PaymentMethod, reason: str, field: str
) -> None:
    metadata = (("x-correlation-id", "words-only"),)  # A random one may hold the digits of the CVV by chance.
    answer = _send(bridge, create(payment_method=method), metadata=metadata)
    assert (*answer.refusal, answer.fields) == (INVALID_ARGUMENT, reason, (field,))
    for secret in (method.card.number, method.card.cvv):
        assert secret not in answer.message
        assert secret.encode() not in answer.details


@pytest.mark.parametrize("number", ["4242 4242 4242 4242", "42424242424242x", "4242424242424242\n"])
def test_a_card_number_that_breaks_the_pattern_is_not_echoed(bridge: Bridge, number: str) -> None:
    answer = _send(bridge, create(payment_method=card(number)))
    assert answer.fields == ("payment_method.card.number",)
    assert number not in answer.message
    assert number.encode() not in answer.details


def test_the_name_of_a_note_is_not_echoed(bridge: Bridge) -> None:
    """Who puts a card number where it does not belong shall not find it in an error that is logged somewhere."""
    name = "4242424242424242" + "x" * 30
    answer = _send(bridge, create(metadata={name: ""}))
    assert answer.fields == ("metadata",)
    assert b"4242" not in answer.details


@pytest.mark.parametrize("path", sorted(wire.METHODS))
@pytest.mark.parametrize("body", [b"\xff", b"\x0a\xff\xff\xff\xff\x0f"], ids=["tag", "length"])
def test_bytes_that_are_no_request_are_refused(bridge: Bridge, path: str, body: bytes) -> None:
    assert bridge.call(path, body).refusal == (INVALID_ARGUMENT, "REQUEST_INVALID")


def test_text_that_is_no_utf8_is_refused(bridge: Bridge) -> None:
    assert bridge.call("CreatePayment", b"\x0a\x02\xc3\x28").refusal == (INVALID_ARGUMENT, "REQUEST_INVALID")


@pytest.mark.parametrize("path", ["/tollbridge.v1.PaymentService/DeletePayment", "/tollbridge.v2.Payments/GetPayment"])
@pytest.mark.parametrize("has_token", [True, False])
def test_an_unknown_method_is_unimplemented_for_everybody(bridge: Bridge, path: str, has_token: bool) -> None:
    token = bridge.token() if has_token else None
    assert wire.call(bridge.channel, path, token=token).code is grpc.StatusCode.UNIMPLEMENTED


def test_a_message_beyond_the_limit_is_refused(bridge: Bridge) -> None:
    answer = bridge.call("CreatePayment", b"\0" * (1024 * 1024 + 1))
    assert answer.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_message_within_the_limit_is_read(bridge: Bridge) -> None:
    lookups = [tollbridge.PaymentLookup(provider_reference="r" * 128)] * 100
    answer = bridge.call("BatchGetStatus", statuses_pb.BatchGetStatusRequest(lookups=lookups))
    assert len(answer.read(statuses_pb.BatchGetStatusResponse).results) == 100


def test_a_time_of_the_far_end_of_the_calendar_is_no_error(bridge: Bridge) -> None:
    pay(bridge, merchant=B)
    last = Timestamp(seconds=253_402_300_799, nanos=999_999_999)
    found = bridge.call("ListPayments", listed(create_time_before=last), merchant=B)
    assert found.read(payments_pb.ListPaymentsResponse).payments
    begun = bridge.call("ListPayments", listed(create_time_from=last), merchant=B)
    assert not begun.read(payments_pb.ListPaymentsResponse).payments
