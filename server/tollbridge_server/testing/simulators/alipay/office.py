"""The simulator's back office: carries out one verified request in one transaction, and lets the payer act.

It decides nothing about signatures; what may be booked trades and freezes decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount
from tollbridge_server.testing.simulators.alipay.bills import Bills
from tollbridge_server.testing.simulators.alipay.book import Freeze, Ledger, Trade, open_book
from tollbridge_server.testing.simulators.alipay.fields import Content
from tollbridge_server.testing.simulators.alipay.freezes import Freezes
from tollbridge_server.testing.simulators.alipay.rules import Behavior
from tollbridge_server.testing.simulators.alipay.trades import Answer, Trades
from tollbridge_server.testing.simulators.common.desk import Desk, system_now_us
from tollbridge_server.testing.simulators.common.faults import Armed

BROWSER_METHODS = frozenset({"alipay.trade.page.pay", "alipay.trade.wap.pay"})
APP_METHODS = frozenset({"alipay.trade.app.pay", "alipay.fund.auth.order.app.freeze"})
QUESTIONS = frozenset(
    {
        "alipay.trade.query",
        "alipay.trade.fastpay.refund.query",
        "alipay.fund.auth.operation.detail.query",
        "alipay.data.dataservice.bill.downloadurl.query",
    }
)


class Office(Desk[Ledger]):
    """The book, open for requests and payers. `pages_url` is where the payer's pages are, known when they listen."""

    def __init__(
        self, book_path: Path, accounts: Mapping[str, AlipayAccount], *, now_us: Callable[[], int] = system_now_us
    ) -> None:
        connection = open_book(book_path)
        ledger = Ledger(connection)
        super().__init__(connection, ledger, now_us=now_us)
        self.accounts = accounts
        """By account id."""
        self.pages_url = "http://127.0.0.1"
        self.armed: Armed[Behavior] = Armed()
        """What the next requests that are no questions suffer."""
        self.trades = Trades(ledger, now_us, lambda: self.pages_url)
        self.freezes = Freezes(ledger, now_us, lambda: self.pages_url)
        self.bills = Bills(ledger, now_us, lambda: self.pages_url)

    def now_us(self) -> int:
        """Return the simulator's time."""
        return self._now_us()

    async def carry_out(
        self, account: AlipayAccount, method: str, members: Mapping[str, Any], *, notify_url: str
    ) -> Answer:
        """Return the business fields of the answer. Raises Refused."""
        trades, freezes = self.trades, self.freezes
        content = Content(members, prefix="ACQ." if ".trade." in method else "")
        work: dict[str, Callable[[], Answer]] = {
            "alipay.trade.precreate": lambda: trades.precreate(account, content, notify_url),
            "alipay.trade.pay": lambda: trades.pay(account, content, notify_url),
            "alipay.trade.query": lambda: trades.query(account, content),
            "alipay.trade.close": lambda: trades.close(account, content),
            "alipay.trade.cancel": lambda: trades.cancel(account, content),
            "alipay.trade.refund": lambda: trades.refund(account, content),
            "alipay.trade.fastpay.refund.query": lambda: trades.refund_query(account, content),
            "alipay.fund.auth.order.freeze": lambda: freezes.freeze(account, content, notify_url),
            "alipay.fund.auth.order.voucher.create": lambda: freezes.voucher(account, content, notify_url),
            "alipay.fund.auth.order.unfreeze": lambda: freezes.unfreeze(account, content),
            "alipay.fund.auth.operation.cancel": lambda: freezes.cancel(account, content),
            "alipay.fund.auth.operation.detail.query": lambda: freezes.query(account, content),
            "alipay.data.dataservice.bill.downloadurl.query": lambda: self.bills.link(account, content),
        }
        answer = await self.write(lambda _: work[method]())
        self.posted.set()
        return answer

    async def prepare(
        self, account: AlipayAccount, method: str, members: Mapping[str, Any], *, notify_url: str, return_url: str
    ) -> Trade | Freeze:
        """Return what a browser or an app has brought. Raises Refused."""

        def unit(_: Ledger) -> Trade | Freeze:
            if method == "alipay.fund.auth.order.app.freeze":
                return self.freezes.prepare(account, Content(members, prefix=""), notify_url)
            content = Content(members)
            return self.trades.prepare(account, method, content, notify_url=notify_url, return_url=return_url)

        return await self.write(unit)

    async def bill(self, token: str) -> bytes | None:
        """Return the file that a link opens; None when the link is unknown or over."""
        file = self.bills.desk.opened(token)
        if file is None:
            return None
        return await self.write(lambda _: self.bills.file(self.accounts[file.account_id], file))

    async def lose_once(self, account: AlipayAccount, request: str) -> bool:
        """Note that a request is lost on purpose; False when it was lost before, so that this one gets through."""
        return await self.write(lambda ledger: ledger.drop_once(account.account_id, request))

    async def opened(self, token: str, *, decision: str = "") -> Trade | Freeze | None:
        """Let the payer open a code or page, and approve it; None for one that does not exist.

        Who refuses leaves everything as it is: Alipay waits until the time to pay is over.
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

    async def settle_due(self) -> None:
        """Close what nobody paid in time."""
        await self.write(lambda _: self.trades.expire_due())

    def _act(self, found: Trade | Freeze | None, decision: str) -> Trade | Freeze | None:
        if found is None:
            return None
        account = self.accounts[found.account]
        if isinstance(found, Trade):
            self.trades.open(found)
            if decision == "approve":
                self.trades.settle(account, found)
        else:
            self.freezes.open(found)
            if decision == "approve":
                self.freezes.settle(account, found)
        return found
