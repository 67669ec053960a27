"""Makes orders as the engine would, for the kit's checks, and reads what the provider booked for them."""

from __future__ import annotations

import asyncio
import itertools
import time

from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.order import PaymentDetails
from tollbridge_server.domain.payment_method import PaymentMethod
from tollbridge_server.ports.provider import (
    CaptureOrder,
    CaptureReference,
    ChargeOrder,
    ChargeReference,
    Inquiry,
    RefundOrder,
)
from tollbridge_server.testing.conformance.subject import Subject

SETTLES_WITHIN_S = 20.0
PAUSE_S = 0.02

_numbers = itertools.count(1)


def reference() -> str:
    """Return a request reference that was never used."""
    return f"conformance{next(_numbers):021d}"


class Desk:
    """Orders of a conformance run; every one has a reference of its own."""

    def money(self, subject: Subject, amount_minor: int) -> Money:
        return Money(amount_minor, subject.currency)

    def opening(self, subject: Subject) -> OperationKind:
        """Return how a payment begins: with an authorization, where the provider knows one."""
        can_authorize = OperationKind.AUTHORIZE in subject.adapter.capabilities.operations
        return OperationKind.AUTHORIZE if can_authorize else OperationKind.SALE

    def opened(self, subject: Subject) -> tuple[int, int, int]:
        """Return what the book says of a payment of 1000 that was approved, and nothing more."""
        return 1000, 0 if self.opening(subject) is OperationKind.AUTHORIZE else 1000, 0

    def charge_order(
        self,
        subject: Subject,
        *,
        kind: OperationKind | None = None,
        amount_minor: int = 1000,
        method: PaymentMethod | None = None,
    ) -> ChargeOrder:
        return ChargeOrder(
            request_reference=reference(),
            kind=kind or self.opening(subject),
            amount=self.money(subject, amount_minor),
            method=method or subject.approved(),
            payment_id="pay_conformance",
            merchant_reference="order-1",
            details=PaymentDetails(description="Conformance", return_url="https://shop.example.com/back"),
            created_at_us=time.time_ns() // 1000,
        )

    def of(self, order: ChargeOrder, evidence: Evidence | None = None) -> ChargeReference:
        return order.as_charge(evidence.provider_reference if evidence else "")

    async def authorized(
        self, subject: Subject, *, kind: OperationKind | None = None, amount_minor: int = 1000
    ) -> ChargeReference:
        order = self.charge_order(subject, kind=kind, amount_minor=amount_minor)
        evidence = await subject.adapter.charge(order)
        assert evidence.outcome is Outcome.SUCCEEDED, f"{order.kind} was not approved: {evidence}"
        return self.of(order, evidence)

    def capture_order(
        self, subject: Subject, charge: ChargeReference, amount_minor: int, *, is_final: bool = False
    ) -> CaptureOrder:
        return CaptureOrder(reference(), charge, self.money(subject, amount_minor), is_final)

    def refund_order(
        self, subject: Subject, charge: ChargeReference, amount_minor: int, *, of: CaptureOrder | None = None
    ) -> RefundOrder:
        """Return a refund, of the capture `of` where the provider has to know which."""
        capture = None
        if of is not None and subject.adapter.capabilities.refunds_captures:
            capture = CaptureReference(of.request_reference, "", of.amount)
        return RefundOrder(reference(), charge, self.money(subject, amount_minor), "returned", capture)

    def inquiry(
        self,
        kind: OperationKind,
        request_reference: str,
        charge: ChargeReference,
        amount: Money,
        *,
        capture: CaptureReference | None = None,
    ) -> Inquiry:
        is_charge = request_reference == charge.request_reference
        provider_reference = charge.provider_reference if is_charge else ""
        return Inquiry(kind, request_reference, provider_reference, charge, amount, capture=capture)

    async def ask(self, subject: Subject, order: ChargeOrder) -> Evidence:
        return await subject.adapter.query(
            self.inquiry(order.kind, order.request_reference, self.of(order), order.amount)
        )

    async def taken(self, subject: Subject, charge: ChargeReference) -> tuple[int, int, int]:
        """Return what the provider's book says is authorized, captured and refunded."""
        booked = await subject.booked(charge.request_reference)
        assert booked is not None, "the provider's book does not know the charge"
        return booked.authorized_minor, booked.captured_minor, booked.refunded_minor

    async def given_back(self, subject: Subject, order: RefundOrder) -> Evidence:
        """Ask for a refund, and return what became of it in the end."""
        evidence = await subject.adapter.refund(order)
        return await self.settled(subject, order) if evidence.outcome is Outcome.PENDING else evidence

    async def settled(self, subject: Subject, order: RefundOrder) -> Evidence:
        """Return what the provider says of a refund when it has come to its end."""
        inquiry = self.inquiry(
            OperationKind.REFUND, order.request_reference, order.charge, order.amount, capture=order.capture
        )
        async with asyncio.timeout(SETTLES_WITHIN_S):
            while True:
                evidence = await subject.adapter.query(inquiry)
                if evidence.outcome is not Outcome.PENDING:
                    return evidence
                await asyncio.sleep(PAUSE_S)
