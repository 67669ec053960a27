"""Orders as the core gives them to an adapter, with what a test does not care about filled in."""

from __future__ import annotations

from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import PaymentDetails
from tollbridge_server.domain.payment_method import Card, MethodKind, PaymentMethod
from tollbridge_server.ports.provider import (
    CancelOrder,
    CaptureOrder,
    ChargeOrder,
    ChargeReference,
    Inquiry,
    RefundOrder,
)

APPROVED = "4242424242424242"
CHALLENGED = "4000000000003220"


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


def card(number: str = APPROVED) -> PaymentMethod:
    return PaymentMethod(MethodKind.CARD, Card(number, 12, 2034, "123"))


def charge(
    reference: str = "charge",
    *,
    amount: Money | None = None,
    kind: OperationKind = OperationKind.AUTHORIZE,
    method: PaymentMethod | None = None,
    return_url: str = "",
    expires_at_us: int = 0,
) -> ChargeOrder:
    return ChargeOrder(
        request_reference=reference,
        kind=kind,
        amount=amount or eur(10_000),
        method=method or card(),
        payment_id="pay_1",
        merchant_reference="order-1",
        details=PaymentDetails(return_url=return_url),
        created_at_us=1,
        expires_at_us=expires_at_us,
    )


def about(reference: str = "charge", *, amount: Money | None = None) -> ChargeReference:
    return charge(reference, amount=amount).as_charge()


def capture(reference: str, amount: Money, *, is_final: bool = False, of: str = "charge") -> CaptureOrder:
    return CaptureOrder(reference, about(of), amount, is_final)


def cancel(reference: str, *, of: str = "charge") -> CancelOrder:
    return CancelOrder(reference, about(of), CancelCause.CALLER)


def refund(reference: str, amount: Money, *, of: str = "charge") -> RefundOrder:
    return RefundOrder(reference, about(of), amount, "returned")


def inquiry(reference: str, kind: OperationKind = OperationKind.AUTHORIZE) -> Inquiry:
    return Inquiry(kind, reference, "", about(), eur(10_000))
