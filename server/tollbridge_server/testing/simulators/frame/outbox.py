"""Notifications that wait in a simulator's book until they are acknowledged; they survive a restart."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

OUTBOX_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY, event_id TEXT NOT NULL, account TEXT NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL,
    due_at_us INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, is_closed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due_at_us) WHERE is_closed = 0;
CREATE INDEX IF NOT EXISTS outbox_by_event ON outbox (event_id);
"""
"""The table that an Outbox works on; a book's own schema includes it."""

COPIES = 3
"""How often a duplicated notification comes at the least."""

_DUE_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One sending of a notification; `number` orders them, and an event that is sent twice has two.

    `url` is where it goes, empty where the account's own address counts.
    """

    number: int
    event_id: str
    account: str
    url: str
    body: bytes
    tries: int
    is_closed: bool


class Outbox:
    """The outbox's rows inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def post(self, event_id: str, account: str, body: bytes, *, due_at_us: int, url: str = "") -> None:
        """Let a notification wait until `due_at_us`, microseconds since the epoch."""
        self._execute(
            "INSERT INTO outbox (event_id, account, url, body, due_at_us) VALUES (?, ?, ?, ?, ?)",
            (event_id, account, url, body, due_at_us),
        )

    def due(self, now_us: int) -> list[OutboxEntry]:
        """Return what waits to be delivered, the longest due first."""
        return self._read(f"is_closed = 0 AND due_at_us <= ? ORDER BY due_at_us, number LIMIT {_DUE_AT_ONCE}", now_us)

    def has_untried(self, account: str, now_us: int) -> bool:
        """Whether a notification of an account is due that was never sent."""
        where = "is_closed = 0 AND tries = 0 AND account = ? AND due_at_us <= ? LIMIT 1"
        return bool(self._read(where, account, now_us))

    def latest(self, account: str, *, limit: int) -> list[OutboxEntry]:
        """Return the latest sendings of an account, the newest first, delivered or not."""
        return self._read("account = ? ORDER BY number DESC LIMIT ?", account, limit)

    def find(self, event_id: str) -> OutboxEntry | None:
        """Return the first sending of an event, delivered or not."""
        return next(iter(self._read("event_id = ? ORDER BY number LIMIT 1", event_id)), None)

    def close(self, number: int) -> None:
        """Stop sending: it was acknowledged, or tried often enough. It stays to be looked at and sent again."""
        self._execute("UPDATE outbox SET tries = tries + 1, is_closed = 1 WHERE number = ?", (number,))

    def deliver_later(self, number: int, *, due_at_us: int) -> None:
        """Note a try that failed, and when the next one is due."""
        self._execute("UPDATE outbox SET tries = tries + 1, due_at_us = ? WHERE number = ?", (due_at_us, number))

    def _read(self, where: str, *values: object) -> list[OutboxEntry]:
        rows = self._execute(
            f"SELECT number, event_id, account, url, body, tries, is_closed FROM outbox WHERE {where}", values
        ).fetchall()
        return [
            OutboxEntry(number, event_id, account, url, body, tries, bool(is_closed))
            for number, event_id, account, url, body, tries, is_closed in rows
        ]
