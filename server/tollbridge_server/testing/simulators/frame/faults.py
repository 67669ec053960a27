"""Faults on demand: how a request goes wrong on the wire, whether or not it took effect."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[F]):
    """One fault that waits for a request of its kind, of one account or (empty) of any."""

    fault: F
    for_questions: bool
    account: str

    def concerns(self, *, is_question: bool, account: str) -> bool:
        return self.for_questions == is_question and self.account in ("", account)


class Armed(Generic[F]):
    """What the next requests will suffer, in order; a request passes over what waits for others than itself.

    `of_effects` is what no question can suffer, and `of_questions` what nothing but a question can.
    """

    def __init__(self, *, of_effects: frozenset[F] = frozenset(), of_questions: frozenset[F] = frozenset()) -> None:
        self._of_effects = of_effects
        self._of_questions = of_questions
        self._waiting: list[_Waiting[F]] = []

    def arm(self, fault: F, count: int = 1, *, for_questions: bool = False, account: str = "") -> None:
        """Let the next `count` requests suffer `fault`: those that change something, or those that only ask.

        What is of questions waits for one in either case. `account` is whose requests; empty: anybody's. Raises
        ValueError for too many, and for what a question can not suffer.
        """
        if for_questions and fault in self._of_effects:
            raise ValueError(f"a question can not suffer {fault}, since it changes nothing")
        if not 0 < count <= MAX_ARMED - len(self._waiting):
            raise ValueError(f"at most {MAX_ARMED} requests can wait to misbehave")
        is_for_questions = for_questions or fault in self._of_questions
        self._waiting.extend([_Waiting(fault, is_for_questions, account)] * count)

    def take(self, *, is_question: bool = False, account: str = "", leaving: frozenset[F] = frozenset()) -> F | None:
        """Return what this request suffers, or None. `account` is whose it is; what is in `leaving` waits on."""
        for place, each in enumerate(self._waiting):
            if each.concerns(is_question=is_question, account=account) and each.fault not in leaving:
                return self._waiting.pop(place).fault
        return None


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
