"""The operations that are struck, each as a caller asks for it, and what must have come of it in both books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import tollbridge
from tollbridge_server.domain.operation import OperationKind

VISA, MASTERCARD = "4242424242424242", "5555555555554444"
DECLINED_SOFTLY, CHALLENGED = "4000000000000002", "4000000000003220"
AMOUNT_MINOR = 10_000

Effect = tuple[OperationKind, int]
"""What the acquirer books: the kind, and the amount in minor units."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The payment that a case is about. `payment_id` is empty while the operation itself is to make it."""

    merchant_reference: str
    payment_id: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """State of the payment and its sums in minor units, and all that the acquirer books for the operation."""

    state: tollbridge.PaymentState
    effects: tuple[Effect, ...]
    captured_minor: int = 0
    refunded_minor: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `prepare` brings a payment to where `ask` makes sense; `ask` may be repeated with its key.

    `unsent` is what must have come of it when the request was durable, provably never arrived, and can not be sent
    again because a card is never stored.
    """

    prepare: Callable[[tollbridge.Client, str], str]
    ask: Callable[[tollbridge.Client, Subject, str], str]
    expected: Expected
    unsent: Expected | None = None
    waits_for_payer: bool = False
    """Whether the payment that `prepare` makes has an action open, which nobody takes."""


def _eur(amount_minor: int) -> tollbridge.Money:
    return tollbridge.Money(currency_code="EUR", amount_minor=amount_minor)


def card(number: str) -> tollbridge.PaymentMethod:
    """Return a card of the acquirer's test numbers."""
    return tollbridge.PaymentMethod(
        card=tollbridge.Card(number=number, expiry_month=12, expiry_year=2035, cvv="123", holder_name="Test Payer")
    )


def _nothing(_client: tollbridge.Client, _reference: str) -> str:
    return ""


def _open(client: tollbridge.Client, reference: str, key: str | None = None, *, is_manual: bool = False) -> str:
    method = tollbridge.CAPTURE_METHOD_MANUAL if is_manual else tollbridge.CAPTURE_METHOD_AUTOMATIC
    return client.create_payment(
        amount=_eur(AMOUNT_MINOR),
        payment_method=card(VISA),
        capture_method=method,
        merchant_reference=reference,
        idempotency_key=key,
    ).payment.payment_id


def _open_manually(client: tollbridge.Client, reference: str) -> str:
    return _open(client, reference, is_manual=True)


def _open_declined(client: tollbridge.Client, reference: str) -> str:
    return client.create_payment(
        amount=_eur(AMOUNT_MINOR),
        payment_method=card(DECLINED_SOFTLY),
        on_decline=tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD,
        merchant_reference=reference,
    ).payment.payment_id


def _open_challenged(client: tollbridge.Client, reference: str) -> str:
    return client.create_payment(
        amount=_eur(AMOUNT_MINOR),
        payment_method=card(CHALLENGED),
        return_url="https://shop.example.com/return",
        merchant_reference=reference,
    ).payment.payment_id


def _authorize(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return _open(client, subject.merchant_reference, key, is_manual=True)


def _sale(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return _open(client, subject.merchant_reference, key)


def _wallet(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return client.create_payment(
        amount=tollbridge.Money(currency_code="CNY", amount_minor=AMOUNT_MINOR),
        payment_method=tollbridge.PaymentMethod(alipay=tollbridge.AlipayMethod(qr=tollbridge.AlipayQr())),
        merchant_reference=subject.merchant_reference,
        idempotency_key=key,
    ).payment.payment_id


def _capture(client: tollbridge.Client, subject: Subject, key: str) -> str:
    done = client.capture_payment(payment_id=subject.payment_id, amount=_eur(3000), idempotency_key=key)
    return done.payment.payment_id


def _final_capture(client: tollbridge.Client, subject: Subject, key: str) -> str:
    done = client.capture_payment(
        payment_id=subject.payment_id, amount=_eur(4000), final_capture=True, idempotency_key=key
    )
    return done.payment.payment_id


def _cancel(client: tollbridge.Client, subject: Subject, key: str) -> str:
    return client.cancel_payment(payment_id=subject.payment_id, idempotency_key=key).payment.payment_id


def _refund(client: tollbridge.Client, subject: Subject, key: str) -> str:
    done = client.create_refund(payment_id=subject.payment_id, amount=_eur(1000), idempotency_key=key)
    return done.refund.payment_id


def _confirm(client: tollbridge.Client, subject: Subject, key: str) -> str:
    done = client.confirm_payment(payment_id=subject.payment_id, payment_method=card(MASTERCARD), idempotency_key=key)
    return done.payment.payment_id


_SOLD = Expected(tollbridge.PAYMENT_STATE_SUCCEEDED, ((OperationKind.SALE, AMOUNT_MINOR),), captured_minor=AMOUNT_MINOR)
_NOT_PROCESSED = Expected(tollbridge.PAYMENT_STATE_FAILED, ((OperationKind.CANCEL, 0),))
"""The charge that never arrived is canceled at the acquirer, so that it can not arrive any more."""
_ASKS_AGAIN = Expected(tollbridge.PAYMENT_STATE_REQUIRES_ACTION, ((OperationKind.CANCEL, 0),))
"""As above, and the payment that may take another card still may."""

OPERATIONS: Mapping[str, Operation] = {
    "authorize": Operation(
        _nothing,
        _authorize,
        Expected(tollbridge.PAYMENT_STATE_AUTHORIZED, ((OperationKind.AUTHORIZE, AMOUNT_MINOR),)),
        unsent=_NOT_PROCESSED,
    ),
    "sale": Operation(_nothing, _sale, _SOLD, unsent=_NOT_PROCESSED),
    "sale by wallet": Operation(_nothing, _wallet, _SOLD),
    "partial capture": Operation(
        _open_manually,
        _capture,
        Expected(tollbridge.PAYMENT_STATE_AUTHORIZED, ((OperationKind.CAPTURE, 3000),), captured_minor=3000),
    ),
    "final capture": Operation(
        _open_manually,
        _final_capture,
        Expected(tollbridge.PAYMENT_STATE_SUCCEEDED, ((OperationKind.CAPTURE, 4000),), captured_minor=4000),
    ),
    "cancel": Operation(
        _open_manually,
        _cancel,
        Expected(tollbridge.PAYMENT_STATE_CANCELED, ((OperationKind.CANCEL, AMOUNT_MINOR),)),
    ),
    "partial refund": Operation(
        lambda client, reference: _open(client, reference),
        _refund,
        Expected(
            tollbridge.PAYMENT_STATE_SUCCEEDED,
            ((OperationKind.REFUND, 1000),),
            captured_minor=AMOUNT_MINOR,
            refunded_minor=1000,
        ),
    ),
    "confirm with another card": Operation(_open_declined, _confirm, _SOLD, unsent=_ASKS_AGAIN),
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
}
