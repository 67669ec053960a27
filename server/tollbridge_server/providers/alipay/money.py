"""Alipay writes amounts as yuan with two decimals; refuses every other form, and never makes a float of one."""

from __future__ import annotations

import re

from tollbridge_server.domain.money import Money

CURRENCY = "CNY"
MIN_FEN = 1
MAX_FEN = 10_000_000_000
"""Alipay takes 0.01 to 100,000,000 yuan."""

_YUAN = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?", re.ASCII)


class AmountUnreadable(ValueError):
    """Text that is no amount in yuan."""


def yuan_of(amount: Money) -> str:
    """Return an amount of CNY as yuan: 8888 fen are "88.88". Raises ValueError for another currency or a negative."""
    if amount.currency != CURRENCY or amount.amount_minor < 0:
        raise ValueError("Alipay takes positive amounts of CNY")
    yuan, fen = divmod(amount.amount_minor, 100)
    return f"{yuan}.{fen:02}"


def money_of(yuan: str) -> Money:
    """Return the amount in a text such as "88.88". Raises AmountUnreadable."""
    matched = _YUAN.fullmatch(yuan)
    if matched is None:
        raise AmountUnreadable("this is no amount in yuan")
    fen = (matched[2] or "").ljust(2, "0")
    return Money(int(matched[1]) * 100 + int(fen), CURRENCY)


def is_payable(amount: Money) -> bool:
    """Whether Alipay takes the amount at all."""
    return amount.currency == CURRENCY and MIN_FEN <= amount.amount_minor <= MAX_FEN
