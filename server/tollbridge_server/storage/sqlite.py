"""SQLite inside the process: one writer with group commit, readers that never wait for it, one process by file lock.

Refuses a second process on the same file, and a database whose migrations are newer than this code.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tollbridge_server.domain.errors import BrokenInvariant
from tollbridge_server.ports.storage import StaleVersion, StorageStatistics, StorageUnavailable, Transaction
from tollbridge_server.storage.changes import Changes
from tollbridge_server.storage.group_commit import GroupCommit
from tollbridge_server.storage.migrations import migrate, pending
from tollbridge_server.storage.private_files import make_private
from tollbridge_server.storage.queries import Statements
from tollbridge_server.storage.repositories import Repositories
from tollbridge_server.storage.statements import Row, Value

T = TypeVar("T")

_STALE_TRIES = 3
_HEALTH_TIMEOUT_S = 2.0
_BUSY_TIMEOUT_MS = 250
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
)


class SqliteSession:
    """Session over one sqlite3 connection, for one transaction after the other."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self.changed_ids: list[str] = []
        self.statements = 0

    def all(self, sql: str, arguments: tuple[Value, ...] = ()) -> list[Row]:
        self.statements += 1
        return self._execute(sql, arguments).fetchall()

    def one(self, sql: str, arguments: tuple[Value, ...] = ()) -> Row | None:
        self.statements += 1
        row: Row | None = self._execute(sql, arguments).fetchone()
        return row

    def run(self, sql: str, arguments: tuple[Value, ...] = ()) -> int:
        self.statements += 1
        return self._execute(sql, arguments).rowcount

    def changed(self, payment_id: str) -> None:
        self.changed_ids.append(payment_id)


class SqliteStorage:
    """Storage in one SQLite file."""

    def __init__(self, path: Path, lock: int | None, writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
        self._path = path
        self._lock = lock
        self._writer = writer
        self._reader = reader
        self._group = GroupCommit(writer)
        statements = Statements("sqlite")
        self._write_session = SqliteSession(writer)
        self._read_session = SqliteSession(reader)
        self._writing = Repositories(self._write_session, statements)
        self._reading = Repositories(self._read_session, statements)
        self._changes = Changes()

    @classmethod
    def open(cls, path: Path, *, is_reader: bool = False) -> SqliteStorage:
        """Lock, migrate and open the file, which is made if it is missing; as a reader, do none of the three.

        Raises StorageUnavailable when another process holds the file, or its migrations are not known here.
        """
        if is_reader:
            return cls._open_beside(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock_file(path)
        try:
            make_private(path)
            migrate(f"sqlite:///{path}")
            writer, reader = connect(path), connect(path)
            reader.execute("PRAGMA query_only = ON")
        except (sqlite3.Error, OSError) as error:
            os.close(lock)
            raise StorageUnavailable(f"{path}: {error}") from error
        except BaseException:
            os.close(lock)
            raise
        return cls(path, lock, writer, reader)

    @classmethod
    def _open_beside(cls, path: Path) -> SqliteStorage:
        if not path.is_file():
            raise StorageUnavailable(f"{path} does not exist; a server makes it when it starts")
        if pending(f"sqlite:///{path}"):
            raise StorageUnavailable(f"{path} is not migrated: start the server once")
        try:
            readers = _connect_reader(path), _connect_reader(path)
        except sqlite3.Error as error:
            raise StorageUnavailable(f"{path}: {error}") from error
        return cls(path, None, *readers)

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        changed: list[str] = []

        def run(_: sqlite3.Connection) -> T:
            session = self._write_session
            changed.clear()
            session.changed_ids = changed
            try:
                return unit(self._writing)
            except sqlite3.IntegrityError as error:
                raise BrokenInvariant(f"the database refused a row: {error}") from error
            except sqlite3.Error as error:
                raise StorageUnavailable(str(error)) from error

        for remaining in range(_STALE_TRIES - 1, -1, -1):
            try:
                result = await self._group.write(run)
            except StaleVersion:
                if remaining == 0:
                    raise StorageUnavailable("the row kept changing under the unit") from None
            else:
                break
        if changed:
            self._changes.publish(changed)
        return result

    async def read(self, unit: Callable[[Transaction], T]) -> T:
        # On the loop's thread: a point read takes less than handing it to another thread would.
        try:
            self._reader.execute("BEGIN")
            try:
                return unit(self._reading)
            finally:
                self._reader.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageUnavailable(str(error)) from error

    def changes(self) -> Changes:
        return self._changes

    def statistics(self) -> StorageStatistics:
        return StorageStatistics(self._group.commits, self._write_session.statements + self._read_session.statements)

    async def is_healthy(self) -> bool:
        try:
            async with asyncio.timeout(_HEALTH_TIMEOUT_S):
                await self.read(lambda tx: tx.payments.get("pay_health"))
                await self.write(lambda tx: tx.payments.get("pay_health"))
        except (StorageUnavailable, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        await self._group.close()
        self._reader.close()
        self._writer.close()
        if self._lock is not None:
            os.close(self._lock)


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection in autocommit mode with every durability setting on."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in _PRAGMAS:
        connection.execute(pragma).fetchall()
    return connection


def _connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that can not even try to write: it may belong to somebody who must not."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}").fetchall()
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    return connection


def _lock_file(path: Path) -> int:
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StorageUnavailable(
            f"{path} is in use by another server; SQLite serves one process, PostgreSQL serves many"
        ) from error
    return descriptor
