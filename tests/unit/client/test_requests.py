"""What is sent is what the arguments say; what can not be meant is refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import tollbridge
from google.protobuf.timestamp_pb2 import Timestamp
from tollbridge._money import EXPONENTS
from tollbridge.v1.payment_service_pb2 import (
    CancelPaymentResponse,
    CapturePaymentResponse,
    ConfirmPaymentResponse,
    CreatePaymentRequest,
    CreatePaymentResponse,
    GetPaymentResponse,
)
from tollbridge.v1.refund_service_pb2 import CreateRefundResponse, GetRefundResponse
from tollbridge.v1.status_service_pb2 import BatchGetStatusResponse
from tollbridge_server.domain.money import CURRENCY_EXPONENTS

from tests.unit.client.conftest import Caller
from tests.unit.client.scripted import ScriptedServer

TEN_EUROS = tollbridge.Money(currency_code="EUR", amount_minor=1000)
CARD = tollbridge.PaymentMethod(
    card=tollbridge.Card(number="4242424242424242", expiry_month=12, expiry_year=2030, cvv="123")
)


def test_every_argument_of_a_payment_reaches_the_server(server: ScriptedServer, client: Caller) -> None:
    server.script("CreatePayment", CreatePaymentResponse(replayed=True))
    until = datetime(2030, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)
    plain: dict[str, Any] = {
        "idempotency_key": "key-1",
        "merchant_reference": "order-1",
        "amount": TEN_EUROS,
        "payment_method": CARD,
        "capture_method": tollbridge.CAPTURE_METHOD_MANUAL,
        "on_decline": tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD,
        "order": tollbridge.Order(lines=[tollbridge.OrderLine(name="Tea")]),
        "customer": tollbridge.Customer(name="A B"),
        "metadata": {"shop": "3"},
        "description": "Tea",
        "statement_descriptor": "TEA SHOP",
        "return_url": "https://shop.example/back",
        "provider_account_id": "sandbox-eu",
    }

    answer = client.call("create_payment", **plain, expire_time=until)

    expected = CreatePaymentRequest(**plain)
    expected.expire_time.FromDatetime(until)
    assert answer.replayed
    assert server.calls[0].request == expected
    assert {field.name for field, _ in expected.ListFields()} == set(CreatePaymentRequest.DESCRIPTOR.fields_by_name)


def test_arguments_that_are_left_out_are_left_unset(server: ScriptedServer, client: Caller) -> None:
    server.script("CreatePayment", CreatePaymentResponse())

    client.call("create_payment", amount=TEN_EUROS, payment_method=CARD, idempotency_key="key-1")

    sent = server.calls[0].request
    assert sent == CreatePaymentRequest(amount=TEN_EUROS, payment_method=CARD, idempotency_key="key-1")


@pytest.mark.parametrize(
    ("rpc", "arguments", "answer"),
    [
        (
            "confirm_payment",
            {"payment_id": "pay_1", "action_result": {"a": "b"}},
            ConfirmPaymentResponse(replayed=True),
        ),
        ("capture_payment", {"payment_id": "pay_1", "final_capture": True}, CapturePaymentResponse(replayed=True)),
        ("cancel_payment", {"payment_id": "pay_1", "reason": "sold out"}, CancelPaymentResponse(replayed=True)),
        ("create_refund", {"payment_id": "pay_1", "amount": TEN_EUROS}, CreateRefundResponse(replayed=True)),
        ("get_refund", {"refund_id": "re_1"}, GetRefundResponse(refund=tollbridge.Refund(refund_id="re_1"))),
        (
            "batch_get_status",
            {"lookups": [tollbridge.PaymentLookup(payment_id="pay_1")]},
            BatchGetStatusResponse(results=[tollbridge.BatchGetStatusResult()]),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_method_calls_its_rpc_with_its_fields(
    rpc: str, arguments: dict[str, Any], answer: Any, server: ScriptedServer, client: Caller
) -> None:
    name = "".join(word.capitalize() for word in rpc.split("_"))
    server.script(name, answer)

    assert client.call(rpc, **arguments) == answer

    sent = server.calls[0].request
    assert server.calls[0].rpc == name
    for field, value in arguments.items():
        assert getattr(sent, field) == value


@pytest.mark.parametrize("name", ["payment_id", "merchant_reference", "provider_reference"])
def test_a_payment_is_looked_up_by_either_name(name: str, server: ScriptedServer, client: Caller) -> None:
    server.script("GetPayment", GetPaymentResponse())

    client.call("get_payment", **{name: "x"})

    assert server.calls[0].request.lookup == tollbridge.PaymentLookup(**{name: "x"})


@pytest.mark.parametrize("rpc", ["get_payment", "get_status", "watch_status", "get_refund"])
@pytest.mark.parametrize("names", [{}, {"merchant_reference": "x", "provider_reference": "y"}], ids=["none", "two"])
def test_a_lookup_takes_exactly_one_name(rpc: str, names: dict[str, str], client: Caller) -> None:
    with pytest.raises(TypeError, match="exactly one"):
        client.call(rpc, **names)


def test_a_timestamp_may_be_given_as_it_is(server: ScriptedServer, client: Caller) -> None:
    server.script("CreatePayment", CreatePaymentResponse())

    client.call("create_payment", amount=TEN_EUROS, payment_method=CARD, expire_time=Timestamp(seconds=7, nanos=8))

    assert server.calls[0].request.expire_time == Timestamp(seconds=7, nanos=8)


def test_a_time_without_a_zone_is_refused(client: Caller) -> None:
    naive = datetime(2030, 1, 1)  # noqa: DTZ001  # Exactly what must be refused.

    with pytest.raises(ValueError, match="time zone"):
        client.call("create_payment", amount=TEN_EUROS, payment_method=CARD, expire_time=naive)


# --- checks before sending -------------------------------------------------------------------------------------------


def test_a_request_that_breaks_a_rule_is_not_sent_if_checks_are_wanted(
    server: ScriptedServer, connect: Callable[..., Caller]
) -> None:
    client = connect(server.target, validate=True)
    card = tollbridge.PaymentMethod(card=tollbridge.Card(number="1", expiry_month=12, expiry_year=2030))

    with pytest.raises(tollbridge.InvalidArgument) as caught:
        client.call("create_payment", amount=TEN_EUROS, payment_method=card, idempotency_key="key-1")

    error = caught.value
    assert type(error) is tollbridge.RequestInvalid
    assert [violation.field for violation in error.violations] == ["payment_method.card.number"]
    assert (error.reason, error.effect, error.idempotency_key) == ("REQUEST_INVALID", "EXCLUDED", "key-1")
    assert server.calls == []


def test_an_element_of_a_list_is_named_by_its_place(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    client = connect(server.target, validate=True)
    lookups = [tollbridge.PaymentLookup(payment_id="pay_1"), tollbridge.PaymentLookup(payment_id="?")]

    with pytest.raises(tollbridge.RequestInvalid) as caught:
        client.call("batch_get_status", lookups=lookups)

    assert [violation.field for violation in caught.value.violations] == ["lookups[1].payment_id"]


def test_a_watch_is_checked_when_it_is_asked_for(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    client = connect(server.target, validate=True)

    with pytest.raises(tollbridge.RequestInvalid):
        client.client.watch_status(payment_id="?")


def test_a_good_request_passes_the_checks(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    server.script("CreatePayment", CreatePaymentResponse(replayed=True))

    assert connect(server.target, validate=True).call("create_payment", amount=TEN_EUROS, payment_method=CARD).replayed


def test_without_checks_the_server_is_asked(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", CapturePaymentResponse())

    client.call("capture_payment", payment_id="?")

    assert len(server.calls) == 1


# --- money -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("19.99", "EUR", 1999),
        (Decimal("1.1"), "KWD", 1100),
        (500, "JPY", 500),
        ("0.10", "CNY", 10),
    ],
)
def test_money_is_made_of_major_units_and_back(amount: Decimal | str | int, currency: str, minor: int) -> None:
    made = tollbridge.money(amount, currency)

    assert made == tollbridge.Money(currency_code=currency, amount_minor=minor)
    assert tollbridge.decimal_amount(made) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("19.999", "EUR"),
        ("1.5", "JPY"),
        ("abc", "EUR"),
        ("1e2", "USD"),
        (" 1", "USD"),
        ("99999999999999999999", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1", "eur"),
        ("1", "XXX"),
    ],
)
def test_an_amount_that_the_currency_can_not_hold_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError):
        tollbridge.money(amount, currency)


def test_a_float_is_no_amount() -> None:
    with pytest.raises(TypeError):
        tollbridge.money(19.99, "EUR")  # type: ignore[arg-type]


def test_client_and_server_know_the_same_currencies() -> None:
    assert EXPONENTS == CURRENCY_EXPONENTS
