"""A list walks through its pages lazily, with unchanged filters, and ends."""

from __future__ import annotations

from datetime import UTC, datetime

import grpc
import pytest
import tollbridge
from tollbridge.v1.payment_service_pb2 import ListPaymentsResponse
from tollbridge.v1.refund_service_pb2 import ListRefundsResponse

from tests.unit.client.conftest import Caller
from tests.unit.client.scripted import LOST, Refusal, ScriptedServer


def page(*names: str, following: str = "") -> ListPaymentsResponse:
    return ListPaymentsResponse(
        payments=[tollbridge.Payment(payment_id=name) for name in names], next_page_token=following
    )


THREE = (page("pay_1", "pay_2", following="second"), page(following="third"), page("pay_3"))


def tokens(server: ScriptedServer) -> list[str]:
    return [call.request.page_token for call in server.calls]


def test_items_of_three_pages_come_in_order_even_if_one_is_empty(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", *THREE)

    names = [payment.payment_id for payment in client.items("list_payments")]

    assert names == ["pay_1", "pay_2", "pay_3"]
    assert tokens(server) == ["", "second", "third"]


def test_every_page_is_asked_for_with_the_same_filters(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", *THREE)
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    list(
        client.items(
            "list_payments",
            states=[tollbridge.PAYMENT_STATE_AUTHORIZED],
            merchant_reference="A-1",
            page_size=2,
            create_time_from=since,
        )
    )

    for call in server.calls:
        assert list(call.request.states) == [tollbridge.PAYMENT_STATE_AUTHORIZED]
        assert (call.request.merchant_reference, call.request.page_size) == ("A-1", 2)
        assert call.request.create_time_from.ToDatetime(UTC) == since


def test_pages_are_given_out_as_responses(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", *THREE)

    assert list(client.pages("list_payments")) == list(THREE)


def test_a_list_is_resumed_at_a_token(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", THREE[2])

    list(client.items("list_payments", page_token="third"))

    assert tokens(server) == ["third"]


def test_nothing_is_fetched_before_it_is_needed(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", *THREE)

    items = client.items("list_payments")
    assert server.calls == []
    next(items)
    next(items)

    assert tokens(server) == [""]


def test_a_page_is_repeated_after_a_lost_connection(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", THREE[0], LOST, *THREE[1:])

    assert len(list(client.items("list_payments"))) == 3
    assert tokens(server) == ["", "second", "second", "third"]


def test_a_refused_page_raises(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", Refusal(code=grpc.StatusCode.INVALID_ARGUMENT, reason="PAGE_TOKEN_INVALID"))

    with pytest.raises(tollbridge.PageTokenInvalid):
        list(client.items("list_payments"))


def test_a_server_that_turns_in_a_circle_is_not_followed(server: ScriptedServer, client: Caller) -> None:
    server.script("ListPayments", page("pay_1", following="same"), page("pay_2", following="same"))

    with pytest.raises(RuntimeError, match="never end"):
        list(client.items("list_payments"))


def test_refunds_are_listed_alike(server: ScriptedServer, client: Caller) -> None:
    server.script(
        "ListRefunds",
        ListRefundsResponse(refunds=[tollbridge.Refund(refund_id="re_1")], next_page_token="second"),
        ListRefundsResponse(refunds=[tollbridge.Refund(refund_id="re_2")]),
    )

    refunds = client.items("list_refunds", payment_id="pay_1", states=[tollbridge.REFUND_STATE_SUCCEEDED])

    assert [refund.refund_id for refund in refunds] == ["re_1", "re_2"]
