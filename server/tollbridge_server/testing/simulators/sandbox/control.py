"""The test's hand on the acquirer: besides what all simulators have, the payer's part and the book."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from tollbridge_server.testing.simulators.frame.control import Control, Given, json_answer
from tollbridge_server.testing.simulators.frame.decisions import APPROVE, read_decision
from tollbridge_server.testing.simulators.frame.desk import LISTED
from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.delivery import Manner, SandboxDelivery
from tollbridge_server.testing.simulators.sandbox.rules import Behavior


class SandboxControl(Control[Behavior, Manner]):
    """The routes under /control/."""

    def __init__(self, acquirer: SandboxAcquirer, delivery: SandboxDelivery) -> None:
        super().__init__(acquirer, delivery, acquirer.armed, Behavior)
        self._acquirer = acquirer

    async def _decide(self, given: Given) -> web.Response:
        decision = read_decision(given.get("decision", ""))
        charge = await self._acquirer.decide_charge(
            given.get("account", ""), given.get("reference", ""), is_approved=decision == APPROVE
        )
        if charge is None:
            return web.Response(status=404, text="this account has no charge with that reference")
        return web.Response(text=charge.state)

    async def _list_book(self, given: Given) -> web.Response:
        account = given.get("account", "")
        charges = await self._acquirer.write(lambda ledger: ledger.latest_charges(account, limit=LISTED))
        effects = await self._acquirer.write(lambda ledger: ledger.latest_effects(account, limit=LISTED))
        # A token opens the payer's page, so it stays out of what is listed.
        return json_answer({"charges": [replace(charge, token="") for charge in charges], "effects": effects})
