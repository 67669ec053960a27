"""The acquirer's own durable book: what it authorized, took, released and gave back, under the merchant's references.

It enforces its own sums, as a bank would; it never holds a card number. Its rows are changed only inside one
transaction of the group commit, so that concurrent requests can not pass a limit together.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.books import BookedCharge, BookedEffect, ProviderBook
from tollbridge_server.testing.simulators.frame import books
from tollbridge_server.testing.simulators.frame.once import DROPPED_SCHEMA
from tollbridge_server.testing.simulators.frame.outbox import OUTBOX_SCHEMA, Outbox

SUCCEEDED, PENDING, REQUIRES_ACTION, DECLINED, CANCELED = (
    "succeeded",
    "pending",
    "requires_action",
    "declined",
    "canceled",
)

_OWNER = "a sandbox acquirer"
_SCHEMA_VERSION = 3
_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS charges (
    account TEXT NOT NULL, reference TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, method TEXT NOT NULL, last_four TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT NOT NULL, action TEXT NOT NULL, token TEXT NOT NULL, return_url TEXT NOT NULL,
    captured_minor INTEGER NOT NULL DEFAULT 0, refunded_minor INTEGER NOT NULL DEFAULT 0,
    is_released INTEGER NOT NULL DEFAULT 0, expires_at_us INTEGER NOT NULL, settles_at_us INTEGER NOT NULL,
    behavior TEXT NOT NULL, created_at_us INTEGER NOT NULL,
    PRIMARY KEY (account, reference),
    CHECK (captured_minor BETWEEN 0 AND amount_minor), CHECK (refunded_minor BETWEEN 0 AND captured_minor)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS charges_by_token ON charges (token) WHERE token <> '';
CREATE INDEX IF NOT EXISTS charges_settling ON charges (settles_at_us) WHERE settles_at_us > 0;
CREATE TABLE IF NOT EXISTS effects (
    account TEXT NOT NULL, reference TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, charge TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL,
    is_final INTEGER NOT NULL, settles_at_us INTEGER NOT NULL, behavior TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS effects_by_charge ON effects (account, charge);
CREATE INDEX IF NOT EXISTS effects_settling ON effects (settles_at_us) WHERE settles_at_us > 0;
"""
    + DROPPED_SCHEMA
    + OUTBOX_SCHEMA
)

_CHARGE_COLUMNS = (
    "account, reference, id, kind, amount_minor, currency, method, last_four, state, code, action, token, return_url, "
    "captured_minor, refunded_minor, is_released, expires_at_us, settles_at_us, behavior, created_at_us"
)
_EFFECT_COLUMNS = (
    "account, reference, id, kind, charge, amount_minor, currency, state, code, is_final, settles_at_us, behavior, "
    "created_at_us"
)

_CHARGE = f"SELECT {_CHARGE_COLUMNS} FROM charges WHERE account = ? AND reference = ?"
_EFFECT = f"SELECT {_EFFECT_COLUMNS} FROM effects WHERE account = ? AND reference = ?"
_ADD_CHARGE = (
    f"INSERT INTO charges ({_CHARGE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
    "ON CONFLICT (account, reference) DO NOTHING"
)
_ADD_EFFECT = f"INSERT INTO effects ({_EFFECT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"


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
    behavior: str
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
    behavior: str
    created_at_us: int


_charge_values = attrgetter(*(field.name for field in fields(ChargeEntry)))
_effect_values = attrgetter(*(field.name for field in fields(EffectEntry)))


class Ledger:
    """The book's rows inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self.outbox = Outbox(connection)

    def charge(self, account: str, reference: str) -> ChargeEntry | None:
        row = self._execute(_CHARGE, (account, reference)).fetchone()
        return ChargeEntry(*row) if row else None

    def charge_by_token(self, token: str) -> ChargeEntry | None:
        row = self._execute(f"SELECT {_CHARGE_COLUMNS} FROM charges WHERE token = ?", (token,)).fetchone()
        return ChargeEntry(*row) if row and token else None

    def add_charge(self, entry: ChargeEntry) -> bool:
        """Book a charge; False when its reference is taken, which leaves the one that has it as it is."""
        return self._execute(_ADD_CHARGE, _charge_values(entry)).rowcount == 1

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
        row = self._execute(_EFFECT, (account, reference)).fetchone()
        return EffectEntry(*row) if row else None

    def effects_of(self, account: str, charge: str) -> list[EffectEntry]:
        rows = self._execute(
            f"SELECT {_EFFECT_COLUMNS} FROM effects WHERE account = ? AND charge = ?", (account, charge)
        ).fetchall()
        return [EffectEntry(*row) for row in rows]

    def add_effect(self, entry: EffectEntry) -> None:
        self._execute(_ADD_EFFECT, _effect_values(entry))

    def change_effect(self, entry: EffectEntry) -> None:
        self._execute(
            "UPDATE effects SET state = ?, code = ?, settles_at_us = ? WHERE account = ? AND reference = ?",
            (entry.state, entry.code, entry.settles_at_us, entry.account, entry.reference),
        )

    def latest_charges(self, account: str, *, limit: int) -> list[ChargeEntry]:
        rows = self._execute(
            f"SELECT {_CHARGE_COLUMNS} FROM charges WHERE account = ? ORDER BY created_at_us DESC LIMIT ?",
            (account, limit),
        ).fetchall()
        return [ChargeEntry(*row) for row in rows]

    def latest_effects(self, account: str, *, limit: int) -> list[EffectEntry]:
        rows = self._execute(
            f"SELECT {_EFFECT_COLUMNS} FROM effects WHERE account = ? ORDER BY created_at_us DESC LIMIT ?",
            (account, limit),
        ).fetchall()
        return [EffectEntry(*row) for row in rows]

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


def open_book(path: Path) -> sqlite3.Connection:
    """Open the book at `path`, made if it is missing. Raises ValueError for a file that another version made."""
    return books.open_book(path, schema=_SCHEMA, version=_SCHEMA_VERSION, owner=_OWNER)


def read_book(path: Path) -> dict[str, ProviderBook]:
    """Return the books of all accounts in the file at `path`, which another process may be writing.

    Raises BookUnreadable.
    """
    with books.reading(path, owner=_OWNER) as connection:
        charges = [ChargeEntry(*row) for row in connection.execute(f"SELECT {_CHARGE_COLUMNS} FROM charges")]
        effects = [EffectEntry(*row) for row in connection.execute(f"SELECT {_EFFECT_COLUMNS} FROM effects")]
    of_charge: dict[tuple[str, str], list[EffectEntry]] = {}
    for effect in effects:
        if effect.state == SUCCEEDED:
            of_charge.setdefault((effect.account, effect.charge), []).append(effect)
    of_account: dict[str, list[BookedCharge]] = {}
    for charge in charges:
        booked = _booked(charge, of_charge.get((charge.account, charge.reference), []))
        of_account.setdefault(charge.account, []).append(booked)
    return {account: books.AccountBook(tuple(entries)) for account, entries in of_account.items()}


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
