"""The WeChat Pay simulator on one port: API v3, payer's pages, control, and notifications until they are accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from aiohttp import web

from tollbridge_server.testing.simulators.common.desk import system_now_us
from tollbridge_server.testing.simulators.common.notifier import Notifier
from tollbridge_server.testing.simulators.common.pace import Pace
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount, WechatPayKeys
from tollbridge_server.testing.simulators.wechatpay.answers import no_such_route
from tollbridge_server.testing.simulators.wechatpay.api import Api
from tollbridge_server.testing.simulators.wechatpay.control import Control
from tollbridge_server.testing.simulators.wechatpay.delivery import Delivery
from tollbridge_server.testing.simulators.wechatpay.keys import Signing
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.pages import PayerPages
from tollbridge_server.testing.simulators.wechatpay.practice import House, Practice
from tollbridge_server.testing.simulators.wechatpay.rules import NOTIFY_SCHEDULE_S, Behavior

_SHUTDOWN_TIMEOUT_S = 1.0
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
        house = House(practice, time_scale=time_scale, now_us=now_us)
        self._office = Office(book_path, by_id, house)
        self._signing = Signing(keys)
        self._delivery = Delivery(self._office, self._signing)
        self._api = Api(self._office, self._signing)
        self._pauses_s = [pause_s / time_scale for pause_s in notify_schedule_s]
        self._notifier = Notifier(self._office, self._delivery.deliver, self._pause)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and notify; return the port."""
        application = web.Application(client_max_size=_MAX_REQUEST_BYTES, middlewares=[no_such_route])
        self._api.add_to(application)
        PayerPages(self._office).add_to(application)
        application.router.add_get("/health", _health)
        Control(self._office, self._delivery, self._signing).add_to(application)
        Pace().add_to(application)
        # Whoever waits for an answer that never comes must not hold up the end.
        runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_TIMEOUT_S
        )
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        self._runner = runner
        bound: int = runner.addresses[0][1]
        self._office.house.pages_url = f"http://{host}:{bound}"
        self._delivery.open()
        self._notifier.start()
        return bound

    async def stop(self) -> None:
        """Stop listening and close the book."""
        await self._notifier.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._delivery.close()
        await self._office.close()
        self._signing.close()

    def arm(self, behavior: Behavior, count: int = 1, *, for_questions: bool = False, account: str = "") -> None:
        """Let the next requests suffer `behavior`: those with an effect, or those that only ask for orders, refunds
        and bills. `account` is whose requests; empty: anybody's.
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

    def _pause(self, tries: int) -> float | None:
        return self._pauses_s[tries] if tries < len(self._pauses_s) else None


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
