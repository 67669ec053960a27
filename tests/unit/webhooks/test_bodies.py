"""What a provider never sends is refused before it is read: packed bodies, large ones, and those that break off."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from tollbridge_server.webhooks.server import MAX_BODY_BYTES

from tests.unit.webhooks.listening import PATH, Listening, head, listening, ours, post

HEALTH = b"GET /health HTTP/1.1\r\nHost: shop.example.com\r\n\r\n"
LARGE = b"a=" + b"%" * 250_000


@pytest.fixture
async def listener() -> AsyncIterator[Listening]:
    async with listening() as made:
        yield made


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(LARGE, mtime=0)),
        ("GZIP", gzip.compress(b"a=b", mtime=0)),
        ("deflate", zlib.compress(LARGE)),
        ("br", b"\x0b\x01\x80a=b\x03"),
        ("zstd", b"a=b"),
        ("identity, gzip", gzip.compress(b"a=b", mtime=0)),
        ("", b"a=b"),
        ("gzip", b"this is not packed"),
    ],
)
async def test_a_packed_body_is_refused_and_handed_to_nobody(listener: Listening, encoding: str, body: bytes) -> None:
    peer = await listener.peer(post(body, f"Content-Encoding: {encoding}"))

    assert await peer.answer() == 415
    assert listener.service.bodies == []


async def test_a_packed_body_is_refused_before_it_has_come(listener: Listening) -> None:
    peer = await listener.peer(head(1000, "Content-Encoding: gzip"))

    assert await peer.answer() == 415


async def test_a_packed_body_is_thrown_away_without_being_unpacked(listener: Listening) -> None:
    # Unpacking it would fail, and end the connection.
    peer = await listener.peer(head(18, "Content-Encoding: gzip"))
    refused = await peer.answer()
    await peer.send(b"this is not packed" + HEALTH)

    assert (refused, await peer.answer()) == (415, 200)


async def test_a_body_that_says_that_it_is_not_packed_is_taken_as_it_is(listener: Listening) -> None:
    peer = await listener.peer(post(b"a=b", "Content-Encoding: Identity"))

    assert (await peer.answer(), listener.service.bodies) == (200, [b"a=b"])


async def test_the_largest_body_is_taken(listener: Listening) -> None:
    peer = await listener.peer(post(b"a" * MAX_BODY_BYTES))

    assert await peer.answer() == 200
    assert [len(body) for body in listener.service.bodies] == [32 * 1024]


async def test_a_larger_body_is_refused_before_it_has_come(listener: Listening) -> None:
    peer = await listener.peer(head(MAX_BODY_BYTES + 1))

    assert await peer.answer() == 413


async def test_a_larger_body_that_does_not_tell_its_size_is_refused(listener: Listening) -> None:
    lines = (f"POST {PATH} HTTP/1.1", "Host: shop.example.com", "Transfer-Encoding: chunked", "", "")
    chunk = b"8001\r\n" + b"a" * 0x8001 + b"\r\n"
    peer = await listener.peer("\r\n".join(lines).encode() + chunk)

    assert await peer.answer() == 413
    assert listener.service.bodies == []


async def test_a_body_that_is_malformed_is_the_senders_mistake(
    listener: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    lines = (f"POST {PATH} HTTP/1.1", "Host: shop.example.com", "Transfer-Encoding: chunked", "", "")
    peer = await listener.peer("\r\n".join(lines).encode())
    await peer.send(b"ZZZ\r\n")

    assert await peer.answer() == 400
    assert [record.levelname for record in ours(caplog) if record.levelname != "WARNING"] == []


async def test_a_body_that_breaks_off_leaves_no_line(listener: Listening, caplog: pytest.LogCaptureFixture) -> None:
    peer = await listener.peer(head(80) + b"a=b")
    peer.writer.close()
    other = await listener.peer(post())

    assert await other.answer() == 200
    assert (listener.service.bodies, ours(caplog)) == ([b"a=b"], [])
