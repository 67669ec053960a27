"""The simulator's back office: carries out one verified request in one transaction, and lets the payer act.

It decides nothing about signatures; what may be booked trades and freezes decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount
from tollbridge_server.testing.simulators.alipay.bills import Bills
from tollbridge_server.testing.simulators.alipay.book import INIT, PREPARED, WAITING, Freeze, Ledger, Trade, open_book
from tollbridge_server.testing.simulators.alipay.charges import Charges
from tollbridge_server.testing.simulators.alipay.fields import Content
from tollbridge_server.testing.simulators.alipay.forms import form_of
from tollbridge_server.testing.simulators.alipay.freezes import Freezes
from tollbridge_server.testing.simulators.alipay.notices import Notices
from tollbridge_server.testing.simulators.alipay.premises import Answer, Asked, Premises
from tollbridge_server.testing.simulators.alipay.refunds import Refunds
from tollbridge_server.testing.simulators.alipay.rules import OF_EFFECTS, Behavior
from tollbridge_server.testing.simulators.alipay.trades import Trades, is_code
from tollbridge_server.testing.simulators.frame.decisions import APPROVE
from tollbridge_server.testing.simulators.frame.desk import LISTED, Desk, system_now_us
from tollbridge_server.testing.simulators.frame.faults import Armed


class Office(Desk[Ledger]):
    """The book, open for requests and payers. `pages_url` is where the payer's pages are, known when they listen.

    `time_scale` divides how long payers take who decide alone, and how late a reordered notification is.
    """

    def __init__(
        self,
        book_path: Path,
        accounts: Mapping[str, AlipayAccount],
        *,
        now_us: Callable[[], int] = system_now_us,
        time_scale: float = 1.0,
    ) -> None:
        connection = open_book(book_path)
        ledger = Ledger(connection)
        super().__init__(connection, ledger, now_us=now_us)
        self.accounts = accounts
        """By account id."""
        self.pages_url = "http://127.0.0.1"
        self.armed = Armed(of_effects=OF_EFFECTS)
        """What the next requests suffer."""
        premises = Premises(ledger, accounts, now_us, lambda: self.pages_url, time_scale)
        notices = Notices(premises)
        self._premises = premises
        self._trades = Trades(premises, notices)
        self._charges = Charges(premises, self._trades)
        self._refunds = Refunds(premises, self._trades)
        self._freezes = Freezes(premises, notices)
        self.bills = Bills(ledger, now_us, lambda: self.pages_url)

    def now_us(self) -> int:
        """Return the simulator's time."""
        return self._now_us()

    async def carry_out(
        self,
        account: AlipayAccount,
        method: str,
        members: Mapping[str, Any],
        *,
        notify_url: str,
        behavior: Behavior | None = None,
    ) -> Answer:
        """Return the business fields of the answer. Raises Refused."""
        content = _content(method, members)
        asked = Asked(account, content, notify_url, behavior=behavior)
        work: dict[str, Callable[[Asked], Answer]] = {
            "alipay.trade.precreate": self._charges.precreate,
            "alipay.trade.pay": self._charges.pay,
            "alipay.trade.query": self._trades.query,
            "alipay.trade.close": self._trades.close,
            "alipay.trade.cancel": self._trades.cancel,
            "alipay.trade.refund": self._refunds.refund,
            "alipay.trade.fastpay.refund.query": self._refunds.query,
            "alipay.fund.auth.order.freeze": self._freezes.freeze,
            "alipay.fund.auth.order.voucher.create": self._freezes.voucher,
            "alipay.fund.auth.order.unfreeze": self._freezes.unfreeze,
            "alipay.fund.auth.operation.cancel": self._freezes.cancel,
            "alipay.fund.auth.operation.detail.query": self._freezes.query,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill_link,
        }
        answer = await self.write(lambda _: work[method](asked))
        self.posted.set()
        return answer

    async def prepare(
        self, account: AlipayAccount, method: str, members: Mapping[str, Any], *, notify_url: str, return_url: str
    ) -> Trade | Freeze:
        """Return what a browser or an app has brought. Raises Refused."""
        is_freeze = ".fund." in method
        asked = Asked(account, _content(method, members), notify_url, return_url)

        def unit(_: Ledger) -> Trade | Freeze:
            return self._freezes.prepare(asked) if is_freeze else self._charges.prepare(method, asked)

        return await self.write(unit)

    async def bill(self, token: str) -> bytes | None:
        """Return the file that a link opens; None when the link is unknown or over."""
        file = self.bills.desk.opened(token)
        if file is None:
            return None
        return await self.write(lambda _: self.bills.file(self.accounts[file.account_id], file))

    async def opened(self, token: str, *, decision: str = "") -> Trade | Freeze | None:
        """Let the payer open a code or page, log in where that is needed, and decide; None for what does not exist.

        Any decision means that the payer has logged in. Who refuses leaves everything as it is: Alipay waits until the
        time to pay is over.
        """

        def unit(ledger: Ledger) -> Trade | Freeze | None:
            found = ledger.trade_by_token(token) or ledger.freeze_by_token(token)
            return self._act(found, decision)

        found = await self.write(unit)
        self.posted.set()
        return found

    async def decide(self, account_id: str, reference: str, decision: str) -> Trade | Freeze | None:
        """Do as the payer of that order; None for one that does not exist."""

        def unit(ledger: Ledger) -> Trade | Freeze | None:
            found = ledger.trade(account_id, reference) or ledger.freeze(account_id, reference)
            return self._act(found, decision)

        found = await self.write(unit)
        self.posted.set()
        return found

    async def open_pages(self, account_id: str) -> list[tuple[Trade | Freeze, str]]:
        """Return what waits for its payer of the latest orders of an account, each with the address of its page."""

        def unit(ledger: Ledger) -> list[Trade | Freeze]:
            return [
                *ledger.latest(Trade, account_id, limit=LISTED),
                *ledger.latest(Freeze, account_id, limit=LISTED),
            ]

        rows = await self.write(unit)
        waiting = [row for row in rows if row.token and row.state in (PREPARED, WAITING, INIT)]
        return [(row, self._premises.page_of(row.token)) for row in waiting]

    async def settle_due(self) -> None:
        """Let what the passing of time brings happen to everything that waits for its payer."""

        def unit(_: Ledger) -> None:
            self._trades.catch_up_all()
            self._freezes.catch_up_all()

        await self.write(unit)

    def _bill_link(self, asked: Asked) -> Answer:
        return self.bills.link(asked.account, asked.content)

    def _act(self, found: Trade | Freeze | None, decision: str) -> Trade | Freeze | None:
        if isinstance(found, Trade):
            if decision or is_code(found):
                self._trades.open(found)
            self._trades.catch_up(found)
            if decision == APPROVE:
                self._trades.settle(found)
        elif found is not None:
            self._freezes.open(found)
            if decision == APPROVE:
                self._freezes.settle(found)
        return found


def _content(method: str, members: Mapping[str, Any]) -> Content:
    """Return the business fields of a request, each by its rule. Raises Refused."""
    content = Content(members, prefix="ACQ." if ".trade." in method else "")
    content.require(form_of(method, members))
    return content
