"""WeChat Pay on loopback that says what a test tells it to: it checks our signature and signs its own answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from tollbridge_server.providers.rsa_keys import Signer, is_signed, sign
from tollbridge_server.providers.transport import Transport
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.identity import Identity
from tollbridge_server.providers.wechatpay.signing import Seal, answer_text, read_authorization, request_text

from tests.unit.providers.wechatpay.keys import (
    API_V3_KEY,
    MERCHANT,
    NOW_S,
    PLATFORM,
    certificate,
    certificate_list,
    serial_of,
)

ACCOUNT_ID = "shop"
MCHID = "1900000001"
APP_ID = "wx0000000000000001"
MERCHANT_SERIAL = serial_of(0xAB12)
CERTIFICATE = certificate(PLATFORM, serial=7)
CERTIFICATE_SERIAL = serial_of(7)
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026010200000000000001"
CERTIFICATES = "/v3/certificates"


def seal_of(
    body: bytes, *, key: RSAPrivateKey = PLATFORM, serial: str = CERTIFICATE_SERIAL, at_s: int = NOW_S
) -> dict[str, str]:
    """Return the headers of an answer or a notification that `key` signed."""
    nonce = "c5ac7061fccab6bf3e254dcf98995b8c"
    signature = sign(key, answer_text(str(at_s), nonce, body))
    return Seal(timestamp=str(at_s), nonce=nonce, serial=serial, signature=signature).headers()


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `key` None leaves it without a signature. `sent` is what is sent instead of the signed `body`."""

    body: bytes = b"{}"
    status: int = 200
    key: RSAPrivateKey | None = PLATFORM
    serial: str = CERTIFICATE_SERIAL
    late_s: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: bytes | None = None


def json_reply(body: Mapping[str, Any], *, key: RSAPrivateKey = PLATFORM, serial: str = CERTIFICATE_SERIAL) -> Reply:
    return Reply(orjson.dumps(body), key=key, serial=serial)


NO_CERTIFICATES = Reply(b'{"code":"RESOURCE_NOT_EXISTS","message":"none"}', status=404, key=None)


@dataclass(frozen=True, slots=True)
class Received:
    verb: str
    path: str
    body: bytes
    headers: Mapping[str, str]


class Platform:
    """Answers each path with the replies that were given for it, in their order; the last one stays."""

    def __init__(self) -> None:
        self.origin = ""
        self.received: list[Received] = []
        self._replies: dict[str, list[Reply]] = {}
        self.answer(CERTIFICATES, Reply(certificate_list(CERTIFICATE)))

    def answer(self, path: str, *replies: Reply) -> None:
        self._replies[path] = list(replies)

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.received]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body, path = await request.read(), request.raw_path
        given = read_authorization(request.headers["Authorization"])
        text = request_text(request.method, path, timestamp=given.timestamp, nonce=given.nonce, body=body)
        assert is_signed(MERCHANT.public_key(), text, given.signature), "wrong signature"
        assert (given.mchid, given.serial_no) == (MCHID, MERCHANT_SERIAL)
        self.received.append(Received(request.method, path, body, dict(request.headers)))
        replies = self._replies[path]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        headers = {"Content-Type": "application/json"}
        if reply.key is not None:
            headers |= seal_of(reply.body, key=reply.key, serial=reply.serial, at_s=NOW_S - reply.late_s)
        headers |= reply.headers
        kept = {name: value for name, value in headers.items() if value}
        content = reply.body if reply.sent is None else reply.sent
        return web.Response(status=reply.status, body=content, headers=kept)


@asynccontextmanager
async def serving() -> AsyncIterator[Platform]:
    platform = Platform()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", platform.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    platform.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield platform
    finally:
        await runner.cleanup()


class Clock:
    """A clock that a test sets; seconds since the epoch."""

    def __init__(self) -> None:
        self.now_s = float(NOW_S)

    def __call__(self) -> float:
        return self.now_s


def client_of(origin: str, *, public_key: bool = False, clock: Clock | None = None) -> Client:
    """Return the merchant's client; `public_key`: it holds WeChat Pay's public key, which is named PUBLIC_KEY_ID."""
    identity = Identity(
        mchid=MCHID,
        serial_no=MERCHANT_SERIAL,
        api_v3_key=API_V3_KEY,
        public_key=PLATFORM.public_key() if public_key else None,
        public_key_id=PUBLIC_KEY_ID if public_key else "",
        account_id=ACCOUNT_ID,
    )
    return Client(identity, Transport(origin), Signer(MERCHANT), now_s=clock or Clock())


@asynccontextmanager
async def serving_client(
    *, public_key: bool = False, clock: Clock | None = None
) -> AsyncIterator[tuple[Platform, Client]]:
    """Serve a platform and yield it with a client of it; both are closed afterwards."""
    async with serving() as platform:
        client = client_of(platform.origin, public_key=public_key, clock=clock)
        try:
            yield platform, client
        finally:
            await client.close()
