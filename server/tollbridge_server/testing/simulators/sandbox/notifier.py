"""Delivers the acquirer's notifications, signed, until they are acknowledged; what waits survives a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.book import OutboxEntry

logger = logging.getLogger(__name__)

Deliver = Callable[[str, bytes], Awaitable[bool]]
"""Takes account id and body, signs and sends, and tells whether the merchant's server acknowledged."""

_IDLE_S = 0.2
_MAX_PAUSE_S = 60.0
_MAX_TRIES = 50


class Notifier:
    """A loop that concludes what is pending and empties the outbox."""

    def __init__(self, acquirer: SandboxAcquirer, deliver: Deliver) -> None:
        self._acquirer = acquirer
        self._deliver = deliver
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="sandbox notifier")

    async def stop(self) -> None:
        """End; what was not delivered stays in the outbox."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._acquirer.settle_due()
                await self._deliver_due()
            except Exception:
                logger.exception("the sandbox could not notify")
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._acquirer.posted.wait()
            except TimeoutError:
                continue
            self._acquirer.posted.clear()

    async def _deliver_due(self) -> None:
        of_account: dict[str, list[OutboxEntry]] = {}
        for entry in await self._acquirer.due_notifications():
            of_account.setdefault(entry.account, []).append(entry)
        # In order within an account; one that does not answer must not keep the others waiting.
        await asyncio.gather(*(self._deliver_in_order(entries) for entries in of_account.values()))

    async def _deliver_in_order(self, entries: list[OutboxEntry]) -> None:
        for entry in entries:
            is_done = await self._deliver(entry.account, entry.body) or entry.tries + 1 >= _MAX_TRIES
            pause_s = min(0.25 * 2**entry.tries, _MAX_PAUSE_S)
            await self._acquirer.note_delivery(entry, is_done=is_done, pause_s=pause_s)
