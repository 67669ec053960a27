"""The operations that are struck at WeChat Pay: payments by a code of either side, closing, and a late refund."""

from __future__ import annotations

import tollbridge
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.testing.simulators.wechatpay import read_book

from tests.crash.operations.asking import cancel, nothing, refund, twelve_digits
from tests.crash.operations.shapes import AMOUNT_MINOR, Expected, Fault, Operation, Provider, Subject

_ACCOUNT = "demo-wechatpay"


def _pay(client: tollbridge.Client, reference: str, method: tollbridge.WechatPayMethod, key: str | None) -> str:
    return client.create_payment(
        amount=tollbridge.Money(currency_code="CNY", amount_minor=AMOUNT_MINOR),
        payment_method=tollbridge.PaymentMethod(wechat_pay=method),
        merchant_reference=reference,
        provider_account_id=_ACCOUNT,
        idempotency_key=key,
    ).payment.payment_id


def _scan(client: tollbridge.Client, reference: str, key: str | None = None) -> str:
    """Pay with the code that the payer shows, which WeChat Pay accepts at once."""
    shop = tollbridge.PointOfSale(store_id="S1")
    code = tollbridge.WechatCode(auth_code=f"13{twelve_digits(reference)}0000", point_of_sale=shop)
    return _pay(client, reference, tollbridge.WechatPayMethod(code=code), key)


def _show(client: tollbridge.Client, reference: str, key: str | None = None) -> str:
    """Show a code that the payer is to scan."""
    return _pay(client, reference, tollbridge.WechatPayMethod(native=tollbridge.WechatNative()), key)


def _sale_by_code(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return _scan(client, subject.merchant_reference, key)


def _sale_by_qr(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return _show(client, subject.merchant_reference, key)


_SOLD = Expected(tollbridge.PAYMENT_STATE_SUCCEEDED, ((OperationKind.SALE, AMOUNT_MINOR),), captured_minor=AMOUNT_MINOR)
_NOT_PROCESSED = Expected(tollbridge.PAYMENT_STATE_FAILED, ())
"""Nothing arrived and nothing can any more, so that there is nothing to book, not even an end."""

_CODE_IS_NEVER_STORED = "a charge whose code is not stored is never sent again, so there is no second intent"
_CODE_IS_NOT_NOTIFIED = "WeChat Pay takes no address for the notifications of a scanned code"
_NOBODY_PAID = "WeChat Pay notifies of what a payer has paid, not of an order that was closed"

WECHATPAY = Provider(
    name="wechatpay",
    account_id=_ACCOUNT,
    read_book=read_book,
    is_asked_on=True,
    operations={
        "sale by code": Operation(nothing, _sale_by_code, _SOLD, unsent=_NOT_PROCESSED),
        "sale by QR": Operation(nothing, _sale_by_qr, _SOLD),
        "cancel of an unpaid QR": Operation(
            _show, cancel, Expected(tollbridge.PAYMENT_STATE_CANCELED, ()), waits_for_payer=True
        ),
        "partial refund": Operation(
            _scan,
            refund("CNY", 1000),
            Expected(
                tollbridge.PAYMENT_STATE_SUCCEEDED,
                ((OperationKind.REFUND, 1000),),
                captured_minor=AMOUNT_MINOR,
                refunded_minor=1000,
            ),
        ),
    },
    faults={
        "resolver.after_claim": Fault("booked_timeout", withholds=True),
        "resolver.after_query": Fault("booked_reset", withholds=True),
        "resolver.after_commit": Fault("lost"),
    },
    unreachable={
        ("resolver.after_commit", "sale by code"): _CODE_IS_NEVER_STORED,
        ("notification.after_verify", "sale by code"): _CODE_IS_NOT_NOTIFIED,
        ("notification.after_commit", "sale by code"): _CODE_IS_NOT_NOTIFIED,
        ("notification.after_verify", "cancel of an unpaid QR"): _NOBODY_PAID,
        ("notification.after_commit", "cancel of an unpaid QR"): _NOBODY_PAID,
    },
)
