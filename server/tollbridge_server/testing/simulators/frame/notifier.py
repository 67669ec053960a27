"""Delivers a simulator's notifications until they are acknowledged; what waits survives a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from tollbridge_server.testing.simulators.frame.outbox import OutboxEntry

logger = logging.getLogger(__name__)

Deliver = Callable[[OutboxEntry], Awaitable[bool]]
"""Signs and sends a notification, and tells whether the merchant's server acknowledged."""

Pause = Callable[[int], float | None]
"""Takes how many tries have failed; returns the seconds until the next one, None to give up."""

_IDLE_S = 0.2


class Posts(Protocol):
    """What a notifier works for: a desk that can also conclude what the passing of time concludes."""

    @property
    def posted(self) -> asyncio.Event: ...

    async def settle_due(self) -> None: ...

    async def due_notifications(self) -> list[OutboxEntry]: ...

    async def note_delivery(self, entry: OutboxEntry, *, pause_s: float | None) -> None: ...


class Notifier:
    """A loop that concludes what is pending and empties the outbox."""

    def __init__(self, posts: Posts, deliver: Deliver, pause: Pause) -> None:
        self._posts = posts
        self._deliver = deliver
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="notifier")

    async def stop(self) -> None:
        """End; what was not delivered stays in the outbox."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._posts.settle_due()
                await self._deliver_due()
            except Exception:
                logger.exception("the simulator could not notify")
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._posts.posted.wait()
            except TimeoutError:
                continue
            self._posts.posted.clear()

    async def _deliver_due(self) -> None:
        of_account: dict[str, list[OutboxEntry]] = {}
        for entry in await self._posts.due_notifications():
            of_account.setdefault(entry.account, []).append(entry)
        # In order within an account; one that does not answer must not keep the others waiting.
        await asyncio.gather(*(self._deliver_in_order(entries) for entries in of_account.values()))

    async def _deliver_in_order(self, entries: list[OutboxEntry]) -> None:
        for entry in entries:
            is_acknowledged = await self._deliver(entry)
            await self._posts.note_delivery(entry, pause_s=None if is_acknowledged else self._pause(entry.tries))


def pause_of(schedule_s: Sequence[float], *, time_scale: float) -> Pause:
    """Return the pauses of a provider's schedule in seconds, each divided by `time_scale`; after the last, no more."""
    pauses_s = [pause_s / time_scale for pause_s in schedule_s]
    return lambda tries: pauses_s[tries] if tries < len(pauses_s) else None
