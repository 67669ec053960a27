"""The sandbox as a subject of the kit, over both of its links."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
from aiohttp import web
from tollbridge_server.domain.evidence import DeclineReason, NextAction
from tollbridge_server.domain.payment_method import Card, MethodKind, PaymentMethod
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.ports.provider import InboundNotification
from tollbridge_server.providers.sandbox import SandboxAdapter, SandboxSettings, build, signing
from tollbridge_server.providers.sandbox.codes import failure_of
from tollbridge_server.providers.sandbox.link import HttpLink
from tollbridge_server.providers.transport import Transport
from tollbridge_server.testing.conformance import Decline, Fault
from tollbridge_server.testing.simulators.sandbox import SandboxAccount, SandboxAcquirer, SandboxServer, read_book
from tollbridge_server.testing.simulators.sandbox.delivery import notification_headers
from tollbridge_server.testing.simulators.sandbox.in_process import InProcessLink
from tollbridge_server.testing.simulators.sandbox.rules import TEST_CARDS, Behavior, Decision

ACCOUNT = "conformance"
SECRET = "a secret of the conformance kit, thirty-two"
GIVE_UP_S = 0.5
"""How long an answer that never comes is waited for; any other has as long as a busy machine takes."""
WAIT_S = 20.0
SILENT = (Fault.LOST, Fault.BOOKED_SILENT)

BEHAVIORS = {
    Fault.LOST: Behavior.LOST,
    Fault.RESET: Behavior.RESET,
    Fault.SERVER_ERROR: Behavior.SERVER_ERROR,
    Fault.BOOKED_SILENT: Behavior.BOOKED_TIMEOUT,
    Fault.BOOKED_RESET: Behavior.BOOKED_RESET,
    Fault.BOOKED_SERVER_ERROR: Behavior.BOOKED_SERVER_ERROR,
}


def card(number: str) -> PaymentMethod:
    cvv = "1234" if number.startswith("37") else "123"
    return PaymentMethod(MethodKind.CARD, card=Card(number, 12, 2035, cvv))


class SandboxSubject:
    """What both links share: a real acquirer with its book, its pages, and a merchant's inbound side."""

    currency = "EUR"
    opens_with_payer = False
    exempt: Mapping[str, str] = {}
    secrets: Sequence[str] = (SECRET, "4242424242424242")

    def __init__(self, book_path: Path) -> None:
        self._book_path = book_path
        self._arrived: asyncio.Queue[InboundNotification] = asyncio.Queue()
        self._is_forging = False

    async def open(self) -> None:
        inbound = web.Application()
        inbound.router.add_post("/inbound", self._receive)
        self._inbound = web.AppRunner(inbound, access_log=None)
        await self._inbound.setup()
        await web.TCPSite(self._inbound, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{self._inbound.addresses[0][1]}/inbound"
        self._acquirer = SandboxAcquirer(self._book_path)
        self._server = SandboxServer(self._acquirer, {ACCOUNT: SandboxAccount(ACCOUNT, SECRET.encode(), url)})
        self._url = f"http://127.0.0.1:{await self._server.start('127.0.0.1', 0)}"
        self._session = aiohttp.ClientSession()
        self._patient, self._hasty = self.make_adapter(WAIT_S), self.make_adapter(GIVE_UP_S)
        self._adapter = self._patient

    async def close(self) -> None:
        await self._patient.close()
        await self._hasty.close()
        await self._session.close()
        await self._server.stop()
        await self._inbound.cleanup()

    def make_adapter(self, timeout_s: float) -> SandboxAdapter:
        raise NotImplementedError

    @property
    def adapter(self) -> SandboxAdapter:
        return self._adapter

    @property
    def unreachable(self) -> SandboxAdapter:
        return self._over_http("http://127.0.0.1:1", WAIT_S)

    def other_account(self) -> SandboxAdapter:
        return build(
            "other", SandboxSettings("another secret of thirty-two characters", "https://sandbox.invalid"), None
        )

    def approved(self) -> PaymentMethod:
        return card("4242424242424242")

    def acting(self) -> PaymentMethod:
        return PaymentMethod(MethodKind.ALIPAY_QR)

    def declines(self) -> Sequence[Decline]:
        declined = [test for test in TEST_CARDS if test.decision is Decision.DECLINE]
        assert len({failure_of(test.code).reason for test in declined}) == len(declined)
        assert all(failure_of(test.code).reason is not DeclineReason.OTHER for test in declined)
        return [Decline(card(test.number), failure_of(test.code).reason) for test in declined]

    async def act(self, action: NextAction, *, is_approved: bool) -> None:
        form = {"decision": "approve" if is_approved else "refuse"}
        async with self._session.post(action.url or action.payload, data=form) as page:
            assert page.status == 200

    async def arm(self, fault: Fault) -> None:
        self._adapter = self._hasty if fault in SILENT else self._patient
        # Inside a process there is no wire to forge an answer on; a lost one is the nearest.
        self._acquirer.armed.arm(BEHAVIORS.get(fault, Behavior.BOOKED_RESET), 1)

    async def booked(self, request_reference: str) -> BookedCharge | None:
        book = read_book(self._book_path).get(ACCOUNT)
        found = [c for c in book.charges() if c.request_reference == request_reference] if book else []
        return found[0] if found else None

    async def notification(self) -> InboundNotification:
        async with asyncio.timeout(WAIT_S):
            return await self._arrived.get()

    def unsigned(self, inbound: InboundNotification) -> InboundNotification:
        return replace(inbound, headers={})

    def resigned(self, inbound: InboundNotification, *, body: bytes | None, age_s: int) -> InboundNotification:
        content = inbound.body if body is None else body
        headers = notification_headers(SECRET.encode(), content, age_s=age_s)
        return replace(inbound, body=content, headers=headers)

    def _over_http(self, url: str, timeout_s: float) -> SandboxAdapter:
        link = HttpLink(Transport(url, timeout_s=timeout_s), account_id=ACCOUNT, secret=SECRET.encode())
        return build(ACCOUNT, SandboxSettings(SECRET, url), link)

    async def _receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, now_us = await request.read(), time.time_ns() // 1000
        self._arrived.put_nowait(InboundNotification(body, headers, "", now_us))
        return web.Response(text="ok")


class InProcessSubject(SandboxSubject):
    """Straight into the acquirer, as `tollbridge serve` does for development."""

    def make_adapter(self, timeout_s: float) -> SandboxAdapter:
        link = InProcessLink(self._acquirer, ACCOUNT, timeout_s=timeout_s)
        return build(ACCOUNT, SandboxSettings(SECRET), link)


class HttpSubject(SandboxSubject):
    """Over signed HTTP, with a proxy in between that can forge an answer."""

    async def open(self) -> None:
        proxy = web.Application()
        proxy.router.add_post("/{path:.*}", self._forward)
        self._proxy = web.AppRunner(proxy, access_log=None)
        await self._proxy.setup()
        await web.TCPSite(self._proxy, "127.0.0.1", 0).start()
        await super().open()

    async def close(self) -> None:
        await super().close()
        await self._proxy.cleanup()

    def make_adapter(self, timeout_s: float) -> SandboxAdapter:
        return self._over_http(f"http://127.0.0.1:{self._proxy.addresses[0][1]}", timeout_s)

    async def arm(self, fault: Fault) -> None:
        if fault is Fault.FORGED_ANSWER:
            self._adapter, self._is_forging = self._patient, True
        else:
            await super().arm(fault)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        is_forging, self._is_forging = self._is_forging, False
        try:
            async with self._session.post(
                f"{self._url}{request.path}", data=await request.read(), headers=_end_to_end(request.headers)
            ) as answer:
                body, headers = await answer.read(), _end_to_end(answer.headers)
        except aiohttp.ClientError:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=502)
        if is_forging:
            body = body.replace(b"succeeded", b"declined ").replace(b'"declined "', b'"declined"')
            assert signing.SIGNATURE_HEADER in headers
        return web.Response(status=answer.status, body=body, headers=headers)


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    wanted = ("sandbox-account", signing.TIMESTAMP_HEADER, signing.SIGNATURE_HEADER)
    return {name.lower(): value for name, value in headers.items() if name.lower() in wanted}
