"""A listener with one account, whose service a test holds up, and what a test says to it over real sockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from tollbridge_server.ports.provider import InboundNotification, NotificationReply
from tollbridge_server.webhooks.connections import ListenerLimits
from tollbridge_server.webhooks.server import NotificationServer

PATH = "/notifications/alipay/shop"
WAIT_S = 20.0


class Service:
    """Knows one account, and keeps what came; `gate` closed holds up every answer."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.reply = b"success"

    async def receive(self, provider: str, account_id: str, inbound: InboundNotification) -> NotificationReply | None:
        if (provider, account_id) != ("alipay", "shop"):
            return None
        self.bodies.append(inbound.body)
        await self.gate.wait()
        return NotificationReply(200, self.reply)

    async def has_begun(self, count: int) -> None:
        """Wait until so many notifications have reached the service."""
        async with asyncio.timeout(WAIT_S):
            while len(self.bodies) < count:
                await asyncio.sleep(0.005)


class Clock:
    """A clock that a test sets; microseconds since the epoch."""

    def __init__(self) -> None:
        self.at_us = 1_800_000_000_000_000

    def now_us(self) -> int:
        return self.at_us


class Peer:
    """One connection to the listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    async def answer(self) -> int:
        """Return the status of the next answer, and skip the rest of it; 0 when the connection ends first."""
        async with asyncio.timeout(WAIT_S):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await self.reader.readexactly(int(length or 0))
            return int(head.split(b" ", 2)[1])

    async def cut(self) -> bool:
        """Wait until the connection ends; True when no byte came before."""
        async with asyncio.timeout(WAIT_S):
            with suppress(ConnectionError):
                return await self.reader.read() == b""
            return True

    def is_open(self) -> bool:
        return not self.reader.at_eof() and self.reader.exception() is None


class Listening:
    """A listener that serves, with everything around it."""

    def __init__(self, limits: ListenerLimits | None = None) -> None:
        self.service = Service()
        self.clock = Clock()
        self.port = 0
        self._peers: list[Peer] = []
        self._server = NotificationServer(
            service=self.service,  # type: ignore[arg-type]
            clock=self.clock,  # type: ignore[arg-type]
            host="127.0.0.1",
            port=0,
            limits=limits,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def peer(self, content: bytes = b"", *, buffer_bytes: int = 2**16) -> Peer:
        """Connect, and send what is given."""
        made = Peer(*await asyncio.open_connection("127.0.0.1", self.port, limit=buffer_bytes))
        self._peers.append(made)
        await made.send(content)
        return made

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Listening]:
        self.port = await self._server.start()
        try:
            yield self
        finally:
            self.service.gate.set()
            for each in self._peers:
                each.writer.close()
            await self._server.stop()


@asynccontextmanager
async def listening(**limits: float) -> AsyncIterator[Listening]:
    """Serve under limits of which some are given."""
    async with Listening(ListenerLimits(**limits)).serving() as made:  # type: ignore[arg-type]
        yield made


def post(body: bytes = b"a=b", *headers: str, path: str = PATH) -> bytes:
    """Return a whole request."""
    return head(len(body), *headers, path=path) + body


def head(length: int, *headers: str, path: str = PATH) -> bytes:
    """Return the head of a request whose body is to follow."""
    lines = (f"POST {path} HTTP/1.1", "Host: shop.example.com", f"Content-Length: {length}", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


def ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the listener and the HTTP library logged as worth a look."""
    names = ("tollbridge_server", "aiohttp")
    return [each for each in caplog.records if each.name.startswith(names) and each.levelno >= logging.INFO]
