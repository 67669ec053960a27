"""A provider's book as a test wants it, beside the database of the real services."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.books import BookedCharge, BookedEffect, ProviderBook
from tollbridge_server.services.verification import Verification, Verifier

from tests.unit.services.scripted import Bridge

ACCOUNT = "acme-1"


class Book:
    """ProviderBook over a list."""

    def __init__(self, charges: Iterable[BookedCharge]) -> None:
        self._charges = tuple(charges)

    def charges(self) -> Iterable[BookedCharge]:
        return self._charges


def effect(kind: OperationKind, reference: str, charge: str, amount_minor: int, currency: str = "EUR") -> BookedEffect:
    return BookedEffect(kind, reference, charge, amount_minor, currency)


def sale(
    reference: str, amount_minor: int = 1000, *, refunded_minor: int = 0, more: tuple[BookedEffect, ...] = ()
) -> BookedCharge:
    """A charge that took its money at once."""
    opening = effect(OperationKind.SALE, reference, reference, amount_minor)
    return BookedCharge(reference, "EUR", amount_minor, amount_minor, refunded_minor, False, (opening, *more))


async def verify(bridge: Bridge, *charges: BookedCharge, has_book: bool = True) -> Verification:
    """Check the bridge's database, and the book beside it."""
    books: dict[str, ProviderBook] = {ACCOUNT: Book(charges)} if has_book else {}
    return await Verifier(bridge.storage, books).verify()


def rules(found: Verification) -> set[str]:
    return {broken.rule for broken in found.breaks}


def corrupt(directory: Path, sql: str) -> None:
    """Change the bridge's database behind its back, as no code of the product could."""
    connection = sqlite3.connect(directory / "bridge.db", isolation_level=None)
    try:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        assert connection.execute(sql).rowcount > 0, "the corruption changed nothing"
    finally:
        connection.close()
