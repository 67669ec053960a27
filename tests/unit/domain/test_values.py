from __future__ import annotations

import dataclasses

import pytest
from tollbridge_server.domain import ids
from tollbridge_server.domain.evidence import NextAction, NextActionKind
from tollbridge_server.domain.money import CURRENCY_EXPONENTS, Money, is_known_currency
from tollbridge_server.domain.order import Address, Customer, Device, Identity, Order
from tollbridge_server.domain.payment_method import Card, MethodKind, PaymentMethod
from tollbridge_server.domain.values import replace


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(1999, "EUR"), "19.99 EUR"),
        (Money(5, "EUR"), "0.05 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(1999, "JPY"), "1999 JPY"),
        (Money(1999, "KWD"), "1.999 KWD"),
    ],
)
def test_money_is_written_with_its_currency_s_own_exponent(money: Money, written: str) -> None:
    assert str(money) == written


@pytest.mark.parametrize("amount", [1.0, "1", True, None])
def test_an_amount_is_an_integer_and_nothing_else(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_currencies_are_those_of_iso_4217_with_their_exponents() -> None:
    assert (CURRENCY_EXPONENTS["JPY"], CURRENCY_EXPONENTS["CNY"], CURRENCY_EXPONENTS["KWD"]) == (0, 2, 3)
    assert not is_known_currency("eur")
    assert not is_known_currency("XXX")


def test_an_identifier_is_a_prefix_and_26_characters() -> None:
    made = ids.time_ordered_id("pay", now_ms=1_790_000_000_000, entropy=bytes(range(16)))
    prefix, _, rest = made.partition("_")
    assert prefix == "pay"
    assert len(rest) == 26
    assert set(rest) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_identifiers_sort_by_their_time_whatever_their_entropy() -> None:
    times = [0, 1, 31, 32, 1023, 1024, 1_790_000_000_000, 1_790_000_000_001, 2**48 - 1]
    made = [ids.time_ordered_id("x", now_ms=time, entropy=bytes([255 * (n % 2)] * 16)) for n, time in enumerate(times)]
    assert made == sorted(made)
    assert len(set(made)) == len(times)


def test_every_bit_of_the_entropy_makes_another_identifier() -> None:
    bits = [bit for bit in range(128) if bit % 8 < 5]  # A byte of 32 values makes a character of 32.
    made = {ids.time_ordered_id("x", now_ms=1, entropy=(1 << bit).to_bytes(16, "big")) for bit in bits}
    assert len(made) == 80


def test_a_request_reference_is_what_every_provider_accepts() -> None:
    made = ids.request_reference(entropy=bytes(range(200, 232)))
    assert len(made) == 32
    assert made.isascii()
    assert made.isalnum()


@pytest.mark.parametrize(
    "secretive",
    [
        Card("4242424242424242", 12, 2035, "123", "Test Payer"),
        PaymentMethod(MethodKind.WECHAT_CODE, parameters=(("auth_code", "4242424242424242"),)),
        PaymentMethod(MethodKind.CARD, card=Card("4242424242424242", 12, 2035, "123")),
        Customer(email="payer@example.com", name="Test Payer", phone="+4912345"),
        Identity("PASSPORT", "4242424242424242", "Test Payer"),
        Address(line1="1 Test Street", city="Testville"),
        Device(user_agent="Test Payer", device_id="4242424242424242"),
        Order(shipping_name="Test Payer", shipping_address=Address(line1="1 Test Street")),
        NextAction(NextActionKind.SDK_PARAMETERS, fields=(("token", "4242424242424242"),)),
    ],
)
def test_nothing_that_is_secret_or_personal_stands_in_a_repr(secretive: object) -> None:
    shown = repr(secretive)
    for hidden in ("4242424242424242", "123", "Test", "payer@example.com", "2035"):
        assert hidden not in shown


def test_only_a_method_without_secrets_can_be_sent_again_from_stored_rows() -> None:
    assert PaymentMethod(MethodKind.ALIPAY_QR).is_replayable
    assert not PaymentMethod(MethodKind.CARD, card=Card("4242424242424242", 12, 2035, "123")).is_replayable
    assert not PaymentMethod(MethodKind.WECHAT_CODE, parameters=(("auth_code", "1"),)).is_replayable


def test_a_changed_copy_is_what_the_library_makes() -> None:
    card = Card("4242424242424242", 12, 2035, "123", "Test Payer")
    assert replace(card, cvv="999") == dataclasses.replace(card, cvv="999")
    assert replace(Money(1, "EUR"), amount_minor=2) == Money(2, "EUR")
    with pytest.raises(KeyError):
        replace(card, pin="1234")  # type: ignore[call-arg]
