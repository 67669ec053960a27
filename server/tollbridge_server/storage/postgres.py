"""PostgreSQL for many servers: each unit one transaction on a thread of its own, run again when it lost a race.

Refuses a database that is not at this code's schema: migrating it is a command, because other servers use it too.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psycopg

from tollbridge_server.domain.errors import BrokenInvariant
from tollbridge_server.ports.storage import StaleVersion, StorageStatistics, StorageUnavailable, Transaction
from tollbridge_server.storage.changes import Changes
from tollbridge_server.storage.migrations import pending
from tollbridge_server.storage.postgres_link import (
    CHANNEL,
    CONNECT_SETTINGS,
    TO_READ,
    TO_WRITE,
    Begin,
    PostgresLink,
    connect,
    is_conflict,
)
from tollbridge_server.storage.queries import Statements

logger = logging.getLogger(__name__)
T = TypeVar("T")

_TRIES = 6
_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25
_HEALTH_TIMEOUT_S = 2.0
_LISTEN_TIMEOUT_S = 10.0
_RECONNECT_PAUSE_S = 0.5
_random = random.SystemRandom()


class PostgresStorage:
    """Storage in a PostgreSQL database."""

    def __init__(self, url: str, statements: Statements, first: PostgresLink, *, connections: int) -> None:
        self._url = url
        self._statements = statements
        # Never more links than threads, so the threads are what bounds them.
        self._idle = deque([first])
        self._executor = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="postgres")
        self._changes = Changes()
        self._listener = _Listener(url, self._changes)
        self._is_closed = False
        self._counting = threading.Lock()
        self._commit_count = 0
        self._statement_count = 0

    @classmethod
    async def open(cls, url: str, *, connections: int = 8) -> PostgresStorage:
        """Connect to `url` (`postgresql://…`) with at most `connections` transactions at a time, and listen.

        Raises StorageUnavailable when the database can not be reached, or is not at this code's schema.
        """
        statements = Statements("postgresql")
        first = await asyncio.to_thread(_first_link, url, statements)
        storage = cls(url, statements, first, connections=connections)
        try:
            await storage._listener.start()
        except BaseException:
            await storage.close()
            raise
        return storage

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        return await self._submit(lambda: self._run(unit, TO_WRITE))

    async def read(self, unit: Callable[[Transaction], T]) -> T:
        return await self._submit(lambda: self._run(unit, TO_READ))

    def changes(self) -> Changes:
        return self._changes

    def statistics(self) -> StorageStatistics:
        return StorageStatistics(self._commit_count, self._statement_count)

    async def is_healthy(self) -> bool:
        try:
            async with asyncio.timeout(_HEALTH_TIMEOUT_S):
                await self.read(lambda tx: tx.payments.get("pay_health"))
                await self._submit(self._prove_writable)
        except (StorageUnavailable, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        self._is_closed = True
        await asyncio.to_thread(self._executor.shutdown, wait=True)
        await self._listener.stop()
        while self._idle:
            self._idle.pop().close()

    async def _submit(self, work: Callable[[], T]) -> T:
        # A caller that gives up takes back what no thread has begun; what has begun runs to its end.
        if self._is_closed:
            raise StorageUnavailable("the database is closed")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _run(self, unit: Callable[[Transaction], T], begin: Begin) -> T:
        """Run a unit until it wins, a few times at most, and say what went wrong in the port's words."""
        for tried in range(1, _TRIES + 1):
            try:
                return self._run_once(unit, begin)
            except StaleVersion as error:
                conflict: Exception = error
            except (psycopg.IntegrityError, psycopg.DataError) as error:
                raise BrokenInvariant(f"the database refused a row: {error}") from error
            except psycopg.Error as error:
                if not is_conflict(error):
                    raise StorageUnavailable(str(error)) from error
                conflict = error
            if tried < _TRIES:
                time.sleep(_random.uniform(0, min(_LONGEST_PAUSE_S, _PAUSE_S * 2**tried)))
        raise StorageUnavailable(f"the rows were changed by others, {_TRIES} times in a row") from conflict

    def _run_once(self, unit: Callable[[Transaction], T], begin: Begin) -> T:
        link = self._begun(begin)
        try:
            try:
                result = unit(link.repositories)
                link.session.announce()
            except BaseException:
                link.rollback()
                raise
            link.commit()
            with self._counting:
                self._commit_count += link.session.has_written
        finally:
            with self._counting:
                self._statement_count += link.session.statements
            self._put_back(link)
        return result

    def _begun(self, begin: Begin) -> PostgresLink:
        """Return a link on which a transaction has begun; a link that died while it was idle is replaced once."""
        with suppress(IndexError):
            link = self._idle.pop()
            try:
                link.begin(begin)
            except psycopg.OperationalError:
                link.close()
            else:
                return link
        fresh = connect(self._url, self._statements)
        fresh.begin(begin)
        return fresh

    def _put_back(self, link: PostgresLink) -> None:
        if not link.is_lost:
            self._idle.append(link)

    def _prove_writable(self) -> None:
        try:
            link = self._begun(TO_WRITE)
            try:
                link.lock_for_writing()
            finally:
                link.rollback()
                self._put_back(link)
        except psycopg.Error as error:
            raise StorageUnavailable(str(error)) from error


class _Listener:
    """The connection on which the database tells of changes, by whichever server; replaced when it is lost."""

    def __init__(self, url: str, changes: Changes) -> None:
        self._url = url
        self._changes = changes
        self._is_listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen from now on. Raises StorageUnavailable."""
        self._task = asyncio.create_task(self._listen_always(), name="postgres-listener")
        try:
            async with asyncio.timeout(_LISTEN_TIMEOUT_S):
                await self._is_listening.wait()
        except TimeoutError as error:
            raise StorageUnavailable("the database does not let a connection listen") from error

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen_always(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                logger.warning("the connection for changes was lost and is opened again: %s", error)
            await asyncio.sleep(_RECONNECT_PAUSE_S)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, **CONNECT_SETTINGS)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            if self._is_listening.is_set():
                self._changes.publish_all()  # What happened in between was told to nobody here.
            self._is_listening.set()
            async for notification in connection.notifies():
                self._changes.publish((notification.payload,))


def _first_link(url: str, statements: Statements) -> PostgresLink:
    try:
        link = connect(url, statements)
    except psycopg.Error as error:
        raise StorageUnavailable(f"the database can not be reached: {error}") from error
    try:
        missing = pending(url)
        if missing:
            raise StorageUnavailable(
                f"the database lacks the migrations {', '.join(missing)}; run `tollbridge migrate`, then start again"
            )
    except BaseException:
        link.close()
        raise
    return link
