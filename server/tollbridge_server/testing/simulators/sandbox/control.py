"""The test's hand on the acquirer: faults on demand, the payer's part, the book, and notifications sent wrongly.

Refuses whoever is not on this machine, and whatever a web page sends: these routes know no credentials.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum

import orjson
from aiohttp import web

from tollbridge_server.providers.sandbox import signing
from tollbridge_server.testing.simulators.common.guard import only_this_machine
from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.rules import Behavior

_LISTED = 500
_STALE_S = signing.WINDOW_S + 60


class Manner(StrEnum):
    """How a notification is sent again."""

    AGAIN = "again"
    WRONG_KEY = "wrong_key"
    ALTERED = "altered"
    STALE = "stale"
    UNSIGNED = "unsigned"


Send = Callable[[str, bytes, dict[str, str]], Awaitable[int]]
"""Takes account id, body and headers, posts them, and returns the HTTP status (0: no answer)."""


class Control:
    """The routes under /control/."""

    def __init__(
        self,
        acquirer: SandboxAcquirer,
        *,
        secrets: dict[str, bytes],
        send: Send,
        redirect: Callable[[str, str], bool],
    ) -> None:
        self._acquirer = acquirer
        self._secrets = secrets
        self._send = send
        self._redirect = redirect

    def add_to(self, application: web.Application) -> None:
        """Add the routes, and the guard before them."""
        application.middlewares.append(only_this_machine)
        application.router.add_post("/control/arm", self._arm)
        application.router.add_post("/control/notify", self._notify)
        application.router.add_post("/control/decide", self._decide)
        application.router.add_post("/control/replay", self._replay)
        application.router.add_get("/control/book", self._list_book)
        application.router.add_get("/control/notifications", self._list_notifications)

    async def _arm(self, request: web.Request) -> web.Response:
        """Let the next requests misbehave: ?behavior=booked_timeout&count=1."""
        try:
            behavior = Behavior(request.query.get("behavior", ""))
            self._acquirer.armed.arm(behavior, int(request.query.get("count", "1")))
        except ValueError as error:
            return web.Response(status=400, text=f"{error}; behavior is one of: {', '.join(Behavior)}")
        return web.Response(text="armed")

    async def _notify(self, request: web.Request) -> web.Response:
        """Send the notifications of an account elsewhere from now on: ?account=…&url=…."""
        if not self._redirect(request.query.get("account", ""), request.query.get("url", "")):
            return web.Response(status=404, text="there is no such account")
        return web.Response(text="noted")

    async def _decide(self, request: web.Request) -> web.Response:
        """Do as the payer: ?account=…&reference=…&decision=approve or refuse."""
        query, decision = request.query, request.query.get("decision")
        if decision not in ("approve", "refuse"):
            return web.Response(status=400, text="decision has to be approve or refuse")
        charge = await self._acquirer.decide_charge(
            query.get("account", ""), query.get("reference", ""), is_approved=decision == "approve"
        )
        if charge is None:
            return web.Response(status=404, text="this account has no charge with that reference")
        return web.Response(text=charge.state)

    async def _replay(self, request: web.Request) -> web.Response:
        """Send a notification once more, rightly or wrongly: ?event_id=…&manner=again; says what was answered."""
        try:
            manner = Manner(request.query.get("manner", Manner.AGAIN))
        except ValueError:
            return web.Response(status=400, text=f"manner is one of: {', '.join(Manner)}")
        entry = await self._acquirer.notification(request.query.get("event_id", ""))
        if entry is None or entry.account not in self._secrets:
            return web.Response(status=404, text="there is no such notification")
        body, headers = _spoil(entry.body, self._secrets[entry.account], manner)
        return _json({"status": await self._send(entry.account, body, headers)})

    async def _list_book(self, request: web.Request) -> web.Response:
        """List charges and effects of an account, the newest first: ?account=…."""
        account = request.query.get("account", "")
        charges = await self._acquirer.write(lambda ledger: ledger.latest_charges(account, limit=_LISTED))
        effects = await self._acquirer.write(lambda ledger: ledger.latest_effects(account, limit=_LISTED))
        # A token opens the payer's page, so it stays out of what is listed.
        return _json({"charges": [replace(charge, token="") for charge in charges], "effects": effects})

    async def _list_notifications(self, request: web.Request) -> web.Response:
        """List the notifications of an account, the newest first: ?account=…."""
        entries = await self._acquirer.notifications_of(request.query.get("account", ""))
        listed = [
            {"event_id": e.event_id, "tries": e.tries, "is_closed": e.is_closed, "body": orjson.loads(e.body)}
            for e in entries
        ]
        return _json({"notifications": listed})


def notification_headers(secret: bytes, body: bytes, *, age_s: int = 0) -> dict[str, str]:
    """Return the headers of a notification that is sent now, or was signed `age_s` seconds ago."""
    timestamp_s = int(time.time()) - age_s
    signature = signing.sign(secret, body, timestamp_s=timestamp_s, context=signing.NOTIFICATION_CONTEXT)
    return {
        "content-type": "application/json",
        signing.TIMESTAMP_HEADER: str(timestamp_s),
        signing.SIGNATURE_HEADER: signature,
    }


def _spoil(body: bytes, secret: bytes, manner: Manner) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a notification that is authentic, or false in the manner asked for."""
    match manner:
        case Manner.AGAIN:
            return body, notification_headers(secret, body)
        case Manner.WRONG_KEY:
            return body, notification_headers(secret[::-1] + b"?", body)
        case Manner.STALE:
            return body, notification_headers(secret, body, age_s=_STALE_S)
        case Manner.UNSIGNED:
            return body, {"content-type": "application/json"}
        case Manner.ALTERED:
            message = orjson.loads(body)
            message["answer"]["amount_minor"] += 1
            return orjson.dumps(message), notification_headers(secret, body)


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
