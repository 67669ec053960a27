"""WeChat Pay as a subject of the kit: the adapter over real HTTP before the simulator, with either kind of key."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import aiohttp
import orjson
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tollbridge_server.domain.evidence import DeclineReason, NextAction, NextActionKind
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.ports.provider import InboundNotification
from tollbridge_server.providers.rsa_keys import sign
from tollbridge_server.providers.wechatpay import WechatPayAdapter, WechatPaySettings, build
from tollbridge_server.providers.wechatpay.signing import Seal, answer_text
from tollbridge_server.testing.conformance import Decline, Fault
from tollbridge_server.testing.simulators.frame.billing import CHINA
from tollbridge_server.testing.simulators.wechatpay import (
    Behavior,
    PlatformCertificate,
    Practice,
    WechatPayAccount,
    WechatPayKeys,
    WechatPaySimulator,
    read_book,
)

from tests.conformance.alipay import GIVE_UP_S, SILENT, WAIT_S, key_of, private_pem, public_pem

ACCOUNT = "conformance"
MCHID, APP_ID, SERIAL = "1900000001", "wx0000000000000001", "AB12" * 10
API_V3_KEY = "0123456789abcdef0123456789ABCDEF"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026010200000000000001"
HASTE = 50.0
"""How much faster than at WeChat Pay refunds and repeated notifications come."""

BEHAVIORS = {
    Fault.LOST: Behavior.LOST,
    Fault.RESET: Behavior.RESET,
    Fault.SERVER_ERROR: Behavior.SERVER_ERROR,
    Fault.BOOKED_SILENT: Behavior.BOOKED_TIMEOUT,
    Fault.BOOKED_RESET: Behavior.BOOKED_RESET,
    Fault.BOOKED_SERVER_ERROR: Behavior.BOOKED_SERVER_ERROR,
    Fault.FORGED_ANSWER: Behavior.WRONG_SIGNATURE,
}
DECLINES = {
    "9107": DeclineReason.INSUFFICIENT_FUNDS,
    "9108": DeclineReason.NOT_PERMITTED,
    "9109": DeclineReason.GENERIC_DECLINE,
}
NO_AUTHORIZATION = "WeChat Pay does not authorize, it takes the money at once"

_codes = itertools.count(1)


def scanned(last_digits: str = "0000") -> PaymentMethod:
    """Return a code that was never used; its last digits decide."""
    code = f"13{next(_codes):012d}{last_digits}"
    parameters = (("auth_code", code), ("point_of_sale.store_id", "S1"))
    return PaymentMethod(MethodKind.WECHAT_CODE, parameters=parameters)


@cache
def platform_certificate() -> str:
    """Return WeChat Pay's platform certificate of this run, PEM."""
    key, now = key_of("platform"), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign (test)")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


class WechatPaySubject:
    """The adapter of one merchant with WeChat Pay's public key, the simulator, and a merchant's inbound side."""

    currency = "CNY"
    opens_with_payer = False
    exempt: Mapping[str, str] = {
        "captures_add_up_and_the_last_one_releases_the_rest": NO_AUTHORIZATION,
        "more_than_is_authorized_is_never_captured": NO_AUTHORIZATION,
        "a_cancel_voids_the_authorization_and_the_query_says_so": NO_AUTHORIZATION,
        "the_same_capture_again_takes_once": NO_AUTHORIZATION,
        "each_capture_is_given_back_in_parts_and_no_further": NO_AUTHORIZATION,
        "a_refund_of_a_capture_survives_silence_too": NO_AUTHORIZATION,
        "a_capture_and_a_cancel_survive_silence_too": NO_AUTHORIZATION,
        "a_payer_who_refuses_is_declined": "an order that its payer refuses stays open until its time is over",
    }
    secrets: Sequence[str] = (private_pem(key_of("merchant"))[60:120], API_V3_KEY)
    has_public_key = True

    def __init__(self, book_path: Path) -> None:
        self._book_path = book_path
        self._arrived: asyncio.Queue[InboundNotification] = asyncio.Queue()
        self.ahead_s = 0
        """By how many seconds WeChat Pay's clock is ahead of ours; far beyond it believes nobody."""

    async def open(self) -> None:
        inbound = web.Application()
        inbound.router.add_post("/inbound", self._receive)
        self._inbound = web.AppRunner(inbound, access_log=None)
        await self._inbound.setup()
        await web.TCPSite(self._inbound, "127.0.0.1", 0).start()
        self._notify_url = f"http://127.0.0.1:{self._inbound.addresses[0][1]}/inbound"
        account = WechatPayAccount(
            account_id=ACCOUNT,
            mchid=MCHID,
            app_ids=(APP_ID,),
            serial_no=SERIAL,
            merchant_public_key=public_pem(key_of("merchant")),
            api_v3_key=API_V3_KEY.encode(),
            public_key_id=PUBLIC_KEY_ID if self.has_public_key else "",
        )
        key = private_pem(key_of("platform"))
        keys = WechatPayKeys(key, (PlatformCertificate(platform_certificate(), key),))
        self._simulator = WechatPaySimulator(
            self._book_path,
            [account],
            keys,
            time_scale=HASTE,
            practice=Practice(userpaying_s=10 * HASTE, reverse_after_s=15 * HASTE),
            now_us=lambda: time.time_ns() // 1000 + self.ahead_s * 1_000_000,
        )
        self._url = f"http://127.0.0.1:{await self._simulator.start('127.0.0.1', 0)}"
        self._session = aiohttp.ClientSession()
        self._patient, self._hasty = self._make(self._url), self._make(self._url, timeout_s=GIVE_UP_S)
        self._adapter = self._patient

    async def close(self) -> None:
        await self._patient.close()
        await self._hasty.close()
        await self._session.close()
        await self._simulator.stop()
        await self._inbound.cleanup()

    @property
    def simulator(self) -> WechatPaySimulator:
        return self._simulator

    @property
    def adapter(self) -> WechatPayAdapter:
        return self._adapter

    @property
    def unreachable(self) -> WechatPayAdapter:
        return self._make("http://127.0.0.1:1")

    def other_account(self) -> WechatPayAdapter:
        return self._make(self._url, mchid="1900000009", api_v3_key=API_V3_KEY[::-1])

    def approved(self) -> PaymentMethod:
        return scanned()

    def acting(self) -> PaymentMethod:
        return PaymentMethod(MethodKind.WECHAT_NATIVE)

    def declines(self) -> Sequence[Decline]:
        return [Decline(scanned(digits), reason) for digits, reason in DECLINES.items()]

    async def act(self, action: NextAction, *, is_approved: bool) -> None:
        form = {"decision": "approve" if is_approved else "refuse"}
        async with self._session.post(await self._page_of(action), data=form) as page:
            assert page.status == 200

    async def _page_of(self, action: NextAction) -> str:
        """Return what the payer opens; WeChat on a device takes the parameters only if the merchant signed them."""
        if action.kind is not NextActionKind.SDK_PARAMETERS:
            return action.payload or action.url
        async with self._session.post(f"{self._url}/control/invoke", json=dict(action.fields)) as opened:
            assert opened.status == 200, await opened.text()
            page: str = (await opened.json())["url"]
            return page

    def today(self) -> date:
        return datetime.now(CHINA).date()

    def make_bill(self) -> None:
        self._simulator.make_bill(self.today())

    async def arm(self, fault: Fault) -> None:
        self._adapter = self._hasty if fault in SILENT else self._patient
        self._simulator.arm(BEHAVIORS[fault])

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
        timestamp, nonce = str(int(time.time()) - age_s), "c5ac7061fccab6bf3e254dcf98995b8c"
        signature = sign(key_of("platform"), answer_text(timestamp, nonce, content))
        serial = inbound.headers["wechatpay-serial"]
        seal = Seal(timestamp=timestamp, nonce=nonce, serial=serial, signature=signature)
        return replace(inbound, body=content, headers={name.lower(): value for name, value in seal.headers().items()})

    def _make(
        self, url: str, *, mchid: str = MCHID, api_v3_key: str = API_V3_KEY, timeout_s: float = WAIT_S
    ) -> WechatPayAdapter:
        settings = WechatPaySettings(
            mchid=mchid,
            app_id=APP_ID,
            notify_url=self._notify_url,
            private_key=private_pem(key_of("merchant")),
            serial_no=SERIAL,
            api_v3_key=api_v3_key,
            public_key=public_pem(key_of("platform")) if self.has_public_key else "",
            public_key_id=PUBLIC_KEY_ID if self.has_public_key else "",
            base_url=url,
            connect_timeout_s=timeout_s,
            timeout_s=timeout_s,
        )
        return build(ACCOUNT, settings, None)

    async def _receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, now_us = await request.read(), time.time_ns() // 1000
        assert orjson.loads(body)["resource_type"] == "encrypt-resource"
        self._arrived.put_nowait(InboundNotification(body, headers, "", now_us))
        return web.Response(status=204)


class CertifiedSubject(WechatPaySubject):
    """The same with platform certificates, which the adapter fetches and decrypts."""

    has_public_key = False
