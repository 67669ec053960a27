"""What the tests with WeChat Pay's SDKs share: a simulator with two merchants, and both SDKs set up for them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from tollbridge_server.testing.simulators.wechatpay import (
    WechatPayAccount,
    WechatPayKeys,
    WechatPaySimulator,
)

from tests.conformance.alipay import key_of, private_pem, public_pem
from tests.conformance.wechatpay import API_V3_KEY, APP_ID, PUBLIC_KEY_ID, SERIAL
from tests.integration.wechatpay.platform import certified, serial_of
from tests.sdks.driving import drive

MCHIDS = {"certificates": "1900000001", "public_key": "1900000002"}
"""A merchant of each kind: one whose answers platform certificates sign, and one with WeChat Pay's public key."""
OPEN_ID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SCENE = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
DECLINED_FEN, RULE_LIMIT_FEN = 9112, 9117
ORDERS, REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
REVERSIBLE_AFTER_S = 16
HASTE = 100.0
WAIT_S = 20.0

Step = tuple[str, dict[str, Any]]


@dataclass
class Bench:
    """A simulator with both merchants, its clock, and where the merchants' notifications arrive."""

    simulator: WechatPaySimulator
    url: str
    notify_url: str
    arrived: asyncio.Queue[tuple[dict[str, str], str]] = field(default_factory=asyncio.Queue)
    ahead_s: int = 0

    async def notification(self) -> tuple[dict[str, str], str]:
        async with asyncio.timeout(WAIT_S):
            return await self.arrived.get()


def account(mode: str) -> WechatPayAccount:
    return WechatPayAccount(
        account_id=mode,
        mchid=MCHIDS[mode],
        app_ids=(APP_ID,),
        serial_no=SERIAL,
        merchant_public_key=public_pem(key_of("merchant")),
        api_v3_key=API_V3_KEY.encode(),
        public_key_id=PUBLIC_KEY_ID if mode == "public_key" else "",
    )


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bench]:
    keys = WechatPayKeys(private_pem(key_of("wechatpay")), (certified("platform"),))
    simulator = WechatPaySimulator(
        folder / "wechatpay.db",
        [account(mode) for mode in MCHIDS],
        keys,
        time_scale=HASTE,
        now_us=lambda: time.time_ns() // 1000 + bench.ahead_s * 1_000_000,
    )
    bench = Bench(simulator, "", "")

    async def receive(request: web.Request) -> web.Response:
        bench.arrived.put_nowait((dict(request.headers), await request.text()))
        return web.Response(status=204)

    inbound = web.Application()
    inbound.router.add_post("/inbound", receive)
    runner = web.AppRunner(inbound, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bench.notify_url = f"http://127.0.0.1:{runner.addresses[0][1]}/inbound"
    bench.url = f"http://127.0.0.1:{await simulator.start('127.0.0.1', 0)}"
    try:
        yield bench
    finally:
        await simulator.stop()
        await runner.cleanup()


def number(prefix: str = "T") -> str:
    return f"{prefix}{secrets.token_hex(10)}"


def flipped(text: str, place: int = -10) -> str:
    """Return the text with one bit of one character changed."""
    raw = bytearray(text.encode())
    raw[place] ^= 1
    return raw.decode()


def v3_settings(mode: str, *, notify_url: str, folder: Path) -> dict[str, Any]:
    """Return how a merchant sets the SDK up; in certificate mode it knows a certificate that is out of use by now."""
    settings: dict[str, Any] = {
        "mchid": MCHIDS[mode],
        "private_key": private_pem(key_of("merchant")),
        "cert_serial_no": SERIAL,
        "appid": APP_ID,
        "apiv3_key": API_V3_KEY,
        "notify_url": notify_url,
    }
    if mode == "public_key":
        return settings | {"public_key": public_pem(key_of("wechatpay")), "public_key_id": PUBLIC_KEY_ID}
    cert_dir = folder / "certificates"
    if not cert_dir.exists():
        cert_dir.mkdir()
        former = certified("former")
        (cert_dir / f"{serial_of(former)}.pem").write_text(former.certificate)
    return settings | {"cert_dir": str(cert_dir)}


async def v3(settings: dict[str, Any], gateway: str, steps: Sequence[Step]) -> dict[str, Any]:
    found: dict[str, Any] = await asyncio.to_thread(
        drive, "wechatpay", "wechatpayv3_calls.py", merchant=settings, gateway=gateway, steps=steps
    )
    return found


def py_settings(mode: str, notify_url: str) -> dict[str, Any]:
    """Return how a merchant sets the SDK up: it verifies with one key, which may stand in a certificate."""
    key = certified("platform").certificate if mode == "certificates" else public_pem(key_of("wechatpay"))
    return {
        "mchid": MCHIDS[mode],
        "mch_serial_no": SERIAL,
        "mch_private_key_string": private_pem(key_of("merchant")),
        "wechat_public_key_string": key,
        "notify_url": notify_url,
        "apiv3_key": API_V3_KEY,
        "app_appid": APP_ID,
        "offi_appid": APP_ID,
        "mini_appid": APP_ID,
    }


async def py(settings: dict[str, Any], gateway: str, steps: dict[str, Step]) -> dict[str, dict[str, Any]]:
    results = await asyncio.to_thread(
        drive, "wechatpay", "pywechatpay_calls.py", merchant=settings, gateway=gateway, steps=list(steps.values())
    )
    return dict(zip(steps, results, strict=True))
