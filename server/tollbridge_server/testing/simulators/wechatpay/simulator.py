"""The WeChat Pay simulator on one port: API v3, payer's pages, control, and notifications until they are accepted."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import aiohttp
import orjson
from aiohttp import web

from tollbridge_server.providers.wechatpay.encryption import ALGORITHM, seal
from tollbridge_server.testing.simulators.common.desk import system_now_us
from tollbridge_server.testing.simulators.common.notifier import Notifier
from tollbridge_server.testing.simulators.common.outbox import OutboxEntry
from tollbridge_server.testing.simulators.common.pace import Pace
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount, WechatPayKeys
from tollbridge_server.testing.simulators.wechatpay.api import Api
from tollbridge_server.testing.simulators.wechatpay.control import Control, Manner
from tollbridge_server.testing.simulators.wechatpay.keys import Signing
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.pages import PayerPages
from tollbridge_server.testing.simulators.wechatpay.rules import NOTIFY_SCHEDULE_S, REFUND_SETTLES_S, Behavior

_DELIVERY_TIMEOUT_S = 5.0
_SHUTDOWN_TIMEOUT_S = 1.0
_MAX_REQUEST_BYTES = 64 * 1024
_ACCEPTED = (200, 204)
_SPOILED = {
    Manner.WRONG_KEY: Behavior.WRONG_SIGNATURE,
    Manner.STALE: Behavior.STALE_TIMESTAMP,
    Manner.PROBE: Behavior.SIGNTEST,
    Manner.UNSIGNED: Behavior.MISSING_HEADERS,
}


class WechatPaySimulator:
    """One listening simulator.

    `time_scale` divides the pauses between the deliveries of a notification, and how long a refund takes.
    """

    def __init__(
        self,
        book_path: Path,
        accounts: Sequence[WechatPayAccount],
        keys: WechatPayKeys,
        *,
        notify_schedule_s: Sequence[float] = NOTIFY_SCHEDULE_S,
        time_scale: float = 1.0,
        now_us: Callable[[], int] = system_now_us,
    ) -> None:
        by_id = {account.account_id: account for account in accounts}
        self._office = Office(book_path, by_id, refunds_settle_s=REFUND_SETTLES_S / time_scale, now_us=now_us)
        self._signing = Signing(keys)
        self._api = Api(self._office, self._signing)
        self._pauses_s = [pause_s / time_scale for pause_s in notify_schedule_s]
        self._notifier = Notifier(self._office, self._deliver, self._pause)
        self._elsewhere: dict[str, str] = {}
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and notify; return the port."""
        application = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        self._api.add_to(application)
        PayerPages(self._office).add_to(application)
        application.router.add_get("/health", _health)
        Control(self._office, send=self._send, redirect=self._redirect, rotate=self._rotate).add_to(application)
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
        self._signing.close()

    def arm(self, behavior: Behavior, count: int = 1) -> None:
        """Let the next requests that are no questions suffer `behavior`."""
        self._office.armed.arm(behavior, count)

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

    async def _deliver(self, entry: OutboxEntry) -> bool:
        return await self._send(entry, Manner.AGAIN) in _ACCEPTED

    async def _send(self, entry: OutboxEntry, manner: Manner) -> int:
        """Post a notification, encrypted and signed anew as each try is, and return the HTTP status (0: no answer)."""
        url, account = self._elsewhere.get(entry.account) or entry.url, self._office.accounts.get(entry.account)
        if self._session is None or account is None or not url:
            return 0
        body = _sealed(entry.body, account.api_v3_key, manner)
        now_s, spoiled = self._office.now_us() // 1_000_000, _SPOILED.get(manner)
        # No header of the merchant's asks for a key here: in transition a notification comes with the one or the other.
        wanted = "" if account.has_certificates and entry.tries % 2 else account.public_key_id
        headers = await self._signing.headers(account, body, wanted=wanted, now_s=now_s, behavior=spoiled)
        if manner is Manner.ALTERED:
            body = body.replace(b'"summary":"', b'"summary":"!')
        headers["Content-Type"] = "application/json"
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as reply:
                return reply.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    def _redirect(self, account_id: str, url: str) -> bool:
        """Send the notifications of an account elsewhere; False for an account that does not exist."""
        if account_id not in self._office.accounts:
            return False
        self._elsewhere[account_id] = url
        return True

    def _rotate(self) -> bool:
        """Sign with the next platform certificate; False when there is none."""
        if self._signing.present + 1 >= len(self._signing.certificates):
            return False
        self._signing.present += 1
        return True


def _sealed(body: bytes, key: bytes, manner: Manner) -> bytes:
    """Return a notification with its resource encrypted, as it is sent."""
    content = orjson.loads(body)
    resource, nonce = content["resource"], secrets.token_hex(6)
    place = resource["original_type"]
    plain = orjson.dumps(resource["plain"])
    content["resource"] = {
        "original_type": place,
        "algorithm": ALGORITHM,
        "ciphertext": seal(key, plain, nonce=nonce, associated_data=place),
        "associated_data": "another" if manner is Manner.WRONG_DATA else place,
        "nonce": nonce,
    }
    return orjson.dumps(content)


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
