"""The sandbox acquirer: takes requests, lets some misbehave on demand, and keeps its own durable book.

It refuses nothing by itself; what may be booked the clerk decides, inside one transaction of the group commit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tollbridge_server.providers.sandbox.wire import Answer, Request, Verb
from tollbridge_server.storage.group_commit import GroupCommit
from tollbridge_server.testing.simulators.sandbox.book import SUCCEEDED, ChargeEntry, Ledger, OutboxEntry, open_book
from tollbridge_server.testing.simulators.sandbox.clerk import Clerk
from tollbridge_server.testing.simulators.sandbox.rules import (
    BOOKED_BEHAVIORS,
    UNBOOKED_BEHAVIORS,
    Behavior,
    behavior_of,
)

T = TypeVar("T")

SLOW_S = 1.0
MAX_ARMED = 10_000
_LISTED = 500


class Faulty(Exception):
    """The request gets no proper answer; `behavior` says which improper one. What was booked stays booked."""

    def __init__(self, behavior: Behavior) -> None:
        super().__init__(behavior.value)
        self.behavior = behavior


class SandboxAcquirer:
    """One acquirer with its book. `pages_url` is where the payer's pages are, known when they listen."""

    def __init__(self, book_path: Path, *, now_us: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._connection = open_book(book_path)
        self._group = GroupCommit(self._connection)
        self._ledger = Ledger(self._connection)
        self._now_us = now_us
        self._clerk = Clerk(self._ledger, now_us, lambda token: f"{self.pages_url}/pay/{token}")
        self._armed: list[Behavior] = []
        self.pages_url = "http://127.0.0.1"
        self.posted = asyncio.Event()
        """Set when a notification waits to be delivered."""

    async def write(self, unit: Callable[[Ledger], T]) -> T:
        """Run `unit` over the book in one durable transaction."""
        return await self._group.write(lambda _: unit(self._ledger))

    async def close(self) -> None:
        """Commit what is queued, then close the book."""
        await self._group.close()
        self._connection.close()

    def arm(self, behavior: Behavior, count: int) -> None:
        """Let the next `count` requests behave so, whatever their amounts. Raises ValueError for too many."""
        if not 0 < count <= MAX_ARMED - len(self._armed):
            raise ValueError(f"at most {MAX_ARMED} requests can wait to misbehave")
        self._armed.extend([behavior] * count)

    async def handle(self, account: str, verb: Verb, request: Request) -> Answer:
        """Carry out one request. Raises Faulty for what a fault makes of it, and ReferenceReused."""
        if verb is Verb.QUERY:
            return await self.write(lambda _: self._clerk.query(account, request.reference))
        behavior = self._armed.pop(0) if self._armed else behavior_of(request.amount_minor)
        if behavior in UNBOOKED_BEHAVIORS and await self.write(
            lambda ledger: ledger.drop_once(account, request.reference)
        ):
            raise Faulty(behavior)
        answer = await self.write(lambda _: self._clerk.carry_out(account, verb, request, behavior))
        if behavior in BOOKED_BEHAVIORS:
            raise Faulty(behavior)
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        if behavior is Behavior.WRONG_AMOUNT and answer.state == SUCCEEDED:
            answer.amount_minor += 1
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

    async def due_notifications(self) -> list[OutboxEntry]:
        """Return what waits to be delivered now."""
        return await self.write(lambda ledger: ledger.due_notifications(self._now_us()))

    async def notifications_of(self, account: str) -> list[OutboxEntry]:
        """Return the latest notifications of an account, delivered or not."""
        return await self.write(lambda ledger: ledger.notifications_of(account, limit=_LISTED))

    async def notification(self, event_id: str) -> OutboxEntry | None:
        """Return one notification, delivered or not."""
        return await self.write(lambda ledger: ledger.notification(event_id))

    async def note_delivery(self, entry: OutboxEntry, *, is_done: bool, pause_s: float) -> None:
        """Note that a notification needs no further try, or the next one after a pause."""

        def unit(ledger: Ledger) -> None:
            if is_done:
                ledger.close_notification(entry.number)
            else:
                ledger.deliver_later(entry.number, due_at_us=self._now_us() + int(pause_s * 1_000_000))

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
