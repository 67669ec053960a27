"""Talks to an Alipay simulator as a merchant's server would, parameter by parameter, and hears its notifications."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from tollbridge_server.providers.alipay.signing import open_envelope, request_text
from tollbridge_server.providers.rsa_keys import is_signed, sign
from tollbridge_server.testing.simulators.alipay import AlipaySimulator
from tollbridge_server.testing.simulators.alipay.fields import written_time

from tests.conformance.alipay import APP_ID, key_of
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
