"""One connection to PostgreSQL: its settings, its session, and how a transaction on it begins and ends.

Refuses to call a transaction committed unless the server said COMMIT.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import psycopg
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from tollbridge_server.ports.storage import StorageUnavailable
from tollbridge_server.storage.queries import Statements
from tollbridge_server.storage.repositories import Repositories
from tollbridge_server.storage.statements import Row, Value

CHANNEL = "tollbridge_changes"

# How long a peer that is gone may go unnoticed; psycopg hands these to libpq.
CONNECT_SETTINGS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "tollbridge",
}
_SESSION_SETTINGS = """
SET synchronous_commit = on;
SET default_transaction_isolation = 'read committed';
SET statement_timeout = '10s';
SET lock_timeout = '3s';
SET idle_in_transaction_session_timeout = '30s'
"""
_PREPARED_MAX = 400  # More than the statements that are compiled for a dialect, with the usual list filters.
_ANNOUNCE = f"SELECT pg_notify('{CHANNEL}', changed) FROM unnest(%s::text[]) AS changed"  # noqa: S608  # A constant.

# Serialization failure, deadlock, lock not available within lock_timeout: the unit may run again.
_CONFLICTS = frozenset({"40001", "40P01", "55P03"})

Begin = Literal["BEGIN ISOLATION LEVEL READ COMMITTED", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
TO_WRITE: Begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
# All statements of a reading unit see one committed state, as they do in SQLite.
TO_READ: Begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def is_conflict(error: psycopg.Error) -> bool:
    """Tell whether the transaction lost against another one, and may win when it runs again."""
    return error.sqlstate in _CONFLICTS


class PostgresSession:
    """Session over one psycopg connection, for one transaction after the other."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self.changed_ids: dict[str, None] = {}
        self.has_written = False
        self.statements = 0

    def reset(self) -> None:
        """Forget the transaction before."""
        self.changed_ids = {}
        self.has_written = False
        self.statements = 0

    def all(self, sql: str, arguments: tuple[Value, ...] = ()) -> list[Row]:
        return cast("list[Row]", self._execute(sql, arguments).fetchall())

    def one(self, sql: str, arguments: tuple[Value, ...] = ()) -> Row | None:
        return self._execute(sql, arguments).fetchone()

    def run(self, sql: str, arguments: tuple[Value, ...] = ()) -> int:
        return self._execute(sql, arguments).rowcount

    def changed(self, payment_id: str) -> None:
        self.changed_ids[payment_id] = None

    def announce(self) -> None:
        """Tell every listener of the changed payments, if and when the transaction commits."""
        if self.changed_ids:
            self._connection.execute(_ANNOUNCE, (list(self.changed_ids),))

    def _execute(self, sql: str, arguments: tuple[Value, ...]) -> psycopg.Cursor[tuple[Any, ...]]:
        self.statements += 1
        cursor = self._connection.execute(sql, arguments)
        if cursor.rowcount > 0 and not (cursor.statusmessage or "").startswith("SELECT"):
            self.has_written = True
        return cursor


class PostgresLink:
    """A connection with its session and repositories; used by one thread at a time."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], statements: Statements) -> None:
        self._connection = connection
        self.session = PostgresSession(connection)
        self.repositories = Repositories(self.session, statements)

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be sent over the connection any more."""
        return self._connection.closed

    def begin(self, begin: Begin) -> None:
        """Begin a transaction. Raises psycopg.OperationalError when the connection was lost while it was idle."""
        self.session.reset()
        self._connection.execute(begin)

    def rollback(self) -> None:
        """Undo the transaction; a connection that can not even do that is lost, and its transaction with it."""
        try:
            self._connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def commit(self) -> None:
        """Commit. Raises StorageUnavailable, with `is_commit_unknown` unless the server said that it undid all."""
        try:
            said = self._connection.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            if is_conflict(error) and not self.is_lost:
                raise
            self.close()
            raise StorageUnavailable(f"the commit was not answered: {error}", is_commit_unknown=True) from error
        if said != "COMMIT":
            raise StorageUnavailable(f"the database undid the transaction at its commit ({said})")

    def lock_for_writing(self) -> None:
        """Take the table lock that every INSERT takes, and read for update, which a database for reading refuses."""
        self._connection.execute("LOCK TABLE payments IN ROW EXCLUSIVE MODE")
        self.repositories.payments.lock("pay_health")

    def close(self) -> None:
        self._connection.close()


def connect(url: str, statements: Statements) -> PostgresLink:
    """Open a connection in autocommit mode with every setting on. Raises psycopg.Error."""
    connection = psycopg.connect(url, autocommit=True, **CONNECT_SETTINGS)
    try:
        connection.execute(_SESSION_SETTINGS)
    except BaseException:
        connection.close()
        raise
    connection.prepared_max = _PREPARED_MAX
    # By default the type of a number follows its size, and each mix of sizes would be prepared by itself.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    return PostgresLink(connection, statements)
