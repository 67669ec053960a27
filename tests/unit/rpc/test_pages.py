"""Page tokens: good for the page they name, and for nothing and nobody else."""

from __future__ import annotations

import string

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from tollbridge.v1 import payment_pb2, payment_service_pb2, refund_service_pb2
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc.pages import PageTokens, page_limit
from tollbridge_server.services.requests import Caller

TOKENS = PageTokens(b"k" * 32)
ACME = Caller("acme", "backend", frozenset())
OTHER = Caller("other", "backend", frozenset())
NEXT = "pay_01JH8Y2M6ZC3T9V4QK7N5XWERD"
SPELLING = string.ascii_letters + string.digits + "-_+/="


def listing() -> payment_service_pb2.ListPaymentsRequest:
    request = payment_service_pb2.ListPaymentsRequest(provider="sandbox", merchant_reference="A-1")
    request.states.append(payment_pb2.PAYMENT_STATE_FAILED)
    request.create_time_from.seconds = 1_790_000_000
    return request


def assert_refused(caller: Caller, request: Message, token: str, *, tokens: PageTokens = TOKENS) -> None:
    with pytest.raises(RequestError) as caught:
        tokens.read(caller, request, token)
    assert caught.value.reason is ErrorReason.PAGE_TOKEN_INVALID
    assert caught.value.facts == {"field": "page_token"}
    assert [violation.field for violation in caught.value.violations] == ["page_token"]


def test_a_token_leads_to_its_page() -> None:
    assert TOKENS.read(ACME, listing(), TOKENS.make(ACME, listing(), NEXT)) == NEXT


def test_no_token_is_the_first_page_and_no_next_page_is_no_token() -> None:
    assert TOKENS.read(ACME, listing(), "") == ""
    assert TOKENS.make(ACME, listing(), "") == ""


def test_page_size_and_page_token_are_no_part_of_the_filter() -> None:
    token = TOKENS.make(ACME, listing(), NEXT)
    request = listing()
    request.page_size = 7
    request.page_token = token
    assert TOKENS.read(ACME, request, token) == NEXT


def test_reading_leaves_the_request_as_it_was() -> None:
    request = listing()
    request.page_size, request.page_token = 7, TOKENS.make(ACME, listing(), NEXT)
    before = request.SerializeToString(deterministic=True)
    TOKENS.read(ACME, request, request.page_token)
    TOKENS.make(ACME, request, NEXT)
    assert request.SerializeToString(deterministic=True) == before


def test_another_server_with_the_same_key_takes_the_token() -> None:
    assert PageTokens(b"k" * 32).read(ACME, listing(), TOKENS.make(ACME, listing(), NEXT)) == NEXT


def test_a_token_of_another_merchant_is_refused() -> None:
    assert_refused(OTHER, listing(), TOKENS.make(ACME, listing(), NEXT))


def test_a_token_of_another_key_is_refused() -> None:
    assert_refused(ACME, listing(), TOKENS.make(ACME, listing(), NEXT), tokens=PageTokens(b"j" * 32))


def test_a_token_of_another_list_is_refused_though_the_filters_have_the_same_bytes() -> None:
    payments, refunds = payment_service_pb2.ListPaymentsRequest(), refund_service_pb2.ListRefundsRequest()
    assert payments.SerializeToString() == refunds.SerializeToString()
    assert_refused(ACME, refunds, TOKENS.make(ACME, payments, NEXT))


@pytest.mark.parametrize(
    "field",
    sorted(
        {field.name for field in payment_service_pb2.ListPaymentsRequest.DESCRIPTOR.fields}
        - {"page_size", "page_token"}
    ),
)
def test_a_token_is_refused_when_a_filter_has_changed(field: str) -> None:
    changed = listing()
    match field:
        case "states":
            changed.states.append(payment_pb2.PAYMENT_STATE_EXPIRED)
        case "create_time_from" | "create_time_before":
            getattr(changed, field).seconds = 1
        case _:
            setattr(changed, field, "changed")
    assert_refused(ACME, changed, TOKENS.make(ACME, listing(), NEXT))


@given(data=st.data())
def test_a_token_with_one_character_changed_added_or_removed_is_refused(data: st.DataObject) -> None:
    token = TOKENS.make(ACME, listing(), NEXT)
    at = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.sampled_from(SPELLING).filter(lambda drawn: drawn != token[at]))
    # Adding or removing within a run of equal characters would give the same token, so the ends are taken for these.
    altered = (token[:at] + character + token[at + 1 :], token + character, token[:-1], token[1:])
    for other in altered:
        assert_refused(ACME, listing(), other)


@given(st.text(min_size=1, max_size=200))
def test_a_text_that_is_no_token_is_refused(text: str) -> None:
    assert_refused(ACME, listing(), text)


def test_a_token_fits_the_contract_however_long_the_identifier() -> None:
    assert len(TOKENS.make(ACME, listing(), "pay_" + "z" * 60)) <= 1024


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (20, 20), (100, 100), (101, 100), (0, 20)])
def test_a_page_has_as_many_entries_as_asked_for_up_to_100_and_20_by_default(asked: int, given: int) -> None:
    assert page_limit(asked) == given
