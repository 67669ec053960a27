"""The test's hand on the Alipay simulator: besides what all have, the payer's app, the book and the payer's pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tollbridge_server.testing.simulators.alipay.book import Freeze, Ledger, Refund, Release, Trade
from tollbridge_server.testing.simulators.alipay.delivery import AlipayDelivery, Manner
from tollbridge_server.testing.simulators.alipay.fields import Refused
from tollbridge_server.testing.simulators.alipay.methods import APP_METHODS
from tollbridge_server.testing.simulators.alipay.office import Office
from tollbridge_server.testing.simulators.alipay.parameters import Reader, TurnedAway
from tollbridge_server.testing.simulators.alipay.rules import Behavior
from tollbridge_server.testing.simulators.frame.control import Given, Route, WalletControl, json_answer
from tollbridge_server.testing.simulators.frame.decisions import read_decision
from tollbridge_server.testing.simulators.frame.desk import LISTED

_HIDDEN = frozenset({"token", "auth_code"})
"""A token opens the payer's page, and a code was paid with, so both stay out of what is listed."""


class AlipayControl(WalletControl[Behavior, Manner]):
    """The routes under /control/."""

    def __init__(self, office: Office, reader: Reader, delivery: AlipayDelivery) -> None:
        super().__init__(office, delivery, office.armed, Behavior, bills=office.bills.desk)
        self._office = office
        self._reader = reader

    def _routes(self) -> list[Route]:
        pay_order = Route("POST", "pay_order", self._pay_order, ("decision",), whole_body="order")
        return [*super()._routes(), pay_order]

    async def _decide(self, given: Given) -> web.Response:
        decision = read_decision(given.get("decision", ""))
        found = await self._office.decide(given.get("account", ""), given.get("reference", ""), decision)
        if found is None:
            return web.Response(status=404, text="this account has no order with that reference")
        return web.Response(text=found.state)

    async def _pay_order(self, given: Given) -> web.Response:
        """Do as the payer's app with an order string, which is the body: ?decision=approve or refuse."""
        decision = read_decision(given.get("decision", ""))
        parameters = dict(parse_qsl(given.get("order", "")))
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

    async def _list_book(self, given: Given) -> web.Response:
        account = given.get("account", "")

        def unit(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
            return {
                "trades": [_shown(row) for row in ledger.latest(Trade, account, limit=LISTED)],
                "refunds": [_shown(row) for row in ledger.latest(Refund, account, limit=LISTED)],
                "freezes": [_shown(row) for row in ledger.latest(Freeze, account, limit=LISTED)],
                "releases": [_shown(row) for row in ledger.latest(Release, account, limit=LISTED)],
            }

        return json_answer(await self._office.write(unit))

    async def _list_pages(self, given: Given) -> web.Response:
        found = await self._office.open_pages(given.get("account", ""))
        listed = [
            {
                "reference": row.out_trade_no if isinstance(row, Trade) else row.out_order_no,
                "state": row.state,
                "amount": row.amount,
                "url": url,
            }
            for row, url in found
        ]
        return json_answer({"pages": listed})


def _shown(row: Trade | Refund | Freeze | Release) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name not in _HIDDEN}
