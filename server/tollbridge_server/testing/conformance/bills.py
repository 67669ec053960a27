"""The checks of providers that have bills: what the bill says is what was booked, each row once and with its sign."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.bills import Bill, BillRow, BillRowKind, BillSource, NoBill
from tollbridge_server.testing.conformance.desk import Desk
from tollbridge_server.testing.conformance.subject import Subject


class BilledSubject(Subject, Protocol):
    """A subject whose provider has bills."""

    def today(self) -> date:
        """The provider's present day."""
        ...

    def make_bill(self) -> None:
        """Let the provider make the bill of today, before its time."""
        ...


class BillKit(Desk):
    """Inherit beside ConformanceKit, and give the fixture `subject`."""

    async def test_a_bill_has_each_payment_and_each_refund_of_its_day_once(self, subject: BilledSubject) -> None:
        kept = await self.authorized(subject, kind=OperationKind.SALE, amount_minor=8888)
        given_back = await self.authorized(subject, kind=OperationKind.SALE, amount_minor=1000)
        refunds = [self.refund_order(subject, given_back, amount_minor) for amount_minor in (300, 700)]
        for refund in refunds:
            assert (await self.given_back(subject, refund)).outcome is Outcome.SUCCEEDED
        subject.make_bill()

        rows = await self.bill(subject)

        assert {self.identity(row) for row in rows} == {
            (BillRowKind.PAYMENT, kept.request_reference, "", 8888),
            (BillRowKind.PAYMENT, given_back.request_reference, "", 1000),
            (BillRowKind.REFUND, given_back.request_reference, refunds[0].request_reference, -300),
            (BillRowKind.REFUND, given_back.request_reference, refunds[1].request_reference, -700),
        }
        assert len(rows) == 4
        assert {row.provider_reference for row in rows} == {kept.provider_reference, given_back.provider_reference}
        assert all((row.fee_micros <= 0) is (row.kind is BillRowKind.PAYMENT) for row in rows)

    async def test_a_declined_payment_is_on_no_bill(self, subject: BilledSubject) -> None:
        kept = await self.authorized(subject, kind=OperationKind.SALE)
        declined = self.charge_order(subject, kind=OperationKind.SALE, method=subject.declines()[0].method)
        assert (await subject.adapter.charge(declined)).outcome is Outcome.DECLINED
        subject.make_bill()

        assert [row.charge_reference for row in await self.bill(subject)] == [kept.request_reference]

    async def test_a_description_may_hold_commas_and_quotation_marks(self, subject: BilledSubject) -> None:
        sold = [await self.sold(subject, description) for description in ("Tea, black", '"Tea', '"Tea", black, "green')]
        subject.make_bill()

        assert sorted(row.charge_reference for row in await self.bill(subject)) == sorted(sold)

    async def test_a_day_that_is_not_over_has_no_bill(self, subject: BilledSubject) -> None:
        await self.authorized(subject, kind=OperationKind.SALE)

        assert isinstance(subject.adapter, BillSource)
        assert subject.adapter.capabilities.has_bills
        assert isinstance(await subject.adapter.fetch_bill(subject.today()), NoBill)

    async def sold(self, subject: BilledSubject, description: str) -> str:
        """Sell what has that description; return our reference."""
        order = self.charge_order(subject, kind=OperationKind.SALE)
        evidence = await subject.adapter.charge(replace(order, details=replace(order.details, description=description)))
        assert evidence.outcome is Outcome.SUCCEEDED, evidence
        return order.request_reference

    async def bill(self, subject: BilledSubject) -> tuple[BillRow, ...]:
        """Return the rows of today's bill."""
        assert isinstance(subject.adapter, BillSource)
        found = await subject.adapter.fetch_bill(subject.today())
        assert isinstance(found, Bill), found
        return found.rows

    def identity(self, row: BillRow) -> tuple[BillRowKind, str, str, int]:
        return row.kind, row.charge_reference, row.refund_reference, row.amount_minor
