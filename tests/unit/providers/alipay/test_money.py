"""Fen become yuan and come back, and nothing that is not exactly an amount is read as one."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.money import Money
from tollbridge_server.providers.alipay.money import AmountUnreadable, is_payable, money_of, yuan_of


@pytest.mark.parametrize(
    ("fen", "yuan"), [(1, "0.01"), (10, "0.10"), (8888, "88.88"), (0, "0.00"), (10_000_000_000, "100000000.00")]
)
def test_an_amount_is_written_and_read_back(fen: int, yuan: str) -> None:
    assert yuan_of(Money(fen, "CNY")) == yuan
    assert money_of(yuan) == Money(fen, "CNY")


def test_fewer_decimals_are_read() -> None:
    assert (money_of("88.8").amount_minor, money_of("88").amount_minor) == (8880, 8800)


@pytest.mark.parametrize(
    "text", ["", "88.888", "-1.00", "1e3", "1,000.00", " 1.00", "1.", ".5", "٣.00", "NaN", "1.00\n"]
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(AmountUnreadable):
        money_of(text)


@pytest.mark.parametrize("amount", [Money(100, "USD"), Money(-1, "CNY")])
def test_what_alipay_does_not_take_is_not_written(amount: Money) -> None:
    with pytest.raises(ValueError, match="CNY"):
        yuan_of(amount)


def test_alipays_limits_are_known() -> None:
    fens = [0, 1, 10_000_000_000, 10_000_000_001]
    assert [is_payable(Money(fen, "CNY")) for fen in fens] == [False, True, True, False]
    assert not is_payable(Money(100, "HKD"))
