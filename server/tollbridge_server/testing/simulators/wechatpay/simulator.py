"""The WeChat Pay simulator on one port: API v3, payer's pages, control, and notifications until they are accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from aiohttp import web

from tollbridge_server.testing.simulators.frame.desk import system_now_us
from tollbridge_server.testing.simulators.frame.listener import Listener
from tollbridge_server.testing.simulators.frame.notifier import Notifier, pause_of
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount, WechatPayKeys
from tollbridge_server.testing.simulators.wechatpay.answers import no_such_route
from tollbridge_server.testing.simulators.wechatpay.api import Api
from tollbridge_server.testing.simulators.wechatpay.control import WechatPayControl
from tollbridge_server.testing.simulators.wechatpay.delivery import WechatPayDelivery
from tollbridge_server.testing.simulators.wechatpay.keys import Signing
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.pages import PayerPages
from tollbridge_server.testing.simulators.wechatpay.practice import Practice
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.rules import NOTIFY_SCHEDULE_S, Behavior

_MAX_REQUEST_BYTES = 64 * 1024


class WechatPaySimulator:
    """One listening simulator.

    `time_scale` divides the pauses between the deliveries of a notification, and those times of the practice that say
    so: how long a refund takes and a payer types, and how old a payment has to be before it is reversed.
    """

    def __init__(
        self,
        book_path: Path,
        accounts: Sequence[WechatPayAccount],
        keys: WechatPayKeys,
        *,
        notify_schedule_s: Sequence[float] = NOTIFY_SCHEDULE_S,
        time_scale: float = 1.0,
        practice: Practice = Practice(),  # noqa: B008  It can not be changed.
        now_us: Callable[[], int] = system_now_us,
    ) -> None:
        by_id = {account.account_id: account for account in accounts}
        premises = Premises(practice, time_scale=time_scale, now_us=now_us)
        self._office = Office(book_path, by_id, premises)
        self._signing = Signing(keys)
        self._delivery = WechatPayDelivery(self._office, self._signing)
        self._api = Api(self._office, self._signing)
        pause = pause_of(notify_schedule_s, time_scale=time_scale)
        self._notifier = Notifier(self._office, self._delivery.deliver, pause)
        self._runner: Listener | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and notify; return the port."""
        application = web.Application(client_max_size=_MAX_REQUEST_BYTES, middlewares=[no_such_route])
        self._api.add_to(application)
        PayerPages(self._office).add_to(application)
        WechatPayControl(self._office, self._delivery, self._signing).add_to(application)
        self._runner = Listener(application)
        bound = await self._runner.start(host, port)
        self._office.premises.pages_url = f"http://{host}:{bound}"
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
        self._signing.close()

    def arm(self, behavior: Behavior, count: int = 1, *, for_questions: bool = False, account: str = "") -> None:
        """Let the next requests suffer `behavior`: those with an effect, or those that only ask for orders, refunds
        and bills. `account` is whose requests; empty: anybody's. Raises ValueError for what a question can not suffer.
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
        return found.trade_state
