"""The test's hand on the WeChat Pay simulator: besides what all have, its practice and keys, and the book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson
from aiohttp import web

from tollbridge_server.testing.simulators.frame.control import Route, WalletControl, json_answer
from tollbridge_server.testing.simulators.frame.decisions import read_decision
from tollbridge_server.testing.simulators.frame.desk import LISTED
from tollbridge_server.testing.simulators.wechatpay import times
from tollbridge_server.testing.simulators.wechatpay.delivery import Manner, WechatPayDelivery
from tollbridge_server.testing.simulators.wechatpay.invocation import NotInvoked, invoked, read_invocation
from tollbridge_server.testing.simulators.wechatpay.keys import Signing, Turn
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.orders import page_url
from tollbridge_server.testing.simulators.wechatpay.payments import payable_until_us
from tollbridge_server.testing.simulators.wechatpay.practice import read_practice
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior


class WechatPayControl(WalletControl[Behavior, Manner]):
    """The routes under /control/."""

    def __init__(self, office: Office, delivery: WechatPayDelivery, signing: Signing) -> None:
        super().__init__(office, delivery, office.armed, Behavior, bills=office.bills.desk)
        self._office = office
        self._signing = signing

    def _routes(self) -> list[Route]:
        return [
            *super()._routes(),
            ("POST", "practice", self._change_practice),
            ("POST", "invoke", self._invoke),
            ("POST", "rotate", self._rotate),
        ]

    async def _change_practice(self, request: web.Request) -> web.Response:
        """Change how WeChat Pay goes about things, from now on: ?refund_pause_s=60&signs_errors=true; says what is."""
        premises = self._office.premises
        try:
            premises.practice = read_practice(premises.practice, request.query)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        return json_answer(premises.practice)

    async def _decide(self, request: web.Request) -> web.Response:
        """Do as the payer: ?account=…&reference=…&decision=approve or refuse; or ?prepay_id=… for an app's payer."""
        query, decision = request.query, read_decision(request.query.get("decision", ""))
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
        return json_answer({"url": page_url(entry, self._office.premises.pages_url)})

    async def _rotate(self, request: web.Request) -> web.Response:
        """Take a step of a rotation: ?step=announce, switch (if none is named) or retire; says what is listed then.

        Announced is a further certificate; switched to is the next one, made if there is none; retired are all that
        are older than the one in use.
        """
        try:
            step = Turn(request.query.get("step", Turn.SWITCH))
        except ValueError:
            return web.Response(status=400, text=f"step is one of: {', '.join(Turn)}")
        return json_answer({"serials": await self._signing.turn(step)})

    async def _list_book(self, request: web.Request) -> web.Response:
        account = request.query.get("account", "")
        orders = await self._office.write(lambda ledger: ledger.latest(account, limit=LISTED))
        refunds = await self._office.write(lambda ledger: ledger.latest_refunds(account, limit=LISTED))
        # A token opens the payer's page, and a request may hold a payment code, so both stay out of what is listed.
        shown = [replace(entry, token="", prepay_id="", request="") for entry in orders]
        return json_answer({"transactions": shown, "refunds": refunds})

    async def _list_pages(self, request: web.Request) -> web.Response:
        account, premises = request.query.get("account", ""), self._office.premises
        orders = await self._office.write(lambda ledger: ledger.latest(account, limit=LISTED))
        pages = [
            {
                "reference": entry.out_trade_no,
                "trade_type": entry.trade_type,
                "url": page_url(entry, premises.pages_url),
                "payable_until": times.written(payable_until_us(entry)),
            }
            for entry in orders
            if entry.token and self._office.payments.may_be_paid(entry)
        ]
        return json_answer({"pages": pages})


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
