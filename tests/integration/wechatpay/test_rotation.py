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
from aiohttp import web
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.order import PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import (
    ChargeOrder,
    ChargeReference,
    InboundNotification,
    Inquiry,
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

SHOP = "shop"
CERTIFICATES = "/v3/certificates"
FIRST, NEXT, LATER = "platform", "next", "later"
WAIT_S = 20.0
HASTE = 1000.0


@dataclass
class Desk:
    """A simulator, a gate before it that notes what is asked and by which key it is answered, and the inbound side."""

    simulator: WechatPaySimulator
    book_path: Path
    url: str = ""
    notify_url: str = ""
    adapters: list[WechatPayAdapter] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
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

    def serials(self, *, of: str) -> list[str]:
        """Return the keys under which requests whose path ends so were answered."""
        return [serial for path, serial in self.seen if path.endswith(of)]

    async def rotate(self) -> None:
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/control/rotate") as answer:
            assert answer.status == 200, await answer.text()

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
    book_path = folder / "wechatpay.db"
    desk = Desk(WechatPaySimulator(book_path, [account], keys, time_scale=HASTE), book_path)
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


async def asked(adapter: WechatPayAdapter, order: ChargeOrder) -> Evidence:
    charge = ChargeReference(order.request_reference, "", order.amount)
    return await adapter.query(Inquiry(OperationKind.SALE, order.request_reference, "", charge, order.amount))


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
