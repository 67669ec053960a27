"""The acquirer behind HTTP, as a process of its own: signed requests in, signed answers out, pages, faults on demand.

Refuses whatever is not signed with the account's secret, and control from anywhere but this machine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from tollbridge_server.providers.sandbox import signing, wire
from tollbridge_server.providers.sandbox.wire import Verb
from tollbridge_server.testing.simulators.frame.faults import Faulty, improper_answer
from tollbridge_server.testing.simulators.frame.listener import Listener
from tollbridge_server.testing.simulators.frame.notifier import Notifier
from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.clerk import ReferenceReused
from tollbridge_server.testing.simulators.sandbox.control import SandboxControl
from tollbridge_server.testing.simulators.sandbox.delivery import SandboxDelivery
from tollbridge_server.testing.simulators.sandbox.pages import PayerPages
from tollbridge_server.testing.simulators.sandbox.rules import delivery_pause_s


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
        self._runner: Listener | None = None
        self._delivery = SandboxDelivery(
            {account.account_id: account.secret for account in accounts.values()},
            {account.account_id: account.notification_url for account in accounts.values()},
        )
        self._notifier = Notifier(acquirer, self._delivery.deliver, delivery_pause_s)

    async def start(self, host: str, port: int) -> int:
        """Listen and notify; return the port."""
        application = web.Application(client_max_size=64 * 1024)
        for verb in Verb:
            application.router.add_post(verb.value, self._handle)
        PayerPages(self._acquirer).add_to(application)
        SandboxControl(self._acquirer, self._delivery).add_to(application)
        self._runner = Listener(application)
        bound = await self._runner.start(host, port)
        self._acquirer.pages_url = f"http://{host}:{bound}"
        self._delivery.open()
        self._notifier.start()
        return bound

    async def stop(self) -> None:
        """Stop listening and close the book."""
        await self._notifier.stop()
        if self._runner is not None:
            await self._runner.stop()
        await self._delivery.close()
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
