"""The acquirer behind HTTP, as a process of its own: signed requests in, signed answers out, pages, faults on demand.

Refuses whatever is not signed with the account's secret, and control from anywhere but this machine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tollbridge_server.providers.sandbox import signing, wire
from tollbridge_server.providers.sandbox.wire import Verb
from tollbridge_server.testing.simulators.common.faults import Faulty, improper_answer
from tollbridge_server.testing.simulators.common.notifier import Notifier
from tollbridge_server.testing.simulators.common.outbox import OutboxEntry
from tollbridge_server.testing.simulators.common.pace import Pace
from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.clerk import ReferenceReused
from tollbridge_server.testing.simulators.sandbox.control import Control, notification_headers
from tollbridge_server.testing.simulators.sandbox.pages import PayerPages
from tollbridge_server.testing.simulators.sandbox.rules import delivery_pause_s

_SHUTDOWN_TIMEOUT_S = 1.0
_DELIVERY_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """A merchant's account at the acquirer: the shared secret, and where its notifications go (empty: nowhere)."""

    account_id: str
    secret: bytes = field(repr=False)
    notification_url: str = ""


class SandboxServer:
    """One listening acquirer."""

    def __init__(self, acquirer: SandboxAcquirer, accounts: Mapping[str, SandboxAccount]) -> None:
        self._acquirer = acquirer
        self._accounts = accounts
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._notifier = Notifier(acquirer, self._deliver, delivery_pause_s)
        self._notification_urls = {account.account_id: account.notification_url for account in accounts.values()}

    async def start(self, host: str, port: int) -> int:
        """Listen and notify; return the port."""
        application = web.Application(client_max_size=64 * 1024)
        for verb in Verb:
            application.router.add_post(verb.value, self._handle)
        application.router.add_get("/health", _health)
        secrets = {account.account_id: account.secret for account in self._accounts.values()}
        Control(self._acquirer, secrets=secrets, send=self._send, redirect=self._redirect).add_to(application)
        Pace().add_to(application)
        PayerPages(self._acquirer).add_to(application)
        # Whoever waits for an answer that never comes must not hold up the end.
        runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_TIMEOUT_S
        )
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        self._runner = runner
        bound: int = runner.addresses[0][1]
        self._acquirer.pages_url = f"http://{host}:{bound}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_DELIVERY_TIMEOUT_S))
        self._notifier.start()
        return bound

    async def stop(self) -> None:
        """Stop listening and close the book."""
        await self._notifier.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        await self._acquirer.close()

    async def _handle(self, request: web.Request) -> web.Response:
        verb = Verb(request.path)
        body = await request.read()
        account = self._accounts.get(request.headers.get("sandbox-account", ""))
        signature = request.headers.get(signing.SIGNATURE_HEADER, "")
        if account is None:
            return web.Response(status=401)
        try:
            signing.verify(
                account.secret,
                body,
                timestamp=request.headers.get(signing.TIMESTAMP_HEADER, ""),
                signature=signature,
                context=signing.request_context(verb.value),
                now_s=time.time(),
            )
        except signing.SignatureInvalid:
            return web.Response(status=401)
        try:
            status, answer = await self._answer(account, verb, body)
        except Faulty as faulty:
            return await improper_answer(request, faulty.fault)
        now_s = int(time.time())
        context = signing.answer_context(signature, status)
        headers = {
            signing.TIMESTAMP_HEADER: str(now_s),
            signing.SIGNATURE_HEADER: signing.sign(account.secret, answer, timestamp_s=now_s, context=context),
        }
        return web.Response(status=status, body=answer, content_type="application/json", headers=headers)

    async def _answer(self, account: SandboxAccount, verb: Verb, body: bytes) -> tuple[int, bytes]:
        try:
            return 200, wire.write(await self._acquirer.handle(account.account_id, verb, wire.read_request(body)))
        except wire.Unreadable as error:
            return 400, str(error).encode()
        except ReferenceReused:
            return 409, b"this reference was used for another request"

    async def _deliver(self, entry: OutboxEntry) -> bool:
        account = self._accounts.get(entry.account)
        if account is None:
            return False
        return await self._send(entry.account, entry.body, notification_headers(account.secret, entry.body)) == 200

    async def _send(self, account_id: str, body: bytes, headers: dict[str, str]) -> int:
        """Post a notification and return the HTTP status, 0 when there was no answer."""
        url = self._notification_urls.get(account_id, "")
        if self._session is None or not url:
            return 0
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as reply:
                return reply.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    def _redirect(self, account_id: str, url: str) -> bool:
        """Send the notifications of an account elsewhere; False for an account that does not exist."""
        if account_id not in self._notification_urls:
            return False
        self._notification_urls[account_id] = url
        return True


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
