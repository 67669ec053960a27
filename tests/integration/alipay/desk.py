"""Talks to an Alipay simulator as a merchant's server would, parameter by parameter, and hears its notifications."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from tollbridge_server.providers.alipay.signing import (
    notification_fields,
    notification_text,
    open_envelope,
    request_text,
)
from tollbridge_server.providers.rsa_keys import is_signed, sign
from tollbridge_server.testing.simulators.alipay import AlipayAccount, AlipayKeys, AlipaySimulator
from tollbridge_server.testing.simulators.alipay.fields import written_time

from tests.conformance.alipay import APP_ID, SELLER_ID, key_of, private_pem, public_pem
from tests.integration.clocks import Clock

AES_KEY = "AAECAwQFBgcICQoLDA0ODw=="
WAIT_S = 20.0


class Desk:
    """A simulator with two applications, one of which encrypts, and an inbound side that may refuse at first."""

    def __init__(self, url: str, session: aiohttp.ClientSession, simulator: AlipaySimulator, clock: Clock) -> None:
        self.url, self.session, self.simulator, self.clock = url, session, simulator, clock
        self.notify_url = ""
        self.refusals = 0
        self.arrived: asyncio.Queue[bytes] = asyncio.Queue()

    def parameters(self, method: str, content: dict[str, Any], **changes: str) -> dict[str, str]:
        given = {
            "app_id": APP_ID,
            "method": method,
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": written_time(self.clock()),
            "version": "1.0",
            "biz_content": orjson.dumps(content).decode(),
            "alipay_sdk": "a client adds this and signs it",
        } | changes
        given["sign"] = sign(key_of("application"), request_text(given))
        return given

    async def post(self, parameters: dict[str, str]) -> dict[str, Any]:
        """Return the node of the answer, after its signature is checked where it has one."""
        async with self.session.post(f"{self.url}/gateway.do", data=parameters) as answer:
            body = await answer.read()
            assert answer.status == 200
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
        envelope = open_envelope(body, method=parameters.get("method", ""))
        if envelope.signature:
            assert is_signed(key_of("alipay").public_key(), envelope.raw, envelope.signature)
        node: dict[str, Any] = orjson.loads(envelope.raw)
        return {**node, "is_signed": bool(envelope.signature)}

    async def call(self, method: str, content: dict[str, Any], **changes: str) -> dict[str, Any]:
        return await self.post(self.parameters(method, content, **changes))

    async def arm(self, behavior: str, **query: str) -> None:
        async with self.session.post(f"{self.url}/control/arm", params={"behavior": behavior, **query}) as answer:
            assert answer.status == 200, await answer.text()

    async def shown(self, url: str, decision: str = "") -> str:
        """Return the page at a payer's address, after a button on it was pressed if one is named."""
        form = {"decision": decision} if decision else None
        async with self.session.request("POST" if form else "GET", url, data=form) as page:
            assert page.status == 200
            return await page.text()

    async def status(self, number: str = "T1") -> str:
        """Return a trade's status, or why there is none."""
        answer = await self.call("alipay.trade.query", {"out_trade_no": number})
        return str(answer.get("trade_status") or answer["sub_code"])

    async def heard(self) -> dict[str, str]:
        """Return the fields of the next notification, after its signature is checked."""
        async with asyncio.timeout(WAIT_S):
            fields = notification_fields(await self.arrived.get())
        assert is_signed(key_of("alipay").public_key(), notification_text(fields), fields["sign"])
        return fields

    async def settled(self) -> None:
        """Wait until every notification was accepted."""
        async with asyncio.timeout(WAIT_S):
            while not all(entry["is_closed"] for entry in await self.notifications()):
                await asyncio.sleep(0.01)

    async def notifications(self) -> list[dict[str, Any]]:
        async with self.session.get(f"{self.url}/control/notifications?account=plain") as answer:
            listed: list[dict[str, Any]] = (await answer.json())["notifications"]
        return listed

    async def receive(self, request: web.Request) -> web.Response:
        self.arrived.put_nowait(await request.read())
        self.refusals -= 1
        return web.Response(text="success" if self.refusals < 0 else "fail")


def order(number: str = "T1", **changes: Any) -> dict[str, Any]:
    content = {
        "out_trade_no": number,
        "total_amount": "10.00",
        "subject": "Tea",
        "scene": "bar_code",
        "auth_code": f"28{abs(hash(number)) % 10**12:012d}0000",
        "product_code": "FACE_TO_FACE_PAYMENT",
    } | changes
    return {name: value for name, value in content.items() if value is not None}


@asynccontextmanager
async def opened(folder: Path, *, notifies_all: bool = True, **options: Any) -> AsyncIterator[Desk]:
    """Open a simulator with further options of its own."""
    own = public_pem(key_of("application"))
    accounts = [
        AlipayAccount("plain", APP_ID, SELLER_ID, own, notifies_all=notifies_all),
        AlipayAccount("sealed", "2021000000000002", SELLER_ID, own, aes_key=AES_KEY),
    ]
    keys = AlipayKeys(private_pem(key_of("alipay")))
    clock = Clock()
    given: dict[str, Any] = {"notify_schedule_s": (0.05, 0.05), "now_us": clock} | options
    simulator = AlipaySimulator(folder / "alipay.db", accounts, keys, **given)
    url = f"http://127.0.0.1:{await simulator.start('127.0.0.1', 0)}"
    async with aiohttp.ClientSession() as session:
        made = Desk(url, session, simulator, clock)
        inbound = web.Application()
        inbound.router.add_post("/inbound", made.receive)
        runner = web.AppRunner(inbound, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.notify_url = f"http://127.0.0.1:{runner.addresses[0][1]}/inbound"
        yield made
        await made.simulator.stop()
        await runner.cleanup()
