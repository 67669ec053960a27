"""Faults on demand: how a request goes wrong on the wire, whether or not it took effect."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Generic, TypeVar

from aiohttp import web

F = TypeVar("F", bound=StrEnum)

MAX_ARMED = 10_000
_NEVER_S = 120.0


class Fault(StrEnum):
    """How a request gets no proper answer. The first three take no effect; the others do, and do not say so."""

    LOST = "lost"
    RESET = "reset"
    SERVER_ERROR = "server_error"
    BOOKED_TIMEOUT = "booked_timeout"
    BOOKED_RESET = "booked_reset"
    BOOKED_SERVER_ERROR = "booked_server_error"


UNBOOKED_FAULTS = frozenset({Fault.LOST, Fault.RESET, Fault.SERVER_ERROR})
BOOKED_FAULTS = frozenset({Fault.BOOKED_TIMEOUT, Fault.BOOKED_RESET, Fault.BOOKED_SERVER_ERROR})


class Faulty(Exception):
    """The request gets no proper answer. What was booked stays booked."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Armed(Generic[F]):
    """What the next requests will suffer, in order."""

    def __init__(self) -> None:
        self._waiting: list[F] = []

    def arm(self, fault: F, count: int = 1) -> None:
        """Let the next `count` requests suffer `fault`. Raises ValueError for too many."""
        if not 0 < count <= MAX_ARMED - len(self._waiting):
            raise ValueError(f"at most {MAX_ARMED} requests can wait to misbehave")
        self._waiting.extend([fault] * count)

    def take(self) -> F | None:
        """Return what this request suffers, or None."""
        return self._waiting.pop(0) if self._waiting else None

    def take_one_of(self, *wanted: F) -> F | None:
        """Return what this request suffers if it is one of `wanted`; everything else waits for another request."""
        return self._waiting.pop(0) if self._waiting and self._waiting[0] in wanted else None


async def improper_answer(request: web.Request, fault: Fault) -> web.Response:
    """Answer as the fault wants it: with an error, with a reset connection, or not while anybody listens."""
    match fault:
        case Fault.SERVER_ERROR | Fault.BOOKED_SERVER_ERROR:
            return web.Response(status=500, text="a fault on demand")
        case Fault.RESET | Fault.BOOKED_RESET:
            if request.transport is not None:
                request.transport.abort()
        case _:
            await asyncio.sleep(_NEVER_S)
    return web.Response(status=504, text="nobody is listening any more")
