"""What the tests with Alipay's SDKs share: a simulator with an application of each mode, and both SDKs set up."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from tollbridge_server.testing.simulators.alipay import AlipayAccount, AlipayKeys, AlipaySimulator

from tests.conformance.alipay import SELLER_ID, key_of, private_pem, public_pem
from tests.conformance.alipay_certificates import AES_KEY, alipays, application, reissued, root
from tests.sdks.driving import drive

APP_IDS = {"keys": "2021000000000001", "certificates": "2021000000000002", "encryption": "2021000000000003"}
"""An application of each mode: with keys alone, with certificates, and with keys and encrypted content."""
WAIT_S = 20.0

Step = tuple[str, dict[str, Any]]


@dataclass
class Bench:
    """A simulator with all three applications, and where their notifications arrive."""

    simulator: AlipaySimulator
    host: str
    notify_url: str
    arrived: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    @property
    def gateway(self) -> str:
        return f"http://{self.host}/gateway.do"

    async def notification(self) -> bytes:
        async with asyncio.timeout(WAIT_S):
            return await self.arrived.get()


def account(mode: str) -> AlipayAccount:
    return AlipayAccount(
        account_id=mode,
        app_id=APP_IDS[mode],
        seller_id=SELLER_ID,
        app_public_key=public_pem(key_of("application")),
        app_certificate=application() if mode == "certificates" else "",
        aes_key=AES_KEY if mode == "encryption" else "",
    )


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bench]:
    keys = AlipayKeys(private_pem(key_of("alipay")), alipays(), root(), reissued())
    simulator = AlipaySimulator(folder / "alipay.db", [account(mode) for mode in APP_IDS], keys)
    bench = Bench(simulator, "", "")

    async def receive(request: web.Request) -> web.Response:
        bench.arrived.put_nowait(await request.read())
        return web.Response(text="success")

    inbound = web.Application()
    inbound.router.add_post("/inbound", receive)
    runner = web.AppRunner(inbound, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bench.notify_url = f"http://127.0.0.1:{runner.addresses[0][1]}/inbound"
    bench.host = f"127.0.0.1:{await simulator.start('127.0.0.1', 0)}"
    try:
        yield bench
    finally:
        await simulator.stop()
        await runner.cleanup()


def number(prefix: str = "T") -> str:
    return f"{prefix}{secrets.token_hex(10)}"


def code(last_digits: str = "0000") -> str:
    return f"28{secrets.randbelow(10**12):012d}{last_digits}"


def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))


def flipped(text: str, place: int = -10) -> str:
    """Return the text with one bit of one character changed."""
    raw = bytearray(text.encode())
    raw[place] ^= 1
    return raw.decode()


def bare(pem: str) -> str:
    """Return the base64 in a PEM text, as Alipay's console shows keys."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


def official_settings(mode: str, *, believed_key: str = "alipay") -> dict[str, str]:
    """Return how a merchant sets Alipay's own SDK up, which knows no certificates."""
    settings = {
        "app_id": APP_IDS[mode],
        "app_private_key": _pkcs1(),
        "alipay_public_key": bare(public_pem(key_of(believed_key))),
    }
    return settings | ({"encrypt_type": "AES", "encrypt_key": AES_KEY} if mode == "encryption" else {})


async def official(settings: dict[str, str], host: str, steps: dict[str, Step]) -> dict[str, dict[str, Any]]:
    return await _carried_out("alipay-official", "alipay_official_calls.py", settings, host, steps)


def community_settings(mode: str, notify_url: str = "", *, believed_key: str = "alipay") -> dict[str, str]:
    """Return how a merchant sets the SDK python-alipay-sdk up, which does not encrypt content."""
    settings = {
        "appid": APP_IDS[mode],
        "app_notify_url": notify_url,
        "app_private_key_string": private_pem(key_of("application")),
    }
    if mode != "certificates":
        return settings | {"alipay_public_key_string": public_pem(key_of(believed_key))}
    return settings | {
        "app_public_key_cert_string": application(),
        "alipay_public_key_cert_string": alipays(),
        "alipay_root_cert_string": root(),
    }


async def community(settings: dict[str, str], gateway: str, steps: dict[str, Step]) -> dict[str, dict[str, Any]]:
    return await _carried_out("alipay-community", "alipay_community_calls.py", settings, gateway, steps)


async def _carried_out(
    sdk: str, driver: str, settings: dict[str, str], gateway: str, steps: dict[str, Step]
) -> dict[str, dict[str, Any]]:
    results = await asyncio.to_thread(
        drive, sdk, driver, merchant=settings, gateway=gateway, steps=list(steps.values())
    )
    return dict(zip(steps, results, strict=True))


def _pkcs1() -> str:
    """Return the application's key as the SDK reads it: base64 of PKCS#1."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    return bare(key_of("application").private_bytes(encoding, form, serialization.NoEncryption()).decode())
