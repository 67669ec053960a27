"""Group commit on one SQLite connection: waiting units share a transaction, and none undoes another's work.

Units run on the event loop's thread (a statement takes microseconds); only COMMIT, which waits for the disk, runs in
a thread. Units that arrive meanwhile form the next batch. Refuses to go on after a commit that failed: then nobody
knows what is on the disk, and the process has to end and recover.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tollbridge_server.ports.storage import StorageUnavailable

logger = logging.getLogger(__name__)
T = TypeVar("T")

MAX_BATCH = 512
BUSY_BATCH = 4
MAX_GATHER_S = 0.004
"""Under load (a batch of BUSY_BATCH units or more) the next one gathers as long as the last commit took, and no longer
than this: fewer, larger commits cost less than many small ones. A unit that comes alone never waits."""

_EXIT_IO_ERROR = 74  # EX_IOERR of sysexits.h


@dataclass(slots=True)
class _Waiting(Generic[T]):
    unit: Callable[[sqlite3.Connection], T]
    future: asyncio.Future[T]
    result: T | None = None
    error: BaseException | None = None

    def resolve(self) -> None:
        if self.future.done():  # Whoever waited has hung up; the unit is committed all the same.
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # A unit may return None itself.


def end_process(error: BaseException) -> None:
    """End the process at once: what a failed COMMIT left on the disk is found out by recovery, not by guessing."""
    logger.critical("the database could not commit, so this process ends now: %s", error)
    logging.shutdown()
    os._exit(_EXIT_IO_ERROR)


class GroupCommit:
    """The only writer of its connection, which must be in autocommit mode and usable from other threads."""

    def __init__(
        self, connection: sqlite3.Connection, *, on_fatal: Callable[[BaseException], None] | None = None
    ) -> None:
        self._connection = connection
        self._on_fatal = on_fatal or end_process
        self._waiting: deque[_Waiting[Any]] = deque()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._is_busy = False
        self._is_closed = False
        self._gather_s = 0.0
        self._idle: asyncio.Event = asyncio.Event()
        self._idle.set()
        self.commits = 0
        """How many transactions that changed something were committed."""

    async def write(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run `unit` and return its result after the COMMIT that holds it. It may run twice, so it only uses rows.

        What the unit raises undoes what it wrote, and only that; it is raised here after the same COMMIT. Raises
        StorageUnavailable when the transaction could not begin, or was lost with nothing of it written.
        """
        if self._is_closed:
            raise StorageUnavailable("the database is closed")
        loop = asyncio.get_running_loop()
        waiting: _Waiting[T] = _Waiting(unit, loop.create_future())
        self._waiting.append(waiting)
        if not self._is_busy:
            self._is_busy = True
            self._idle.clear()
            # Not at once: everybody who is ready in this turn of the loop gets into the same transaction.
            loop.call_soon(self._begin_batch, loop)
        return await waiting.future

    async def close(self) -> None:
        """Commit what is queued, then refuse more. The connection stays open."""
        self._is_closed = True
        await self._idle.wait()
        self._executor.shutdown(wait=True)

    def _begin_batch(self, loop: asyncio.AbstractEventLoop) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        try:
            has_changed = self._run_batch(batch)
        except sqlite3.Error as error:
            # SQLite undoes the whole transaction on some errors (a full disk); a lock held elsewhere begins none.
            self._roll_back()
            self._fail(batch, error)
            self._next_batch(loop)
            return
        if not has_changed:
            self._connection.execute("COMMIT")  # Nothing to wait for: there is nothing to write.
            self._resolve(loop, batch)
            return
        begun_at = loop.time()

        def committed(done: asyncio.Future[sqlite3.Cursor]) -> None:
            is_busy = len(batch) >= BUSY_BATCH
            self._gather_s = min(loop.time() - begun_at, MAX_GATHER_S) if is_busy else 0.0
            self._committed(loop, batch, done)

        loop.run_in_executor(self._executor, self._connection.execute, "COMMIT").add_done_callback(committed)

    def _run_batch(self, batch: list[_Waiting[Any]]) -> bool:
        """Run every unit in one transaction; return whether it changed anything.

        Savepoints cost a tenth of the statements, and a unit that raises is rare, so they are only set in a second
        run, after one has raised.
        """
        changes = self._begin()
        try:
            for waiting in batch:
                waiting.result = waiting.unit(self._connection)
            return self._connection.total_changes != changes
        except Exception as error:  # noqa: BLE001  It is raised to whoever waits for the unit.
            self._roll_back()
            changes = self._begin()
            if len(batch) == 1:
                batch[0].error = error
                return False
        for waiting in batch:
            self._run_apart(waiting)
        return self._connection.total_changes != changes

    def _run_apart(self, waiting: _Waiting[Any]) -> None:
        """Run one unit in a savepoint, so that what it raises undoes nothing of the others."""
        execute = self._connection.execute
        execute("SAVEPOINT unit")
        try:
            waiting.result = waiting.unit(self._connection)
        except Exception as error:
            waiting.error = error
            if not self._connection.in_transaction:
                raise sqlite3.OperationalError(f"the transaction was lost: {error}") from error
            execute("ROLLBACK TO unit")
        execute("RELEASE unit")

    def _begin(self) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection.total_changes

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _committed(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[_Waiting[Any]],
        done: asyncio.Future[sqlite3.Cursor],
    ) -> None:
        error = done.exception()
        if error is not None:
            self._on_fatal(error)
            self._is_closed = True
            self._fail(batch, error, is_commit_unknown=True)
            self._fail(list(self._waiting), error)
            self._waiting.clear()
            self._idle.set()
            return
        self.commits += 1
        self._resolve(loop, batch)

    def _resolve(self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting[Any]]) -> None:
        for waiting in batch:
            waiting.resolve()
        self._next_batch(loop)

    def _next_batch(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._waiting:
            if self._gather_s and not self._is_closed:
                loop.call_later(self._gather_s, self._begin_batch, loop)
            else:
                loop.call_soon(self._begin_batch, loop)
        else:
            self._is_busy = False
            self._idle.set()

    def _fail(self, batch: list[_Waiting[Any]], error: BaseException, *, is_commit_unknown: bool = False) -> None:
        for waiting in batch:
            waiting.error = StorageUnavailable(str(error), is_commit_unknown=is_commit_unknown)
            waiting.error.__cause__ = error
            waiting.resolve()
