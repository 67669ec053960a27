"""The sandbox acquirer: takes requests, lets some misbehave on demand, and keeps its own durable book.

It refuses nothing by itself; what may be booked the clerk decides, inside one transaction of the group commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tollbridge_server.providers.sandbox.wire import Answer, Request, Verb
from tollbridge_server.testing.simulators.frame.desk import Desk, system_now_us
from tollbridge_server.testing.simulators.frame.faults import Armed, Fault, Faulty
from tollbridge_server.testing.simulators.sandbox.book import ChargeEntry, Ledger, open_book
from tollbridge_server.testing.simulators.sandbox.clerk import Clerk
from tollbridge_server.testing.simulators.sandbox.rules import (
    BOOKED_BEHAVIORS,
    UNBOOKED_BEHAVIORS,
    Behavior,
    behavior_of,
)

SLOW_S = 1.0


class SandboxAcquirer(Desk[Ledger]):
    """One acquirer with its book. `pages_url` is where the payer's pages are, known when they listen."""

    def __init__(self, book_path: Path, *, now_us: Callable[[], int] = system_now_us) -> None:
        connection = open_book(book_path)
        ledger = Ledger(connection)
        super().__init__(connection, ledger, now_us=now_us)
        self._clerk = Clerk(ledger, now_us, lambda token: f"{self.pages_url}/pay/{token}")
        self.armed: Armed[Behavior] = Armed()
        """What the next requests suffer, whatever their amounts."""
        self.pages_url = "http://127.0.0.1"

    async def handle(self, account: str, verb: Verb, request: Request) -> Answer:
        """Carry out one request. Raises Faulty for what a fault makes of it, and ReferenceReused."""
        if verb is Verb.QUERY:
            return await self.write(lambda _: self._clerk.query(account, request.reference))
        behavior = self.armed.take() or behavior_of(request.amount_minor)
        if behavior in UNBOOKED_BEHAVIORS and await self.lose_once(account, request.reference):
            raise Faulty(Fault(behavior))
        answer = await self.write(lambda _: self._clerk.carry_out(account, verb, request, behavior))
        if behavior in BOOKED_BEHAVIORS:
            raise Faulty(Fault(behavior))
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        return answer

    async def decide_action(self, token: str, *, is_approved: bool) -> ChargeEntry | None:
        """Do what the payer decided on a page; None for a page that does not exist. A decision is made once."""
        return await self._decide(lambda ledger: ledger.charge_by_token(token), is_approved=is_approved)

    async def decide_charge(self, account: str, reference: str, *, is_approved: bool) -> ChargeEntry | None:
        """Do as the payer of that charge; None for a charge that does not exist."""
        return await self._decide(lambda ledger: ledger.charge(account, reference), is_approved=is_approved)

    async def settle_due(self) -> None:
        """Conclude what is pending and due, and post its notifications."""

        def unit(ledger: Ledger) -> None:
            now_us = self._now_us()
            for charge in ledger.settling_charges(now_us):
                self._clerk.settle_charge(charge)
            for effect in ledger.settling_effects(now_us):
                self._clerk.settle_effect(effect)

        await self.write(unit)

    async def _decide(self, find: Callable[[Ledger], ChargeEntry | None], *, is_approved: bool) -> ChargeEntry | None:
        def unit(ledger: Ledger) -> ChargeEntry | None:
            charge = find(ledger)
            if charge is not None:
                self._clerk.decide_action(charge, is_approved=is_approved)
            return charge

        charge = await self.write(unit)
        self.posted.set()
        return charge
