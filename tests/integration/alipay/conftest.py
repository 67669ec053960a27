"""A simulator with two applications, one of which encrypts, on a clock that a test can set forward."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tollbridge_server.testing.simulators.alipay import AlipayAccount, AlipayKeys, AlipaySimulator

from tests.conformance.alipay import APP_ID, SELLER_ID, key_of, private_pem, public_pem
from tests.integration.alipay.desk import AES_KEY, Desk
from tests.integration.clocks import Clock


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    accounts = [
        AlipayAccount("plain", APP_ID, SELLER_ID, public_pem(key_of("application"))),
        AlipayAccount("sealed", "2021000000000002", SELLER_ID, public_pem(key_of("application")), aes_key=AES_KEY),
    ]
    keys = AlipayKeys(private_pem(key_of("alipay")))
    clock = Clock()
    simulator = AlipaySimulator(tmp_path / "alipay.db", accounts, keys, notify_schedule_s=(0.05, 0.05), now_us=clock)
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
