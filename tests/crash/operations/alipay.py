"""The operations that are struck at Alipay: payments by a code of either side, freezes, and what follows them."""

from __future__ import annotations

import tollbridge
from tollbridge_server.testing.simulators.alipay import read_book

from tests.crash.operations.asking import cancel, capture, nothing, payment, refund, twelve_digits
from tests.crash.operations.shapes import (
    AMOUNT_MINOR,
    AUTHORIZED,
    CLOSED,
    LOST_NEWS,
    NEVER_PAID,
    NOTIFIED,
    RELEASED,
    SENT_AGAIN,
    SOLD,
    Operation,
    Provider,
    Subject,
    captured,
    refunded,
    unreachable,
)

_ACCOUNT = "demo-alipay"


def _pay(
    client: tollbridge.Client, reference: str, method: tollbridge.AlipayMethod, key: str | None, *, is_manual: bool
) -> str:
    return client.create_payment(
        amount=tollbridge.Money(currency_code="CNY", amount_minor=AMOUNT_MINOR),
        payment_method=tollbridge.PaymentMethod(alipay=method),
        capture_method=tollbridge.CAPTURE_METHOD_MANUAL if is_manual else tollbridge.CAPTURE_METHOD_AUTOMATIC,
        merchant_reference=reference,
        provider_account_id=_ACCOUNT,
        idempotency_key=key,
    ).payment.payment_id


def _scan(client: tollbridge.Client, reference: str, key: str | None = None, *, is_manual: bool = False) -> str:
    """Pay with the code that the payer shows, which Alipay accepts at once."""
    code = tollbridge.AlipayBarcode(auth_code=f"28{twelve_digits(reference)}0000")
    return _pay(client, reference, tollbridge.AlipayMethod(barcode=code), key, is_manual=is_manual)


def _show(client: tollbridge.Client, reference: str, key: str | None = None) -> str:
    """Show a code that the payer is to scan."""
    return _pay(client, reference, tollbridge.AlipayMethod(qr=tollbridge.AlipayQr()), key, is_manual=False)


def _freeze(client: tollbridge.Client, reference: str, key: str | None = None) -> str:
    return _scan(client, reference, key, is_manual=True)


def _capture_in_part(client: tollbridge.Client, reference: str) -> str:
    payment_id = _freeze(client, reference)
    capture("CNY", 4000, is_final=True)(client, Subject(reference, payment_id), f"capture-{reference}")
    return payment_id


_CODE_IS_NEVER_STORED = "a charge whose code is not stored is never sent again, so there is no second intent"
_NOBODY_PAID = "Alipay notifies of what a payer has paid, not of a code that nobody has scanned"

ALIPAY = Provider(
    name="alipay",
    account_id=_ACCOUNT,
    read_book=read_book,
    is_asked_on=True,
    operations={
        "sale by barcode": Operation(nothing, payment(_scan), SOLD, unsent=NEVER_PAID),
        "sale by QR": Operation(nothing, payment(_show), SOLD),
        "authorize by barcode": Operation(nothing, payment(_freeze), AUTHORIZED, unsent=NEVER_PAID),
        "partial capture": Operation(_freeze, capture("CNY", 3000), captured(3000)),
        "final capture": Operation(_freeze, capture("CNY", 4000, is_final=True), captured(4000, is_final=True)),
        "cancel of a freeze": Operation(_freeze, cancel, RELEASED),
        "cancel of an unpaid QR": Operation(_show, cancel, CLOSED, waits_for_payer=True),
        "partial refund": Operation(_scan, refund("CNY", 1000), refunded(1000)),
        "refund of a capture": Operation(_capture_in_part, refund("CNY", 1500), refunded(1500, of_minor=4000)),
    },
    faults=LOST_NEWS,
    unreachable={
        **unreachable(_CODE_IS_NEVER_STORED, SENT_AGAIN, "sale by barcode", "authorize by barcode"),
        **unreachable(_NOBODY_PAID, NOTIFIED, "cancel of an unpaid QR"),
    },
)
