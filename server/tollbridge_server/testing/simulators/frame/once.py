"""What happens once at a simulator, also over a restart: a request is lost on purpose, a payment code is used."""

from __future__ import annotations

import sqlite3

DROPPED_SCHEMA = """
CREATE TABLE IF NOT EXISTS dropped (
    account TEXT NOT NULL, reference TEXT NOT NULL, PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
"""
"""The table for requests that were lost; a book's own schema includes it."""

CODES_SCHEMA = """
CREATE TABLE IF NOT EXISTS used_codes (
    auth_code TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
"""The table for payment codes; the schema of a book whose provider takes them includes it."""


class Once:
    """The rows of both inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def drop(self, account: str, reference: str) -> bool:
        """Note that a request was lost on purpose; False when it was lost before, so that this one gets through."""
        return self._execute("INSERT OR IGNORE INTO dropped VALUES (?, ?)", (account, reference)).rowcount == 1

    def use_code(self, auth_code: str, account: str, reference: str) -> bool:
        """Note who used a payment code; False when it was used for something else before."""
        self._execute("INSERT OR IGNORE INTO used_codes VALUES (?, ?, ?)", (auth_code, account, reference))
        found = self._execute("SELECT account, reference FROM used_codes WHERE auth_code = ?", (auth_code,)).fetchone()
        return bool(found == (account, reference))
