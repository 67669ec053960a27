"""A simulator with two merchants in certificate mode, on a clock that a test can set forward."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tollbridge_server.testing.simulators.wechatpay import (
    PlatformCertificate,
    Practice,
    WechatPayAccount,
    WechatPayKeys,
    WechatPaySimulator,
)

from tests.conformance.alipay import key_of, private_pem, public_pem
from tests.conformance.wechatpay import API_V3_KEY, APP_ID, MCHID, SERIAL, platform_certificate
from tests.integration.clocks import Clock
from tests.integration.wechatpay.desk import HASTE, OTHER_MCHID, Desk

DELIBERATE = Practice(userpaying_s=10 * HASTE, reverse_after_s=15 * HASTE, late_by_s=20 * HASTE)
"""What a test waits for takes as long as at WeChat Pay: it passes when the test sets the clock forward."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    merchants = [
        WechatPayAccount(name, mchid, (APP_ID,), SERIAL, public_pem(key_of("merchant")), API_V3_KEY.encode())
        for name, mchid in (("shop", MCHID), ("other", OTHER_MCHID))
    ]
    key = private_pem(key_of("platform"))
    keys = WechatPayKeys(key, (PlatformCertificate(platform_certificate(), key),))
    clock = Clock()
    simulator = WechatPaySimulator(
        tmp_path / "wechatpay.db", merchants, keys, time_scale=HASTE, practice=DELIBERATE, now_us=clock
    )
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
        await simulator.stop()
        await runner.cleanup()
