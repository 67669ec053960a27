"""What a provider's daily bill says, in our words: one row for each payment and refund that it counted on that day.

Refuses nothing itself; whoever reads a bill refuses one that is cut off or does not add up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol, runtime_checkable


class BillUnreadable(ValueError):
    """Content that is no whole bill of the provider's form; the text is for the log and holds no row."""


class BillRowKind(StrEnum):
    """What a row of a bill is."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRow:
    """One transaction. What leaves the merchant is negative: the amounts of a refund, and the fee of a payment.

    `charge_reference` and `refund_reference` are what we sent (the latter is empty for a payment),
    `provider_reference` is the provider's number of the payment. `amount_minor` is what was asked for,
    `received_minor` what the merchant is paid or pays of it before the fee, both in minor units; the fee is in
    millionths of the currency's unit, since some providers write fractions of a cent. `occurred_at_us` is in
    microseconds since the epoch. `status` is the provider's own word, where its bill has one.
    """

    kind: BillRowKind
    provider_reference: str
    charge_reference: str
    refund_reference: str
    occurred_at_us: int
    amount_minor: int
    received_minor: int
    fee_micros: int
    currency: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """A day's transactions in the order of the bill."""

    rows: tuple[BillRow, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoBill:
    """There is none; `is_retryable` says that it may come later.

    `is_day_refused` says that the provider takes the day for a wrong one: not over there, or too long ago.
    """

    reason: str
    is_retryable: bool
    is_day_refused: bool = False


@runtime_checkable
class BillSource(Protocol):
    """An adapter whose provider has bills to download."""

    async def fetch_bill(self, day: date) -> Bill | NoBill:
        """Return the transactions of `day` in the provider's own time zone. It never raises for what they send."""
        ...
