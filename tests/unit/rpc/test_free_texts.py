"""A card number is refused wherever a caller may write what it likes, and nothing else is."""

from __future__ import annotations

import pytest
import tollbridge
from google.protobuf.message import Message
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import refund_service_pb2 as refunds_pb
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc.free_texts import refuse_card_numbers

VISA = "4242424242424242"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (payments_pb.CreatePaymentRequest(description=f"card {VISA}"), "description"),
        (payments_pb.CreatePaymentRequest(description=f"x{VISA}y"), "description"),
        (payments_pb.CreatePaymentRequest(statement_descriptor="4242 4242 4242 4242"), "statement_descriptor"),
        (payments_pb.CreatePaymentRequest(metadata={"note": "4242-4242-4242-4242"}), "metadata"),
        (payments_pb.CreatePaymentRequest(metadata={VISA: "note"}), "metadata"),
        (
            payments_pb.CreatePaymentRequest(metadata={"full width": "".join(chr(0xFF10 + int(d)) for d in VISA)}),
            "metadata",
        ),
        (
            payments_pb.CreatePaymentRequest(order=tollbridge.Order(lines=[tollbridge.OrderLine(name=VISA)])),
            "order.lines[0].name",
        ),
        (
            payments_pb.CreatePaymentRequest(
                customer=tollbridge.Customer(billing_address=tollbridge.Address(line1="378282246310005"))
            ),
            "customer.billing_address.line1",
        ),
        (payments_pb.CancelPaymentRequest(reason=VISA), "reason"),
        (refunds_pb.CreateRefundRequest(reason=f"wrong card, {VISA}"), "reason"),
    ],
)
def test_a_card_number_in_a_text_is_refused_by_field_and_not_repeated(request_: Message, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        refuse_card_numbers(request_)

    assert refused.value.reason is ErrorReason.REQUEST_INVALID
    assert [violation.field for violation in refused.value.violations] == [field]
    assert "4242" not in refused.value.message
    assert "payment_method.card" in refused.value.message


@pytest.mark.parametrize(
    "request_",
    [
        payments_pb.CreatePaymentRequest(payment_method={"card": {"number": VISA}}),
        payments_pb.CreatePaymentRequest(merchant_reference=VISA),
        payments_pb.CreatePaymentRequest(description="4242424242424241 has another check digit"),
        payments_pb.CreatePaymentRequest(description="trade 2026010222001400000000000001"),
        payments_pb.CreatePaymentRequest(metadata={"created": "1790000000000000", "part": f"99{VISA}9999"}),
        payments_pb.CreatePaymentRequest(customer={"identity": {"number": VISA}, "phone": "+8613800000000"}),
        payments_pb.GetPaymentRequest(lookup={"merchant_reference": VISA}),
    ],
)
def test_what_is_no_card_number_or_is_where_it_belongs_passes(request_: Message) -> None:
    refuse_card_numbers(request_)
