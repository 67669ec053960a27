"""Reads what belongs together out of a transaction; refuses rows of other merchants and half-present cases."""

from __future__ import annotations

from tollbridge_server.domain.errors import BrokenInvariant, ErrorReason, RequestError
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.operation import Attempt, Operation, OperationState
from tollbridge_server.domain.payment import Payment
from tollbridge_server.ports.provider import CaptureReference
from tollbridge_server.ports.storage import IdempotencyRecord, Transaction
from tollbridge_server.services.calls import Charge
from tollbridge_server.services.requests import Caller, PaymentLookup, PaymentView

_SETTLED = (OperationState.SUCCEEDED, OperationState.FAILED, OperationState.CANCELED)
MAX_MATCHES = 20
"""How many payments with one reference are counted for the caller who asked for the only one."""


def require_operation(tx: Transaction, operation_id: str) -> Operation:
    """Return an operation that must exist."""
    operation = tx.operations.get(operation_id)
    if operation is None:
        raise BrokenInvariant(f"operation {operation_id} is gone")
    return operation


def load_case(tx: Transaction, attempt: Attempt, *, is_locking: bool = True) -> Case:
    """Return all that evidence about an attempt may change, with the payment locked first unless only reading."""
    payments = tx.payments
    payment = payments.lock(attempt.payment_id) if is_locking else payments.get(attempt.payment_id)
    stored = tx.attempts.get(attempt.attempt_id)
    operation = tx.operations.get(attempt.operation_id)
    if payment is None or stored is None or operation is None:
        raise BrokenInvariant(f"attempt {attempt.attempt_id} has lost its payment or operation")
    refund = tx.refunds.get(operation.refund_id) if operation.refund_id else None
    return Case(payment, operation, stored, refund)


def load_charge(tx: Transaction, payment_id: str, *, refund: Operation | None = None) -> Charge:
    """Return the payment's present opening operation with its last attempt, and the capture that `refund` is of."""
    payment = tx.payments.get(payment_id)
    if payment is None:
        raise BrokenInvariant(f"payment {payment_id} is gone")
    operation = require_operation(tx, payment.charge_operation_id)
    attempt = tx.attempts.of_operation(operation)[-1]
    capture = capture_of(tx, refund) if refund is not None and refund.capture_operation_id else None
    return Charge(operation, attempt, payment.method.kind, capture)


def capture_of(tx: Transaction, refund: Operation) -> CaptureReference:
    """Return the capture that a refund operation is of."""
    capture = require_operation(tx, refund.capture_operation_id)
    attempt = tx.attempts.of_operation(capture)[-1]
    return CaptureReference(attempt.request_reference, attempt.provider_reference, capture.amount)


def charge_attempt_of(tx: Transaction, cancel: Operation) -> Attempt:
    """Return the attempt that a cancel is of.

    While it is open no other charge can begin. After that it is the last one before it, as far as clocks tell.
    """
    operations = tx.operations.of_payment(cancel.payment_id) if cancel.state in _SETTLED else ()
    charges = [each for each in operations if each.kind.opens and each.created_at_us <= cancel.created_at_us]
    if not charges:
        return load_charge(tx, cancel.payment_id).attempt
    return tx.attempts.of_operation(max(charges, key=lambda each: each.created_at_us))[-1]


def resource_of(tx: Transaction, stored: IdempotencyRecord) -> str:
    """Return the id of the payment or refund that a key stands for."""
    operation = tx.operations.get(stored.resource_id)
    return (operation.refund_id or operation.payment_id) if operation else stored.resource_id


def lock_owned(tx: Transaction, caller: Caller, payment_id: str) -> Payment:
    """Lock and return a payment of the caller's merchant; another merchant's payment does not exist."""
    payment = tx.payments.lock(payment_id)
    if payment is None or payment.merchant_id != caller.merchant_id:
        raise payment_not_found({"payment_id": payment_id})
    return payment


def find_payment(tx: Transaction, caller: Caller, lookup: PaymentLookup) -> Payment:
    """Return the payment of the caller's merchant that `lookup` names.

    Raises PAYMENT_NOT_FOUND, and REFERENCE_AMBIGUOUS when a merchant reference belongs to several payments.
    """
    if lookup.payment_id:
        payment = tx.payments.get(lookup.payment_id)
        if payment is None or payment.merchant_id != caller.merchant_id:
            raise payment_not_found({"payment_id": lookup.payment_id})
        return payment
    if lookup.merchant_reference:
        facts = {"merchant_reference": lookup.merchant_reference}
        found = tx.payments.find_by_merchant_reference(caller.merchant_id, lookup.merchant_reference, limit=MAX_MATCHES)
    else:
        facts = {"provider_reference": lookup.provider_reference}
        found = tx.payments.find_by_provider_reference(caller.merchant_id, lookup.provider_reference, limit=MAX_MATCHES)
    if not found:
        raise payment_not_found(facts)
    if len(found) > 1:
        raise RequestError(
            ErrorReason.REFERENCE_AMBIGUOUS,
            "several payments have this reference; list them with ListPayments and ask by payment id",
            facts={**facts, "matches": str(len(found))},
        )
    return found[0]


def payment_not_found(facts: dict[str, str]) -> RequestError:
    """Return the error for a payment that this merchant does not have."""
    return RequestError(ErrorReason.PAYMENT_NOT_FOUND, "the merchant of this token has no such payment", facts=facts)


def view_of(tx: Transaction, payment: Payment) -> PaymentView:
    """Return a payment with its timeline."""
    attempts: dict[str, list[Attempt]] = {}
    for attempt in tx.attempts.of_payment(payment.payment_id):
        attempts.setdefault(attempt.operation_id, []).append(attempt)
    operations = tx.operations.of_payment(payment.payment_id)
    return PaymentView(payment, tuple((o, tuple(attempts.get(o.operation_id, ()))) for o in operations))
