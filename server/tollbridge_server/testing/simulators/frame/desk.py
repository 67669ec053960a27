"""A simulator's open book: one writer with group commit, its outbox, and the notifier's view of it.

It decides nothing; what may be booked is decided inside the units that it runs.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from tollbridge_server.storage.group_commit import GroupCommit
from tollbridge_server.testing.simulators.frame.once import Once
from tollbridge_server.testing.simulators.frame.outbox import Outbox, OutboxEntry

L = TypeVar("L")
T = TypeVar("T")

LISTED = 500
"""How much of anything is listed at the most."""

_FIRST_TRY_WITHIN_S = 5.0
_LOOKS_EVERY_S = 0.01


def system_now_us() -> int:
    """Return the present time in microseconds since the epoch."""
    return time.time_ns() // 1000


class Desk(Generic[L]):
    """A book that is open for writing. `ledger` is the simulator's own view of the rows; `now_us` its only clock."""

    def __init__(self, connection: sqlite3.Connection, ledger: L, *, now_us: Callable[[], int] = system_now_us) -> None:
        self._connection = connection
        self._group = GroupCommit(connection)
        self._ledger = ledger
        self._outbox = Outbox(connection)
        self._once = Once(connection)
        self._now_us = now_us
        self.posted = asyncio.Event()
        """Set when a notification waits to be delivered."""

    async def write(self, unit: Callable[[L], T]) -> T:
        """Run `unit` over the book in one durable transaction."""
        return await self._group.write(lambda _: unit(self._ledger))

    async def close(self) -> None:
        """Commit what is queued, then close the book."""
        await self._group.close()
        self._connection.close()

    async def due_notifications(self) -> list[OutboxEntry]:
        """Return what waits to be delivered now."""
        return await self.write(lambda _: self._outbox.due(self._now_us()))

    async def notifications_of(self, account: str) -> list[OutboxEntry]:
        """Return the latest notifications of an account, delivered or not."""
        return await self.write(lambda _: self._outbox.latest(account, limit=LISTED))

    async def notification(self, event_id: str) -> OutboxEntry | None:
        """Return one notification, delivered or not."""
        return await self.write(lambda _: self._outbox.find(event_id))

    async def first_tries(self, account: str) -> None:
        """Return when every notification of an account that is due was sent once, or after five seconds."""
        try:
            async with asyncio.timeout(_FIRST_TRY_WITHIN_S):
                while True:
                    if not await self.write(lambda _: self._outbox.has_untried(account, self._now_us())):
                        return
                    await asyncio.sleep(_LOOKS_EVERY_S)
        except TimeoutError:
            return

    async def lose_once(self, account: str, reference: str) -> bool:
        """Note that a request is lost on purpose; False when it was lost before, so that this one gets through."""
        return await self.write(lambda _: self._once.drop(account, reference))

    async def note_delivery(self, entry: OutboxEntry, *, pause_s: float | None) -> None:
        """Note that a notification needs no further try (None), or the next one after a pause in seconds."""

        def unit(_: L) -> None:
            if pause_s is None:
                self._outbox.close(entry.number)
            else:
                self._outbox.deliver_later(entry.number, due_at_us=self._now_us() + int(pause_s * 1_000_000))

        await self.write(unit)
