"""Rows to values and back, column by column in the tables' order; rows never leave storage."""

from __future__ import annotations

from tollbridge_server.domain.event import Event, ExceptionRecord
from tollbridge_server.domain.evidence import Failure, NextAction
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import (
    Attempt,
    AttemptState,
    CancelCause,
    Operation,
    OperationKind,
    OperationState,
)
from tollbridge_server.domain.order import NO_DETAILS, PaymentDetails
from tollbridge_server.domain.payment import CaptureMethod, ChargeState, OnDecline, Payment, PaymentState
from tollbridge_server.domain.payment_method import MethodSummary
from tollbridge_server.domain.refund import Refund, RefundState
from tollbridge_server.ports.storage import IdempotencyRecord
from tollbridge_server.storage.json_values import decode, encode
from tollbridge_server.storage.statements import Row, Value

_PAYMENT_STATES = {state.value: state for state in PaymentState}
_CHARGE_STATES = {state.value: state for state in ChargeState}
_CAPTURE_METHODS = {method.value: method for method in CaptureMethod}
_ON_DECLINE = {choice.value: choice for choice in OnDecline}
_CANCEL_CAUSES: dict[str, CancelCause | None] = {"": None, **{cause.value: cause for cause in CancelCause}}
_OPERATION_KINDS = {kind.value: kind for kind in OperationKind}
_OPERATION_STATES = {state.value: state for state in OperationState}
_ATTEMPT_STATES = {state.value: state for state in AttemptState}
_REFUND_STATES = {state.value: state for state in RefundState}

PAYMENT_CHANGES = (
    "state",
    "version",
    "method",
    "provider",
    "provider_account_id",
    "updated_at_us",
    "charge_operation_id",
    "charge",
    "authorized_minor",
    "captured_minor",
    "capture_reserved_minor",
    "refunded_minor",
    "refund_reserved_minor",
    "refund_count",
    "is_released",
    "is_canceling",
    "cancel_cause",
    "unresolved_count",
    "is_contradicted",
    "provider_reference",
    "next_action",
    "failure",
)
"""The columns that an update of a payment writes; the others never change."""

OPERATION_CHANGES = ("state", "updated_at_us", "failure")
ATTEMPT_CHANGES = (
    "state",
    "updated_at_us",
    "lease_until_us",
    "send_deadline_us",
    "next_check_at_us",
    "checks",
    "sends",
    "provider_reference",
    "next_action",
    "is_watched",
)
REFUND_CHANGES = ("state", "version", "updated_at_us", "provider_reference", "failure")


def payment_row(p: Payment) -> tuple[Value, ...]:
    """Return the row of a payment."""
    return (
        p.payment_id,
        p.merchant_id,
        p.merchant_reference,
        p.state._value_,
        p.version,
        p.amount_minor,
        p.currency,
        p.capture_method._value_,
        p.on_decline._value_,
        encode(p.method),
        p.provider,
        p.provider_account_id,
        p.created_at_us,
        p.updated_at_us,
        p.charge_operation_id,
        p.charge._value_,
        p.authorized_minor,
        p.captured_minor,
        p.capture_reserved_minor,
        p.refunded_minor,
        p.refund_reserved_minor,
        p.refund_count,
        int(p.is_released),
        int(p.is_canceling),
        p.cancel_cause._value_ if p.cancel_cause else "",
        p.unresolved_count,
        int(p.is_contradicted),
        p.provider_reference,
        encode(p.next_action),
        encode(p.failure),
        p.expires_at_us,
        "" if p.details is NO_DETAILS else encode(p.details),
    )


def payment_changes(p: Payment) -> tuple[Value, ...]:
    """Return the values of PAYMENT_CHANGES."""
    return (
        p.state._value_,
        p.version,
        encode(p.method),
        p.provider,
        p.provider_account_id,
        p.updated_at_us,
        p.charge_operation_id,
        p.charge._value_,
        p.authorized_minor,
        p.captured_minor,
        p.capture_reserved_minor,
        p.refunded_minor,
        p.refund_reserved_minor,
        p.refund_count,
        int(p.is_released),
        int(p.is_canceling),
        p.cancel_cause._value_ if p.cancel_cause else "",
        p.unresolved_count,
        int(p.is_contradicted),
        p.provider_reference,
        encode(p.next_action),
        encode(p.failure),
    )


def to_payment(row: Row) -> Payment:
    """Return the payment of a row."""
    return Payment(
        payment_id=row[0],
        merchant_id=row[1],
        merchant_reference=row[2],
        state=_PAYMENT_STATES[row[3]],
        version=row[4],
        amount_minor=row[5],
        currency=row[6],
        capture_method=_CAPTURE_METHODS[row[7]],
        on_decline=_ON_DECLINE[row[8]],
        method=_present(decode(MethodSummary, row[9])),
        provider=row[10],
        provider_account_id=row[11],
        created_at_us=row[12],
        updated_at_us=row[13],
        charge_operation_id=row[14],
        charge=_CHARGE_STATES[row[15]],
        authorized_minor=row[16],
        captured_minor=row[17],
        capture_reserved_minor=row[18],
        refunded_minor=row[19],
        refund_reserved_minor=row[20],
        refund_count=row[21],
        is_released=row[22] == 1,
        is_canceling=row[23] == 1,
        cancel_cause=_CANCEL_CAUSES[row[24]],
        unresolved_count=row[25],
        is_contradicted=row[26] == 1,
        provider_reference=row[27],
        next_action=decode(NextAction, row[28]),
        failure=decode(Failure, row[29]),
        expires_at_us=row[30],
        details=decode(PaymentDetails, row[31]) or NO_DETAILS,
    )


def operation_row(o: Operation) -> tuple[Value, ...]:
    """Return the row of an operation."""
    return (
        o.operation_id,
        o.payment_id,
        o.merchant_id,
        o.kind._value_,
        o.state._value_,
        o.amount.amount_minor,
        o.amount.currency,
        o.created_at_us,
        o.updated_at_us,
        o.refund_id,
        int(o.is_final),
        o.cancel_cause._value_ if o.cancel_cause else "",
        o.reason,
        encode(o.failure),
        o.capture_operation_id,
    )


def operation_changes(o: Operation) -> tuple[Value, ...]:
    """Return the values of OPERATION_CHANGES."""
    return (o.state._value_, o.updated_at_us, encode(o.failure))


def to_operation(row: Row) -> Operation:
    """Return the operation of a row."""
    return Operation(
        operation_id=row[0],
        payment_id=row[1],
        merchant_id=row[2],
        kind=_OPERATION_KINDS[row[3]],
        state=_OPERATION_STATES[row[4]],
        amount=Money(row[5], row[6]),
        created_at_us=row[7],
        updated_at_us=row[8],
        refund_id=row[9],
        is_final=row[10] == 1,
        cancel_cause=_CANCEL_CAUSES[row[11]],
        reason=row[12],
        failure=decode(Failure, row[13]),
        capture_operation_id=row[14],
    )


def attempt_row(a: Attempt) -> tuple[Value, ...]:
    """Return the row of an attempt."""
    return (
        a.attempt_id,
        a.operation_id,
        a.payment_id,
        a.merchant_id,
        a.provider,
        a.provider_account_id,
        a.request_reference,
        a.state._value_,
        a.created_at_us,
        a.updated_at_us,
        a.lease_until_us,
        a.send_deadline_us,
        a.key_expires_at_us,
        a.next_check_at_us,
        a.checks,
        a.sends,
        int(a.is_replayable),
        a.provider_reference,
        encode(a.next_action),
        int(a.is_watched),
    )


def attempt_changes(a: Attempt) -> tuple[Value, ...]:
    """Return the values of ATTEMPT_CHANGES."""
    return (
        a.state._value_,
        a.updated_at_us,
        a.lease_until_us,
        a.send_deadline_us,
        a.next_check_at_us,
        a.checks,
        a.sends,
        a.provider_reference,
        encode(a.next_action),
        int(a.is_watched),
    )


def to_attempt(row: Row) -> Attempt:
    """Return the attempt of a row."""
    return Attempt(
        attempt_id=row[0],
        operation_id=row[1],
        payment_id=row[2],
        merchant_id=row[3],
        provider=row[4],
        provider_account_id=row[5],
        request_reference=row[6],
        state=_ATTEMPT_STATES[row[7]],
        created_at_us=row[8],
        updated_at_us=row[9],
        lease_until_us=row[10],
        send_deadline_us=row[11],
        key_expires_at_us=row[12],
        next_check_at_us=row[13],
        checks=row[14],
        sends=row[15],
        is_replayable=row[16] == 1,
        provider_reference=row[17],
        next_action=decode(NextAction, row[18]),
        is_watched=row[19] == 1,
    )


def refund_row(r: Refund) -> tuple[Value, ...]:
    """Return the row of a refund."""
    return (
        r.refund_id,
        r.payment_id,
        r.merchant_id,
        r.merchant_reference,
        r.state._value_,
        r.version,
        r.amount.amount_minor,
        r.amount.currency,
        r.reason,
        r.provider,
        r.provider_account_id,
        r.operation_id,
        r.created_at_us,
        r.updated_at_us,
        r.provider_reference,
        encode(r.failure),
    )


def refund_changes(r: Refund) -> tuple[Value, ...]:
    """Return the values of REFUND_CHANGES."""
    return (r.state._value_, r.version, r.updated_at_us, r.provider_reference, encode(r.failure))


def to_refund(row: Row) -> Refund:
    """Return the refund of a row."""
    return Refund(
        refund_id=row[0],
        payment_id=row[1],
        merchant_id=row[2],
        merchant_reference=row[3],
        state=_REFUND_STATES[row[4]],
        version=row[5],
        amount=Money(row[6], row[7]),
        reason=row[8],
        provider=row[9],
        provider_account_id=row[10],
        operation_id=row[11],
        created_at_us=row[12],
        updated_at_us=row[13],
        provider_reference=row[14],
        failure=decode(Failure, row[15]),
    )


def event_row(e: Event) -> tuple[Value, ...]:
    """Return the row of an event."""
    return (e.payment_id, e.version, e.event_id, e.merchant_id, e.refund_id, e.type, e.body, e.created_at_us)


def to_event(row: Row) -> Event:
    """Return the event of a row."""
    return Event(
        payment_id=row[0],
        version=row[1],
        event_id=row[2],
        merchant_id=row[3],
        refund_id=row[4],
        type=row[5],
        body=row[6],
        created_at_us=row[7],
    )


def idempotency_row(r: IdempotencyRecord) -> tuple[Value, ...]:
    """Return the row of an idempotency record."""
    return (r.merchant_id, r.method, r.key, r.fingerprint, r.resource_id, r.created_at_us)


def to_idempotency(row: Row) -> IdempotencyRecord:
    """Return the idempotency record of a row."""
    return IdempotencyRecord(row[0], row[1], row[2], bytes(row[3]), row[4], row[5])


def exception_row(r: ExceptionRecord) -> tuple[Value, ...]:
    """Return the row of an exception record."""
    return (r.exception_id, r.merchant_id, r.payment_id, r.attempt_id, r.kind, r.detail, r.created_at_us)


def to_exception(row: Row) -> ExceptionRecord:
    """Return the exception record of a row."""
    return ExceptionRecord(*row)


def _present(summary: MethodSummary | None) -> MethodSummary:
    if summary is None:
        raise ValueError("a payment row has no method summary")
    return summary
