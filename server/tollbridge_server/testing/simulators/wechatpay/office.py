"""The simulator's back office: carries out one verified request in one transaction, and lets the payer act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tollbridge_server.testing.simulators.common.desk import Desk, system_now_us
from tollbridge_server.testing.simulators.common.faults import Armed
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.bills import Bills
from tollbridge_server.testing.simulators.wechatpay.book import Ledger, open_book
from tollbridge_server.testing.simulators.wechatpay.orders import Orders
from tollbridge_server.testing.simulators.wechatpay.refunds import Refunds
from tollbridge_server.testing.simulators.wechatpay.replies import Reply
from tollbridge_server.testing.simulators.wechatpay.rows import Transaction
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior


class Office(Desk[Ledger]):
    """The book, open for requests and payers. `pages_url` is where the payer's pages are, known when they listen."""

    def __init__(
        self,
        book_path: Path,
        accounts: Mapping[str, WechatPayAccount],
        *,
        refunds_settle_s: float,
        now_us: Callable[[], int] = system_now_us,
    ) -> None:
        connection = open_book(book_path)
        ledger = Ledger(connection)
        super().__init__(connection, ledger, now_us=now_us)
        self.accounts = accounts
        """By account id."""
        self.pages_url = "http://127.0.0.1"
        self.armed: Armed[Behavior] = Armed()
        """What the next requests that are no questions suffer."""
        self.orders = Orders(ledger, now_us, lambda: self.pages_url)
        self.refunds = Refunds(ledger, now_us, settles_s=refunds_settle_s)
        self.bills = Bills(ledger, now_us, lambda: self.pages_url)

    def now_us(self) -> int:
        """Return the simulator's time."""
        return self._now_us()

    async def carry_out(self, work: Callable[[], Reply]) -> Reply:
        """Run one request in one durable transaction. Raises Refused."""
        reply = await self.write(lambda _: work())
        self.posted.set()
        return reply

    async def lose_once(self, account_id: str, reference: str) -> bool:
        """Note that a request is lost on purpose; False when it was lost before, so that this one gets through."""
        return await self.write(lambda ledger: ledger.drop_once(account_id, reference))

    async def opened(self, token: str, *, decision: str = "") -> Transaction | None:
        """Let the payer open a code, page or prepay_id, and decide; None for one that does not exist any more.

        Who refuses leaves an order as it is: WeChat Pay waits until the time to pay is over.
        """

        def unit(ledger: Ledger) -> Transaction | None:
            found = ledger.transaction_by_token(token)
            if found is not None and decision and self.orders.may_be_paid(found):
                self.orders.settle(self.accounts[found.account], found, is_paid=decision == "approve")
            return found

        found = await self.write(unit)
        self.posted.set()
        return found

    async def decide(self, account_id: str, reference: str, decision: str) -> Transaction | None:
        """Do as the payer of that order; None for one that does not exist."""

        def unit(ledger: Ledger) -> Transaction | None:
            found = ledger.transaction(account_id, reference)
            if found is not None:
                self.orders.settle(self.accounts[account_id], found, is_paid=decision == "approve")
            return found

        found = await self.write(unit)
        self.posted.set()
        return found

    async def settle_due(self) -> None:
        """Conclude what the passing of time concludes."""

        def unit(_: Ledger) -> None:
            self.orders.settle_due(self.accounts)
            self.refunds.settle_due(self.accounts)

        await self.write(unit)
