"""Finishes what a crash, a timeout or a pending state left open, by asking the provider; it never guesses.

It refuses to resend what may have arrived, on another account, with other bytes, or after the provider's memory of
the reference has ended; such attempts are closed at the provider, or put before a person.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from tollbridge_server.domain import ids
from tollbridge_server.domain.errors import RequestError
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.operation import Attempt, AttemptState, CancelCause, OperationKind
from tollbridge_server.domain.payment import OnDecline, Payment, PaymentState
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.failpoint import Failpoint, no_failpoint
from tollbridge_server.ports.provider import Capabilities, ProviderAccounts
from tollbridge_server.ports.storage import Storage, StorageUnavailable, Transaction
from tollbridge_server.services import calls
from tollbridge_server.services.absence import Absence
from tollbridge_server.services.cancels import CancelPreparer
from tollbridge_server.services.intents import IntentFactory
from tollbridge_server.services.operations import Intent, OperationEngine
from tollbridge_server.services.refusals import in_progress
from tollbridge_server.services.requests import Caller, IdempotencyToken
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings

logger = logging.getLogger(__name__)

_PURGE_BATCH = 500
_PURGE_EVERY_ROUNDS = 60
_DAY_US = 86_400 * MICROSECONDS


class Resolver:
    """A loop over the work list; any number of processes may run one."""

    def __init__(
        self,
        *,
        engine: OperationEngine,
        storage: Storage,
        accounts: ProviderAccounts,
        clock: Clock,
        settings: EngineSettings,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._engine = engine
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._absence = Absence(settings)
        self._give_up_us = int(settings.give_up_after_s * MICROSECONDS)
        self._failpoint = failpoint
        self._intents = IntentFactory(clock=clock, settings=settings)
        self._cancels = CancelPreparer(accounts=accounts, clock=clock, intents=self._intents)

    async def run(self) -> None:
        """Work until canceled; a failing round is logged, and the next one tries again."""
        rounds = 0
        while True:
            try:
                worked = await self.work_once()
                if rounds % _PURGE_EVERY_ROUNDS == 0:
                    await self.purge_idempotency_keys()
            except StorageUnavailable as error:
                logger.warning("resolver: the database is unavailable: %s", error)
                worked = 0
            except Exception:
                logger.exception("resolver round failed")
                worked = 0
            rounds += 1
            if not worked:
                await asyncio.sleep(self._settings.resolver_interval_s)

    async def work_once(self) -> int:
        """Take one batch of due attempts and expired payments; return how many were taken."""
        now_us = self._clock.now_us()
        lease_us = now_us + int((self._settings.query_timeout_s + self._settings.lease_margin_s) * MICROSECONDS)
        batch = self._settings.resolver_batch
        due = await self._storage.write(lambda tx: tx.attempts.claim_due(now_us, lease_until_us=lease_us, limit=batch))
        if due:
            self._failpoint("resolver.after_claim")
        expired = await self._storage.read(lambda tx: tx.payments.due_to_expire(now_us, limit=batch))
        await asyncio.gather(
            *(self._guarded(self._resolve(attempt), attempt.payment_id) for attempt in due),
            *(self._guarded(self._expire(payment_id), payment_id) for payment_id in expired),
        )
        return len(due) + len(expired)

    async def purge_idempotency_keys(self) -> int:
        """Delete one batch of idempotency keys that are older than their lifetime; return how many."""
        before_us = self._clock.now_us() - int(self._settings.idempotency_lifetime_s * MICROSECONDS)
        return await self._storage.write(lambda tx: tx.idempotency.purge(before_us, limit=_PURGE_BATCH))

    async def _guarded(self, work: Coroutine[object, object, None], payment_id: str) -> None:
        try:
            await work
        except RequestError as refusal:
            logger.info("resolver: not now: %s", refusal.message, extra={"payment_id": payment_id})
        except StorageUnavailable as error:
            logger.warning("resolver: the database is unavailable: %s", error, extra={"payment_id": payment_id})
        except Exception:
            logger.exception("resolver failed", extra={"payment_id": payment_id})

    async def _resolve(self, attempt: Attempt) -> None:
        inquired = await self._engine.inquire(attempt, is_due=True)
        after, now_us = inquired.merged.case, self._clock.now_us()
        if after.attempt.state.is_final or after.attempt.state is AttemptState.UNRESOLVED:
            if after.attempt.next_check_at_us and self._is_exhausted(after, now_us):
                await self._engine.give_up(after.attempt)
        elif now_us > self._gives_up_at_us(after):
            await self._engine.give_up(after.attempt)
        elif after.operation.kind is OperationKind.CANCEL:
            # To cancel again what stands as before does no harm, and it may have been too early.
            if inquired.evidence.absent and self._is_resendable(after, now_us=now_us):
                await self._engine.resend(after.attempt)
        elif after.operation.kind.opens and self._is_overdue(after, now_us):
            # The provider was asked a moment ago: the payer has not paid. Its confirmed cancel decides a last race.
            await self._close_overdue(after, now_us=now_us)
        elif self._absence.is_proof(after.attempt, self._capabilities(after.attempt), now_us=now_us):
            await self._after_silence(after, is_absent=inquired.evidence.absent, now_us=now_us)

    async def _after_silence(self, after: Case, *, is_absent: bool, now_us: int) -> None:
        """Send the same again, or make sure that it can never arrive, where nobody waits for an answer any more."""
        is_lost = after.attempt.state is AttemptState.REQUIRES_ACTION and after.attempt.next_action is None
        if not (is_absent or (is_lost and after.operation.kind.opens)):
            return
        if self._is_resendable(after, now_us=now_us):
            # Where the answer was lost with the code that it brought, the same request brings it.
            await self._engine.resend(after.attempt)
        elif self._is_closable(after, is_absent=is_absent):
            cause = CancelCause.EXPIRY if self._is_expired(after.payment, now_us) else CancelCause.NOT_PROCESSED
            await self._close(after.payment, cause)

    def _is_closable(self, after: Case, *, is_absent: bool) -> bool:
        """Whether a cancel can end a charge that nobody can pay by an action of ours any more."""
        if not after.operation.kind.opens or after.payment.is_canceling or after.attempt.next_action is not None:
            return False
        capabilities = self._capabilities(after.attempt)
        return not is_absent or capabilities.cancels_unsent or capabilities.absence_ends_after_s is not None

    def _is_exhausted(self, after: Case, now_us: int) -> bool:
        """Whether enough was asked about what is settled: because of doubtful news, or in case that it comes late."""
        if after.attempt.is_watched or not after.attempt.state.is_final:
            return now_us > after.attempt.created_at_us + self._give_up_us
        return after.attempt.checks >= len(self._settings.check_schedule_s)

    def _gives_up_at_us(self, after: Case) -> int:
        """Return when a person is called: not before the payer's time is over, where the payer is waited for."""
        usual_us = after.attempt.created_at_us + self._give_up_us
        waits = after.attempt.state is AttemptState.REQUIRES_ACTION or after.operation.kind is OperationKind.CANCEL
        return max(usual_us, after.payment.expires_at_us + _DAY_US) if waits else usual_us

    def _is_resendable(self, after: Case, *, now_us: int) -> bool:
        """Whether the same request may go out once more, and anybody still wants it."""
        payment, attempt, opens = after.payment, after.attempt, after.operation.kind.opens
        timeout_us = self._engine.line.send_timeout_us(self._engine.line.account_of(attempt))
        is_key_alive = now_us + timeout_us < attempt.key_expires_at_us
        is_wanted = payment.state is not PaymentState.NEEDS_REVIEW and not (
            opens and (payment.is_canceling or self._is_expired(payment, now_us))
        )
        # A cancel moves no money, and one that found nothing to end may have to wait for the end of the time to pay.
        is_allowed = attempt.sends < self._settings.max_sends or after.operation.kind is OperationKind.CANCEL
        return attempt.is_replayable and is_key_alive and is_wanted and is_allowed

    async def _expire(self, payment_id: str) -> None:
        """End a payment that still asks for a payment method when its time to pay is over."""
        payment = await self._storage.read(lambda tx: tx.payments.get(payment_id))
        if payment is not None and payment.state is PaymentState.REQUIRES_ACTION:
            await self._close(payment, CancelCause.EXPIRY)

    async def _close(self, payment: Payment, cause: CancelCause) -> None:
        """Cancel at the provider on our own account, under a key that only this version of the payment has.

        Does nothing to a payment that has changed since it was looked at: what has come may be the payer's money.
        """
        caller = Caller(payment.merchant_id, "resolver", frozenset())
        token = IdempotencyToken(f"{payment.payment_id}/{payment.version}", cause.value.encode())
        operation_id = self._intents.new_id(ids.OPERATION_PREFIX)

        def prepare(tx: Transaction) -> Intent:
            locked = tx.payments.lock(payment.payment_id)
            if locked is None or locked.version != payment.version:
                raise in_progress(payment, "it has changed since the resolver looked at it")
            return self._cancels.prepare(tx, locked, operation_id, cause=cause)

        await self._engine.execute(caller, "resolver/cancel", token, resource_id=operation_id, prepare=prepare)

    def _capabilities(self, attempt: Attempt) -> Capabilities:
        return self._engine.line.account_of(attempt).adapter.capabilities

    def _is_overdue(self, after: Case, now_us: int) -> bool:
        payment = after.payment
        if payment.state is not PaymentState.REQUIRES_ACTION or payment.is_canceling:
            return False
        if payment.charge_operation_id != after.operation.operation_id:
            return self._is_expired(payment, now_us)
        return 0 < calls.ends_at_us(self._engine.line.account_of(after.attempt).adapter, after) <= now_us

    async def _close_overdue(self, after: Case, *, now_us: int) -> None:
        """End a charge whose payer let the time pass: the payment with it, unless it may take another method."""
        may_ask = after.payment.on_decline is OnDecline.ASK_PAYMENT_METHOD
        is_over = self._is_expired(after.payment, now_us) or not may_ask
        await self._close(after.payment, CancelCause.EXPIRY if is_over else CancelCause.NOT_PROCESSED)

    def _is_expired(self, payment: Payment, now_us: int) -> bool:
        return 0 < payment.expires_at_us <= now_us
