"""The test's hand on the WeChat Pay simulator: faults, the payer's part, keys, the book, notifications sent wrongly.

Refuses whoever is not on this machine, and whatever a web page sends: these routes know no credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson
from aiohttp import web

from tollbridge_server.testing.simulators.common.billing import read_day
from tollbridge_server.testing.simulators.common.guard import CONTROL_PREFIX, only_this_machine
from tollbridge_server.testing.simulators.wechatpay import times
from tollbridge_server.testing.simulators.wechatpay.delivery import Delivery, Manner
from tollbridge_server.testing.simulators.wechatpay.invocation import NotInvoked, invoked, read_invocation
from tollbridge_server.testing.simulators.wechatpay.keys import Signing, Turn
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.orders import page_url
from tollbridge_server.testing.simulators.wechatpay.payments import payable_until_us
from tollbridge_server.testing.simulators.wechatpay.practice import read_practice
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior

_LISTED = 500
_DECISIONS = ("approve", "refuse")
_QUESTIONS = {"effect": False, "query": True}


class Control:
    """The routes under /control/."""

    def __init__(self, office: Office, delivery: Delivery, signing: Signing) -> None:
        self._office = office
        self._delivery = delivery
        self._signing = signing

    def add_to(self, application: web.Application) -> None:
        """Add the routes, and the guard before them."""
        application.middlewares.append(only_this_machine)
        for verb, name, handler in (
            ("POST", "arm", self._arm),
            ("POST", "practice", self._change_practice),
            ("POST", "decide", self._decide),
            ("POST", "invoke", self._invoke),
            ("POST", "rotate", self._rotate),
            ("POST", "notify", self._notify),
            ("POST", "replay", self._replay),
            ("POST", "bill", self._make_bill),
            ("GET", "book", self._list_book),
            ("GET", "pages", self._list_pages),
            ("GET", "notifications", self._list_notifications),
        ):
            application.router.add_route(verb, f"{CONTROL_PREFIX}{name}", handler)

    async def _arm(self, request: web.Request) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1&for=effect or query&account=….

        A query is what only asks: for an order, a refund or a bill. Without `account` it is anybody's request.
        """
        query = request.query
        account, kind = query.get("account", ""), query.get("for", "effect")
        if kind not in _QUESTIONS:
            return web.Response(status=400, text=f"for is one of: {', '.join(_QUESTIONS)}")
        if account and account not in self._office.accounts:
            return web.Response(status=404, text="there is no such account")
        try:
            behavior, count = Behavior(query.get("behavior", "")), int(query.get("count", "1"))
            self._office.armed.arm(behavior, count, for_questions=_QUESTIONS[kind], account=account)
        except ValueError as error:
            return web.Response(status=400, text=f"{error}; behavior is one of: {', '.join(Behavior)}")
        return web.Response(text="armed")

    async def _change_practice(self, request: web.Request) -> web.Response:
        """Change how WeChat Pay goes about things, from now on: ?refund_pause_s=60&signs_errors=true; says what is."""
        house = self._office.house
        try:
            house.practice = read_practice(house.practice, request.query)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        return _json(house.practice)

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

    async def _invoke(self, request: web.Request) -> web.Response:
        """Do as WeChat on the payer's device: take the parameters of a next_action, say where the payer's page is."""
        try:
            entry = await invoked(self._office, read_invocation(await _texts(request)))
        except NotInvoked as error:
            return web.Response(status=400, text=str(error))
        return _json({"url": page_url(entry, self._office.house.pages_url)})

    async def _rotate(self, request: web.Request) -> web.Response:
        """Take a step of a rotation: ?step=announce, switch (if none is named) or retire; says what is listed then.

        Announced is a further certificate; switched to is the next one, made if there is none; retired are all that
        are older than the one in use.
        """
        try:
            step = Turn(request.query.get("step", Turn.SWITCH))
        except ValueError:
            return web.Response(status=400, text=f"step is one of: {', '.join(Turn)}")
        return _json({"serials": await self._signing.turn(step)})

    async def _notify(self, request: web.Request) -> web.Response:
        """Send the notifications of an account elsewhere from now on: ?account=…&url=…; empty: where they belong."""
        if not self._delivery.redirect(request.query.get("account", ""), request.query.get("url", "")):
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
        return _json({"status": await self._delivery.send(entry, manner)})

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

    async def _list_pages(self, request: web.Request) -> web.Response:
        """List the payer's pages of the orders that can still be paid, the newest first: ?account=…."""
        account, house = request.query.get("account", ""), self._office.house
        orders = await self._office.write(lambda ledger: ledger.latest(account, limit=_LISTED))
        pages = [
            {
                "reference": entry.out_trade_no,
                "trade_type": entry.trade_type,
                "url": page_url(entry, house.pages_url),
                "payable_until": times.written(payable_until_us(entry)),
            }
            for entry in orders
            if entry.token and self._office.payments.may_be_paid(entry)
        ]
        return _json({"pages": pages})

    async def _list_notifications(self, request: web.Request) -> web.Response:
        """List the notifications of an account, the newest first: ?account=…."""
        entries = await self._office.notifications_of(request.query.get("account", ""))
        listed = [
            {"event_id": e.event_id, "tries": e.tries, "is_closed": e.is_closed, "body": orjson.loads(e.body)}
            for e in entries
        ]
        return _json({"notifications": listed})


async def _texts(request: web.Request) -> Mapping[str, str]:
    """Return the fields of a form or of a JSON object. Raises NotInvoked for what holds anything but texts."""
    if request.content_type != "application/json":
        return {name: str(value) for name, value in (await request.post()).items()}
    try:
        content = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise NotInvoked("the parameters are no JSON") from None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise NotInvoked("the parameters have to be texts in an object or a form")
    return content


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
