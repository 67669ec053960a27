"""The test's hand on the WeChat Pay simulator: faults, the payer's part, the book, and notifications sent wrongly.

Refuses whoever is not on this machine, and whatever a web page sends: these routes know no credentials.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum

import orjson
from aiohttp import web

from tollbridge_server.testing.simulators.common.billing import read_day
from tollbridge_server.testing.simulators.common.guard import CONTROL_PREFIX, only_this_machine
from tollbridge_server.testing.simulators.common.outbox import OutboxEntry
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior

_LISTED = 500
_DECISIONS = ("approve", "refuse")


class Manner(StrEnum):
    """How a notification is sent again."""

    AGAIN = "again"
    WRONG_KEY = "wrong_key"
    ALTERED = "altered"
    STALE = "stale"
    PROBE = "probe"
    WRONG_DATA = "wrong_data"
    UNSIGNED = "unsigned"


Send = Callable[[OutboxEntry, Manner], Awaitable[int]]
"""Encrypts, signs and posts a notification in a manner, and returns the HTTP status (0: no answer)."""


class Control:
    """The routes under /control/."""

    def __init__(
        self,
        office: Office,
        *,
        send: Send,
        redirect: Callable[[str, str], bool],
        rotate: Callable[[], bool],
    ) -> None:
        self._office = office
        self._send = send
        self._redirect = redirect
        self._rotate = rotate

    def add_to(self, application: web.Application) -> None:
        """Add the routes, and the guard before them."""
        application.middlewares.append(only_this_machine)
        for verb, name, handler in (
            ("POST", "arm", self._arm),
            ("POST", "decide", self._decide),
            ("POST", "rotate", self._rotated),
            ("POST", "notify", self._notify),
            ("POST", "replay", self._replay),
            ("POST", "bill", self._make_bill),
            ("GET", "book", self._list_book),
            ("GET", "notifications", self._list_notifications),
        ):
            application.router.add_route(verb, f"{CONTROL_PREFIX}{name}", handler)

    async def _arm(self, request: web.Request) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1."""
        try:
            behavior = Behavior(request.query.get("behavior", ""))
            self._office.armed.arm(behavior, int(request.query.get("count", "1")))
        except ValueError as error:
            return web.Response(status=400, text=f"{error}; behavior is one of: {', '.join(Behavior)}")
        return web.Response(text="armed")

    async def _decide(self, request: web.Request) -> web.Response:
        """Do as the payer: ?account=…&reference=…&decision=approve or refuse; or ?prepay_id=… for an app's payer."""
        query, decision = request.query, request.query.get("decision", "")
        if decision not in _DECISIONS:
            return web.Response(status=400, text="decision has to be approve or refuse")
        if query.get("prepay_id"):
            found = await self._office.opened(query["prepay_id"], decision=decision)
        else:
            found = await self._office.decide(query.get("account", ""), query.get("reference", ""), decision)
        if found is None:
            return web.Response(status=404, text="this account has no order with that reference")
        return web.Response(text=found.trade_state)

    async def _rotated(self, _: web.Request) -> web.Response:
        """Sign with the next platform certificate from now on."""
        if not self._rotate():
            return web.Response(status=409, text="there is no further platform certificate")
        return web.Response(text="rotated")

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
        """List what is booked for an account, the newest first: ?account=…."""
        account = request.query.get("account", "")
        orders = await self._office.write(lambda ledger: ledger.latest(account, limit=_LISTED))
        refunds = await self._office.write(lambda ledger: ledger.latest_refunds(account, limit=_LISTED))
        # A token opens the payer's page, and a request may hold a payment code, so both stay out of what is listed.
        shown = [replace(entry, token="", prepay_id="", request="") for entry in orders]
        return _json({"transactions": shown, "refunds": refunds})

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
