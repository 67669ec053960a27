"""Refunds: create, get and list. Refuses to give back more than was captured, however many callers try at once."""

from __future__ import annotations

from collections.abc import Sequence

from tollbridge_server.domain import ids
from tollbridge_server.domain.errors import BrokenInvariant, ErrorReason, RequestError
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import Operation, OperationKind, OperationState
from tollbridge_server.domain.payment import Payment, PaymentState, settle
from tollbridge_server.domain.refund import Refund, RefundState
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccounts
from tollbridge_server.ports.storage import RefundFilter, Storage, Transaction
from tollbridge_server.services.events import refund_event
from tollbridge_server.services.intents import IntentFactory
from tollbridge_server.services.operations import Intent, OperationEngine
from tollbridge_server.services.refusals import require_account, state_conflict, wrong_currency
from tollbridge_server.services.requests import Caller, CreateRefund, RefundLookup, RefundPage, RefundView
from tollbridge_server.services.rows import MAX_MATCHES, capture_of, load_charge, lock_owned, require_operation
from tollbridge_server.services.settings import EngineSettings


class RefundService:
    """The use cases of RefundService; every method sees only the caller's merchant."""

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
        self._intents = IntentFactory(clock=clock, settings=settings)

    async def create(self, caller: Caller, request: CreateRefund) -> RefundView:
        """Give back all or a part of what was captured. Raises REFUND_EXCEEDS_CAPTURED or PAYMENT_STATE_CONFLICT."""
        operation_id = self._intents.new_id(ids.OPERATION_PREFIX)
        refund_id = self._intents.new_id(ids.REFUND_PREFIX)

        def prepare(tx: Transaction) -> Intent:
            payment = lock_owned(tx, caller, request.payment_id)
            amount = refund_amount(payment, request)
            account = require_account(self._accounts, payment, OperationKind.REFUND)
            charge = load_charge(tx, payment.payment_id)
            is_of_capture = account.adapter.capabilities.refunds_captures and not charge.operation.kind.captures
            operation, attempt = self._intents.new_operation(
                operation_id=operation_id,
                payment_id=payment.payment_id,
                kind=OperationKind.REFUND,
                amount=amount,
                account=account,
                is_replayable=True,
                refund_id=refund_id,
                capture_operation_id=_capture_with_room(tx, payment, amount) if is_of_capture else "",
            )
            refund = self._new_refund(payment, request, operation, refund_id)
            after = self._reserve(tx, payment, refund)
            tx.refunds.insert(refund)
            tx.operations.insert(operation)
            tx.attempts.insert(attempt)
            capture = capture_of(tx, operation) if is_of_capture else None
            return Intent(Case(after, operation, attempt, refund), replace(charge, capture=capture))

        done = await self._engine.execute(
            caller, "CreateRefund", request.token, resource_id=operation_id, prepare=prepare
        )
        if done.case.refund is None:
            raise ValueError("a refund operation without its refund")
        return RefundView(done.case.refund, done.case.payment, done.case.attempt, done.is_replayed)

    async def get(self, caller: Caller, lookup: RefundLookup) -> RefundView:
        """Return one refund with its payment. Raises REFUND_NOT_FOUND and REFERENCE_AMBIGUOUS."""
        return await self._storage.read(lambda tx: _view(tx, _find(tx, caller, lookup)))

    async def page(self, caller: Caller, wanted: RefundFilter, *, before_id: str, limit: int) -> RefundPage:
        """Return up to `limit` refunds, newest first, older than `before_id` (empty: from the newest)."""

        def read(tx: Transaction) -> RefundPage:
            found = tx.refunds.page(caller.merchant_id, wanted, before_id=before_id, limit=limit + 1)
            next_id = found[limit - 1].refund_id if len(found) > limit else ""
            return RefundPage(tuple(_view(tx, refund) for refund in found[:limit]), next_id)

        return await self._storage.read(read)

    def _new_refund(self, payment: Payment, request: CreateRefund, operation: Operation, refund_id: str) -> Refund:
        now_us = self._clock.now_us()
        return Refund(
            refund_id=refund_id,
            payment_id=payment.payment_id,
            merchant_id=payment.merchant_id,
            merchant_reference=request.merchant_reference,
            state=RefundState.PROCESSING,
            version=1,
            amount=operation.amount,
            reason=request.reason,
            provider=payment.provider,
            provider_account_id=payment.provider_account_id,
            operation_id=operation.operation_id,
            created_at_us=now_us,
            updated_at_us=now_us,
        )

    def _reserve(self, tx: Transaction, payment: Payment, refund: Refund) -> Payment:
        reserved = payment.refund_reserved_minor + refund.amount.amount_minor
        changed = replace(payment, refund_reserved_minor=reserved, refund_count=payment.refund_count + 1)
        after = settle(changed, now_us=self._clock.now_us())
        tx.payments.update(after)
        tx.events.insert(refund_event(None, refund, after, self._clock))
        return after


def refund_amount(payment: Payment, request: CreateRefund) -> Money:
    """Return what a refund gives back; raise when the payment can not give it."""
    if request.currency and request.currency != payment.currency:
        raise wrong_currency(payment)
    if payment.state is PaymentState.NEEDS_REVIEW:
        raise state_conflict(payment, "REFUND", "a person has to look at it before money goes back")
    if payment.captured_minor == 0:
        raise state_conflict(
            payment, "REFUND", "nothing was captured; an authorization is given back with CancelPayment"
        )
    left = payment.refundable_minor
    amount_minor = request.amount_minor or left
    if amount_minor > left or amount_minor == 0:
        raise RequestError(
            ErrorReason.REFUND_EXCEEDS_CAPTURED,
            f"{Money(left, payment.currency)} can still be refunded",
            facts={
                "payment_id": payment.payment_id,
                "requested_minor": str(request.amount_minor or payment.captured_minor),
                "refundable_minor": str(left),
                "currency_code": payment.currency,
            },
        )
    return Money(amount_minor, payment.currency)


def _capture_with_room(tx: Transaction, payment: Payment, amount: Money) -> str:
    """Return the capture that `amount` is given back from: the one that is nearest to being used up by it.

    Raises REFUND_EXCEEDS_CAPTURED when only several captures together have so much left.
    """
    operations = tx.operations.of_payment(payment.payment_id)
    rooms = {
        each.operation_id: each.amount.amount_minor
        for each in operations
        if each.kind is OperationKind.CAPTURE and each.state is OperationState.SUCCEEDED
    }
    for each in operations:
        if each.capture_operation_id in rooms and each.state not in (OperationState.FAILED, OperationState.CANCELED):
            rooms[each.capture_operation_id] -= each.amount.amount_minor
    fitting = [(room, operation_id) for operation_id, room in rooms.items() if room >= amount.amount_minor]
    if not fitting:
        largest = Money(max(rooms.values(), default=0), payment.currency)
        raise RequestError(
            ErrorReason.REFUND_EXCEEDS_CAPTURED,
            f"{payment.provider} gives back capture by capture, and none has more than {largest} left; make several "
            "refunds",
            facts={
                "payment_id": payment.payment_id,
                "requested_minor": str(amount.amount_minor),
                "refundable_minor": str(largest.amount_minor),
                "currency_code": payment.currency,
            },
        )
    return min(fitting)[1]


def _find(tx: Transaction, caller: Caller, lookup: RefundLookup) -> Refund:
    found: Sequence[Refund]
    if lookup.refund_id:
        refund = tx.refunds.get(lookup.refund_id)
        facts, found = {"refund_id": lookup.refund_id}, [refund] if refund else []
    elif lookup.merchant_reference:
        facts = {"merchant_reference": lookup.merchant_reference}
        found = tx.refunds.find_by_merchant_reference(caller.merchant_id, lookup.merchant_reference, limit=MAX_MATCHES)
    else:
        facts = {"provider_reference": lookup.provider_reference}
        found = tx.refunds.find_by_provider_reference(caller.merchant_id, lookup.provider_reference, limit=MAX_MATCHES)
    if not found or found[0].merchant_id != caller.merchant_id:
        raise RequestError(ErrorReason.REFUND_NOT_FOUND, "the merchant of this token has no such refund", facts=facts)
    if len(found) > 1:
        raise RequestError(
            ErrorReason.REFERENCE_AMBIGUOUS,
            "several refunds have this reference; list them with ListRefunds and ask by refund id",
            facts={**facts, "matches": str(len(found))},
        )
    return found[0]


def _view(tx: Transaction, refund: Refund) -> RefundView:
    payment = tx.payments.get(refund.payment_id)
    attempts = tx.attempts.of_operation(require_operation(tx, refund.operation_id))
    if payment is None or not attempts:
        raise BrokenInvariant(f"refund {refund.refund_id} has lost its payment or attempt")
    return RefundView(refund, payment, attempts[-1])
