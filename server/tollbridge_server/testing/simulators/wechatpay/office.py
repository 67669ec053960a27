"""The simulator's back office: carries out one verified request in one transaction, and lets the payer act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tollbridge_server.providers.rsa_keys import read_public_key
from tollbridge_server.testing.simulators.frame.decisions import APPROVE
from tollbridge_server.testing.simulators.frame.desk import Desk
from tollbridge_server.testing.simulators.frame.faults import Armed
from tollbridge_server.testing.simulators.wechatpay.abnormal_refunds import AbnormalRefunds
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.bills import Bills
from tollbridge_server.testing.simulators.wechatpay.book import Ledger, open_book
from tollbridge_server.testing.simulators.wechatpay.code_payments import CodePayments
from tollbridge_server.testing.simulators.wechatpay.orders import Orders
from tollbridge_server.testing.simulators.wechatpay.payments import Payments
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.refunds import Refunds
from tollbridge_server.testing.simulators.wechatpay.replies import Reply
from tollbridge_server.testing.simulators.wechatpay.rows import Transaction
from tollbridge_server.testing.simulators.wechatpay.rules import OF_BILLS, OF_EFFECTS


class Office(Desk[Ledger]):
    """The book, open for requests and payers."""

    def __init__(self, book_path: Path, accounts: Mapping[str, WechatPayAccount], premises: Premises) -> None:
        connection = open_book(book_path)
        ledger = Ledger(connection)
        super().__init__(connection, ledger, now_us=premises.now_us)
        self.accounts = accounts
        """By account id."""
        self.merchant_keys = {
            account_id: read_public_key(account.merchant_public_key, setting="merchant_public_key")
            for account_id, account in accounts.items()
        }
        """What verifies a merchant's signatures, by account id."""
        self.premises = premises
        self.armed = Armed(of_effects=OF_EFFECTS, of_questions=OF_BILLS)
        """What the next requests suffer, those that have an effect and those that only ask."""
        self.payments = Payments(ledger, premises)
        self.orders = Orders(ledger, premises, self.payments)
        self.codes = CodePayments(ledger, premises, self.payments)
        self.refunds = Refunds(ledger, premises)
        self.abnormal_refunds = AbnormalRefunds(ledger, premises)
        self.bills = Bills(ledger, premises.now_us, lambda: premises.pages_url)

    async def carry_out(self, work: Callable[[], Reply]) -> Reply:
        """Run one request in one durable transaction. Raises Refused."""
        reply = await self.write(lambda _: work())
        self.posted.set()
        return reply

    async def opened(self, token: str, *, decision: str = "") -> Transaction | None:
        """Let the payer open a code, page or prepay_id, and decide; None for one that does not exist any more.

        Who refuses leaves an order as it is: WeChat Pay waits until the time to pay is over.
        """

        def unit(ledger: Ledger) -> Transaction | None:
            found = ledger.transaction_by_token(token)
            if found is not None and decision and self.payments.may_be_paid(found):
                self.payments.settle(self.accounts[found.account], found, is_paid=decision == APPROVE)
            return found

        found = await self.write(unit)
        self.posted.set()
        return found

    async def decide(self, account_id: str, reference: str, decision: str) -> Transaction | None:
        """Do as the payer of that order; None for one that does not exist."""

        def unit(ledger: Ledger) -> Transaction | None:
            found = ledger.transaction(account_id, reference)
            if found is not None:
                self.payments.settle(self.accounts[account_id], found, is_paid=decision == APPROVE)
            return found

        found = await self.write(unit)
        self.posted.set()
        return found

    async def settle_due(self) -> None:
        """Conclude what the passing of time concludes."""

        def unit(_: Ledger) -> None:
            self.payments.settle_due(self.accounts)
            self.refunds.settle_due(self.accounts)

        await self.write(unit)
