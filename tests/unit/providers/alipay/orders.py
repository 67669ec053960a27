"""Orders for Alipay: CNY, Alipay's own methods, references as the core makes them."""

from __future__ import annotations

from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import Identity, PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import (
    CancelOrder,
    CaptureOrder,
    CaptureReference,
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
FREEZE = replace(CHARGE, kind=OperationKind.AUTHORIZE)
SCANNED = replace(CHARGE, method=MethodKind.ALIPAY_BARCODE)
SCANNED_FREEZE = replace(FREEZE, method=MethodKind.ALIPAY_BARCODE)
CAPTURE = CaptureReference("capture", "t2", cny(3000))


def capture(
    fen: int, *, is_final: bool = False, reference: str = "capture", charge: ChargeReference = FREEZE
) -> CaptureOrder:
    return CaptureOrder(reference, charge, cny(fen), is_final)


def cancel(
    cause: CancelCause = CancelCause.CALLER, *, charge: ChargeReference = CHARGE, is_charge_over: bool = False
) -> CancelOrder:
    return CancelOrder("cancel", charge, cause, is_charge_over)


def refund(
    fen: int = 1000,
    *,
    reference: str = "refund",
    charge: ChargeReference = CHARGE,
    capture: CaptureReference | None = None,
) -> RefundOrder:
    return RefundOrder(reference, charge, cny(fen), "returned", capture)


def inquiry(
    kind: OperationKind,
    *,
    reference: str = "charge",
    fen: int = 8888,
    charge: ChargeReference = CHARGE,
    capture: CaptureReference | None = None,
) -> Inquiry:
    return Inquiry(kind, reference, "", charge, cny(fen), capture=capture)
