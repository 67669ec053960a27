"""The acquirer's own durable book: what it authorized, took, released and gave back, under the merchant's references.

It enforces its own sums, as a bank would; it never holds a card number. Its rows are changed only inside one
transaction of the group commit, so that concurrent requests can not pass a limit together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.books import BookedCharge, BookedEffect, ProviderBook

SUCCEEDED, PENDING, REQUIRES_ACTION, DECLINED, CANCELED = (
    "succeeded",
    "pending",
    "requires_action",
    "declined",
    "canceled",
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    account TEXT NOT NULL, reference TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, method TEXT NOT NULL, last_four TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT NOT NULL, action TEXT NOT NULL, token TEXT NOT NULL, return_url TEXT NOT NULL,
    captured_minor INTEGER NOT NULL DEFAULT 0, refunded_minor INTEGER NOT NULL DEFAULT 0,
    is_released INTEGER NOT NULL DEFAULT 0, expires_at_us INTEGER NOT NULL, settles_at_us INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (account, reference),
    CHECK (captured_minor BETWEEN 0 AND amount_minor), CHECK (refunded_minor BETWEEN 0 AND captured_minor)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS charges_by_token ON charges (token) WHERE token <> '';
CREATE INDEX IF NOT EXISTS charges_settling ON charges (settles_at_us) WHERE settles_at_us > 0;
CREATE TABLE IF NOT EXISTS effects (
    account TEXT NOT NULL, reference TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, charge TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL,
    is_final INTEGER NOT NULL, settles_at_us INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
    PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS effects_by_charge ON effects (account, charge);
CREATE INDEX IF NOT EXISTS effects_settling ON effects (settles_at_us) WHERE settles_at_us > 0;
CREATE TABLE IF NOT EXISTS dropped (
    account TEXT NOT NULL, reference TEXT NOT NULL, PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    event_id TEXT NOT NULL, account TEXT NOT NULL, body BLOB NOT NULL, due_at_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due_at_us);
"""

_CHARGE_COLUMNS = (
    "account, reference, id, kind, amount_minor, currency, method, last_four, state, code, action, token, return_url, "
    "captured_minor, refunded_minor, is_released, expires_at_us, settles_at_us, created_at_us"
)
_EFFECT_COLUMNS = (
    "account, reference, id, kind, charge, amount_minor, currency, state, code, is_final, settles_at_us, created_at_us"
)


@dataclass(slots=True)
class ChargeEntry:
    """One charge; `kind` is AUTHORIZE or SALE, or CANCEL for the tombstone of a charge that was canceled unseen."""

    account: str
    reference: str
    id: str
    kind: str
    amount_minor: int
    currency: str
    method: str
    last_four: str
    state: str
    code: str
    action: str
    token: str
    return_url: str
    captured_minor: int
    refunded_minor: int
    is_released: int
    expires_at_us: int
    settles_at_us: int
    created_at_us: int


@dataclass(slots=True)
class EffectEntry:
    """One capture, cancel or refund of a charge."""

    account: str
    reference: str
    id: str
    kind: str
    charge: str
    amount_minor: int
    currency: str
    state: str
    code: str
    is_final: int
    settles_at_us: int
    created_at_us: int


class Ledger:
    """The book's rows inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def charge(self, account: str, reference: str) -> ChargeEntry | None:
        row = self._execute(
            f"SELECT {_CHARGE_COLUMNS} FROM charges WHERE account = ? AND reference = ?", (account, reference)
        ).fetchone()
        return ChargeEntry(*row) if row else None

    def charge_by_token(self, token: str) -> ChargeEntry | None:
        row = self._execute(f"SELECT {_CHARGE_COLUMNS} FROM charges WHERE token = ?", (token,)).fetchone()
        return ChargeEntry(*row) if row and token else None

    def add_charge(self, entry: ChargeEntry) -> None:
        self._execute(
            f"INSERT INTO charges ({_CHARGE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", _values(entry)
        )

    def change_charge(self, entry: ChargeEntry) -> None:
        self._execute(
            "UPDATE charges SET state = ?, code = ?, action = ?, captured_minor = ?, refunded_minor = ?, "
            "is_released = ?, settles_at_us = ? WHERE account = ? AND reference = ?",
            (
                entry.state,
                entry.code,
                entry.action,
                entry.captured_minor,
                entry.refunded_minor,
                entry.is_released,
                entry.settles_at_us,
                entry.account,
                entry.reference,
            ),
        )

    def effect(self, account: str, reference: str) -> EffectEntry | None:
        row = self._execute(
            f"SELECT {_EFFECT_COLUMNS} FROM effects WHERE account = ? AND reference = ?", (account, reference)
        ).fetchone()
        return EffectEntry(*row) if row else None

    def effects_of(self, account: str, charge: str) -> list[EffectEntry]:
        rows = self._execute(
            f"SELECT {_EFFECT_COLUMNS} FROM effects WHERE account = ? AND charge = ?", (account, charge)
        ).fetchall()
        return [EffectEntry(*row) for row in rows]

    def add_effect(self, entry: EffectEntry) -> None:
        self._execute(f"INSERT INTO effects ({_EFFECT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", _values(entry))

    def change_effect(self, entry: EffectEntry) -> None:
        self._execute(
            "UPDATE effects SET state = ?, code = ?, settles_at_us = ? WHERE account = ? AND reference = ?",
            (entry.state, entry.code, entry.settles_at_us, entry.account, entry.reference),
        )

    def settling_charges(self, now_us: int) -> list[ChargeEntry]:
        rows = self._execute(
            f"SELECT {_CHARGE_COLUMNS} FROM charges WHERE settles_at_us > 0 AND settles_at_us <= ? LIMIT 100", (now_us,)
        ).fetchall()
        return [ChargeEntry(*row) for row in rows]

    def settling_effects(self, now_us: int) -> list[EffectEntry]:
        rows = self._execute(
            f"SELECT {_EFFECT_COLUMNS} FROM effects WHERE settles_at_us > 0 AND settles_at_us <= ? LIMIT 100", (now_us,)
        ).fetchall()
        return [EffectEntry(*row) for row in rows]

    def drop_once(self, account: str, reference: str) -> bool:
        """Note that a request was lost on purpose; False when it was lost before, so that this one gets through."""
        return self._execute("INSERT OR IGNORE INTO dropped VALUES (?, ?)", (account, reference)).rowcount == 1

    def post(self, event_id: str, account: str, body: bytes, *, due_at_us: int) -> None:
        self._execute("INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, 0)", (event_id, account, body, due_at_us))

    def due_notifications(self, now_us: int) -> list[tuple[str, str, bytes, int]]:
        return self._execute(
            "SELECT event_id, account, body, tries FROM outbox WHERE due_at_us <= ? ORDER BY due_at_us LIMIT 50",
            (now_us,),
        ).fetchall()

    def delivered(self, event_id: str) -> None:
        self._execute("DELETE FROM outbox WHERE event_id = ?", (event_id,))

    def deliver_later(self, event_id: str, *, due_at_us: int) -> None:
        self._execute("UPDATE outbox SET tries = tries + 1, due_at_us = ? WHERE event_id = ?", (due_at_us, event_id))


def open_book(path: Path) -> sqlite3.Connection:
    """Open the book at `path`, made if it is missing, with every durability setting on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 1000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.executescript(_SCHEMA)
    return connection


@dataclass(frozen=True, slots=True)
class AccountBook:
    """ProviderBook of one account, as it was when it was read."""

    entries: tuple[BookedCharge, ...]

    def charges(self) -> Iterator[BookedCharge]:
        return iter(self.entries)


def read_book(path: Path) -> dict[str, ProviderBook]:
    """Return the books of all accounts in the file at `path`, which another process may be writing."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        charges = [ChargeEntry(*row) for row in connection.execute(f"SELECT {_CHARGE_COLUMNS} FROM charges").fetchall()]
        effects = [EffectEntry(*row) for row in connection.execute(f"SELECT {_EFFECT_COLUMNS} FROM effects").fetchall()]
    of_charge: dict[tuple[str, str], list[EffectEntry]] = {}
    for effect in effects:
        if effect.state == SUCCEEDED:
            of_charge.setdefault((effect.account, effect.charge), []).append(effect)
    books: dict[str, list[BookedCharge]] = {}
    for charge in charges:
        booked = _booked(charge, of_charge.get((charge.account, charge.reference), []))
        books.setdefault(charge.account, []).append(booked)
    return {account: AccountBook(tuple(entries)) for account, entries in books.items()}


def _booked(charge: ChargeEntry, effects: list[EffectEntry]) -> BookedCharge:
    booked = []
    is_approved = charge.state == SUCCEEDED
    if is_approved:
        kind = OperationKind(charge.kind)
        booked.append(BookedEffect(kind, charge.reference, charge.reference, charge.amount_minor, charge.currency))
    booked += [
        BookedEffect(
            OperationKind(effect.kind), effect.reference, charge.reference, effect.amount_minor, effect.currency
        )
        for effect in effects
    ]
    return BookedCharge(
        request_reference=charge.reference,
        currency=charge.currency,
        authorized_minor=charge.amount_minor if is_approved else 0,
        captured_minor=charge.captured_minor,
        refunded_minor=charge.refunded_minor,
        is_voided=charge.is_released == 1,
        effects=tuple(booked),
    )


def _values(entry: ChargeEntry | EffectEntry) -> tuple[object, ...]:
    return tuple(getattr(entry, name) for name in entry.__slots__)
