"""Prepares a cancel: at the provider where it may hold money or wait for the payer, else in our own books alone."""

from __future__ import annotations

from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, Operation, OperationKind, OperationState, is_sending
from tollbridge_server.domain.payment import TERMINAL_STATES, ChargeState, Payment, PaymentState
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccounts
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.calls import Charge
from tollbridge_server.services.intents import IntentFactory
from tollbridge_server.services.openings import change_payment
from tollbridge_server.services.operations import Intent
from tollbridge_server.services.refusals import in_progress, require_account, state_conflict
from tollbridge_server.services.rows import load_charge


class CancelPreparer:
    """Makes the intent of a cancel inside the caller's transaction."""

    def __init__(self, *, accounts: ProviderAccounts, clock: Clock, intents: IntentFactory) -> None:
        self._accounts = accounts
        self._clock = clock
        self._intents = intents

    def prepare(
        self, tx: Transaction, payment: Payment, operation_id: str, *, cause: CancelCause, reason: str = ""
    ) -> Intent:
        """Return the intent to cancel a locked payment, or raise when its state does not allow it now."""
        charge = load_charge(tx, payment.payment_id)
        self._require_cancelable(payment, is_charge_sending=is_sending(charge.attempt, now_us=self._clock.now_us()))
        if payment.charge in (ChargeState.DECLINED, ChargeState.CANCELED):
            # Only our side still waits (for another payment method): no provider holds anything.
            return self._close_locally(tx, payment, charge, operation_id, cause=cause, reason=reason)
        account = require_account(self._accounts, payment, OperationKind.CANCEL)
        operation, attempt = self._intents.new_operation(
            operation_id=operation_id,
            payment_id=payment.payment_id,
            kind=OperationKind.CANCEL,
            amount=Money(payment.amount_minor - payment.captured_minor, payment.currency),
            account=account,
            is_replayable=True,
            cancel_cause=cause,
            reason=reason,
        )
        after = change_payment(tx, payment, replace(payment, is_canceling=True, cancel_cause=cause), self._clock)
        tx.operations.insert(operation)
        tx.attempts.insert(attempt)
        return Intent(Case(after, operation, attempt), charge)

    def _close_locally(
        self,
        tx: Transaction,
        payment: Payment,
        charge: Charge,
        operation_id: str,
        *,
        cause: CancelCause,
        reason: str,
    ) -> Intent:
        closed = replace(payment, charge=ChargeState.CANCELED, cancel_cause=cause, next_action=None)
        after = change_payment(tx, payment, closed, self._clock)
        operation = Operation(
            operation_id=operation_id,
            payment_id=payment.payment_id,
            merchant_id=payment.merchant_id,
            kind=OperationKind.CANCEL,
            state=OperationState.SUCCEEDED,
            amount=payment.amount,
            created_at_us=after.updated_at_us,
            updated_at_us=after.updated_at_us,
            cancel_cause=cause,
            reason=reason,
        )
        tx.operations.insert(operation)
        return Intent(Case(after, operation, charge.attempt), None)

    def _require_cancelable(self, payment: Payment, *, is_charge_sending: bool) -> None:
        if payment.state in TERMINAL_STATES:
            raise state_conflict(
                payment, "CANCEL", "nothing is left to cancel; captured money goes back with CreateRefund"
            )
        if payment.state is PaymentState.NEEDS_REVIEW:
            raise state_conflict(payment, "CANCEL", "a person has to look at it first")
        if payment.is_canceling:
            raise in_progress(payment, "a cancel of this payment is being carried out")
        if payment.capture_reserved_minor:
            raise in_progress(payment, "a capture of this payment is being carried out")
        if is_charge_sending:
            raise in_progress(payment, "the payment is being sent to the provider")
