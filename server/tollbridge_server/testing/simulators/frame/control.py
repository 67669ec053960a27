"""The test's hand on a simulator: faults, the payer's part, the book, and notifications sent wrongly.

Refuses whoever is not on this machine, and whatever a web page sends: these routes know no credentials.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

import orjson
from aiohttp import web

from tollbridge_server.testing.simulators.frame.billing import BillDesk, read_day
from tollbridge_server.testing.simulators.frame.delivery import Delivery, M
from tollbridge_server.testing.simulators.frame.desk import Desk
from tollbridge_server.testing.simulators.frame.faults import Armed
from tollbridge_server.testing.simulators.frame.guard import CONTROL_PREFIX, only_this_machine

B = TypeVar("B", bound=StrEnum)
"""What can be armed."""

Route = tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]
"""A verb, a name under /control/, and what answers."""

_KINDS = ("effect", "query")


class Control(ABC, Generic[B, M]):
    """The routes under /control/ that every simulator has; each adds its own to them."""

    def __init__(self, desk: Desk[Any], delivery: Delivery[M], armed: Armed[B], behaviors: type[B]) -> None:
        self._desk = desk
        self._delivery = delivery
        self._armed = armed
        self._behaviors = behaviors

    def add_to(self, application: web.Application) -> None:
        """Add the routes, and the guard before them."""
        application.middlewares.append(only_this_machine)
        for verb, name, handler in self._routes():
            application.router.add_route(verb, f"{CONTROL_PREFIX}{name}", handler)

    def _routes(self) -> list[Route]:
        return [
            ("POST", "arm", self._arm),
            ("POST", "decide", self._decide),
            ("POST", "notify", self._notify),
            ("POST", "replay", self._replay),
            ("GET", "book", self._list_book),
            ("GET", "notifications", self._list_notifications),
        ]

    @abstractmethod
    async def _decide(self, request: web.Request) -> web.Response:
        """Do as the payer: ?account=…&reference=…&decision=approve or refuse."""

    @abstractmethod
    async def _list_book(self, request: web.Request) -> web.Response:
        """List what is booked for an account, the newest first: ?account=…."""

    async def _arm(self, request: web.Request) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1."""
        return self._arm_for(request)

    def _arm_for(self, request: web.Request, *, for_questions: bool = False, account: str = "") -> web.Response:
        query = request.query
        try:
            behavior, count = self._behaviors(query.get("behavior", "")), int(query.get("count", "1"))
            self._armed.arm(behavior, count, for_questions=for_questions, account=account)
        except ValueError as error:
            return web.Response(status=400, text=f"{error}; behavior is one of: {', '.join(self._behaviors)}")
        return web.Response(text="armed")

    async def _notify(self, request: web.Request) -> web.Response:
        """Send the notifications of an account elsewhere from now on: ?account=…&url=…; empty: where each belongs."""
        if not self._delivery.redirect(request.query.get("account", ""), request.query.get("url", "")):
            return web.Response(status=404, text="there is no such account")
        return web.Response(text="noted")

    async def _replay(self, request: web.Request) -> web.Response:
        """Send a notification once more, rightly or wrongly: ?event_id=…&manner=again; says what was answered."""
        manners = self._delivery.manners
        try:
            manner = manners(request.query.get("manner", "again"))
        except ValueError:
            return web.Response(status=400, text=f"manner is one of: {', '.join(manners)}")
        entry = await self._desk.notification(request.query.get("event_id", ""))
        if entry is None or not self._delivery.knows(entry.account):
            return web.Response(status=404, text="there is no such notification")
        return json_answer({"status": await self._delivery.send(entry, manner)})

    async def _list_notifications(self, request: web.Request) -> web.Response:
        """List the notifications of an account, the newest first: ?account=…."""
        entries = await self._desk.notifications_of(request.query.get("account", ""))
        listed = [
            {"event_id": e.event_id, "tries": e.tries, "is_closed": e.is_closed, "body": orjson.loads(e.body)}
            for e in entries
        ]
        return json_answer({"notifications": listed})


class WalletControl(Control[B, M]):
    """What the simulators of wallets have besides: faults of questions or of one account, bills, payers' pages."""

    def __init__(
        self, desk: Desk[Any], delivery: Delivery[M], armed: Armed[B], behaviors: type[B], *, bills: BillDesk
    ) -> None:
        super().__init__(desk, delivery, armed, behaviors)
        self._bills = bills

    def _routes(self) -> list[Route]:
        return [*super()._routes(), ("POST", "bill", self._make_bill), ("GET", "pages", self._list_pages)]

    @abstractmethod
    async def _list_pages(self, request: web.Request) -> web.Response:
        """List the payer's pages of what can still be paid at an account, the newest first: ?account=…."""

    async def _arm(self, request: web.Request) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1&for=effect or query&account=….

        A query is what only asks: for an order, a refund or a bill. Without `account` it is anybody's request.
        """
        account, kind = request.query.get("account", ""), request.query.get("for", "effect")
        if kind not in _KINDS:
            return web.Response(status=400, text=f"for is one of: {', '.join(_KINDS)}")
        if account and not self._delivery.knows(account):
            return web.Response(status=404, text="there is no such account")
        return self._arm_for(request, for_questions=kind == "query", account=account)

    async def _make_bill(self, request: web.Request) -> web.Response:
        """Make the bill of a day now, which otherwise comes at nine o'clock of the day after: ?date=2026-01-02."""
        day = read_day(request.query.get("date", ""))
        if day is None:
            return web.Response(status=400, text="date has to be a day such as 2026-01-02")
        self._bills.make_early(day)
        return web.Response(text="made")


def json_answer(value: object) -> web.Response:
    """Return a value as JSON."""
    return web.Response(body=orjson.dumps(value), content_type="application/json")
