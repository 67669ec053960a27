"""WeChat Pay changes its keys: platform certificates rotate, and accounts move from certificates to a public key."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.order import PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import (
    ChargeOrder,
    InboundNotification,
    NotificationRefused,
)
from tollbridge_server.providers.wechatpay import WechatPayAdapter, WechatPaySettings, build
from tollbridge_server.testing.simulators.wechatpay import (
    PlatformCertificate,
    WechatPayAccount,
    WechatPayKeys,
    WechatPaySimulator,
)

from tests.conformance.alipay import key_of, private_pem, public_pem
from tests.conformance.wechatpay import API_V3_KEY, APP_ID, MCHID, PUBLIC_KEY_ID, SERIAL
from tests.integration.wechatpay.platform import certified, serial_of

SHOP = "shop"
FIRST, NEXT, LATER = "platform", "next", "later"
WAIT_S = 20.0
HASTE = 1000.0


@dataclass
class Desk:
    """A simulator, adapters before it, and the merchant's inbound side, which may refuse what arrives."""

    simulator: WechatPaySimulator
    url: str = ""
    notify_url: str = ""
    adapters: list[WechatPayAdapter] = field(default_factory=list)
    arrived: asyncio.Queue[InboundNotification] = field(default_factory=asyncio.Queue)
    accepts: Callable[[InboundNotification], bool] = lambda _: True

    def adapter(self, *, has_public_key: bool = False) -> WechatPayAdapter:
        settings = WechatPaySettings(
            mchid=MCHID,
            app_id=APP_ID,
            notify_url=self.notify_url,
            private_key=private_pem(key_of("merchant")),
            serial_no=SERIAL,
            api_v3_key=API_V3_KEY,
            public_key=public_pem(key_of("wechatpay")) if has_public_key else "",
            public_key_id=PUBLIC_KEY_ID if has_public_key else "",
            base_url=self.url,
        )
        made = build(SHOP, settings, None)
        self.adapters.append(made)
        return made

    async def rotate(self, step: str = "switch") -> list[str]:
        """Take a step; return the serial numbers that are listed then, the one in use first."""
        url = f"{self.url}/control/rotate?step={step}"
        async with aiohttp.ClientSession() as session, session.post(url) as answer:
            assert answer.status == 200, await answer.text()
            serials: list[str] = (await answer.json())["serials"]
            return serials

    async def notification(self) -> InboundNotification:
        async with asyncio.timeout(WAIT_S):
            return await self.arrived.get()

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        inbound = InboundNotification(await request.read(), headers, "", time.time_ns() // 1000)
        is_accepted = self.accepts(inbound)
        self.arrived.put_nowait(inbound)
        return web.Response(status=204 if is_accepted else 500)


@asynccontextmanager
async def opened(
    folder: Path,
    *certificates: PlatformCertificate,
    public_key_id: str = "",
    has_certificates: bool = False,
    api_v3_key: str = API_V3_KEY,
) -> AsyncIterator[Desk]:
    account = WechatPayAccount(
        account_id=SHOP,
        mchid=MCHID,
        app_ids=(APP_ID,),
        serial_no=SERIAL,
        merchant_public_key=public_pem(key_of("merchant")),
        api_v3_key=api_v3_key.encode(),
        public_key_id=public_key_id,
        has_certificates=has_certificates,
    )
    keys = WechatPayKeys(private_pem(key_of("wechatpay")), certificates)
    desk = Desk(WechatPaySimulator(folder / "wechatpay.db", [account], keys, time_scale=HASTE))
    desk.url = f"http://127.0.0.1:{await desk.simulator.start('127.0.0.1', 0)}"
    inbound = web.Application()
    inbound.router.add_post("/inbound", desk.receive)
    runner = web.AppRunner(inbound, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    desk.notify_url = f"http://127.0.0.1:{runner.addresses[0][1]}/inbound"
    try:
        yield desk
    finally:
        for adapter in desk.adapters:
            await adapter.close()
        await desk.simulator.stop()
        await runner.cleanup()


def native_order() -> ChargeOrder:
    return ChargeOrder(
        request_reference=f"T{secrets.token_hex(10)}",
        kind=OperationKind.SALE,
        amount=Money(1000, "CNY"),
        method=PaymentMethod(MethodKind.WECHAT_NATIVE),
        payment_id="pay_1",
        merchant_reference="order-1",
        details=PaymentDetails(description="Tea"),
        created_at_us=time.time_ns() // 1000,
    )


async def opens_an_order(adapter: WechatPayAdapter) -> bool:
    """Whether the adapter believes the answer to an order."""
    return (await adapter.charge(native_order())).outcome is Outcome.REQUIRES_ACTION


async def paid(desk: Desk, adapter: WechatPayAdapter) -> ChargeOrder:
    order = native_order()
    await adapter.charge(order)
    assert await desk.simulator.decide(SHOP, order.request_reference, "approve") == "SUCCESS"
    return order


def is_authentic(adapter: WechatPayAdapter, inbound: InboundNotification) -> bool:
    try:
        [notification] = adapter.read_notification(inbound)
    except NotificationRefused:
        return False
    return notification.evidence.outcome is Outcome.SUCCEEDED


async def test_an_announced_certificate_is_believed_as_soon_as_it_signs(tmp_path: Path) -> None:
    async with opened(tmp_path, certified(FIRST), certified(NEXT)) as desk:
        adapter = desk.adapter()
        assert await opens_an_order(adapter)

        await desk.rotate()

        assert await opens_an_order(adapter)


async def test_a_certificate_that_nobody_announced_is_fetched_and_then_believed(tmp_path: Path) -> None:
    async with opened(tmp_path, *(certified(name) for name in (FIRST, NEXT, LATER))) as desk:
        adapter = desk.adapter()
        assert await opens_an_order(adapter)

        await desk.rotate()
        await desk.rotate()

        assert await opens_an_order(adapter)


async def test_one_certificate_is_enough_to_rotate_and_the_next_one_is_made(tmp_path: Path) -> None:
    async with opened(tmp_path, certified(FIRST)) as desk:
        adapter = desk.adapter()
        assert await opens_an_order(adapter)

        announced = await desk.rotate("announce")
        assert announced[0] == serial_of(certified(FIRST))
        assert await desk.rotate("announce") == announced, "there is one next certificate, not two"
        switched = await desk.rotate()

        assert switched == announced[::-1]
        assert await opens_an_order(adapter)


async def test_a_retired_certificate_is_not_listed_and_an_adapter_that_starts_then_works(tmp_path: Path) -> None:
    async with opened(tmp_path, certified(FIRST)) as desk:
        before = desk.adapter()
        assert await opens_an_order(before)
        old = serial_of(certified(FIRST))
        assert old in await desk.rotate()

        [left] = await desk.rotate("retire")

        assert left != old
        assert [await opens_an_order(before), await opens_an_order(desk.adapter())] == [True, True]


async def test_retiring_keeps_what_is_in_use(tmp_path: Path) -> None:
    async with opened(tmp_path, certified(FIRST), certified(NEXT)) as desk:
        listed = [serial_of(certified(FIRST)), serial_of(certified(NEXT))]

        assert await desk.rotate("retire") == listed


async def test_a_step_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    async with (
        opened(tmp_path, certified(FIRST)) as desk,
        aiohttp.ClientSession() as session,
        session.post(f"{desk.url}/control/rotate?step=sideways") as answer,
    ):
        assert (answer.status, "retire" in await answer.text()) == (400, True)


async def test_a_notification_under_a_new_key_is_refused_once_and_believed_when_it_comes_again(tmp_path: Path) -> None:
    async with opened(tmp_path, *(certified(name) for name in (FIRST, NEXT, LATER))) as desk:
        adapter = desk.adapter()
        desk.accepts = lambda inbound: is_authentic(adapter, inbound)
        order = native_order()
        await adapter.charge(order)
        await desk.rotate()
        await desk.rotate()
        await desk.simulator.decide(SHOP, order.request_reference, "approve")

        first, again = await desk.notification(), await desk.notification()

        assert first.headers["wechatpay-serial"] == again.headers["wechatpay-serial"] == serial_of(certified(LATER))
        assert is_authentic(adapter, again)


async def test_an_account_in_transition_believes_the_public_key_and_the_certificates(tmp_path: Path) -> None:
    transition = opened(tmp_path, certified(FIRST), public_key_id=PUBLIC_KEY_ID, has_certificates=True)
    async with transition as desk:
        adapter = desk.adapter(has_public_key=True)
        await adapter.warm()
        desk.accepts = lambda _: False
        await paid(desk, adapter)

        first, again = await desk.notification(), await desk.notification()

        serials = {first.headers["wechatpay-serial"], again.headers["wechatpay-serial"]}
        assert serials == {PUBLIC_KEY_ID, serial_of(certified(FIRST))}
        assert is_authentic(adapter, first)
        assert is_authentic(adapter, again)


async def test_an_account_in_transition_works_with_certificates_alone(tmp_path: Path) -> None:
    transition = opened(tmp_path, certified(FIRST), public_key_id=PUBLIC_KEY_ID, has_certificates=True)
    async with transition as desk:
        adapter = desk.adapter()
        desk.accepts = lambda inbound: is_authentic(adapter, inbound)
        await paid(desk, adapter)

        refused, accepted = await desk.notification(), await desk.notification()

        assert (is_authentic(adapter, refused), is_authentic(adapter, accepted)) == (False, True)


async def test_the_first_notification_after_a_start_is_believed_once_the_adapter_is_warm(tmp_path: Path) -> None:
    async with opened(tmp_path, certified(FIRST)) as desk:
        await paid(desk, desk.adapter())
        inbound = await desk.notification()
        cold, warm = desk.adapter(), desk.adapter()

        await warm.warm()

        assert (is_authentic(cold, inbound), is_authentic(warm, inbound)) == (False, True)


async def test_another_api_v3_key_sends_nothing_and_the_log_names_the_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, certified(FIRST), api_v3_key=API_V3_KEY[::-1]) as desk:
        evidence = await desk.adapter().charge(native_order())

    assert evidence.outcome is Outcome.UNKNOWN
    assert "api_v3_key" in caplog.text
