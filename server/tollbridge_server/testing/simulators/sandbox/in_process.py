"""The acquirer inside the server's process: the same book, rules and notifications, without a socket in between.

Only the payer's pages listen. Faults hurt as they do on a network: an answer that never comes never comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from tollbridge_server.ports.provider import InboundNotification
from tollbridge_server.providers.sandbox.wire import Answer, Request, Verb
from tollbridge_server.providers.transport import Silent, Unsent
from tollbridge_server.services.notifications import NotificationService
from tollbridge_server.testing.simulators.frame.faults import Fault, Faulty
from tollbridge_server.testing.simulators.frame.notifier import Notifier
from tollbridge_server.testing.simulators.frame.outbox import OutboxEntry
from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.clerk import ReferenceReused
from tollbridge_server.testing.simulators.sandbox.delivery import notification_headers
from tollbridge_server.testing.simulators.sandbox.pages import PayerPages
from tollbridge_server.testing.simulators.sandbox.rules import delivery_pause_s

_ANSWER_TIMEOUT_S = 20.0


class InProcessLink:
    """SandboxLink that calls the acquirer directly; an answer that never comes is waited for `timeout_s` seconds."""

    def __init__(self, acquirer: SandboxAcquirer, account_id: str, *, timeout_s: float = _ANSWER_TIMEOUT_S) -> None:
        self._acquirer = acquirer
        self._account_id = account_id
        self._timeout_s = timeout_s

    async def call(self, verb: Verb, request: Request) -> Answer | Unsent | Silent:
        try:
            return await self._acquirer.handle(self._account_id, verb, request)
        except ReferenceReused:
            return Silent("HTTP 409")
        except Faulty as faulty:
            if faulty.fault in (Fault.LOST, Fault.BOOKED_TIMEOUT):
                await asyncio.sleep(self._timeout_s)
            return Silent(faulty.fault.value)

    async def close(self) -> None:
        """Leave the acquirer open: it is shared by all accounts."""


class InProcessSandbox:
    """The acquirer, its payer's pages and its notifier."""

    def __init__(self, book_path: Path, secrets: Mapping[str, bytes]) -> None:
        self._acquirer = SandboxAcquirer(book_path)
        self._secrets = secrets
        self._notifier = Notifier(self._acquirer, self._deliver, delivery_pause_s)
        self._receiver: NotificationService | None = None
        self._runner: web.AppRunner | None = None

    def link(self, account_id: str) -> InProcessLink:
        """Return the way to the acquirer for one account."""
        return InProcessLink(self._acquirer, account_id)

    def deliver_to(self, receiver: NotificationService) -> None:
        """Send notifications to the server's own inbound side."""
        self._receiver = receiver

    async def start(self, host: str, port: int) -> int:
        """Serve the payer's pages and begin to notify; return the port."""
        application = web.Application(client_max_size=16 * 1024)
        PayerPages(self._acquirer).add_to(application)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        self._runner = runner
        bound: int = runner.addresses[0][1]
        self._acquirer.pages_url = f"http://{host}:{bound}"
        self._notifier.start()
        return bound

    async def stop(self) -> None:
        """Stop the pages and the notifier, and close the book."""
        await self._notifier.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._acquirer.close()

    async def _deliver(self, entry: OutboxEntry) -> bool:
        secret = self._secrets.get(entry.account)
        if self._receiver is None or secret is None:
            return False
        inbound = InboundNotification(
            body=entry.body,
            headers=notification_headers(secret, entry.body),
            query="",
            received_at_us=time.time_ns() // 1000,
        )
        reply = await self._receiver.receive("sandbox", entry.account, inbound)
        return reply is not None and reply.status == 200
