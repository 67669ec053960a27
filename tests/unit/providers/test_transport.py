"""The transport talks to configured origins only, and says exactly whether a request may have arrived."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from tollbridge_server.providers.transport import (
    MAX_ANSWER_BYTES,
    Answered,
    EgressRefused,
    Silent,
    Transport,
    Unsent,
    check_origin,
)

from tests.unit.rpc.certificates import LOCAL_NAMES, authority, issue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    application = web.Application(client_max_size=2 * MAX_ANSWER_BYTES)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def post(origin: str, *, path: str = "/v1/x", timeout_s: float = 5.0) -> Answered | Unsent | Silent:
    transport = Transport(origin, timeout_s=timeout_s)
    try:
        return await transport.post(path, b"body", {"content-type": "application/json"})
    finally:
        await transport.close()


@pytest.mark.parametrize(
    ("date", "at_s"),
    [
        ("Fri, 02 Jan 2026 07:04:05 GMT", 1767337445.0),
        ("Fri, 02 Jan 2026 15:04:05 +0800", 1767337445.0),
        ("", None),
        ("now", None),
        ("Fri, 32 Jan 2026 07:04:05 GMT", None),
        ("Fri, 02 Jan 99999999999 07:04:05 GMT", None),
        ("Fri, 02 Jan 2026 07:04:05 +9999999999999", None),
    ],
)
def test_an_answer_tells_the_other_sides_clock_or_nothing(date: str, at_s: float | None) -> None:
    assert Answered(200, {"date": date}, b"").sent_at_s == at_s
    assert Answered(200, {}, b"").sent_at_s is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://acquirer.example",
        "https://acquirer.example:8443",
        "http://127.0.0.1:7490",
        "http://[::1]:7490",
        "http://localhost:7490",
    ],
)
def test_an_origin_is_taken(origin: str) -> None:
    assert check_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "acquirer.example",
        "ftp://acquirer.example",
        "file:///etc/passwd",
        "https://",
        "https://acquirer.example/v1",
        "https://acquirer.example?x=1",
        "https://acquirer.example#x",
        "https://user:password@acquirer.example",
        "https://acquirer.example@evil.example",
        "https://evil.example\\.acquirer.example",
        "https://acquirer example",
        "https://acquirer.example:99999",
        "https://acquirer.example:0",
        "http://acquirer.example",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://0.0.0.0:80",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://2130706433",
        "http://[::ffff:10.0.0.1]",
    ],
)
def test_an_address_off_the_list_is_refused(origin: str) -> None:
    with pytest.raises(EgressRefused):
        Transport(origin)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(EgressRefused) as refused:
        check_origin("https://user:hunter2@acquirer.example")

    assert "hunter2" not in str(refused.value)


def test_tls_can_not_be_switched_off() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    with pytest.raises(EgressRefused):
        Transport("https://acquirer.example", tls=context)


async def test_a_path_can_not_name_another_host() -> None:
    with pytest.raises(EgressRefused):
        await post("https://acquirer.example", path=".evil.example/v1/x")


async def test_an_answer_comes_as_it_was_sent() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=418, body=b"\x00raw " + await request.read(), headers={"X-Signature": "s"})

    async with serving(answer) as port:
        result = await post(f"http://127.0.0.1:{port}")

    assert isinstance(result, Answered)
    assert (result.status, result.body, result.headers["x-signature"]) == (418, b"\x00raw body", "s")


async def get(origin: str, path: str) -> Answered | Unsent | Silent:
    transport = Transport(origin, timeout_s=5.0)
    try:
        return await transport.get(path, {"accept": "application/json"})
    finally:
        await transport.close()


async def test_a_get_has_no_body_and_keeps_its_path_as_it_was_signed() -> None:
    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        return web.Response(body=f"{request.method} {request.raw_path} {request.headers['accept']} {body!r}".encode())

    async with serving(answer) as port:
        result = await get(f"http://127.0.0.1:{port}", "/v1/a%7Cb/x?mchid=1&note=%E4%B8%AD+%2B")

    assert isinstance(result, Answered)
    assert result.body == b"GET /v1/a%7Cb/x?mchid=1&note=%E4%B8%AD+%2B application/json b''"


async def test_the_path_of_a_get_can_not_name_another_host() -> None:
    with pytest.raises(EgressRefused):
        await get("https://acquirer.example", ".evil.example/v1/x")


async def test_a_get_without_an_answer_is_silent() -> None:
    async def reset(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(reset) as port:
        assert isinstance(await get(f"http://127.0.0.1:{port}", "/v1/x"), Silent)


async def test_a_get_that_finds_nobody_is_unsent() -> None:
    assert isinstance(await get("https://nowhere.invalid", "/v1/x"), Unsent)


async def test_a_refused_connection_is_unsent() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # Bound and not listening: whoever connects is refused.
        result = await post(f"http://127.0.0.1:{bound.getsockname()[1]}")

    assert isinstance(result, Unsent)


async def test_a_name_that_does_not_resolve_is_unsent() -> None:
    assert isinstance(await post("https://nowhere.invalid"), Unsent)


async def test_a_certificate_of_an_unknown_authority_is_unsent_and_nothing_arrives(tmp_path: Path) -> None:
    arrived = []

    async def answer(request: web.Request) -> web.Response:
        arrived.append(await request.read())
        return web.Response()

    leaf = issue(authority(), *LOCAL_NAMES)
    (tmp_path / "leaf.pem").write_bytes(leaf.certificate_pem + leaf.key_pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "leaf.pem")
    async with serving(answer, tls=tls) as port:
        result = await post(f"https://127.0.0.1:{port}")

    assert isinstance(result, Unsent)
    assert arrived == []


async def test_a_reset_after_the_request_is_silent() -> None:
    async def reset(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(reset) as port:
        assert isinstance(await post(f"http://127.0.0.1:{port}"), Silent)


async def test_a_request_that_broke_is_not_repeated() -> None:
    arrived = []

    async def reset(request: web.Request) -> web.Response:
        arrived.append(await request.read())
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(reset) as port:
        await post(f"http://127.0.0.1:{port}")

    assert arrived == [b"body"]


async def test_no_answer_in_time_is_silent() -> None:
    async def sleep(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(sleep) as port:
        assert isinstance(await post(f"http://127.0.0.1:{port}", timeout_s=0.2), Silent)


async def test_an_answer_cut_short_is_silent() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(cut) as port:
        assert isinstance(await post(f"http://127.0.0.1:{port}"), Silent)


async def test_an_answer_without_end_is_silent() -> None:
    async def flood(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * (MAX_ANSWER_BYTES + 1))

    async with serving(flood) as port:
        assert isinstance(await post(f"http://127.0.0.1:{port}"), Silent)


async def test_an_answer_is_asked_for_as_it_is_and_a_packed_one_is_silence() -> None:
    wanted = []

    async def pack(request: web.Request) -> web.Response:
        wanted.append(request.headers["Accept-Encoding"])
        return web.Response(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})

    async with serving(pack) as port:
        result = await post(f"http://127.0.0.1:{port}")

    assert wanted == ["identity"]
    assert isinstance(result, Silent)
    assert "gzip" in result.reason


async def test_a_redirect_is_not_followed() -> None:
    asked = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with serving(redirect) as port:
        result = await post(f"http://127.0.0.1:{port}")

    assert isinstance(result, Answered)
    assert (result.status, asked) == (307, ["/v1/x"])


async def test_the_log_holds_neither_bodies_nor_queries(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"answer-secret", headers={"X-Signature": "header-secret"})

    caplog.set_level(logging.DEBUG)
    async with serving(answer) as port:
        await post(f"http://127.0.0.1:{port}", path="/v1/x?token=query-secret")

    assert "/v1/x: 200" in caplog.text
    assert "secret" not in caplog.text
