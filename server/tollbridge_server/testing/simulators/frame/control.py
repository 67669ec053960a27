"""The test's hand on a simulator: faults, the payer's part, the book, and notifications sent wrongly.

Refuses whoever is not on this machine, and whatever a web page sends: these routes know no credentials. Refuses also a
parameter that a route does not know and a body that it can not read, so that nothing is ever silently left undone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from tollbridge_server.testing.simulators.frame.billing import BillDesk, read_day
from tollbridge_server.testing.simulators.frame.delivery import Delivery, M
from tollbridge_server.testing.simulators.frame.desk import Desk
from tollbridge_server.testing.simulators.frame.faults import Armed
from tollbridge_server.testing.simulators.frame.guard import CONTROL_PREFIX, only_this_machine

B = TypeVar("B", bound=StrEnum)
"""What can be armed."""

Given = Mapping[str, str]
"""The parameters of one request."""

_KINDS = ("effect", "query")
_MAX_SHOWN = 64
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """A verb, a name under /control/, what answers, and the parameters that it knows.

    `whole_body` is the parameter that the body as a whole is, whatever its type; empty: a body holds parameters.
    """

    verb: str
    name: str
    answer: Callable[[Given], Awaitable[web.Response]]
    parameters: tuple[str, ...]
    whole_body: str = ""


class ParametersRefused(ValueError):
    """Parameters that a route does not know or can not read; the text says which."""


class Control(ABC, Generic[B, M]):
    """The routes under /control/ that every simulator has; each adds its own to them."""

    _of_arm: ClassVar[tuple[str, ...]] = ("behavior", "count")
    _of_decide: ClassVar[tuple[str, ...]] = ("account", "reference", "decision")

    def __init__(self, desk: Desk[Any], delivery: Delivery[M], armed: Armed[B], behaviors: type[B]) -> None:
        self._desk = desk
        self._delivery = delivery
        self._armed = armed
        self._behaviors = behaviors

    def add_to(self, application: web.Application) -> None:
        """Add the routes, and the guard before them."""
        application.middlewares.append(only_this_machine)
        for route in self._routes():
            add_route(application, route)

    def _routes(self) -> list[Route]:
        return [
            Route("POST", "arm", self._arm, self._of_arm),
            Route("POST", "decide", self._decide, self._of_decide),
            Route("POST", "notify", self._notify, ("account", "url")),
            Route("POST", "replay", self._replay, ("event_id", "manner")),
            Route("GET", "book", self._list_book, ("account",)),
            Route("GET", "notifications", self._list_notifications, ("account",)),
        ]

    @abstractmethod
    async def _decide(self, given: Given) -> web.Response:
        """Do as the payer: ?account=…&reference=…&decision=approve or refuse."""

    @abstractmethod
    async def _list_book(self, given: Given) -> web.Response:
        """List what is booked for an account, the newest first: ?account=…."""

    async def _arm(self, given: Given) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1."""
        return self._arm_for(given)

    def _arm_for(self, given: Given, *, for_questions: bool = False, account: str = "") -> web.Response:
        try:
            behavior, count = self._behaviors(given.get("behavior", "")), int(given.get("count", "1"))
            self._armed.arm(behavior, count, for_questions=for_questions, account=account)
        except ValueError as error:
            return web.Response(status=400, text=f"{error}; behavior is one of: {', '.join(self._behaviors)}")
        return web.Response(text="armed")

    async def _notify(self, given: Given) -> web.Response:
        """Send the notifications of an account elsewhere from now on: ?account=…&url=…; empty: where each belongs."""
        if not self._delivery.redirect(given.get("account", ""), given.get("url", "")):
            return web.Response(status=404, text="there is no such account")
        return web.Response(text="noted")

    async def _replay(self, given: Given) -> web.Response:
        """Send a notification once more, rightly or wrongly: ?event_id=…&manner=again; says what was answered."""
        manners = self._delivery.manners
        try:
            manner = manners(given.get("manner", "again"))
        except ValueError:
            return web.Response(status=400, text=f"manner is one of: {', '.join(manners)}")
        entry = await self._desk.notification(given.get("event_id", ""))
        if entry is None or not self._delivery.knows(entry.account):
            return web.Response(status=404, text="there is no such notification")
        return json_answer({"status": await self._delivery.send(entry, manner)})

    async def _list_notifications(self, given: Given) -> web.Response:
        """List the notifications of an account, the newest first: ?account=…."""
        entries = await self._desk.notifications_of(given.get("account", ""))
        listed = [
            {"event_id": e.event_id, "tries": e.tries, "is_closed": e.is_closed, "body": orjson.loads(e.body)}
            for e in entries
        ]
        return json_answer({"notifications": listed})


class WalletControl(Control[B, M]):
    """What the simulators of wallets have besides: faults of questions or of one account, bills, payers' pages."""

    _of_arm = (*Control._of_arm, "for", "account")

    def __init__(
        self, desk: Desk[Any], delivery: Delivery[M], armed: Armed[B], behaviors: type[B], *, bills: BillDesk
    ) -> None:
        super().__init__(desk, delivery, armed, behaviors)
        self._bills = bills

    def _routes(self) -> list[Route]:
        return [
            *super()._routes(),
            Route("POST", "bill", self._make_bill, ("date",)),
            Route("GET", "pages", self._list_pages, ("account",)),
        ]

    @abstractmethod
    async def _list_pages(self, given: Given) -> web.Response:
        """List the payer's pages of what can still be paid at an account, the newest first: ?account=…."""

    async def _arm(self, given: Given) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1&for=effect or query&account=….

        A query is what only asks: for an order, a refund or a bill. Without `account` it is anybody's request.
        """
        account, kind = given.get("account", ""), given.get("for", "effect")
        if kind not in _KINDS:
            return web.Response(status=400, text=f"for is one of: {', '.join(_KINDS)}")
        if account and not self._delivery.knows(account):
            return web.Response(status=404, text="there is no such account")
        return self._arm_for(given, for_questions=kind == "query", account=account)

    async def _make_bill(self, given: Given) -> web.Response:
        """Make the bill of a day now, which otherwise comes at nine o'clock of the day after: ?date=2026-01-02."""
        day = read_day(given.get("date", ""))
        if day is None:
            return web.Response(status=400, text="date has to be a day such as 2026-01-02")
        self._bills.make_early(day)
        return web.Response(text="made")


def json_answer(value: object) -> web.Response:
    """Return a value as JSON."""
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def add_route(application: web.Application, route: Route) -> None:
    """Let a route of control answer, with 400 for what it does not know or can not read."""

    async def answer(request: web.Request) -> web.Response:
        try:
            in_body = _in_body(request.content_type, await request.read(), route)
            given = _known(route, [*request.query.items(), *in_body])
        except ParametersRefused as refused:
            return web.Response(status=400, text=str(refused))
        return await route.answer(given)

    application.router.add_route(route.verb, f"{CONTROL_PREFIX}{route.name}", answer)


def _known(route: Route, pairs: Iterable[tuple[str, str]]) -> Given:
    """Return parameters by their names. Raises ParametersRefused for one that is not known or comes twice."""
    given: dict[str, str] = {}
    for name, value in pairs:
        if not name or name not in (*route.parameters, route.whole_body):
            raise ParametersRefused(f"there is no {name[:_MAX_SHOWN]}; there are: {', '.join(route.parameters)}")
        if name in given:
            raise ParametersRefused(f"{name} is given twice")
        given[name] = value
    return given


def _in_body(content_type: str, body: bytes, route: Route) -> Sequence[tuple[str, str]]:
    """Return the parameters that a body holds: a form, or an object of texts. Raises ParametersRefused."""
    if not body:
        return ()
    if route.whole_body:
        return ((route.whole_body, body.decode("utf-8", "replace")),)
    if content_type == _FORM:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    if content_type != _JSON:
        raise ParametersRefused(f"a body has to be a form ({_FORM}) or {_JSON}")
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ParametersRefused("the parameters are no JSON") from None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ParametersRefused("the parameters have to be texts in an object or a form")
    return tuple(content.items())
