"""What a check of our books asks of a provider's own: every effect that it booked, under the reference that we sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tollbridge_server.domain.operation import OperationKind


class BookUnreadable(Exception):
    """A file that is no provider's book; the message names it."""


@dataclass(frozen=True, slots=True)
class BookedEffect:
    """One effect in a provider's book; a cancel has the amount that it released."""

    kind: OperationKind
    request_reference: str
    charge_reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class BookedCharge:
    """What a provider holds for one charge of ours, in minor units."""

    request_reference: str
    currency: str
    authorized_minor: int
    captured_minor: int
    refunded_minor: int
    is_voided: bool
    effects: tuple[BookedEffect, ...]


class ProviderBook(Protocol):
    """The book of one provider account."""

    def charges(self) -> Iterable[BookedCharge]: ...
