"""The operations that are struck at Alipay: payments by a code of either side, freezes, and what follows them."""

from __future__ import annotations

import tollbridge
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.testing.simulators.alipay import read_book

from tests.crash.operations.asking import cancel, capture, nothing, refund, twelve_digits
from tests.crash.operations.shapes import AMOUNT_MINOR, Expected, Fault, Operation, Provider, Subject

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


def _freeze(client: tollbridge.Client, reference: str) -> str:
    return _scan(client, reference, is_manual=True)


def _capture_in_part(client: tollbridge.Client, reference: str) -> str:
    payment_id = _freeze(client, reference)
    capture("CNY", 4000, is_final=True)(client, Subject(reference, payment_id), f"capture-{reference}")
    return payment_id


def _sale_by_barcode(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return _scan(client, subject.merchant_reference, key)


def _sale_by_qr(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return _show(client, subject.merchant_reference, key)


def _authorize(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return _scan(client, subject.merchant_reference, key, is_manual=True)


_SOLD = Expected(tollbridge.PAYMENT_STATE_SUCCEEDED, ((OperationKind.SALE, AMOUNT_MINOR),), captured_minor=AMOUNT_MINOR)
_NOT_PROCESSED = Expected(tollbridge.PAYMENT_STATE_FAILED, ())
"""Nothing arrived and nothing can any more, so that there is nothing to book, not even an end."""

_CODE_IS_NEVER_STORED = "a charge whose code is not stored is never sent again, so there is no second intent"
_NOBODY_PAID = "Alipay notifies of what a payer has paid, not of a code that nobody has scanned"

ALIPAY = Provider(
    name="alipay",
    account_id=_ACCOUNT,
    read_book=read_book,
    is_asked_on=True,
    operations={
        "sale by barcode": Operation(nothing, _sale_by_barcode, _SOLD, unsent=_NOT_PROCESSED),
        "sale by QR": Operation(nothing, _sale_by_qr, _SOLD),
        "authorize by barcode": Operation(
            nothing,
            _authorize,
            Expected(tollbridge.PAYMENT_STATE_AUTHORIZED, ((OperationKind.AUTHORIZE, AMOUNT_MINOR),)),
            unsent=_NOT_PROCESSED,
        ),
        "partial capture": Operation(
            _freeze,
            capture("CNY", 3000),
            Expected(tollbridge.PAYMENT_STATE_AUTHORIZED, ((OperationKind.CAPTURE, 3000),), captured_minor=3000),
        ),
        "final capture": Operation(
            _freeze,
            capture("CNY", 4000, is_final=True),
            Expected(tollbridge.PAYMENT_STATE_SUCCEEDED, ((OperationKind.CAPTURE, 4000),), captured_minor=4000),
        ),
        "cancel of a freeze": Operation(
            _freeze,
            cancel,
            Expected(tollbridge.PAYMENT_STATE_CANCELED, ((OperationKind.CANCEL, AMOUNT_MINOR),)),
        ),
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
        "refund of a capture": Operation(
            _capture_in_part,
            refund("CNY", 1500),
            Expected(
                tollbridge.PAYMENT_STATE_SUCCEEDED,
                ((OperationKind.REFUND, 1500),),
                captured_minor=4000,
                refunded_minor=1500,
            ),
        ),
    },
    faults={
        "resolver.after_claim": Fault("booked_timeout", withholds=True),
        "resolver.after_query": Fault("booked_reset", withholds=True),
        "resolver.after_commit": Fault("lost"),
    },
    unreachable={
        ("resolver.after_commit", "sale by barcode"): _CODE_IS_NEVER_STORED,
        ("resolver.after_commit", "authorize by barcode"): _CODE_IS_NEVER_STORED,
        ("notification.after_verify", "cancel of an unpaid QR"): _NOBODY_PAID,
        ("notification.after_commit", "cancel of an unpaid QR"): _NOBODY_PAID,
    },
)
