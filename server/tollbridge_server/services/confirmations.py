"""Confirms a payment: asks the provider after the payer's action, or charges another payment method.

Refuses to charge a second method before the provider has confirmed that the first one can not be charged any more.
"""

from __future__ import annotations

from tollbridge_server.domain import ids
from tollbridge_server.domain.errors import FieldViolation
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.operation import CancelCause, is_sending
from tollbridge_server.domain.payment import ChargeState, Payment, PaymentState
from tollbridge_server.domain.payment_method import MethodSummary, PaymentMethod
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccount, ProviderAccounts
from tollbridge_server.ports.storage import Storage, Transaction
from tollbridge_server.services.calls import Charge, Secrets
from tollbridge_server.services.cancels import CancelPreparer
from tollbridge_server.services.intents import IntentFactory
from tollbridge_server.services.openings import asks_for_method, change_payment, check_method, opening_kind
from tollbridge_server.services.operations import Intent, OperationEngine
from tollbridge_server.services.refusals import in_progress, payment_expired, state_conflict
from tollbridge_server.services.requests import Caller, ConfirmPayment, PaymentLookup
from tollbridge_server.services.routing import choose_account
from tollbridge_server.services.rows import find_payment, load_charge, lock_owned

_METHOD = "ConfirmPayment"
_CLOSE = "ConfirmPayment/close"


class Confirmations:
    """The two ways to confirm a payment."""

    def __init__(
        self,
        *,
        engine: OperationEngine,
        storage: Storage,
        accounts: ProviderAccounts,
        clock: Clock,
        intents: IntentFactory,
        cancels: CancelPreparer,
    ) -> None:
        self._engine = engine
        self._storage = storage
        self._accounts = accounts
        self._clock = clock
        self._intents = intents
        self._cancels = cancels

    async def ask_provider(self, caller: Caller, request: ConfirmPayment) -> Intent:
        """Ask the provider what became of the payer's action.

        Where a notification was faster, the payment is returned as it then is: the caller lost no race that matters.
        """

        def prepare(tx: Transaction) -> Intent:
            payment = lock_owned(tx, caller, request.payment_id)
            if asks_for_method(payment):
                violation = FieldViolation("payment_method", "this payment asks for another payment method")
                raise state_conflict(
                    payment, "CONFIRM", "send a payment_method; the one before was not charged", violation
                )
            charge = load_charge(tx, payment.payment_id)
            return Intent(Case(payment, charge.operation, charge.attempt), None)

        done = await self._engine.execute(
            caller, _METHOD, request.token, resource_id=request.payment_id, prepare=prepare
        )
        attempt = done.case.attempt
        is_open = not attempt.state.is_final and not is_sending(attempt, now_us=self._clock.now_us())
        if is_open and not done.is_replayed:
            await self._engine.inquire(attempt, request.action_result)
        return done

    async def charge_another(self, caller: Caller, request: ConfirmPayment, method: PaymentMethod) -> Intent:
        """Charge another method, after closing at the provider whatever still waits for the payer there.

        When the provider does not confirm the closing, the payment is returned as it then is, uncharged by us.
        """

        def load(tx: Transaction) -> tuple[Payment, bool]:
            known = tx.idempotency.get(caller.merchant_id, _METHOD, request.token.key)
            return find_payment(tx, caller, PaymentLookup(request.payment_id)), known is not None

        payment, is_key_used = await self._storage.read(load)
        # A used key must not close anything: the action that is open now may be the one that its first use opened.
        is_open = payment.state is PaymentState.REQUIRES_ACTION and not asks_for_method(payment)
        if is_open and not is_key_used:
            check_method(method, self._clock)  # A wrong card must not cost the payer the action that is open.
            self._choose_account(caller, payment, method)
            closed = await self._close(caller, request)
            if not asks_for_method(closed.case.payment):
                return closed
        operation_id = self._intents.new_id(ids.OPERATION_PREFIX)

        def prepare(tx: Transaction) -> Intent:
            # Its first use may have closed the action and no more; then it stands for that request all the same.
            self._engine.require_same_use(tx, caller, _CLOSE, request.token)
            locked = lock_owned(tx, caller, request.payment_id)
            self._require_method_wanted(locked)
            summary = check_method(method, self._clock)
            account = self._choose_account(caller, locked, method)
            return self._reopen(tx, locked, account, summary, method, operation_id)

        return await self._engine.execute(
            caller,
            _METHOD,
            request.token,
            resource_id=operation_id,
            prepare=prepare,
            secrets=Secrets(method),
        )

    def _choose_account(self, caller: Caller, payment: Payment, method: PaymentMethod) -> ProviderAccount:
        return choose_account(
            self._accounts,
            caller.merchant_id,
            wanted_id="",
            kind=opening_kind(payment.capture_method),
            method=method.kind,
            amount=payment.amount,
        )

    async def _close(self, caller: Caller, request: ConfirmPayment) -> Intent:
        operation_id = self._intents.new_id(ids.OPERATION_PREFIX)

        def prepare(tx: Transaction) -> Intent:
            payment = lock_owned(tx, caller, request.payment_id)
            return self._cancels.prepare(tx, payment, operation_id, cause=CancelCause.METHOD_CHANGE)

        return await self._engine.execute(caller, _CLOSE, request.token, resource_id=operation_id, prepare=prepare)

    def _reopen(
        self,
        tx: Transaction,
        payment: Payment,
        account: ProviderAccount,
        summary: MethodSummary,
        method: PaymentMethod,
        operation_id: str,
    ) -> Intent:
        operation, attempt = self._intents.new_operation(
            operation_id=operation_id,
            payment_id=payment.payment_id,
            kind=opening_kind(payment.capture_method),
            amount=payment.amount,
            account=account,
            is_replayable=method.is_replayable,
        )
        reopened = replace(
            payment,
            charge=ChargeState.PROCESSING,
            charge_operation_id=operation_id,
            is_released=False,
            cancel_cause=None,
            next_action=None,
            failure=None,
            method=summary,
            provider=account.provider,
            provider_account_id=account.account_id,
            provider_reference="",
        )
        after = change_payment(tx, payment, reopened, self._clock)
        tx.operations.insert(operation)
        tx.attempts.insert(attempt)
        return Intent(Case(after, operation, attempt), Charge(operation, attempt, summary.kind))

    def _require_method_wanted(self, payment: Payment) -> None:
        if not asks_for_method(payment):
            raise state_conflict(payment, "CONFIRM", "this payment does not ask for another payment method now")
        if payment.is_canceling:  # The charge is known to be closed; its cancel must not end up at the next charge.
            raise in_progress(payment, "the action before is still being closed at the provider")
        if payment.expires_at_us <= self._clock.now_us():
            raise payment_expired(payment.expires_at_us)
