"""What the repositories ask of an open transaction, whichever database holds it."""

from __future__ import annotations

from typing import Protocol

from tollbridge_server.storage.statements import Row, Value


class Session(Protocol):
    """An open transaction on a raw driver connection; SQL has the dialect's positional placeholders."""

    def all(self, sql: str, arguments: tuple[Value, ...] = ()) -> list[Row]:
        """Return every row."""
        ...

    def one(self, sql: str, arguments: tuple[Value, ...] = ()) -> Row | None:
        """Return the first row, or None."""
        ...

    def run(self, sql: str, arguments: tuple[Value, ...] = ()) -> int:
        """Change rows; return how many."""
        ...

    def changed(self, payment_id: str) -> None:
        """Remember that the transaction changes this payment: watchers hear of it after the commit."""
        ...
