"""Orders for Alipay: CNY, Alipay's own methods, references as the core makes them."""

from __future__ import annotations

from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import Identity, PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import (
    CancelOrder,
    CaptureOrder,
    ChargeOrder,
    ChargeReference,
    Inquiry,
    RefundOrder,
)

CREATED_US = 1_767_337_200_000_000
"""2026-01-02 15:00:00 in China."""

AUTH_CODE = "28763443825664394"


def cny(fen: int) -> Money:
    return Money(fen, "CNY")


def barcode(code: str = AUTH_CODE) -> PaymentMethod:
    parameters = (("auth_code", code), ("point_of_sale.store_id", "NJ_001"))
    return PaymentMethod(MethodKind.ALIPAY_BARCODE, None, parameters)


def charge(
    method: PaymentMethod | MethodKind,
    *,
    kind: OperationKind = OperationKind.SALE,
    amount: Money | None = None,
    details: PaymentDetails | None = None,
    merchant_reference: str = "order-1",
    lifetime_s: int = 3600,
    identity: Identity | None = None,
    reference: str = "charge",
) -> ChargeOrder:
    return ChargeOrder(
        request_reference=reference,
        kind=kind,
        amount=amount or cny(8888),
        method=PaymentMethod(method) if isinstance(method, MethodKind) else method,
        payment_id="pay_1",
        merchant_reference=merchant_reference,
        details=details or PaymentDetails(description="Two books", return_url="https://shop.example.com/back"),
        created_at_us=CREATED_US,
        expires_at_us=CREATED_US + lifetime_s * 1_000_000 if lifetime_s else 0,
        identity=identity,
    )


CHARGE = ChargeReference("charge", "", cny(8888), kind=OperationKind.SALE, method=MethodKind.ALIPAY_QR)


def capture(fen: int, *, is_final: bool = False, reference: str = "capture") -> CaptureOrder:
    return CaptureOrder(reference, CHARGE, cny(fen), is_final)


def cancel(cause: CancelCause = CancelCause.CALLER) -> CancelOrder:
    return CancelOrder("cancel", CHARGE, cause)


def refund(fen: int = 1000, *, reference: str = "refund") -> RefundOrder:
    return RefundOrder(reference, CHARGE, cny(fen), "returned")


def inquiry(kind: OperationKind, *, reference: str = "charge", fen: int = 8888) -> Inquiry:
    return Inquiry(kind, reference, "", CHARGE, cny(fen))
