"""A sandbox acquirer with its own book and an adapter before it, in process or over real HTTP."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.ports.provider import InboundNotification, Notification, NotificationRefused
from tollbridge_server.providers.sandbox import SandboxAdapter, SandboxSettings, build
from tollbridge_server.providers.sandbox.link import HttpLink
from tollbridge_server.providers.transport import Transport
from tollbridge_server.testing.simulators.sandbox import SandboxAccount, SandboxAcquirer, SandboxServer, read_book
from tollbridge_server.testing.simulators.sandbox.in_process import InProcessLink

from tests.unit.providers.orders import eur

ACCOUNT = "acc"
SECRET = "a secret of thirty-two characters"
WAIT_S = 20.0


class InProcessDesk:
    """The acquirer without sockets, on a clock that stands still until it is moved."""

    def __init__(self, book_path: Path) -> None:
        self.book_path = book_path
        self.now_us = 1_800_000_000_000_000
        self.acquirer = SandboxAcquirer(book_path, now_us=lambda: self.now_us)
        self.adapter = self.adapter_of(ACCOUNT)

    def adapter_of(self, account_id: str) -> SandboxAdapter:
        link = InProcessLink(self.acquirer, account_id, timeout_s=0.05)
        return build(account_id, SandboxSettings(SECRET), link)

    async def settle(self, *, after_s: float = 2.0) -> None:
        self.now_us += int(after_s * 1_000_000)
        await self.acquirer.settle_due()

    async def reopen(self) -> None:
        await self.acquirer.close()
        self.acquirer = SandboxAcquirer(self.book_path, now_us=lambda: self.now_us)
        self.adapter = self.adapter_of(ACCOUNT)

    def booked(self, reference: str = "charge") -> BookedCharge:
        return booked(self.book_path, reference)

    async def close(self) -> None:
        await self.acquirer.close()


@dataclass(slots=True)
class Merchant:
    """The merchant's inbound side: verifies with the adapter, keeps what it accepted, and may refuse to acknowledge."""

    adapter: SandboxAdapter | None = None
    accepted: list[Notification] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    outages: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        assert self.adapter is not None
        if self.outages:
            self.outages -= 1
            return web.Response(status=503)
        inbound = InboundNotification(
            body=await request.read(),
            headers={name.lower(): value for name, value in request.headers.items()},
            query="",
            received_at_us=time.time_ns() // 1000,
        )
        try:
            self.accepted += self.adapter.read_notification(inbound)
            reply = self.adapter.notification_reply(accepted=True)
        except NotificationRefused as refused:
            self.refused.append(refused.reason)
            reply = self.adapter.notification_reply(accepted=False)
        self.arrived.set()
        return web.Response(status=reply.status, body=reply.body)

    async def wait_for(self, count: int) -> list[Notification]:
        async with asyncio.timeout(WAIT_S):
            while len(self.accepted) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.accepted


class HttpDesk:
    """The acquirer and a merchant's inbound side, each listening on a free port of this machine."""

    def __init__(self, book_path: Path) -> None:
        self.book_path = book_path
        self.merchant = Merchant()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/notifications/sandbox/{account}", self.merchant.receive)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.notify_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/notifications/sandbox/{ACCOUNT}"
        self.session = aiohttp.ClientSession()
        await self.open_acquirer()

    async def open_acquirer(self, *, port: int = 0) -> None:
        account = SandboxAccount(ACCOUNT, SECRET.encode(), self.notify_url)
        self.server = SandboxServer(SandboxAcquirer(self.book_path), {ACCOUNT: account})
        self.url = f"http://127.0.0.1:{await self.server.start('127.0.0.1', port)}"
        self.adapter = self.merchant.adapter = self.adapter_with()

    def adapter_with(self, *, secret: str = SECRET, timeout_s: float = 5.0) -> SandboxAdapter:
        transport = Transport(self.url, timeout_s=timeout_s)
        link = HttpLink(transport, account_id=ACCOUNT, secret=secret.encode())
        return build(ACCOUNT, SandboxSettings(secret), link)

    async def control(self, path: str, **query: str) -> str:
        async with self.session.post(f"{self.url}/control/{path}", params=query) as response:
            assert response.status == 200, await response.text()
            return await response.text()

    async def listed(self, path: str) -> dict[str, Any]:
        async with self.session.get(f"{self.url}/control/{path}", params={"account": ACCOUNT}) as response:
            parsed: dict[str, Any] = await response.json()
            return parsed

    def booked(self, reference: str = "charge") -> BookedCharge:
        return booked(self.book_path, reference)

    async def close(self) -> None:
        await self.adapter.close()
        await self.server.stop()
        await self.session.close()
        if self._runner is not None:
            await self._runner.cleanup()


def booked(path: Path, reference: str) -> BookedCharge:
    """What another process reads in the book about one charge."""
    return next(charge for charge in read_book(path)[ACCOUNT].charges() if charge.request_reference == reference)


def succeeded(evidence: Evidence, amount_minor: int | None = None) -> bool:
    """Whether the evidence is a success, and of that amount."""
    is_amount = amount_minor is None or evidence.amount == eur(amount_minor)
    return evidence.outcome is Outcome.SUCCEEDED and is_amount
