"""What creating and confirming a payment share: the method's checks, the opening operation, the payment's update."""

from __future__ import annotations

from datetime import UTC, datetime

from tollbridge_server.domain.cards import check_card, summarize_card
from tollbridge_server.domain.evidence import NextActionKind
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import CaptureMethod, Payment, settle
from tollbridge_server.domain.payment_method import MethodSummary, PaymentMethod
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.events import payment_event
from tollbridge_server.services.settings import MICROSECONDS


def check_method(method: PaymentMethod, clock: Clock) -> MethodSummary:
    """Return what may be stored of a method; raise RequestError for a card that can not be right."""
    if method.card is None:
        return MethodSummary(kind=method.kind)
    today = datetime.fromtimestamp(clock.now_us() / MICROSECONDS, UTC)
    return summarize_card(method.card, check_card(method.card, year=today.year, month=today.month))


def opening_kind(capture_method: CaptureMethod) -> OperationKind:
    """Return the operation that opens a payment: SALE takes the money at once, AUTHORIZE holds it."""
    return OperationKind.AUTHORIZE if capture_method is CaptureMethod.MANUAL else OperationKind.SALE


def asks_for_method(payment: Payment) -> bool:
    """Whether the payment waits for another payment method."""
    action = payment.next_action
    return action is not None and action.kind is NextActionKind.PROVIDE_PAYMENT_METHOD


def change_payment(tx: Transaction, before: Payment, changed: Payment, clock: Clock) -> Payment:
    """Settle and write a changed payment together with its event; return it as written."""
    after = settle(changed, now_us=clock.now_us())
    tx.payments.update(after)
    tx.events.insert(payment_event(before, after, clock))
    return after
