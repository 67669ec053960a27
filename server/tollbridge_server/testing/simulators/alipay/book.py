"""The Alipay simulator's own durable book: trades, their refunds, and amounts that are frozen and released.

It enforces its own sums, as Alipay would. Its rows are changed only inside one transaction of the group commit, so
that concurrent requests can not pass a limit together. Amounts are fen, times microseconds since the epoch.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from tollbridge_server.testing.simulators.frame import books
from tollbridge_server.testing.simulators.frame.once import CODES_SCHEMA, DROPPED_SCHEMA, Once
from tollbridge_server.testing.simulators.frame.outbox import OUTBOX_SCHEMA, Outbox

PREPARED, WAITING, PAID, CLOSED = "PREPARED", "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED"
"""PREPARED: a code or page that nobody has opened, so that there is no trade yet. The others are Alipay's words."""
PAID_FOR_GOOD = "TRADE_FINISHED"
"""Paid, and nothing of it is given back any more."""
INIT, AUTHORIZED, FINISHED, ENDED = "INIT", "AUTHORIZED", "FINISH", "CLOSED"
CURRENCY = "CNY"

_IS_DUE = "(expires_us BETWEEN 1 AND ? OR concludes_us BETWEEN 1 AND ?) LIMIT 100"

OWNER = "an Alipay simulator"
_SCHEMA_VERSION = 3
_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS trades (
    account TEXT NOT NULL, out_trade_no TEXT NOT NULL, trade_no TEXT NOT NULL, state TEXT NOT NULL,
    amount INTEGER NOT NULL, refunded INTEGER NOT NULL, subject TEXT NOT NULL, product TEXT NOT NULL,
    auth_code TEXT NOT NULL, auth_no TEXT NOT NULL, notify_url TEXT NOT NULL, return_url TEXT NOT NULL,
    token TEXT NOT NULL, created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, paid_us INTEGER NOT NULL,
    closed_us INTEGER NOT NULL, is_payer_wanted INTEGER NOT NULL, declined TEXT NOT NULL, concludes_us INTEGER NOT NULL,
    conclusion TEXT NOT NULL, behavior TEXT NOT NULL, quit_url TEXT NOT NULL, body TEXT NOT NULL,
    passback_params TEXT NOT NULL, store_id TEXT NOT NULL, terminal_id TEXT NOT NULL,
    PRIMARY KEY (account, out_trade_no), CHECK (amount > 0), CHECK (refunded BETWEEN 0 AND amount)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS trades_by_token ON trades (token) WHERE token <> '';
CREATE INDEX IF NOT EXISTS trades_waiting ON trades (expires_us) WHERE state = 'WAIT_BUYER_PAY';
CREATE TABLE IF NOT EXISTS refunds (
    account TEXT NOT NULL, out_trade_no TEXT NOT NULL, out_request_no TEXT NOT NULL, amount INTEGER NOT NULL,
    created_us INTEGER NOT NULL, PRIMARY KEY (account, out_trade_no, out_request_no), CHECK (amount > 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS freezes (
    account TEXT NOT NULL, out_order_no TEXT NOT NULL, out_request_no TEXT NOT NULL, auth_no TEXT NOT NULL,
    operation_id TEXT NOT NULL, state TEXT NOT NULL, amount INTEGER NOT NULL, paid INTEGER NOT NULL,
    released INTEGER NOT NULL, title TEXT NOT NULL, auth_code TEXT NOT NULL, notify_url TEXT NOT NULL,
    token TEXT NOT NULL, created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, frozen_us INTEGER NOT NULL,
    product TEXT NOT NULL, concludes_us INTEGER NOT NULL, conclusion TEXT NOT NULL, behavior TEXT NOT NULL,
    is_payer_wanted INTEGER NOT NULL,
    PRIMARY KEY (account, out_order_no), CHECK (amount > 0), CHECK (paid >= 0), CHECK (released >= 0),
    CHECK (paid + released <= amount)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS freezes_by_token ON freezes (token) WHERE token <> '';
CREATE INDEX IF NOT EXISTS freezes_by_number ON freezes (account, auth_no);
CREATE INDEX IF NOT EXISTS freezes_waiting ON freezes (expires_us) WHERE state = 'INIT';
CREATE TABLE IF NOT EXISTS releases (
    account TEXT NOT NULL, out_request_no TEXT NOT NULL, out_order_no TEXT NOT NULL, operation_id TEXT NOT NULL,
    amount INTEGER NOT NULL, created_us INTEGER NOT NULL, PRIMARY KEY (account, out_request_no)
) STRICT, WITHOUT ROWID;
"""
    + CODES_SCHEMA
    + DROPPED_SCHEMA
    + OUTBOX_SCHEMA
)


@dataclass(slots=True)
class Trade:
    """One trade, or a code or page that may become one; `auth_no` is the freeze that a capture was paid from.

    `is_payer_wanted`: the merchant lets the test payer pay. `declined` is the sub code of the last code's refusal, if
    the trade waits for another one. `conclusion` is what the payer decides alone at `concludes_us` (0: never), and
    `behavior` what was armed when the order was made, if it lasts. The last four fields are told back as they came.
    """

    account: str
    out_trade_no: str
    trade_no: str
    state: str
    amount: int
    refunded: int
    subject: str
    product: str
    auth_code: str
    auth_no: str
    notify_url: str
    return_url: str
    token: str
    created_us: int
    expires_us: int
    paid_us: int
    closed_us: int
    is_payer_wanted: bool = True
    declined: str = ""
    concludes_us: int = 0
    conclusion: str = ""
    behavior: str = ""
    quit_url: str = ""
    body: str = ""
    passback_params: str = ""
    store_id: str = ""
    terminal_id: str = ""


@dataclass(slots=True)
class Refund:
    """One refund of a trade."""

    account: str
    out_trade_no: str
    out_request_no: str
    amount: int
    created_us: int


@dataclass(slots=True)
class Freeze:
    """One authorization: what is frozen, what of it was paid to the merchant, and what was released.

    `product` is the contract's code that it was made under; the last four fields are those of a trade.
    """

    account: str
    out_order_no: str
    out_request_no: str
    auth_no: str
    operation_id: str
    state: str
    amount: int
    paid: int
    released: int
    title: str
    auth_code: str
    notify_url: str
    token: str
    created_us: int
    expires_us: int
    frozen_us: int
    product: str = ""
    concludes_us: int = 0
    conclusion: str = ""
    behavior: str = ""
    is_payer_wanted: bool = True

    @property
    def rest(self) -> int:
        """What is still frozen."""
        return self.amount - self.paid - self.released if self.state == AUTHORIZED else 0


@dataclass(slots=True)
class Release:
    """One release of a part of a freeze."""

    account: str
    out_request_no: str
    out_order_no: str
    operation_id: str
    amount: int
    created_us: int


R = TypeVar("R", Trade, Refund, Freeze, Release)
_TABLES: dict[type[Any], str] = {Trade: "trades", Refund: "refunds", Freeze: "freezes", Release: "releases"}


class Ledger:
    """The book's rows inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self.outbox = Outbox(connection)
        self.once = Once(connection)

    def trade(self, account: str, out_trade_no: str) -> Trade | None:
        return self._one(Trade, "account = ? AND out_trade_no = ?", account, out_trade_no)

    def trade_by_number(self, account: str, trade_no: str) -> Trade | None:
        return self._one(Trade, "account = ? AND trade_no = ?", account, trade_no)

    def trade_by_token(self, token: str) -> Trade | None:
        return self._one(Trade, "token = ? AND token <> ''", token)

    def refund(self, account: str, out_trade_no: str, out_request_no: str) -> Refund | None:
        where = "account = ? AND out_trade_no = ? AND out_request_no = ?"
        return self._one(Refund, where, account, out_trade_no, out_request_no)

    def freeze(self, account: str, out_order_no: str) -> Freeze | None:
        return self._one(Freeze, "account = ? AND out_order_no = ?", account, out_order_no)

    def freeze_by_number(self, account: str, auth_no: str) -> Freeze | None:
        return self._one(Freeze, "account = ? AND auth_no = ? AND auth_no <> ''", account, auth_no)

    def freeze_by_token(self, token: str) -> Freeze | None:
        return self._one(Freeze, "token = ? AND token <> ''", token)

    def release(self, account: str, out_request_no: str) -> Release | None:
        return self._one(Release, "account = ? AND out_request_no = ?", account, out_request_no)

    def put(self, row: R) -> None:
        """Write a row, in place of the one with its key."""
        names, values = _layout(type(row))
        marks = ",".join("?" * len(names))
        table = _TABLES[type(row)]
        self._execute(f"INSERT OR REPLACE INTO {table} ({','.join(names)}) VALUES ({marks})", values(row))

    def all_of(self, kind: type[R], account: str) -> list[R]:
        """Return every row of an account."""
        return self._all(kind, "account = ?", account)

    def latest(self, kind: type[R], account: str, *, limit: int) -> list[R]:
        """Return the latest rows of an account, the newest first."""
        return self._all(kind, "account = ? ORDER BY created_us DESC LIMIT ?", account, limit)

    def due_trades(self, now_us: int) -> list[Trade]:
        """Return what waits for its payer, and does not any more since its time came."""
        return self._all(Trade, f"state = '{WAITING}' AND {_IS_DUE}", now_us, now_us)

    def due_freezes(self, now_us: int) -> list[Freeze]:
        """Return the freezes that wait for their payers, and do not any more since their time came."""
        return self._all(Freeze, f"state = '{INIT}' AND {_IS_DUE}", now_us, now_us)

    def _one(self, kind: type[R], where: str, *values: object) -> R | None:
        return next(iter(self._all(kind, f"{where} LIMIT 1", *values)), None)

    def _all(self, kind: type[R], where: str, *values: object) -> list[R]:
        names, _ = _layout(kind)
        rows = self._execute(f"SELECT {','.join(names)} FROM {_TABLES[kind]} WHERE {where}", values).fetchall()
        return [kind(*row) for row in rows]


def _layout(kind: type[Any]) -> tuple[list[str], Any]:
    names = [each.name for each in fields(kind)]
    return names, attrgetter(*names)


def open_book(path: Path) -> sqlite3.Connection:
    """Open the book at `path`, made if it is missing. Raises ValueError for a file that another version made."""
    return books.open_book(path, schema=_SCHEMA, version=_SCHEMA_VERSION, owner=OWNER)
