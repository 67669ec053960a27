"""The operations that are struck at the sandbox acquirer: those of cards, and one of a wallet."""

from __future__ import annotations

import tollbridge
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.testing.simulators.sandbox import read_book

from tests.crash.operations.asking import cancel, capture, nothing, payment, refund
from tests.crash.operations.shapes import (
    AMOUNT_MINOR,
    AUTHORIZED,
    NOTIFIED,
    RELEASED,
    SENT_AGAIN,
    SOLD,
    Expected,
    Fault,
    Operation,
    Provider,
    Subject,
    captured,
    refunded,
    unreachable,
)

VISA, MASTERCARD = "4242424242424242", "5555555555554444"
DECLINED_SOFTLY, CHALLENGED = "4000000000000002", "4000000000003220"


def card(number: str) -> tollbridge.PaymentMethod:
    """Return a card of the acquirer's test numbers."""
    return tollbridge.PaymentMethod(
        card=tollbridge.Card(number=number, expiry_month=12, expiry_year=2035, cvv="123", holder_name="Test Payer")
    )


def _open(client: tollbridge.Client, reference: str, key: str | None = None, *, is_manual: bool = False) -> str:
    method = tollbridge.CAPTURE_METHOD_MANUAL if is_manual else tollbridge.CAPTURE_METHOD_AUTOMATIC
    return client.create_payment(
        amount=tollbridge.Money(currency_code="EUR", amount_minor=AMOUNT_MINOR),
        payment_method=card(VISA),
        capture_method=method,
        merchant_reference=reference,
        idempotency_key=key,
    ).payment.payment_id


def _open_manually(client: tollbridge.Client, reference: str, key: str | None = None) -> str:
    return _open(client, reference, key, is_manual=True)


def _open_declined(client: tollbridge.Client, reference: str) -> str:
    return client.create_payment(
        amount=tollbridge.Money(currency_code="EUR", amount_minor=AMOUNT_MINOR),
        payment_method=card(DECLINED_SOFTLY),
        on_decline=tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD,
        merchant_reference=reference,
    ).payment.payment_id


def _open_challenged(client: tollbridge.Client, reference: str) -> str:
    return client.create_payment(
        amount=tollbridge.Money(currency_code="EUR", amount_minor=AMOUNT_MINOR),
        payment_method=card(CHALLENGED),
        return_url="https://shop.example.com/return",
        merchant_reference=reference,
    ).payment.payment_id


def _open_by_wallet(client: tollbridge.Client, reference: str, key: str | None = None) -> str:
    return client.create_payment(
        amount=tollbridge.Money(currency_code="CNY", amount_minor=AMOUNT_MINOR),
        payment_method=tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(qr=tollbridge.AlipayQr())),
        merchant_reference=reference,
        idempotency_key=key,
    ).payment.payment_id


def _confirm(client: tollbridge.Client, subject: Subject, key: str) -> str:
    done = client.confirm_payment(payment_id=subject.payment_id, payment_method=card(MASTERCARD), idempotency_key=key)
    return done.payment.payment_id


_NOT_PROCESSED = Expected(tollbridge.PAYMENT_STATE_FAILED, ((OperationKind.CANCEL, 0),))
"""The charge that never arrived is canceled at the acquirer, so that it can not arrive any more."""
_ASKS_AGAIN = Expected(tollbridge.PAYMENT_STATE_REQUIRES_ACTION, ((OperationKind.CANCEL, 0),))
"""As above, and the payment that may take another card still may."""

_CARD_IS_NEVER_STORED = "a charge whose card is not stored is never sent again, so there is no second intent"
_CANCEL_IS_NEVER_PENDING = "the acquirer answers a cancel at once and notifies nobody of it"

SANDBOX = Provider(
    name="sandbox",
    account_id="demo-sandbox",
    read_book=read_book,
    operations={
        "authorize": Operation(nothing, payment(_open_manually), AUTHORIZED, unsent=_NOT_PROCESSED),
        "sale": Operation(nothing, payment(_open), SOLD, unsent=_NOT_PROCESSED),
        "sale by wallet": Operation(nothing, payment(_open_by_wallet), SOLD),
        "partial capture": Operation(_open_manually, capture("EUR", 3000), captured(3000)),
        "final capture": Operation(_open_manually, capture("EUR", 4000, is_final=True), captured(4000, is_final=True)),
        "cancel": Operation(_open_manually, cancel, RELEASED),
        "partial refund": Operation(_open, refund("EUR", 1000), refunded(1000)),
        "confirm with another card": Operation(_open_declined, _confirm, SOLD, unsent=_ASKS_AGAIN),
        "confirm during a challenge": Operation(
            _open_challenged,
            _confirm,
            Expected(
                tollbridge.PAYMENT_STATE_SUCCEEDED,
                ((OperationKind.CANCEL, 0), (OperationKind.SALE, AMOUNT_MINOR)),
                captured_minor=AMOUNT_MINOR,
            ),
            waits_for_payer=True,
        ),
    },
    faults={
        "resolver.after_claim": Fault("booked_timeout"),
        "resolver.after_query": Fault("booked_reset"),
        "resolver.after_commit": Fault("lost"),
        "notification.after_verify": Fault("pending_success"),
        "notification.after_commit": Fault("pending_success"),
    },
    unreachable={
        **unreachable(_CARD_IS_NEVER_STORED, SENT_AGAIN, "authorize", "sale", "confirm with another card"),
        **unreachable(_CANCEL_IS_NEVER_PENDING, NOTIFIED, "cancel", "confirm during a challenge"),
    },
)
