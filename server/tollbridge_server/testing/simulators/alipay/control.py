"""The test's hand on the Alipay simulator: faults, the payer's part, the book, and notifications sent wrongly.

Refuses whoever is not on this machine, and whatever a web page sends: these routes know no credentials.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from tollbridge_server.testing.simulators.alipay.book import Freeze, Refund, Release, Trade
from tollbridge_server.testing.simulators.alipay.fields import Refused
from tollbridge_server.testing.simulators.alipay.methods import APP_METHODS
from tollbridge_server.testing.simulators.alipay.office import Office
from tollbridge_server.testing.simulators.alipay.parameters import Reader, TurnedAway
from tollbridge_server.testing.simulators.alipay.rules import APPROVE, REFUSE, Behavior
from tollbridge_server.testing.simulators.common.billing import read_day
from tollbridge_server.testing.simulators.common.guard import CONTROL_PREFIX, only_this_machine
from tollbridge_server.testing.simulators.common.outbox import OutboxEntry

_DECISIONS = (APPROVE, REFUSE)
_KINDS = ("effect", "query")


class Manner(StrEnum):
    """How a notification is sent again."""

    AGAIN = "again"
    WRONG_KEY = "wrong_key"
    ALTERED = "altered"
    AMOUNT = "amount"
    FOREIGN_APP = "foreign_app"
    FOREIGN_SELLER = "foreign_seller"
    UNSIGNED = "unsigned"


Send = Callable[[OutboxEntry, Manner], Awaitable[int]]
"""Signs and posts a notification in a manner, and returns the HTTP status (0: no answer)."""


class Control:
    """The routes under /control/."""

    def __init__(self, office: Office, reader: Reader, *, send: Send, redirect: Callable[[str, str], bool]) -> None:
        self._office = office
        self._reader = reader
        self._send = send
        self._redirect = redirect

    def add_to(self, application: web.Application) -> None:
        """Add the routes, and the guard before them."""
        application.middlewares.append(only_this_machine)
        for verb, name, handler in (
            ("POST", "arm", self._arm),
            ("POST", "decide", self._decide),
            ("POST", "pay_order", self._pay_order),
            ("POST", "notify", self._notify),
            ("POST", "replay", self._replay),
            ("POST", "bill", self._make_bill),
            ("GET", "book", self._list_book),
            ("GET", "pages", self._list_pages),
            ("GET", "notifications", self._list_notifications),
        ):
            application.router.add_route(verb, f"{CONTROL_PREFIX}{name}", handler)

    async def _arm(self, request: web.Request) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1&for=effect or query&account=…."""
        account_id, kind = request.query.get("account", ""), request.query.get("for", "effect")
        if kind not in _KINDS:
            return web.Response(status=400, text=f"for is one of: {', '.join(_KINDS)}")
        if account_id and account_id not in self._office.accounts:
            return web.Response(status=404, text="there is no such account")
        try:
            behavior, count = Behavior(request.query.get("behavior", "")), int(request.query.get("count", "1"))
            self._office.arm(behavior, count, for_questions=kind == "query", account_id=account_id)
        except ValueError as error:
            return web.Response(status=400, text=f"{error}; behavior is one of: {', '.join(Behavior)}")
        return web.Response(text="armed")

    async def _decide(self, request: web.Request) -> web.Response:
        """Do as the payer: ?account=…&reference=…&decision=approve or refuse."""
        decision = request.query.get("decision", "")
        if decision not in _DECISIONS:
            return web.Response(status=400, text="decision has to be approve or refuse")
        found = await self._office.decide(
            request.query.get("account", ""), request.query.get("reference", ""), decision
        )
        if found is None:
            return web.Response(status=404, text="this account has no order with that reference")
        return web.Response(text=found.state)

    async def _pay_order(self, request: web.Request) -> web.Response:
        """Do as the payer's app with an order string, which is the body: ?decision=approve or refuse."""
        decision = request.query.get("decision", "")
        if decision not in _DECISIONS:
            return web.Response(status=400, text="decision has to be approve or refuse")
        parameters = dict(parse_qsl((await request.read()).decode("utf-8", "replace")))
        try:
            call = self._reader.read(parameters)
            if call.method not in APP_METHODS:
                return web.Response(status=400, text="this is no app's order string")
            url = parameters.get("notify_url", "")
            prepared = await self._office.prepare(
                call.account, call.method, call.members, notify_url=url, return_url=""
            )
        except (TurnedAway, Refused) as refused:
            return web.Response(status=400, text=f"{refused.sub_code}: {refused.message}")
        found = await self._office.opened(prepared.token, decision=decision)
        return web.Response(text=found.state if found else "")

    async def _notify(self, request: web.Request) -> web.Response:
        """Send the notifications of an account elsewhere from now on: ?account=…&url=…; empty: where they belong."""
        if not self._redirect(request.query.get("account", ""), request.query.get("url", "")):
            return web.Response(status=404, text="there is no such account")
        return web.Response(text="noted")

    async def _replay(self, request: web.Request) -> web.Response:
        """Send a notification once more, rightly or wrongly: ?event_id=…&manner=again; says what was answered."""
        try:
            manner = Manner(request.query.get("manner", Manner.AGAIN))
        except ValueError:
            return web.Response(status=400, text=f"manner is one of: {', '.join(Manner)}")
        entry = await self._office.notification(request.query.get("event_id", ""))
        if entry is None:
            return web.Response(status=404, text="there is no such notification")
        return _json({"status": await self._send(entry, manner)})

    async def _make_bill(self, request: web.Request) -> web.Response:
        """Make the bill of a day now, which otherwise comes at nine o'clock of the day after: ?date=2026-01-02."""
        day = read_day(request.query.get("date", ""))
        if day is None:
            return web.Response(status=400, text="date has to be a day such as 2026-01-02")
        self._office.bills.desk.make_early(day)
        return web.Response(text="made")

    async def _list_book(self, request: web.Request) -> web.Response:
        """List what is booked for an account: ?account=…."""
        account = request.query.get("account", "")
        found = {}
        for name, kind in (("trades", Trade), ("refunds", Refund), ("freezes", Freeze), ("releases", Release)):
            rows = await self._office.write(lambda ledger, kind=kind: ledger.all_of(kind, account))  # type: ignore[misc]
            # A token opens the payer's page, and a code was paid with, so both stay out of what is listed.
            found[name] = [
                {
                    key: value
                    for key, value in orjson.loads(orjson.dumps(row)).items()
                    if key not in ("token", "auth_code")
                }
                for row in rows
            ]
        return _json(found)

    async def _list_pages(self, request: web.Request) -> web.Response:
        """List the pages of what waits for its payer at an account, so that a person can approve it: ?account=…."""
        found = await self._office.open_pages(request.query.get("account", ""))
        listed = [
            {
                "reference": row.out_trade_no if isinstance(row, Trade) else row.out_order_no,
                "state": row.state,
                "amount": row.amount,
                "url": url,
            }
            for row, url in found
        ]
        return _json({"pages": listed})

    async def _list_notifications(self, request: web.Request) -> web.Response:
        """List the notifications of an account, the newest first: ?account=…."""
        entries = await self._office.notifications_of(request.query.get("account", ""))
        listed = [
            {"event_id": e.event_id, "tries": e.tries, "is_closed": e.is_closed, "body": orjson.loads(e.body)}
            for e in entries
        ]
        return _json({"notifications": listed})


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
