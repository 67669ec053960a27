"""Payments: create, confirm, capture, cancel, get and list. Refuses in the open what the payment can not do now."""

from __future__ import annotations

from tollbridge_server.domain import ids
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.payment import Payment, PaymentState
from tollbridge_server.domain.payment_method import MethodSummary
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccount, ProviderAccounts
from tollbridge_server.ports.storage import PaymentFilter, Storage, Transaction
from tollbridge_server.services.calls import Charge, Secrets
from tollbridge_server.services.cancels import CancelPreparer
from tollbridge_server.services.confirmations import Confirmations
from tollbridge_server.services.events import payment_event
from tollbridge_server.services.intents import IntentFactory
from tollbridge_server.services.openings import change_payment, check_method, opening_kind
from tollbridge_server.services.operations import Intent, OperationEngine
from tollbridge_server.services.refusals import (
    in_progress,
    payment_expired,
    require_account,
    state_conflict,
    wrong_currency,
)
from tollbridge_server.services.requests import (
    Caller,
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    PaymentLookup,
    PaymentPage,
    PaymentView,
)
from tollbridge_server.services.routing import choose_account
from tollbridge_server.services.rows import find_payment, load_charge, lock_owned, view_of
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings


class PaymentService:
    """The use cases of PaymentService; every method is for one caller and sees only that merchant's payments."""

    def __init__(
        self,
        *,
        engine: OperationEngine,
        storage: Storage,
        accounts: ProviderAccounts,
        clock: Clock,
        settings: EngineSettings,
    ) -> None:
        self._engine = engine
        self._storage = storage
        self._accounts = accounts
        self._clock = clock
        self._settings = settings
        self._intents = IntentFactory(clock=clock, settings=settings)
        self._cancels = CancelPreparer(accounts=accounts, clock=clock, intents=self._intents)
        self._confirmations = Confirmations(
            engine=engine,
            storage=storage,
            accounts=accounts,
            clock=clock,
            intents=self._intents,
            cancels=self._cancels,
        )

    async def create(self, caller: Caller, request: CreatePayment) -> PaymentView:
        """Open a payment and ask the provider for the money.

        Raises RequestError before any effect for a wrong card, an unsupported method or currency, and an expiry
        in the past.
        """
        payment_id = self._intents.new_id(ids.PAYMENT_PREFIX)
        operation_id = self._intents.new_id(ids.OPERATION_PREFIX)
        secrets = Secrets(request.method, request.identity)

        def prepare(tx: Transaction) -> Intent:
            # All checks are made under the key: a replay is answered even when its card has expired meanwhile.
            summary = check_method(request.method, self._clock)
            kind = opening_kind(request.capture_method)
            account = choose_account(
                self._accounts,
                caller.merchant_id,
                wanted_id=request.provider_account_id,
                kind=kind,
                method=request.method.kind,
                amount=request.amount,
                has_identity=request.identity is not None,
            )
            payment = self._new_payment(request, summary, account, payment_id=payment_id, operation_id=operation_id)
            operation, attempt = self._intents.new_operation(
                operation_id=operation_id,
                payment_id=payment_id,
                kind=kind,
                amount=request.amount,
                account=account,
                is_replayable=secrets.is_empty,
            )
            tx.payments.insert(payment)
            tx.operations.insert(operation)
            tx.attempts.insert(attempt)
            tx.events.insert(payment_event(None, payment, self._clock))
            return Intent(Case(payment, operation, attempt), Charge(operation, attempt, summary.kind))

        done = await self._engine.execute(
            caller,
            "CreatePayment",
            request.token,
            resource_id=operation_id,
            prepare=prepare,
            secrets=secrets,
        )
        if done.is_replayed:
            return await self._view(done)
        case = done.case
        return PaymentView(case.payment, ((case.operation, (case.attempt,)),), operation_id=operation_id)

    async def confirm(self, caller: Caller, request: ConfirmPayment) -> PaymentView:
        """Go on after a next action: ask the provider now, or pay with another method."""
        if request.method is None:
            done = await self._confirmations.ask_provider(caller, request)
        else:
            done = await self._confirmations.charge_another(caller, request, request.method)
        return await self._view(done)

    async def capture(self, caller: Caller, request: CapturePayment) -> PaymentView:
        """Take all or a part of what is authorized. Raises CAPTURE_EXCEEDS_AUTHORIZED or PAYMENT_STATE_CONFLICT."""
        operation_id = self._intents.new_id(ids.OPERATION_PREFIX)

        def prepare(tx: Transaction) -> Intent:
            payment = lock_owned(tx, caller, request.payment_id)
            amount = capture_amount(payment, request)
            charge = load_charge(tx, payment.payment_id)
            operation, attempt = self._intents.new_operation(
                operation_id=operation_id,
                payment_id=payment.payment_id,
                kind=OperationKind.CAPTURE,
                amount=amount,
                account=require_account(self._accounts, payment, OperationKind.CAPTURE),
                is_replayable=True,
                is_final=request.is_final,
            )
            reserved = payment.capture_reserved_minor + amount.amount_minor
            after = change_payment(tx, payment, replace(payment, capture_reserved_minor=reserved), self._clock)
            tx.operations.insert(operation)
            tx.attempts.insert(attempt)
            return Intent(Case(after, operation, attempt), charge)

        done = await self._engine.execute(
            caller, "CapturePayment", request.token, resource_id=operation_id, prepare=prepare
        )
        return await self._view(done)

    async def cancel(self, caller: Caller, request: CancelPayment) -> PaymentView:
        """Void what is authorized, or close what is not paid yet.

        When the provider refuses because the payer has paid meanwhile, the payment shows that instead.
        """
        operation_id = self._intents.new_id(ids.OPERATION_PREFIX)

        def prepare(tx: Transaction) -> Intent:
            payment = lock_owned(tx, caller, request.payment_id)
            return self._cancels.prepare(tx, payment, operation_id, cause=CancelCause.CALLER, reason=request.reason)

        done = await self._engine.execute(
            caller, "CancelPayment", request.token, resource_id=operation_id, prepare=prepare
        )
        return await self._view(done)

    async def get(self, caller: Caller, lookup: PaymentLookup) -> PaymentView:
        """Return one payment with its timeline."""
        return await self._storage.read(lambda tx: view_of(tx, find_payment(tx, caller, lookup)))

    async def page(self, caller: Caller, wanted: PaymentFilter, *, before_id: str, limit: int) -> PaymentPage:
        """Return up to `limit` payments, newest first, older than `before_id` (empty: from the newest)."""
        found = await self._storage.read(
            lambda tx: tx.payments.page(caller.merchant_id, wanted, before_id=before_id, limit=limit + 1)
        )
        more = len(found) > limit
        return PaymentPage(tuple(found[:limit]), next_id=found[limit - 1].payment_id if more else "")

    async def _view(self, done: Intent) -> PaymentView:
        payment_id = done.case.payment.payment_id

        def read(tx: Transaction) -> PaymentView:
            payment = tx.payments.get(payment_id)
            return view_of(tx, payment or done.case.payment)

        view = await self._storage.read(read)
        return replace(view, is_replayed=done.is_replayed, operation_id=done.case.operation.operation_id)

    def _new_payment(
        self,
        request: CreatePayment,
        summary: MethodSummary,
        account: ProviderAccount,
        *,
        payment_id: str,
        operation_id: str,
    ) -> Payment:
        now_us = self._clock.now_us()
        expires_at_us = request.expires_at_us or now_us + int(self._settings.default_expiry_s * MICROSECONDS)
        if expires_at_us <= now_us:
            raise payment_expired(expires_at_us)
        return Payment(
            payment_id=payment_id,
            merchant_id=account.merchant_id,
            merchant_reference=request.merchant_reference,
            state=PaymentState.PROCESSING,
            version=1,
            amount_minor=request.amount.amount_minor,
            currency=request.amount.currency,
            capture_method=request.capture_method,
            on_decline=request.on_decline,
            method=summary,
            provider=account.provider,
            provider_account_id=account.account_id,
            created_at_us=now_us,
            updated_at_us=now_us,
            charge_operation_id=operation_id,
            expires_at_us=expires_at_us,
            details=request.details,
        )


def capture_amount(payment: Payment, request: CapturePayment) -> Money:
    """Return what a capture takes; raise when the payment can not give it."""
    if request.currency and request.currency != payment.currency:
        raise wrong_currency(payment)
    if payment.state is not PaymentState.AUTHORIZED or payment.is_released:
        raise state_conflict(payment, "CAPTURE", "only an authorized payment can be captured")
    if payment.is_canceling:
        raise in_progress(payment, "a cancel of this payment is being carried out")
    left = payment.capturable_minor
    amount_minor = request.amount_minor or left
    if amount_minor > left or amount_minor == 0:
        raise RequestError(
            ErrorReason.CAPTURE_EXCEEDS_AUTHORIZED,
            f"{Money(left, payment.currency)} can still be captured",
            facts={
                "payment_id": payment.payment_id,
                "requested_minor": str(request.amount_minor or payment.amount_minor),
                "capturable_minor": str(left),
                "currency_code": payment.currency,
            },
        )
    return Money(amount_minor, payment.currency)
