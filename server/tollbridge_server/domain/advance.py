"""What one step of an attempt does to the sums and states of its payment and of its refund.

Refuses nothing itself: a sum that would break is refused where the payment is settled.
"""

from __future__ import annotations

from typing import assert_never

from tollbridge_server.domain.evidence import DeclineReason, Failure, NextAction, NextActionKind, RetryAdvice
from tollbridge_server.domain.operation import Attempt, AttemptState, CancelCause, Operation, OperationKind
from tollbridge_server.domain.payment import ChargeState, OnDecline, Payment, PaymentState, derive_state
from tollbridge_server.domain.refund import Refund, RefundState
from tollbridge_server.domain.values import replace

_PROVIDE_PAYMENT_METHOD = NextAction(NextActionKind.PROVIDE_PAYMENT_METHOD)
_GIVEN_UP = Failure(
    DeclineReason.PAYER_CANCELED,
    provider_message="closed by the provider: the payer refused, or let the time pass",
    retry=RetryAdvice.OTHER_METHOD,
)

_REFUND_STATE = {
    AttemptState.SENDING: RefundState.PROCESSING,
    AttemptState.UNKNOWN: RefundState.PROCESSING,
    AttemptState.REQUIRES_ACTION: RefundState.PROCESSING,
    AttemptState.PENDING: RefundState.PROCESSING,
    AttemptState.UNRESOLVED: RefundState.NEEDS_REVIEW,
    AttemptState.SUCCEEDED: RefundState.SUCCEEDED,
    AttemptState.DECLINED: RefundState.FAILED,
    AttemptState.CANCELED: RefundState.FAILED,
    AttemptState.CONTRADICTED: RefundState.NEEDS_REVIEW,
}


def review(payment: Payment, old: AttemptState, new: AttemptState) -> Payment:
    """Return the payment after one of its attempts, no refund's, came before a person or left again."""
    if not {old, new} & {AttemptState.UNRESOLVED, AttemptState.CONTRADICTED}:
        return payment
    unresolved = payment.unresolved_count
    unresolved += (new is AttemptState.UNRESOLVED) - (old is AttemptState.UNRESOLVED)
    contradicted = payment.is_contradicted or new is AttemptState.CONTRADICTED
    return replace(payment, unresolved_count=unresolved, is_contradicted=contradicted)


def charge(payment: Payment, operation: Operation, attempt: Attempt, *, now_us: int) -> Payment:
    """Return the payment after a step of its present charge, authorize or sale."""
    reference = attempt.provider_reference or payment.provider_reference
    payment = replace(payment, provider_reference=reference)
    match attempt.state:
        case AttemptState.SENDING | AttemptState.UNKNOWN | AttemptState.PENDING | AttemptState.UNRESOLVED:
            return replace(payment, charge=ChargeState.PROCESSING, next_action=attempt.next_action)
        case AttemptState.REQUIRES_ACTION:
            return replace(payment, charge=ChargeState.REQUIRES_ACTION, next_action=attempt.next_action)
        case AttemptState.SUCCEEDED:
            return _charged(payment, operation)
        case AttemptState.DECLINED:
            return replace(payment, charge=ChargeState.DECLINED, next_action=None, failure=operation.failure)
        case AttemptState.CANCELED:
            return _closed(payment, operation, now_us=now_us)
        case AttemptState.CONTRADICTED:
            # The money is counted as taken: a refund or a person can give it back, a forgotten charge nobody can.
            return payment if payment.authorized_minor else _charged(payment, operation)
        case never:
            assert_never(never)


def _charged(payment: Payment, operation: Operation) -> Payment:
    amount = operation.amount.amount_minor
    captured = amount if operation.kind is OperationKind.SALE else 0
    return replace(
        payment,
        charge=ChargeState.SUCCEEDED,
        authorized_minor=amount,
        captured_minor=captured,
        next_action=None,
        failure=None,
    )


def _closed(payment: Payment, operation: Operation, *, now_us: int) -> Payment:
    """Return the payment whose charge is closed: for the cause of our cancel, or else by time, or by its payer."""
    failure, cause = operation.failure, payment.cancel_cause
    if cause is CancelCause.NOT_PROCESSED:
        failure = failure or Failure(DeclineReason.NOT_PROCESSED)
    elif cause is None and 0 < payment.expires_at_us <= now_us:
        cause = CancelCause.EXPIRY
    elif cause is None:
        failure = failure or _GIVEN_UP
    return replace(payment, charge=ChargeState.CANCELED, cancel_cause=cause, next_action=None, failure=failure)


def capture(payment: Payment, operation: Operation, old: AttemptState, new: AttemptState) -> Payment:
    """Return the payment after a capture went from `old` to `new`: what it reserved is taken, or free again."""
    amount = operation.amount.amount_minor
    if not new.is_final:
        return payment
    if new is AttemptState.CONTRADICTED:
        room = payment.authorized_minor - payment.captured_minor - payment.capture_reserved_minor
        is_counted = old is AttemptState.SUCCEEDED or amount > room
        return payment if is_counted else _captured(payment, operation)
    payment = replace(payment, capture_reserved_minor=payment.capture_reserved_minor - amount)
    return _captured(payment, operation) if new is AttemptState.SUCCEEDED else payment


def _captured(payment: Payment, operation: Operation) -> Payment:
    return replace(
        payment,
        captured_minor=payment.captured_minor + operation.amount.amount_minor,
        is_released=payment.is_released or operation.is_final,
    )


def cancel(payment: Payment, operation: Operation, old: AttemptState, new: AttemptState) -> Payment:
    """Return the payment after a cancel went from `old` to `new`."""
    if not new.is_final or (new is AttemptState.CONTRADICTED and old is AttemptState.SUCCEEDED):
        return payment
    if new in (AttemptState.DECLINED, AttemptState.CANCELED):
        # The cause stays: where the charge turns out to be closed all the same, it says what we wanted it closed for,
        # whether the refusal or that news comes first.
        return replace(payment, is_canceling=False)
    canceled = replace(payment, is_canceling=False, cancel_cause=operation.cancel_cause)
    if payment.captured_minor and payment.captured_minor >= payment.authorized_minor:
        # A confirmed cancel of money that is also confirmed as taken: the provider told two stories.
        return replace(canceled, is_released=True, is_contradicted=True)
    if payment.charge is ChargeState.SUCCEEDED:
        return replace(canceled, is_released=True)
    if payment.charge is ChargeState.DECLINED and payment.on_decline is OnDecline.FAIL:
        return replace(canceled, cancel_cause=payment.cancel_cause)
    failure = payment.failure
    if operation.cancel_cause is CancelCause.NOT_PROCESSED:
        failure = failure or Failure(DeclineReason.NOT_PROCESSED)
    return replace(canceled, charge=ChargeState.CANCELED, failure=failure)


def refund(
    payment: Payment, present: Refund | None, operation: Operation, attempt: Attempt, old: AttemptState, *, now_us: int
) -> tuple[Payment, Refund]:
    """Return the payment and its refund after the refund's attempt left `old`. Raises ValueError without a refund."""
    if present is None:
        raise ValueError("a refund operation is merged together with its refund")
    new, amount = attempt.state, operation.amount.amount_minor
    reserved, refunded = payment.refund_reserved_minor, payment.refunded_minor
    if new is AttemptState.CONTRADICTED:
        is_counted = old is AttemptState.SUCCEEDED or amount > payment.refundable_minor
        refunded += 0 if is_counted else amount
    elif new.is_final:
        reserved -= amount
        refunded += amount if new is AttemptState.SUCCEEDED else 0
    advanced = replace(
        present,
        state=_REFUND_STATE[new],
        version=present.version + 1,
        updated_at_us=now_us,
        provider_reference=attempt.provider_reference or present.provider_reference,
        failure=operation.failure,
    )
    return replace(payment, refund_reserved_minor=reserved, refunded_minor=refunded), advanced


def next_action(payment: Payment) -> Payment:
    """Give the payment its next action when it asks the caller for another payment method."""
    if payment.charge not in (ChargeState.DECLINED, ChargeState.CANCELED):
        return payment
    asks = derive_state(payment) is PaymentState.REQUIRES_ACTION
    wanted = _PROVIDE_PAYMENT_METHOD if asks else None
    return payment if payment.next_action == wanted else replace(payment, next_action=wanted)
