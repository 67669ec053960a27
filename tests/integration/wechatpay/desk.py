"""Talks to a WeChat Pay simulator as a merchant's server would, byte by byte, and hears its notifications."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from tollbridge_server.providers.rsa_keys import is_signed, sign
from tollbridge_server.providers.wechatpay.encryption import unseal
from tollbridge_server.providers.wechatpay.signing import Authorization, read_seal, request_text
from tollbridge_server.testing.simulators.wechatpay import WechatPaySimulator
from yarl import URL

from tests.conformance.alipay import key_of
from tests.conformance.wechatpay import API_V3_KEY, APP_ID, MCHID, SERIAL
from tests.integration.clocks import Clock

ORDERS, REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
NUMBER = "T20260101001"
OTHER_MCHID = "1900000002"
WAIT_S = 20.0
HASTE = 100.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Desk:
    """A simulator with two merchants in certificate mode, and an inbound side that may refuse at first."""

    def __init__(self, url: str, session: aiohttp.ClientSession, simulator: WechatPaySimulator, clock: Clock) -> None:
        self.url, self.session, self.simulator, self.clock = url, session, simulator, clock
        self.notify_url = ""
        self.refusals = 0
        self.arrived: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    def headers(self, verb: str, path: str, body: bytes, *, age_s: int = 0, **changes: str) -> dict[str, str]:
        timestamp, nonce = str(self.clock() // 1_000_000 - age_s), secrets.token_hex(16)
        text = request_text(verb, path, timestamp=timestamp, nonce=nonce, body=body)
        parts = {"mchid": MCHID, "serial_no": SERIAL, "signature": sign(key_of("merchant"), text)} | changes
        header = Authorization(timestamp=timestamp, nonce=nonce, **parts).header()
        return {"Authorization": header, "Accept": "application/json", "User-Agent": "test"}

    async def send(self, verb: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        kept = {name: value for name, value in headers.items() if value}
        skipped = [name for name in ("Accept", "User-Agent") if name not in kept]
        async with self.session.request(
            verb, URL(f"{self.url}{path}", encoded=True), data=body, headers=kept, skip_auto_headers=skipped
        ) as answer:
            found = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, await answer.read(), found)

    async def call(self, verb: str, path: str, content: Any = None, **changes: Any) -> Answer:
        """Return the answer; a success has to be signed."""
        body = b"" if content is None else orjson.dumps(content)
        answer = await self.send(verb, path, body, self.headers(verb, path, body, **changes))
        if answer.status < 300:
            seal = read_seal(answer.headers)
            assert is_signed(key_of("platform").public_key(), seal.text(answer.body), seal.signature)
            assert answer.headers["wechatpay-signature-type"] == "WECHATPAY2-SHA256-RSA2048"
        return answer

    async def paid(self, number: str = NUMBER, total: int = 1000) -> None:
        await self.call("POST", f"{ORDERS}/native", order(self, out_trade_no=number, amount={"total": total}))
        await self.simulator.decide("shop", number, "approve")

    async def asked(self, number: str = NUMBER) -> Answer:
        return await self.call("GET", f"{ORDERS}/out-trade-no/{number}?mchid={MCHID}")

    async def arm(self, behavior: str, **query: str) -> int:
        return (await self.control("arm", behavior=behavior, **query)).status

    async def control(self, name: str, verb: str = "POST", **query: str) -> Answer:
        async with self.session.request(verb, f"{self.url}/control/{name}", params=query) as answer:
            return Answer(answer.status, await answer.read(), {})

    async def event(self) -> tuple[str, dict[str, Any]]:
        """Return id and content of the next notification, which has to be WeChat Pay's."""
        async with asyncio.timeout(WAIT_S):
            headers, body = await self.arrived.get()
        seal = read_seal(headers)
        assert is_signed(key_of("platform").public_key(), seal.text(body), seal.signature)
        return orjson.loads(body)["id"], opened(body)

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.arrived.put_nowait((headers, await request.read()))
        self.refusals -= 1
        return web.Response(status=204 if self.refusals < 0 else 500)


def opened(body: bytes, *, key: str = API_V3_KEY) -> dict[str, Any]:
    """Return what a notification holds. Raises CiphertextInvalid."""
    resource = orjson.loads(body)["resource"]
    plain = unseal(
        key.encode(), resource["ciphertext"], nonce=resource["nonce"], associated_data=resource["associated_data"]
    )
    content: dict[str, Any] = orjson.loads(plain)
    return content


async def refund(desk: Desk, number: str, amount_fen: int, *, total: int = 1000, **changes: Any) -> Answer:
    content = {
        "out_trade_no": NUMBER,
        "out_refund_no": number,
        "notify_url": desk.notify_url,
        "amount": {"refund": amount_fen, "total": total, "currency": "CNY"},
    } | changes
    return await desk.call("POST", REFUNDS, content)


def order(desk: Desk, **changes: Any) -> dict[str, Any]:
    content = {
        "appid": APP_ID,
        "mchid": MCHID,
        "description": "测试商品",
        "out_trade_no": NUMBER,
        "notify_url": desk.notify_url,
        "amount": {"total": 1000, "currency": "CNY"},
    } | changes
    return {name: value for name, value in content.items() if value is not None}


def code_order(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "appid": APP_ID,
        "mchid": MCHID,
        "description": "Tea",
        "out_trade_no": NUMBER,
        "amount": {"total": 1000, "currency": "CNY"},
        "payer": {"auth_code": code},
        "scene_info": {"store_info": {"id": "S1"}},
    } | changes
