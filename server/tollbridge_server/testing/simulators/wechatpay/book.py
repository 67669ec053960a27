"""WeChat Pay's own durable book: transactions and refunds under the merchant's numbers, and what waits to be notified.

It enforces its own sums, as a bank would: never more refunded than was paid. Its rows are changed only inside one
transaction of the group commit, so that concurrent requests can not pass a limit together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path

from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.books import BookedCharge, BookedEffect, ProviderBook
from tollbridge_server.testing.simulators.frame import books
from tollbridge_server.testing.simulators.frame.once import CODES_SCHEMA, DROPPED_SCHEMA, Once
from tollbridge_server.testing.simulators.frame.outbox import OUTBOX_SCHEMA, Outbox
from tollbridge_server.testing.simulators.wechatpay.rows import (
    CLOSED,
    PROCESSING,
    REFUND_COLUMNS,
    REVOKED,
    SUCCESS,
    TRANSACTION_COLUMNS,
    Refund,
    Transaction,
)

_OWNER = "a simulator of WeChat Pay"
_SCHEMA_VERSION = 3
_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS transactions (
    account TEXT NOT NULL, out_trade_no TEXT NOT NULL, appid TEXT NOT NULL, transaction_id TEXT NOT NULL,
    trade_type TEXT NOT NULL, trade_state TEXT NOT NULL, description TEXT NOT NULL, attach TEXT NOT NULL,
    notify_url TEXT NOT NULL, total INTEGER NOT NULL, payer_total INTEGER NOT NULL, taken INTEGER NOT NULL,
    openid TEXT NOT NULL, bank_type TEXT NOT NULL, request TEXT NOT NULL, prepay_id TEXT NOT NULL, token TEXT NOT NULL,
    token_expires_at_us INTEGER NOT NULL, time_expire_us INTEGER NOT NULL, settles_at_us INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL, paid_at_us INTEGER NOT NULL, behavior TEXT NOT NULL,
    PRIMARY KEY (account, out_trade_no),
    CHECK (total > 0), CHECK (payer_total BETWEEN 0 AND total), CHECK (taken BETWEEN 0 AND total),
    CHECK (taken = 0 OR paid_at_us > 0),
    CHECK (trade_state NOT IN ('SUCCESS', 'REFUND') OR (paid_at_us > 0 AND transaction_id <> ''))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS transactions_by_id ON transactions (transaction_id) WHERE transaction_id <> '';
CREATE UNIQUE INDEX IF NOT EXISTS transactions_by_token ON transactions (token) WHERE token <> '';
CREATE UNIQUE INDEX IF NOT EXISTS transactions_by_prepay ON transactions (prepay_id) WHERE prepay_id <> '';
CREATE INDEX IF NOT EXISTS transactions_settling ON transactions (settles_at_us) WHERE settles_at_us > 0;
CREATE TABLE IF NOT EXISTS refunds (
    account TEXT NOT NULL, out_refund_no TEXT NOT NULL, refund_id TEXT NOT NULL, out_trade_no TEXT NOT NULL,
    transaction_id TEXT NOT NULL, total INTEGER NOT NULL, refund INTEGER NOT NULL, payer_total INTEGER NOT NULL,
    payer_refund INTEGER NOT NULL, status TEXT NOT NULL, fate TEXT NOT NULL, notify_url TEXT NOT NULL,
    funds_account TEXT NOT NULL, request TEXT NOT NULL, settles_at_us INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
    success_at_us INTEGER NOT NULL, behavior TEXT NOT NULL, channel TEXT NOT NULL, received TEXT NOT NULL,
    PRIMARY KEY (account, out_refund_no),
    FOREIGN KEY (account, out_trade_no) REFERENCES transactions (account, out_trade_no),
    CHECK (refund BETWEEN 1 AND total), CHECK (payer_refund BETWEEN 0 AND payer_total)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS refunds_by_id ON refunds (refund_id);
CREATE INDEX IF NOT EXISTS refunds_of ON refunds (account, out_trade_no, created_at_us);
CREATE INDEX IF NOT EXISTS refunds_settling ON refunds (settles_at_us) WHERE settles_at_us > 0;
"""
    + CODES_SCHEMA
    + DROPPED_SCHEMA
    + OUTBOX_SCHEMA
)

_transaction_values = attrgetter(*TRANSACTION_COLUMNS.split(", "))
_refund_values = attrgetter(*REFUND_COLUMNS.split(", "))


def _upsert(table: str, columns: str, key: str) -> str:
    names = columns.split(", ")
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key.split(", "))
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {changes}"


_PUT_TRANSACTION = _upsert("transactions", TRANSACTION_COLUMNS, "account, out_trade_no")
_PUT_REFUND = _upsert("refunds", REFUND_COLUMNS, "account, out_refund_no")


class Ledger:
    """The book's rows inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self.outbox = Outbox(connection)
        self.once = Once(connection)

    def transaction(self, account: str, out_trade_no: str) -> Transaction | None:
        return self._one("account = ? AND out_trade_no = ?", account, out_trade_no)

    def transaction_by_id(self, account: str, transaction_id: str) -> Transaction | None:
        return self._one("account = ? AND transaction_id = ? AND transaction_id <> ''", account, transaction_id)

    def transaction_by_token(self, token: str) -> Transaction | None:
        """Return the transaction that a page's token or a prepay_id belongs to; only the newest of each counts."""
        return self._one("token = ? AND token <> ''", token) or self.transaction_by_prepay(token)

    def transaction_by_prepay(self, prepay_id: str) -> Transaction | None:
        return self._one("prepay_id = ? AND prepay_id <> ''", prepay_id)

    def put(self, entry: Transaction) -> None:
        """Write a transaction, new or changed."""
        self._execute(_PUT_TRANSACTION, _transaction_values(entry))

    def refund(self, account: str, out_refund_no: str) -> Refund | None:
        return next(iter(self._refunds("account = ? AND out_refund_no = ?", account, out_refund_no)), None)

    def refund_by_id(self, account: str, refund_id: str) -> Refund | None:
        return next(iter(self._refunds("account = ? AND refund_id = ?", account, refund_id)), None)

    def refunds_of(self, account: str, out_trade_no: str) -> list[Refund]:
        """Return the refunds of a transaction, the oldest first."""
        return self._refunds("account = ? AND out_trade_no = ? ORDER BY created_at_us", account, out_trade_no)

    def put_refund(self, entry: Refund) -> None:
        """Write a refund, new or changed."""
        self._execute(_PUT_REFUND, _refund_values(entry))

    def notify(self, event_id: str, account: str, body: bytes, *, url: str, due_us: Iterable[int]) -> None:
        """Let a notification be sent at each of these times."""
        for at_us in due_us:
            self.outbox.post(event_id, account, body, due_at_us=at_us, url=url)

    def settling(self, now_us: int) -> list[Transaction]:
        """Return the transactions that the passing of time concludes."""
        return self._transactions("settles_at_us > 0 AND settles_at_us <= ? LIMIT 100", now_us)

    def settling_refunds(self, now_us: int) -> list[Refund]:
        """Return the refunds that the passing of time concludes."""
        return self._refunds("settles_at_us > 0 AND settles_at_us <= ? LIMIT 100", now_us)

    def paid_between(self, account: str, begin_us: int, end_us: int) -> list[Transaction]:
        """Return what was paid from `begin_us` until before `end_us`, the oldest first."""
        where = "account = ? AND paid_at_us >= ? AND paid_at_us < ? ORDER BY paid_at_us, out_trade_no"
        return self._transactions(where, account, begin_us, end_us)

    def refunded_between(self, account: str, begin_us: int, end_us: int) -> list[Refund]:
        """Return the refunds accepted from `begin_us` until before `end_us`, the oldest first."""
        where = "account = ? AND created_at_us >= ? AND created_at_us < ? ORDER BY created_at_us, out_refund_no"
        return self._refunds(where, account, begin_us, end_us)

    def latest(self, account: str, *, limit: int) -> list[Transaction]:
        return self._transactions("account = ? ORDER BY created_at_us DESC LIMIT ?", account, limit)

    def latest_refunds(self, account: str, *, limit: int) -> list[Refund]:
        return self._refunds("account = ? ORDER BY created_at_us DESC LIMIT ?", account, limit)

    def _one(self, where: str, *values: object) -> Transaction | None:
        return next(iter(self._transactions(where, *values)), None)

    def _transactions(self, where: str, *values: object) -> list[Transaction]:
        rows = self._execute(f"SELECT {TRANSACTION_COLUMNS} FROM transactions WHERE {where}", values).fetchall()
        return [Transaction(*row) for row in rows]

    def _refunds(self, where: str, *values: object) -> list[Refund]:
        rows = self._execute(f"SELECT {REFUND_COLUMNS} FROM refunds WHERE {where}", values).fetchall()
        return [Refund(*row) for row in rows]


def open_book(path: Path) -> sqlite3.Connection:
    """Open the book at `path`, made if it is missing. Raises ValueError for a file that another version made."""
    return books.open_book(path, schema=_SCHEMA, version=_SCHEMA_VERSION, owner=_OWNER)


def read_book(path: Path) -> dict[str, ProviderBook]:
    """Return the books of all accounts in the file at `path`, which another process may be writing.

    A close has no number of its own at WeChat Pay, so it is seen in `is_voided`, not among the effects; so is a
    reversal, whose money is back with the buyer. Raises BookUnreadable.
    """
    with books.reading(path, owner=_OWNER) as connection:
        rows = connection.execute(f"SELECT {TRANSACTION_COLUMNS} FROM transactions").fetchall()
        of_charge: dict[tuple[str, str], list[Refund]] = {}
        for row in connection.execute(f"SELECT {REFUND_COLUMNS} FROM refunds"):
            refund = Refund(*row)
            of_charge.setdefault((refund.account, refund.out_trade_no), []).append(refund)
    of_account: dict[str, list[BookedCharge]] = {}
    for row in rows:
        transaction = Transaction(*row)
        refunds = of_charge.get((transaction.account, transaction.out_trade_no), [])
        of_account.setdefault(transaction.account, []).append(_booked(transaction, refunds))
    return {account: books.AccountBook(tuple(entries)) for account, entries in of_account.items()}


def _booked(transaction: Transaction, refunds: list[Refund]) -> BookedCharge:
    """Return the charge in the words of the check; of the refunds, those count that can still arrive, or did."""
    number, effects = transaction.out_trade_no, []
    paid = transaction.total if transaction.is_paid else 0
    if paid:
        effects.append(BookedEffect(OperationKind.SALE, number, number, paid, "CNY"))
    effects += [
        BookedEffect(OperationKind.REFUND, refund.out_refund_no, number, refund.refund, "CNY")
        for refund in refunds
        if refund.status == SUCCESS
    ]
    return BookedCharge(
        request_reference=number,
        currency="CNY",
        authorized_minor=paid,
        captured_minor=paid,
        refunded_minor=sum(refund.refund for refund in refunds if refund.status in (SUCCESS, PROCESSING)),
        is_voided=transaction.trade_state in (CLOSED, REVOKED),
        effects=tuple(effects),
    )
