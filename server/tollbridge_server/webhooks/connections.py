"""The connections of the notifications' listener: a bounded number, and none that keeps the server waiting for long.

Refuses to wait: a peer that sends no whole request in time is cut off, and where all places are taken the one that has
kept the server waiting longest makes room. A connection whose notification is being handled is never cut.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from aiohttp import web

from tollbridge_server.services.repeated_lines import RepeatedLines

logger = logging.getLogger(__name__)

_MIN_OPEN = 16


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """What the internet may take of the listener. Times in seconds.

    A first request's head has to be there `head_timeout_s` after the connection, its body `read_timeout_s` later.
    `keepalive_timeout_s` is longer than proxies keep a connection, so that it is they who close it.
    """

    max_open: int = 512
    max_in_flight: int = 256
    head_timeout_s: float = 10.0
    read_timeout_s: float = 10.0
    keepalive_timeout_s: float = 75.0
    handling_timeout_s: float = 25.0


def limits_of_this_process() -> ListenerLimits:
    """Return limits that leave at least half of the files that this process may open to everything else."""
    usual, (allowed, _) = ListenerLimits(), resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY or allowed // 2 >= usual.max_open:
        return usual
    max_open = max(_MIN_OPEN, allowed // 2)
    return ListenerLimits(max_open=max_open, max_in_flight=min(usual.max_in_flight, max_open // 2))


class Connections:
    """All open connections of one listener, those on which the server waits for the peer in the order of their wait."""

    def __init__(self, limits: ListenerLimits, repeated: RepeatedLines) -> None:
        self._limits = limits
        self._repeated = repeated
        self._open: dict[asyncio.BaseProtocol, _Connection] = {}
        self._waiting: dict[_Connection, None] = {}

    def guard(self, served: asyncio.Protocol) -> asyncio.Protocol:
        """Return the protocol of a new connection, which hands to `served` whatever comes."""
        return _Connection(self, served)

    @property
    def timed(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        """The middleware that starts the time of a body when its head is there, and of the next head at the answer."""

        @web.middleware
        async def timed(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            self._wait(request, self._limits.read_timeout_s)
            try:
                return await handler(request)
            finally:
                self._wait(request, self._limits.keepalive_timeout_s)

        return timed

    def handles(self, request: web.Request) -> None:
        """Stop the time: the request has been read, and the peer waits for the server from now on."""
        connection = self._open.get(request.protocol)
        if connection is not None:
            self._stop_wait(connection)

    def opened(self, connection: _Connection) -> bool:
        """Take in a connection, and cut another where there are too many; False where none can be cut."""
        if len(self._open) >= self._limits.max_open:
            self._log_full()
            if not self._waiting:
                return False
            self._cut(next(iter(self._waiting)))
        self._open[connection.served] = connection
        self._start_wait(connection, self._limits.head_timeout_s)
        return True

    def lost(self, connection: _Connection) -> None:
        """Forget a connection that is no more."""
        self._open.pop(connection.served, None)
        self._stop_wait(connection)

    def _wait(self, request: web.Request, timeout_s: float) -> None:
        connection = self._open.get(request.protocol)
        if connection is not None:
            self._start_wait(connection, timeout_s)

    def _start_wait(self, connection: _Connection, timeout_s: float) -> None:
        self._stop_wait(connection)
        self._waiting[connection] = None
        connection.timer = asyncio.get_running_loop().call_later(timeout_s, self._cut, connection)

    def _stop_wait(self, connection: _Connection) -> None:
        self._waiting.pop(connection, None)
        if connection.timer is not None:
            connection.timer.cancel()
            connection.timer = None

    def _cut(self, connection: _Connection) -> None:
        self.lost(connection)
        connection.cut()

    def _log_full(self) -> None:
        unsaid = self._repeated.unsaid_before("full")
        if unsaid is not None:
            logger.warning(
                "all %d places for connections that bring notifications are taken: those that kept the server waiting "
                "longest are cut; let the proxy before it bound its clients; %d more since the last such line",
                self._limits.max_open,
                unsaid,
            )


class _Connection(asyncio.Protocol):
    """One connection: tells when it begins and ends, and hands everything to the protocol that serves it."""

    def __init__(self, connections: Connections, served: asyncio.Protocol) -> None:
        self.served = served
        self.timer: asyncio.TimerHandle | None = None
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._is_served = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._is_served = self._connections.opened(self)
        if self._is_served:
            self.served.connection_made(transport)
        else:
            self.cut()

    def cut(self) -> None:
        """Close at once: what is still to be written goes to a peer that may never read it."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.lost(self)
        if self._is_served:
            self.served.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_served:
            self.served.data_received(data)

    def eof_received(self) -> bool | None:
        return self.served.eof_received()

    def pause_writing(self) -> None:
        self.served.pause_writing()

    def resume_writing(self) -> None:
        self.served.resume_writing()
