"""Delivers the acquirer's notifications, signed, until they are acknowledged; what waits survives a restart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.book import Ledger

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
        now_us = time.time_ns() // 1000
        due = await self._acquirer.write(lambda ledger: ledger.due_notifications(now_us))
        for event_id, account, body, tries in due:
            is_done = await self._deliver(account, body) or tries >= _MAX_TRIES
            pause_us = int(min(0.25 * 2**tries, _MAX_PAUSE_S) * 1_000_000)

            def note(
                ledger: Ledger, event_id: str = event_id, is_done: bool = is_done, pause_us: int = pause_us
            ) -> None:
                if is_done:
                    ledger.delivered(event_id)
                else:
                    ledger.deliver_later(event_id, due_at_us=time.time_ns() // 1000 + pause_us)

            await self._acquirer.write(note)
