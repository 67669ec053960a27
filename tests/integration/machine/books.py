"""Compares the acquirer's own book with the model and with the server's timeline, payment by payment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import tollbridge
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.services.verification import Break, Verification, Verifier
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.testing.simulators.sandbox import read_book

from tests.integration.machine.model import PromiseBroken
from tests.integration.machine.shop import Bridge, Paid

_CHECKS = 2


def check_books(bridge: Bridge, paid: Sequence[Paid]) -> None:
    """Raise PromiseBroken unless the acquirer moved exactly the money that the model says, for payments at rest."""
    if not paid:
        return
    booked = {
        charge.request_reference: charge for book in read_book(bridge.book_path).values() for charge in book.charges()
    }
    for one in paid:
        payment = bridge.client.get_payment(payment_id=one.payment_id).payment
        _check(one, payment, booked)


def _check(one: Paid, payment: tollbridge.Payment, booked: dict[str, BookedCharge]) -> None:
    references = {attempt.request_reference for operation in payment.operations for attempt in operation.attempts}
    charges = [booked[reference] for reference in references if reference in booked]
    world = one.model.world
    captured = sum(charge.captured_minor for charge in charges)
    refunded = sum(charge.refunded_minor for charge in charges)
    told = f"{one.payment_id}: {world.view()}"
    if (captured, refunded) != (world.captured, world.refunded):
        raise PromiseBroken(f"{told}, but the acquirer took {captured} and gave back {refunded}")
    if sum(charge.captured_minor > 0 for charge in charges) > 1:
        raise PromiseBroken(f"{told}, but the acquirer took money more than once")
    held = [charge for charge in charges if charge.authorized_minor > charge.captured_minor and not charge.is_voided]
    if len(held) != (world.state == "AUTHORIZED"):
        raise PromiseBroken(f"{told}, but the acquirer holds {len(held)} authorizations")
    effects = {effect.request_reference for charge in charges for effect in charge.effects}
    if not effects <= references:
        raise PromiseBroken(f"{told}, but the acquirer booked {effects - references}")


def lasting_breaks(bridge: Bridge) -> list[Break]:
    """Go through the whole database beside the book, as `tollbridge verify` does; return the breaks that last.

    Book and database can not be read at one moment, and what is on its way settles in between. Such a difference
    is gone when both are read again.
    """
    breaks = _verified(bridge).breaks
    for _ in range(_CHECKS):
        if not breaks:
            break
        time.sleep(1.0)
        again = _verified(bridge).breaks
        breaks = [one for one in breaks if one in again]
    return breaks


def _verified(bridge: Bridge) -> Verification:

    async def verify() -> Verification:
        storage = await open_storage(bridge.database_url, connections=1, is_reader=True)
        try:
            return await Verifier(storage, read_book(bridge.book_path)).verify()
        finally:
            await storage.close()

    return asyncio.run(verify())
