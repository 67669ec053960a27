"""What callers ask of any provider: that it be paid, and what follows, in the currency of the payment."""

from __future__ import annotations

import hashlib
from typing import Protocol

import tollbridge

from tests.crash.operations.shapes import Ask, Subject


class Pay(Protocol):
    """Makes a payment under a merchant reference, and a key if one is given; returns the payment's id."""

    def __call__(self, client: tollbridge.Client, reference: str, key: str | None = None) -> str: ...


def nothing(_client: tollbridge.Client, _reference: str) -> str:
    """Prepare nothing."""
    return ""


def payment(pay: Pay) -> Ask:
    """Return the request for a payment that is not there yet."""

    def ask(client: tollbridge.Client, subject: Subject, key: str) -> str:
        return pay(client, subject.merchant_reference, key)

    return ask


def capture(currency_code: str, amount_minor: int, *, is_final: bool = False) -> Ask:
    """Return the request for a capture."""
    amount = tollbridge.Money(currency_code=currency_code, amount_minor=amount_minor)

    def ask(client: tollbridge.Client, subject: Subject, key: str) -> str:
        done = client.capture_payment(
            payment_id=subject.payment_id, amount=amount, final_capture=is_final, idempotency_key=key
        )
        return done.payment.payment_id

    return ask


def refund(currency_code: str, amount_minor: int) -> Ask:
    """Return the request for a refund."""
    amount = tollbridge.Money(currency_code=currency_code, amount_minor=amount_minor)

    def ask(client: tollbridge.Client, subject: Subject, key: str) -> str:
        done = client.create_refund(payment_id=subject.payment_id, amount=amount, idempotency_key=key)
        return done.refund.payment_id

    return ask


def cancel(client: tollbridge.Client, subject: Subject, key: str) -> str:
    """Ask for a cancel."""
    return client.cancel_payment(payment_id=subject.payment_id, idempotency_key=key).payment.payment_id


def twelve_digits(reference: str) -> str:
    """Return digits that no other order has: a payment code pays once, and a repeated request shows the same."""
    return f"{int.from_bytes(hashlib.sha256(reference.encode()).digest()[:8]) % 10**12:012d}"
