"""The Alipay simulator on one port: gateway, payer's pages, control, and notifications until `success` is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from aiohttp import web

from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount, AlipayKeys
from tollbridge_server.testing.simulators.alipay.answers import Answers
from tollbridge_server.testing.simulators.alipay.control import AlipayControl
from tollbridge_server.testing.simulators.alipay.delivery import AlipayDelivery
from tollbridge_server.testing.simulators.alipay.gateway import Gateway
from tollbridge_server.testing.simulators.alipay.office import Office
from tollbridge_server.testing.simulators.alipay.pages import PayerPages
from tollbridge_server.testing.simulators.alipay.parameters import Reader
from tollbridge_server.testing.simulators.alipay.rules import Behavior
from tollbridge_server.testing.simulators.frame.desk import system_now_us
from tollbridge_server.testing.simulators.frame.listener import Listener
from tollbridge_server.testing.simulators.frame.notifier import Notifier, pause_of

NOTIFY_SCHEDULE_S = (240, 600, 600, 3600, 7200, 21600, 54000)
"""Alipay's pauses between the eight deliveries of a notification."""

_MAX_REQUEST_BYTES = 64 * 1024


class AlipaySimulator:
    """One listening simulator.

    `time_scale` divides every time that it lets pass: between the deliveries of a notification, and until a payer
    decides alone. `timestamp_window_s` is how far the clock of a request may be off; None, the default, turns nothing
    away, since Alipay documents no limit.
    """

    def __init__(
        self,
        book_path: Path,
        accounts: Sequence[AlipayAccount],
        keys: AlipayKeys,
        *,
        notify_schedule_s: Sequence[float] = NOTIFY_SCHEDULE_S,
        time_scale: float = 1.0,
        timestamp_window_s: float | None = None,
        now_us: Callable[[], int] = system_now_us,
    ) -> None:
        by_id = {account.account_id: account for account in accounts}
        self._office = Office(book_path, by_id, now_us=now_us, time_scale=time_scale)
        self._reader = Reader(by_id, keys, now_us, timestamp_window_s=timestamp_window_s)
        self._answers = Answers(keys)
        self._gateway = Gateway(self._office, self._reader, keys, self._answers)
        self._delivery = AlipayDelivery(self._office, self._answers)
        pause = pause_of(notify_schedule_s, time_scale=time_scale)
        self._notifier = Notifier(self._office, self._delivery.deliver, pause)
        self._runner: Listener | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and notify; return the port."""
        application = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        self._gateway.add_to(application)
        PayerPages(self._office).add_to(application)
        AlipayControl(self._office, self._reader, self._delivery).add_to(application)
        self._runner = Listener(application)
        bound = await self._runner.start(host, port)
        self._office.pages_url = f"http://{host}:{bound}"
        self._delivery.open()
        self._notifier.start()
        return bound

    async def stop(self) -> None:
        """Stop listening and close the book."""
        await self._notifier.stop()
        if self._runner is not None:
            await self._runner.stop()
        await self._delivery.close()
        await self._office.close()
        self._answers.close()

    def arm(self, behavior: Behavior, count: int = 1, *, for_questions: bool = False, account: str = "") -> None:
        """Let the next requests of an account (empty: of any) suffer `behavior`: those that change something, or ask.

        Raises ValueError for what a question can not suffer.
        """
        self._office.armed.arm(behavior, count, for_questions=for_questions, account=account)

    def make_bill(self, day: date) -> None:
        """Make the bill of a day in China now, with what is booked when it is fetched."""
        self._office.bills.desk.make_early(day)

    async def decide(self, account_id: str, reference: str, decision: str) -> str:
        """Do as the payer of an order ("approve" or "refuse"); return its state. Raises LookupError."""
        found = await self._office.decide(account_id, reference, decision)
        if found is None:
            raise LookupError(f"{account_id} has no order {reference}")
        return found.state
