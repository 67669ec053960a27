"""The operations that are struck at WeChat Pay: payments by a code of either side, closing, and a late refund."""

from __future__ import annotations

import tollbridge
from tollbridge_server.testing.simulators.wechatpay import read_book

from tests.crash.operations.asking import cancel, nothing, payment, refund, twelve_digits
from tests.crash.operations.shapes import (
    AMOUNT_MINOR,
    CLOSED,
    LOST_NEWS,
    NEVER_PAID,
    NOTIFIED,
    SENT_AGAIN,
    SOLD,
    Operation,
    Provider,
    refunded,
    unreachable,
)

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


_CODE_IS_NEVER_STORED = "a charge whose code is not stored is never sent again, so there is no second intent"
_CODE_IS_NOT_NOTIFIED = "WeChat Pay takes no address for the notifications of a scanned code"
_NOBODY_PAID = "WeChat Pay notifies of what a payer has paid, not of an order that was closed"

WECHATPAY = Provider(
    name="wechatpay",
    account_id=_ACCOUNT,
    read_book=read_book,
    is_asked_on=True,
    operations={
        "sale by code": Operation(nothing, payment(_scan), SOLD, unsent=NEVER_PAID),
        "sale by QR": Operation(nothing, payment(_show), SOLD),
        "cancel of an unpaid QR": Operation(_show, cancel, CLOSED, waits_for_payer=True),
        "partial refund": Operation(_scan, refund("CNY", 1000), refunded(1000)),
    },
    faults=LOST_NEWS,
    unreachable={
        **unreachable(_CODE_IS_NEVER_STORED, SENT_AGAIN, "sale by code"),
        **unreachable(_CODE_IS_NOT_NOTIFIED, NOTIFIED, "sale by code"),
        **unreachable(_NOBODY_PAID, NOTIFIED, "cancel of an unpaid QR"),
    },
)
