"""Alipay as a subject of the kit: the adapter over real HTTP before the simulator, in key and in certificate mode."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tollbridge_server.domain.evidence import DeclineReason, NextAction
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.ports.provider import InboundNotification
from tollbridge_server.providers.alipay import AlipayAdapter, AlipaySettings, build
from tollbridge_server.providers.alipay.signing import form_of, notification_fields, notification_text
from tollbridge_server.providers.rsa_keys import sign
from tollbridge_server.testing.conformance import Decline, Fault
from tollbridge_server.testing.simulators.alipay import (
    AlipayAccount,
    AlipayKeys,
    AlipaySimulator,
    Behavior,
    read_book,
)
from tollbridge_server.testing.simulators.frame.billing import CHINA

ACCOUNT = "conformance"
APP_ID, SELLER_ID = "2021000000000001", "2088000000000001"
GIVE_UP_S = 0.5
"""How long an answer that never comes is waited for; any other has as long as a busy machine takes."""
WAIT_S = 20.0
SILENT = (Fault.LOST, Fault.BOOKED_SILENT)

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
    "0002": DeclineReason.INSUFFICIENT_FUNDS,
    "0003": DeclineReason.AUTHENTICATION_FAILED,
    "0004": DeclineReason.GENERIC_DECLINE,
    "0005": DeclineReason.LIMIT_EXCEEDED,
    "0006": DeclineReason.FRAUD_SUSPECTED,
    "0007": DeclineReason.ACCOUNT_RESTRICTED,
}
UNPAID = "a payer who does not pay says nothing: Alipay waits until the time to pay is over"

_codes = itertools.count(1)


@cache
def key_of(name: str) -> rsa.RSAPrivateKey:
    """Return the key of that name; it is the same for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    encoding, format_ = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, format_, serialization.NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    encoding, format_ = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, format_).decode()


def barcode(last_digits: str = "0000") -> PaymentMethod:
    """Return a code that was never used; its last digits decide."""
    return PaymentMethod(MethodKind.ALIPAY_BARCODE, parameters=(("auth_code", f"28{next(_codes):012d}{last_digits}"),))


class AlipaySubject:
    """The adapter of one application in key mode, the simulator, and a merchant's inbound side."""

    currency = "CNY"
    opens_with_payer = True
    exempt: Mapping[str, str] = {
        "a_payer_who_refuses_is_declined": UNPAID,
        "a_stale_notification_is_refused": "Alipay resends for a day, so that age says nothing",
    }
    secrets: Sequence[str] = (private_pem(key_of("application"))[60:120],)

    def __init__(self, book_path: Path) -> None:
        self._book_path = book_path
        self._arrived: asyncio.Queue[InboundNotification] = asyncio.Queue()

    async def open(self) -> None:
        inbound = web.Application()
        inbound.router.add_post("/inbound", self._receive)
        self._inbound = web.AppRunner(inbound, access_log=None)
        await self._inbound.setup()
        await web.TCPSite(self._inbound, "127.0.0.1", 0).start()
        self._notify_url = f"http://127.0.0.1:{self._inbound.addresses[0][1]}/inbound"
        self._simulator = AlipaySimulator(self._book_path, [self.known_as()], self.alipays_keys())
        port = await self._simulator.start("127.0.0.1", 0)
        self._session = aiohttp.ClientSession()
        gateway = f"http://127.0.0.1:{port}/gateway.do"
        self._patient, self._hasty = self._make(gateway), self._make(gateway, timeout_s=GIVE_UP_S)
        self._adapter = self._patient

    async def close(self) -> None:
        await self._patient.close()
        await self._hasty.close()
        await self._session.close()
        await self._simulator.stop()
        await self._inbound.cleanup()

    def known_as(self) -> AlipayAccount:
        """Return the application as Alipay knows it."""
        return AlipayAccount(ACCOUNT, APP_ID, SELLER_ID, public_pem(key_of("application")))

    def alipays_keys(self) -> AlipayKeys:
        """Return what Alipay signs with."""
        return AlipayKeys(private_pem(key_of("alipay")))

    def believed_keys(self) -> dict[str, str]:
        """Return the settings by which the adapter knows Alipay."""
        return {"alipay_public_key": public_pem(key_of("alipay"))}

    @property
    def simulator(self) -> AlipaySimulator:
        return self._simulator

    @property
    def adapter(self) -> AlipayAdapter:
        return self._adapter

    @property
    def unreachable(self) -> AlipayAdapter:
        return self._make("http://127.0.0.1:1/gateway.do")

    def other_account(self) -> AlipayAdapter:
        return self._make("https://alipay.invalid/gateway.do", app_id="2021000000000009", seller="2088000000000009")

    def approved(self) -> PaymentMethod:
        return barcode()

    def acting(self) -> PaymentMethod:
        return PaymentMethod(MethodKind.ALIPAY_QR)

    def declines(self) -> Sequence[Decline]:
        return [Decline(barcode(digits), reason) for digits, reason in DECLINES.items()]

    async def act(self, action: NextAction, *, is_approved: bool) -> None:
        form = {"decision": "approve" if is_approved else "refuse"}
        async with self._session.post(action.payload or action.url, data=form) as page:
            assert page.status == 200

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
        fields = notification_fields(inbound.body)
        return replace(inbound, body=form_of({name: fields[name] for name in fields if name != "sign"}).encode())

    def resigned(self, inbound: InboundNotification, *, body: bytes | None, age_s: int) -> InboundNotification | None:
        if body is None or age_s:
            return None
        try:
            fields = notification_fields(body)
        except ValueError:
            return replace(inbound, body=body)
        fields["sign"] = sign(key_of("alipay"), notification_text(fields))
        return replace(inbound, body=form_of(fields).encode())

    def _make(
        self, gateway: str, *, app_id: str = APP_ID, seller: str = SELLER_ID, timeout_s: float = WAIT_S
    ) -> AlipayAdapter:
        settings = AlipaySettings(
            app_id=app_id,
            seller_id=seller,
            notify_url=self._notify_url,
            private_key=private_pem(key_of("application")),
            **self.believed_keys(),
            gateway=gateway,
            preauth_product="PREAUTH_PAY",
            cancel_voids_unscanned=True,
            connect_timeout_s=timeout_s,
            timeout_s=timeout_s,
        )
        return build(ACCOUNT, settings, None)

    async def _receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, now_us = await request.read(), time.time_ns() // 1000
        self._arrived.put_nowait(InboundNotification(body, headers, "", now_us))
        return web.Response(text="success")
