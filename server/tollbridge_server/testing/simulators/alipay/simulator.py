"""The Alipay simulator on one port: gateway, payer's pages, control, and notifications until `success` is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import aiohttp
import orjson
from aiohttp import web

from tollbridge_server.providers.alipay.signing import form_of, notification_text
from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount, AlipayKeys
from tollbridge_server.testing.simulators.alipay.control import Control, Manner
from tollbridge_server.testing.simulators.alipay.fields import written_time
from tollbridge_server.testing.simulators.alipay.gateway import Gateway
from tollbridge_server.testing.simulators.alipay.office import Office
from tollbridge_server.testing.simulators.alipay.pages import Pages
from tollbridge_server.testing.simulators.alipay.parameters import Reader
from tollbridge_server.testing.simulators.alipay.replies import Replies
from tollbridge_server.testing.simulators.alipay.rules import Behavior
from tollbridge_server.testing.simulators.common.desk import system_now_us
from tollbridge_server.testing.simulators.common.notifier import Notifier
from tollbridge_server.testing.simulators.common.outbox import OutboxEntry
from tollbridge_server.testing.simulators.common.pace import Pace

NOTIFY_SCHEDULE_S = (240, 600, 600, 3600, 7200, 21600, 54000)
"""Alipay's pauses between the eight deliveries of a notification."""

_DELIVERY_TIMEOUT_S = 5.0
_SHUTDOWN_TIMEOUT_S = 1.0
_OTHER_AMOUNT = "12345.67"
_MAX_REQUEST_BYTES = 64 * 1024
_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


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
        self._replies = Replies(keys)
        self._gateway = Gateway(self._office, self._reader, keys, self._replies)
        self._pauses_s = [pause_s / time_scale for pause_s in notify_schedule_s]
        self._notifier = Notifier(self._office, self._deliver, self._pause)
        self._elsewhere: dict[str, str] = {}
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and notify; return the port."""
        application = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        self._gateway.add_to(application)
        Pages(self._office).add_to(application)
        application.router.add_get("/health", _health)
        Control(self._office, self._reader, send=self._send, redirect=self._redirect).add_to(application)
        Pace().add_to(application)
        # Whoever waits for an answer that never comes must not hold up the end.
        runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_TIMEOUT_S
        )
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        self._runner = runner
        bound: int = runner.addresses[0][1]
        self._office.pages_url = f"http://{host}:{bound}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_DELIVERY_TIMEOUT_S))
        self._notifier.start()
        return bound

    async def stop(self) -> None:
        """Stop listening and close the book."""
        await self._notifier.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        await self._office.close()
        self._replies.close()

    def arm(self, behavior: Behavior, count: int = 1, *, for_questions: bool = False, account_id: str = "") -> None:
        """Let the next requests of an account (empty: of any) suffer `behavior`: those that change something, or ask.

        Raises ValueError for what a question can not suffer.
        """
        self._office.arm(behavior, count, for_questions=for_questions, account_id=account_id)

    def make_bill(self, day: date) -> None:
        """Make the bill of a day in China now, with what is booked when it is fetched."""
        self._office.bills.desk.make_early(day)

    async def decide(self, account_id: str, reference: str, decision: str) -> str:
        """Do as the payer of an order ("approve" or "refuse"); return its state. Raises LookupError."""
        found = await self._office.decide(account_id, reference, decision)
        if found is None:
            raise LookupError(f"{account_id} has no order {reference}")
        return found.state

    def _pause(self, tries: int) -> float | None:
        return self._pauses_s[tries] if tries < len(self._pauses_s) else None

    async def _deliver(self, entry: OutboxEntry) -> bool:
        return await self._post(entry, Manner.AGAIN) == (200, b"success")

    async def _send(self, entry: OutboxEntry, manner: Manner) -> int:
        return (await self._post(entry, manner))[0]

    async def _post(self, entry: OutboxEntry, manner: Manner) -> tuple[int, bytes]:
        """Post a notification and return HTTP status and body; status 0 when there was no answer."""
        url = self._elsewhere.get(entry.account) or entry.url
        if self._session is None or not url:
            return 0, b""
        body = await self._form(orjson.loads(entry.body), manner)
        try:
            async with self._session.post(url, data=body, headers=_FORM, allow_redirects=False) as reply:
                return reply.status, await reply.content.read(64)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0, b""

    async def _form(self, fields: dict[str, str], manner: Manner) -> bytes:
        fields["notify_time"] = written_time(self._office.now_us())
        if manner is Manner.FOREIGN_APP:
            fields["app_id"] = fields["auth_app_id"] = "2021999999999999"
        if manner is Manner.FOREIGN_SELLER:
            fields["seller_id" if "seller_id" in fields else "payee_user_id"] = "2088999999999999"
        amount = "total_amount" if "total_amount" in fields else "amount"
        if manner is Manner.AMOUNT:
            fields[amount] = _OTHER_AMOUNT
        text = notification_text(fields)
        if manner is Manner.WRONG_KEY:
            text = text[::-1]
        if manner is not Manner.UNSIGNED:
            fields["sign"] = await self._replies.signed(text)
        if manner is Manner.ALTERED:
            fields[amount] = _OTHER_AMOUNT
        return form_of(fields).encode("ascii")

    def _redirect(self, account_id: str, url: str) -> bool:
        """Send the notifications of an account elsewhere; False for an account that does not exist."""
        if account_id not in self._office.accounts:
            return False
        self._elsewhere[account_id] = url
        return True


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
