"""The test's hand on the WeChat Pay simulator: besides what all have, its practice and keys, and the book."""

from __future__ import annotations

from dataclasses import fields, replace

from aiohttp import web

from tollbridge_server.testing.simulators.frame.control import Given, Route, WalletControl, json_answer
from tollbridge_server.testing.simulators.frame.decisions import read_decision
from tollbridge_server.testing.simulators.frame.desk import LISTED
from tollbridge_server.testing.simulators.wechatpay import times
from tollbridge_server.testing.simulators.wechatpay.delivery import Manner, WechatPayDelivery
from tollbridge_server.testing.simulators.wechatpay.invocation import PARAMETERS, NotInvoked, invoked, read_invocation
from tollbridge_server.testing.simulators.wechatpay.keys import Signing, Turn
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.orders import page_url
from tollbridge_server.testing.simulators.wechatpay.payments import payable_until_us
from tollbridge_server.testing.simulators.wechatpay.practice import Practice, read_practice
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior


class WechatPayControl(WalletControl[Behavior, Manner]):
    """The routes under /control/."""

    _of_decide = (*WalletControl._of_decide, "prepay_id")

    def __init__(self, office: Office, delivery: WechatPayDelivery, signing: Signing) -> None:
        super().__init__(office, delivery, office.armed, Behavior, bills=office.bills.desk)
        self._office = office
        self._signing = signing

    def _routes(self) -> list[Route]:
        practice = tuple(each.name for each in fields(Practice))
        return [
            *super()._routes(),
            Route("POST", "practice", self._change_practice, practice),
            Route("POST", "invoke", self._invoke, PARAMETERS),
            Route("POST", "rotate", self._rotate, ("step",)),
        ]

    async def _change_practice(self, given: Given) -> web.Response:
        """Change how WeChat Pay goes about things, from now on: ?refund_pause_s=60&signs_errors=true; says what is."""
        premises = self._office.premises
        try:
            premises.practice = read_practice(premises.practice, given)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        return json_answer(premises.practice)

    async def _decide(self, given: Given) -> web.Response:
        """Do as the payer: ?account=…&reference=…&decision=approve or refuse; or ?prepay_id=… for an app's payer."""
        decision = read_decision(given.get("decision", ""))
        if given.get("prepay_id"):
            found = await self._office.opened(given["prepay_id"], decision=decision)
        else:
            found = await self._office.decide(given.get("account", ""), given.get("reference", ""), decision)
        if found is None:
            return web.Response(status=404, text="this account has no order with that reference")
        return web.Response(text=found.trade_state)

    async def _invoke(self, given: Given) -> web.Response:
        """Do as WeChat on the payer's device: take the parameters of a next_action, say where the payer's page is."""
        try:
            entry = await invoked(self._office, read_invocation(given))
        except NotInvoked as error:
            return web.Response(status=400, text=str(error))
        return json_answer({"url": page_url(entry, self._office.premises.pages_url)})

    async def _rotate(self, given: Given) -> web.Response:
        """Take a step of a rotation: ?step=announce, switch (if none is named) or retire; says what is listed then.

        Announced is a further certificate; switched to is the next one, made if there is none; retired are all that
        are older than the one in use.
        """
        try:
            step = Turn(given.get("step", Turn.SWITCH))
        except ValueError:
            return web.Response(status=400, text=f"step is one of: {', '.join(Turn)}")
        return json_answer({"serials": await self._signing.turn(step)})

    async def _list_book(self, given: Given) -> web.Response:
        account = given.get("account", "")
        orders = await self._office.write(lambda ledger: ledger.latest(account, limit=LISTED))
        refunds = await self._office.write(lambda ledger: ledger.latest_refunds(account, limit=LISTED))
        # A token opens the payer's page, and a request may hold a payment code, so both stay out of what is listed.
        shown = [replace(entry, token="", prepay_id="", request="") for entry in orders]
        return json_answer({"transactions": shown, "refunds": refunds})

    async def _list_pages(self, given: Given) -> web.Response:
        account, premises = given.get("account", ""), self._office.premises
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
