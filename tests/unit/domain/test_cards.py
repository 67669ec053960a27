from __future__ import annotations

from dataclasses import replace

import pytest
from tollbridge_server.domain.cards import CARD_BRANDS, brand_of, check_card, passes_luhn, summarize_card
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.domain.payment_method import Card

VISA = Card("4242424242424242", 12, 2035, "123")
TODAY = {"year": 2026, "month": 11}

PUBLISHED = {
    "4242424242424242": "visa",
    "5555555555554444": "mastercard",
    "2223003122003222": "mastercard",
    "378282246310005": "amex",
    "6011111111111117": "discover",
    "3056930009020004": "diners",
    "36227206271667": "diners",
    "3566002020360505": "jcb",
    "6200000000000005": "unionpay",
}


@pytest.mark.parametrize(("number", "brand"), PUBLISHED.items())
def test_a_published_test_number_has_its_brand_and_check_digit(number: str, brand: str) -> None:
    found = brand_of(number)
    assert found is not None
    assert found.name == brand
    assert passes_luhn(number)
    assert len(number) in found.lengths


@pytest.mark.parametrize("number", PUBLISHED)
def test_every_single_wrong_digit_is_caught(number: str) -> None:
    for place, digit in enumerate(number):
        for wrong in set("0123456789") - {digit}:
            assert not passes_luhn(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("brand", CARD_BRANDS, ids=lambda brand: brand.name)
def test_a_brand_s_ranges_hold_their_edges_and_no_more(brand) -> None:  # type: ignore[no-untyped-def]
    for low, high in brand.prefixes:
        assert len(low) == len(high)
        for edge in (low, high):
            found = brand_of(edge.ljust(16, "0"))
            assert found is not None
            assert found.name == brand.name


@pytest.mark.parametrize(
    ("prefix", "brand"), [("2220", None), ("2721", None), ("3527", None), ("3590", None), ("643", None), ("1", None)]
)
def test_a_number_beside_a_range_has_no_brand(prefix: str, brand: str | None) -> None:
    assert brand_of(prefix.ljust(16, "0")) is brand


@pytest.mark.parametrize(
    ("card", "reason", "field"),
    [
        (replace(VISA, number="4242424242424241"), ErrorReason.CARD_NUMBER_INVALID, "number"),
        (replace(VISA, number="424242424242424"), ErrorReason.CARD_NUMBER_INVALID, "number"),
        (replace(VISA, number="4242 4242 4242 4242"), ErrorReason.CARD_NUMBER_INVALID, "number"),
        (replace(VISA, number="٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), ErrorReason.CARD_NUMBER_INVALID, "number"),
        (replace(VISA, number="9999999999999995"), ErrorReason.CARD_BRAND_UNSUPPORTED, "number"),
        (replace(VISA, expiry_year=2026, expiry_month=10), ErrorReason.CARD_EXPIRED, "expiry_year"),
        (replace(VISA, expiry_year=2025, expiry_month=12), ErrorReason.CARD_EXPIRED, "expiry_year"),
        (replace(VISA, cvv="12"), ErrorReason.CVV_INVALID, "cvv"),
        (replace(VISA, cvv="1234"), ErrorReason.CVV_INVALID, "cvv"),
        (replace(VISA, cvv="12a"), ErrorReason.CVV_INVALID, "cvv"),
        (replace(VISA, number="378282246310005", cvv="123"), ErrorReason.CVV_INVALID, "cvv"),
    ],
)
def test_a_wrong_card_is_refused_by_field_and_never_by_value(card: Card, reason: ErrorReason, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        check_card(card, **TODAY)
    error = refused.value
    assert error.reason is reason
    assert error.violations[0].field == f"payment_method.card.{field}"
    told = f"{error} {error.facts} {error.violations}"
    assert card.number not in told
    assert card.number[-4:] not in told


def test_a_card_is_good_through_the_last_month_of_its_expiry() -> None:
    check_card(replace(VISA, expiry_year=2026, expiry_month=11), **TODAY)


def test_a_card_without_a_cvv_may_be_sent() -> None:
    check_card(replace(VISA, cvv=""), **TODAY)


def test_a_summary_holds_the_first_six_and_the_last_four_alone() -> None:
    summary = summarize_card(VISA, check_card(VISA, **TODAY))
    assert (summary.bin, summary.last_four, summary.brand) == ("424242", "4242", "visa")
    assert VISA.number not in repr(summary)
    assert VISA.cvv not in repr(summary)
