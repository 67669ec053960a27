"""A payment and the one table of its states; refuses every change of state that the table does not name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tollbridge_server.domain.errors import BrokenInvariant
from tollbridge_server.domain.evidence import Failure, NextAction
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause
from tollbridge_server.domain.order import NO_DETAILS, PaymentDetails
from tollbridge_server.domain.payment_method import MethodSummary
from tollbridge_server.domain.values import replace


class PaymentState(StrEnum):
    """Where a payment stands, as callers see it."""

    REQUIRES_ACTION = "REQUIRES_ACTION"
    PROCESSING = "PROCESSING"
    AUTHORIZED = "AUTHORIZED"
    SUCCEEDED = "SUCCEEDED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    NEEDS_REVIEW = "NEEDS_REVIEW"


class ChargeState(StrEnum):
    """Where the payment's present authorize or sale operation stands."""

    PROCESSING = "PROCESSING"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    CANCELED = "CANCELED"


class CaptureMethod(StrEnum):
    """AUTOMATIC takes the money with the authorization; MANUAL waits for CapturePayment."""

    AUTOMATIC = "AUTOMATIC"
    MANUAL = "MANUAL"


class OnDecline(StrEnum):
    """FAIL ends the payment at a decline; ASK_PAYMENT_METHOD lets ConfirmPayment bring another method."""

    FAIL = "FAIL"
    ASK_PAYMENT_METHOD = "ASK_PAYMENT_METHOD"


_S = PaymentState
TRANSITIONS: dict[PaymentState, frozenset[PaymentState]] = {
    _S.PROCESSING: frozenset(
        {_S.REQUIRES_ACTION, _S.AUTHORIZED, _S.SUCCEEDED, _S.CANCELED, _S.FAILED, _S.EXPIRED, _S.NEEDS_REVIEW}
    ),
    _S.REQUIRES_ACTION: frozenset(
        {_S.PROCESSING, _S.AUTHORIZED, _S.SUCCEEDED, _S.CANCELED, _S.FAILED, _S.EXPIRED, _S.NEEDS_REVIEW}
    ),
    _S.AUTHORIZED: frozenset({_S.SUCCEEDED, _S.CANCELED, _S.EXPIRED, _S.NEEDS_REVIEW}),
    _S.SUCCEEDED: frozenset({_S.NEEDS_REVIEW}),
    _S.CANCELED: frozenset({_S.NEEDS_REVIEW}),
    _S.FAILED: frozenset({_S.NEEDS_REVIEW}),
    _S.EXPIRED: frozenset({_S.NEEDS_REVIEW}),
    _S.NEEDS_REVIEW: frozenset(
        {_S.PROCESSING, _S.REQUIRES_ACTION, _S.AUTHORIZED, _S.SUCCEEDED, _S.CANCELED, _S.FAILED, _S.EXPIRED}
    ),
}
"""From which state a payment may go to which. NEEDS_REVIEW is left only by evidence or an operator."""

TERMINAL_STATES = frozenset({_S.SUCCEEDED, _S.CANCELED, _S.FAILED, _S.EXPIRED})
WATCH_ENDS = TERMINAL_STATES | {_S.NEEDS_REVIEW}


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment with the facts from which its state follows; amounts in minor units, times in microseconds.

    `version` grows by one with every change. `charge` is the state of the present opening operation
    `charge_operation_id`. `capture_reserved_minor` and `refund_reserved_minor` hold what operations in flight
    may still take. `is_released` says that what was not captured can not be captured any more.
    `cancel_cause` is why the latest cancel of the present charge was asked for; `is_canceling` says that it is still
    in flight.
    `unresolved_count` counts operations that the resolver gave up asking about, and `is_contradicted` that
    a provider told two stories: either one holds the payment at NEEDS_REVIEW.
    """

    payment_id: str
    merchant_id: str
    merchant_reference: str
    state: PaymentState
    version: int
    amount_minor: int
    currency: str
    capture_method: CaptureMethod
    on_decline: OnDecline
    method: MethodSummary
    provider: str
    provider_account_id: str
    created_at_us: int
    updated_at_us: int
    charge_operation_id: str
    charge: ChargeState = ChargeState.PROCESSING
    authorized_minor: int = 0
    captured_minor: int = 0
    capture_reserved_minor: int = 0
    refunded_minor: int = 0
    refund_reserved_minor: int = 0
    refund_count: int = 0
    is_released: bool = False
    is_canceling: bool = False
    cancel_cause: CancelCause | None = None
    unresolved_count: int = 0
    is_contradicted: bool = False
    provider_reference: str = ""
    next_action: NextAction | None = None
    failure: Failure | None = None
    expires_at_us: int = 0
    details: PaymentDetails = NO_DETAILS

    @property
    def amount(self) -> Money:
        """What the merchant asked for."""
        return Money(self.amount_minor, self.currency)

    @property
    def capturable_minor(self) -> int:
        """What CapturePayment could still take now."""
        if self.state is not PaymentState.AUTHORIZED or self.is_canceling or self.is_released:
            return 0
        return self.authorized_minor - self.captured_minor - self.capture_reserved_minor

    @property
    def refundable_minor(self) -> int:
        """What CreateRefund could still give back now."""
        return self.captured_minor - self.refunded_minor - self.refund_reserved_minor


def derive_state(payment: Payment) -> PaymentState:
    """Return the state that the payment's facts amount to; the order in which they came plays no part."""
    if payment.is_contradicted or payment.unresolved_count > 0:
        return _S.NEEDS_REVIEW
    match payment.charge:
        case ChargeState.PROCESSING:
            return _S.PROCESSING
        case ChargeState.REQUIRES_ACTION:
            return _S.REQUIRES_ACTION
        case ChargeState.SUCCEEDED:
            return _state_of_charged(payment)
        case ChargeState.DECLINED:
            return _state_of_uncharged(payment, otherwise=_S.FAILED)
        case ChargeState.CANCELED:
            if payment.cancel_cause is CancelCause.EXPIRY:
                return _S.EXPIRED
            if payment.cancel_cause is CancelCause.METHOD_CHANGE:
                return _S.REQUIRES_ACTION
            if payment.cancel_cause is CancelCause.CALLER:
                return _S.CANCELED
            # Nobody of ours wanted it canceled, or it was never processed: the merchant has given up nothing.
            return _state_of_uncharged(payment, otherwise=_S.FAILED)


def _state_of_charged(payment: Payment) -> PaymentState:
    if payment.captured_minor >= payment.authorized_minor:
        return _S.SUCCEEDED
    if not payment.is_released:
        return _S.AUTHORIZED
    if payment.captured_minor > 0:
        return _S.SUCCEEDED
    return _S.EXPIRED if payment.cancel_cause is CancelCause.EXPIRY else _S.CANCELED


def _state_of_uncharged(payment: Payment, *, otherwise: PaymentState) -> PaymentState:
    return _S.REQUIRES_ACTION if payment.on_decline is OnDecline.ASK_PAYMENT_METHOD else otherwise


def settle(payment: Payment, *, now_us: int) -> Payment:
    """Return `payment` with the state that follows from its facts and the next version.

    Raises BrokenInvariant when the facts break a sum or the table does not name the change.
    """
    state = derive_state(payment)
    if state is not payment.state and state not in TRANSITIONS[payment.state]:
        raise BrokenInvariant(f"payment {payment.payment_id}: {payment.state} can not become {state}")
    settled = replace(payment, state=state, version=payment.version + 1, updated_at_us=now_us)
    broken = broken_sums(settled)
    if broken:
        raise BrokenInvariant(f"payment {payment.payment_id}: {broken}")
    return settled


def broken_sums(payment: Payment) -> str:
    """Say which sum does not hold, or nothing when captured, refunded and reserved amounts all fit."""
    p = payment
    if min(p.authorized_minor, p.captured_minor, p.refunded_minor) < 0:
        return "an amount is negative"
    if min(p.capture_reserved_minor, p.refund_reserved_minor) < 0:
        return "a reservation is negative"
    if p.captured_minor + p.capture_reserved_minor > p.authorized_minor:
        return "captured + reserved > authorized"
    if p.refunded_minor + p.refund_reserved_minor > p.captured_minor:
        return "refunded + reserved > captured"
    return ""
