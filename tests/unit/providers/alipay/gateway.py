"""A gateway on loopback that says what a test tells it to: it checks our signature and signs its own answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from tollbridge_server.providers.alipay.adapter import AlipayAdapter
from tollbridge_server.providers.alipay.client import CertificateMode, Client, Identity
from tollbridge_server.providers.alipay.encryption import decrypt
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.signing import request_text
from tollbridge_server.providers.rsa_keys import Signer, is_signed, sign
from tollbridge_server.providers.transport import Transport

from tests.unit.providers.alipay.keys import ALIPAY, APPLICATION, NOW

ACCOUNT_ID = "shop-alipay"
APP_ID = "2021000000000001"
SELLER_ID = "2088000000000001"
NOTIFY_URL = "https://shop.example.com/alipay/notify"

NO_TRADE = {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}
NO_FREEZE = {"code": "40004", "sub_code": "AUTH_ORDER_NOT_EXIST"}


@dataclass(frozen=True, slots=True)
class Received:
    """One request: its method, all its parameters, and its business fields."""

    method: str
    parameters: Mapping[str, str]
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: the node's fields, or the whole body as `raw`; `key` None leaves it without a signature."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    key: RSAPrivateKey | None = ALIPAY
    number: str = ""
    raw: bytes | None = None
    status: int = 200

    def body(self, method: str) -> bytes:
        if self.raw is not None:
            return self.raw
        return envelope(method, node(self.fields), key=self.key, number=self.number)


def node(fields: Mapping[str, Any]) -> bytes:
    return json.dumps({"code": "10000", "msg": "Success", **fields}, ensure_ascii=False).encode()


def envelope(method: str, content: bytes, *, key: RSAPrivateKey | None, number: str = "") -> bytes:
    """Return an answer whose node is `content` byte for byte."""
    name = method.replace(".", "_") + "_response"
    parts = [f'"{name}":'.encode() + content]
    if number:
        parts.append(f'"alipay_cert_sn":"{number}"'.encode())
    if key is not None:
        parts.append(f'"sign":"{sign(key, content)}"'.encode())
    return b"{" + b",".join(parts) + b"}"


class Gateway:
    """Answers each method with the replies that were given for it, in their order; the last one stays."""

    def __init__(self) -> None:
        self.origin = ""
        self.aes_key = b""
        self.files: dict[str, bytes] = {}
        self.received: list[Received] = []
        self._replies: dict[str, list[Reply]] = {}

    def answer(self, method: str, *replies: Reply | Mapping[str, Any]) -> None:
        self._replies[method] = [each if isinstance(each, Reply) else Reply(each) for each in replies]

    def tell(self, answers: Mapping[str, Any]) -> None:
        """Give every method its answer, or several in their order."""
        for method, replies in answers.items():
            self.answer(method, *(replies if isinstance(replies, tuple) else (replies,)))

    @property
    def methods(self) -> list[str]:
        return [each.method for each in self.received]

    def last(self, method: str) -> Received:
        return next(each for each in reversed(self.received) if each.method == method)

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            found = self.files.get(request.path_qs)
            return web.Response(body=found) if found is not None else web.Response(status=404)
        parameters = dict(parse_qsl(request.query_string) + parse_qsl(await request.text()))
        assert is_signed(APPLICATION.public_key(), request_text(parameters), parameters["sign"]), "wrong signature"
        content = parameters["biz_content"]
        if self.aes_key:
            content = decrypt(self.aes_key, content).decode()
        method = parameters["method"]
        self.received.append(Received(method, parameters, json.loads(content)))
        replies = self._replies[method]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return web.Response(status=reply.status, body=reply.body(method), content_type="text/html", charset="utf-8")


@asynccontextmanager
async def serving() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", gateway.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield gateway
    finally:
        await runner.cleanup()


def client_of(
    gateway: Gateway,
    *,
    certificates: CertificateMode | None = None,
    aes_key: bytes = b"",
    timeout_s: float = 5.0,
    account_id: str = "",
) -> Client:
    gateway.aes_key = aes_key
    identity = Identity(
        app_id=APP_ID,
        gateway=f"{gateway.origin}/gateway.do",
        notify_url=NOTIFY_URL,
        alipay_key=ALIPAY.public_key(),
        certificates=certificates,
        aes_key=aes_key,
        account_id=account_id,
    )
    transport = Transport(gateway.origin, timeout_s=timeout_s)
    return Client(identity, transport, Signer(APPLICATION), now_s=NOW.timestamp)


def merchant(
    *, preauth: bool = True, cancel_voids_unscanned: bool = False, barcode_product: str = "FACE_TO_FACE_PAYMENT"
) -> Merchant:
    return Merchant(
        app_id=APP_ID,
        seller_id=SELLER_ID,
        qr_product="QR_CODE_OFFLINE",
        preauth_product="PREAUTH_PAY" if preauth else "",
        preauth_category="",
        cancel_voids_unscanned=cancel_voids_unscanned,
        preauth_product_in_person="PRE_AUTH",
        barcode_product=barcode_product,
    )


@asynccontextmanager
async def adapting(
    merchant_: Merchant | None = None,
    *,
    preauth: bool = True,
    cancel_voids_unscanned: bool = False,
    aes_key: bytes = b"",
) -> AsyncIterator[tuple[Gateway, AlipayAdapter]]:
    async with serving() as gateway:
        merchant_ = merchant_ or merchant(preauth=preauth, cancel_voids_unscanned=cancel_voids_unscanned)
        adapter = AlipayAdapter(client_of(gateway, aes_key=aes_key, account_id=ACCOUNT_ID), merchant_)
        try:
            yield gateway, adapter
        finally:
            await adapter.close()
