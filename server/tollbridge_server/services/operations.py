"""The exactly-once engine: durable intent, detached sending, outcome merged in one transaction.

It refuses to send what is not committed, to guess what a silent provider did, and to let a caller that hangs up
stop an effect. The protocol is T1 (intent and claim) -> send -> T3 (outcome); the resolver finishes what is left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from tollbridge_server.domain.errors import Effect, ErrorReason, RequestError
from tollbridge_server.domain.evidence import (
    Evidence,
    Outcome,
)
from tollbridge_server.domain.merge import Case, Merged
from tollbridge_server.domain.operation import Attempt, is_sending
from tollbridge_server.domain.payment import PaymentState
from tollbridge_server.domain.payment_method import PaymentMethod
from tollbridge_server.domain.storable import storable
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.failpoint import Failpoint, no_failpoint
from tollbridge_server.ports.provider import ProviderAccounts
from tollbridge_server.ports.storage import IdempotencyRecord, Storage, StorageUnavailable, Transaction
from tollbridge_server.services.calls import Charge, Secrets
from tollbridge_server.services.idempotency import Fingerprinter, require_same_request
from tollbridge_server.services.line import Line
from tollbridge_server.services.outcomes import OutcomeRecorder, log_what_is_wrong
from tollbridge_server.services.requests import Caller, IdempotencyToken
from tollbridge_server.services.rooms import Rooms
from tollbridge_server.services.rows import load_case, load_charge, require_operation, resource_of
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings

logger = logging.getLogger(__name__)
T = TypeVar("T")

_OUTCOME_TRIES = 5


@dataclass(frozen=True, slots=True)
class Intent:
    """What T1 made durable. `charge` None means that nothing is to be sent."""

    case: Case
    charge: Charge | None
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Inquired:
    """A provider's answer to a question, and what it changed."""

    evidence: Evidence
    merged: Merged


Prepare = Callable[[Transaction], Intent]


class OperationEngine:
    """Carries out operations, each exactly once; see the module's docstring."""

    def __init__(
        self,
        *,
        storage: Storage,
        accounts: ProviderAccounts,
        clock: Clock,
        settings: EngineSettings,
        failpoint: Failpoint = no_failpoint,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._failpoint = failpoint
        self._fingerprinter = Fingerprinter(settings.fingerprint_key)
        self.line = Line(accounts=accounts, clock=clock, settings=settings, failpoint=failpoint)
        self._recorder = OutcomeRecorder(accounts=accounts, clock=clock, settings=settings)
        self._rooms = Rooms(settings.max_sending_per_account)
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_draining = False

    async def execute(
        self,
        caller: Caller,
        method_name: str,
        token: IdempotencyToken,
        *,
        resource_id: str,
        prepare: Prepare,
        secrets: Secrets | None = None,
    ) -> Intent:
        """Make the intent of `prepare` durable under the caller's key, send it, and return the case after it.

        `resource_id` is the id of the operation that `prepare` makes (or of the payment, where it makes none).
        The work goes on when the caller is canceled. Raises RequestError, and StorageUnavailable.
        """
        if self._is_draining:
            raise RequestError(
                ErrorReason.SHUTTING_DOWN,
                "this server is shutting down; send the same request with the same key to another one",
                retry_after_s=1.0,
            )
        record = self._fingerprinter.record(
            caller, method_name, token, resource_id=resource_id, now_us=self._clock.now_us()
        )
        return await self._detached(self._execute(record, prepare, secrets))

    def require_same_use(self, tx: Transaction, caller: Caller, method_name: str, token: IdempotencyToken) -> None:
        """Raise IDEMPOTENCY_KEY_REUSED when the key was used for another request under `method_name`."""
        stored = tx.idempotency.get(caller.merchant_id, method_name, token.key)
        if stored is not None:
            wanted = self._fingerprinter.record(caller, method_name, token, resource_id="", now_us=0)
            require_same_request(stored, wanted, resource=resource_of(tx, stored))

    async def _execute(self, record: IdempotencyRecord, prepare: Prepare, secrets: Secrets | None) -> Intent:
        def first_transaction(tx: Transaction) -> Intent:
            stored = tx.idempotency.put(record)
            if stored is not None:
                require_same_request(stored, record, resource=resource_of(tx, stored))
                return self._replay(tx, stored)
            intent = prepare(tx)
            if intent.charge is not None:
                self._rooms.take(intent.case.attempt.provider_account_id, record.resource_id)
            self._failpoint("intent.before_commit")
            return intent

        try:
            intent = await self._storage.write(first_transaction)
            self._failpoint("intent.after_commit")
            if intent.is_replayed or intent.charge is None:
                return intent
            return await self._send_and_record(intent.case, intent.charge, secrets)
        finally:
            self._rooms.leave(record.resource_id)

    def _replay(self, tx: Transaction, stored: IdempotencyRecord) -> Intent:
        """Return the resource of a key as it is now, or raise OPERATION_IN_PROGRESS while it is being sent."""
        operation = tx.operations.get(stored.resource_id)
        if operation is None:
            payment = tx.payments.get(stored.resource_id)
            if payment is None:
                raise RequestError(ErrorReason.INTERNAL, "the resource of this key is gone", effect=Effect.POSSIBLE)
            operation = require_operation(tx, payment.charge_operation_id)
        attempts = tx.attempts.of_operation(operation)
        if not attempts:  # A cancel that no provider had to be asked for.
            charge = load_charge(tx, operation.payment_id)
            case = load_case(tx, charge.attempt)
            return Intent(replace(case, operation=operation), None, is_replayed=True)
        attempt = attempts[-1]
        if is_sending(attempt, now_us=self._clock.now_us()):
            raise RequestError(
                ErrorReason.OPERATION_IN_PROGRESS,
                "the first request with this key is still being carried out; ask again with the same key",
                effect=Effect.POSSIBLE,
                facts={"payment_id": operation.payment_id},
                retry_after_s=0.5,
            )
        return Intent(load_case(tx, attempt), None, is_replayed=True)

    async def resend(self, attempt: Attempt) -> None:
        """Send a replayable attempt again, same reference and bytes, after the provider did not know it.

        Does nothing when the attempt is final by now, was resent by somebody else, or is being canceled.
        """
        await self._detached(self._resend(attempt))

    async def _resend(self, attempt: Attempt) -> None:
        account = self.line.account_of(attempt)
        now_us = self._clock.now_us()
        deadline_us = now_us + self.line.send_timeout_us(account) + int(self._settings.lease_margin_s * MICROSECONDS)

        def second_transaction(tx: Transaction) -> tuple[Case, Charge] | None:
            case = load_case(tx, attempt)
            stored = case.attempt
            # Whoever holds a code or a page can pay with it: a second request, refused, would say that nobody can.
            is_unwanted = case.payment.state is PaymentState.NEEDS_REVIEW or (
                case.operation.kind.opens and (case.payment.is_canceling or stored.next_action is not None)
            )
            if stored.state.is_final or stored.sends != attempt.sends or is_unwanted:
                return None
            claimed = replace(
                stored,
                sends=stored.sends + 1,
                send_deadline_us=deadline_us,
                lease_until_us=deadline_us,
                next_check_at_us=deadline_us,
                updated_at_us=now_us,
            )
            tx.attempts.update(claimed)
            return replace(case, attempt=claimed), load_charge(tx, attempt.payment_id, refund=case.operation)

        claimed = await self._storage.write(second_transaction)
        self._failpoint("resolver.after_commit")
        if claimed is not None:
            case, charge = claimed
            opens = case.operation.kind.opens
            secrets = Secrets(PaymentMethod(case.payment.method.kind)) if opens else None
            await self._send_and_record(case, charge, secrets)

    async def inquire(
        self, attempt: Attempt, action_result: tuple[tuple[str, str], ...] = (), *, is_due: bool = False
    ) -> Inquired:
        """Ask the provider about an attempt and merge what it says; `is_due` when the schedule wants it."""
        return await self._detached(self._inquire(attempt, action_result, is_due=is_due))

    async def _inquire(
        self, attempt: Attempt, action_result: tuple[tuple[str, str], ...], *, is_due: bool = False
    ) -> Inquired:
        def load(tx: Transaction) -> tuple[Case, Charge]:
            case = load_case(tx, attempt, is_locking=False)
            return case, load_charge(tx, attempt.payment_id, refund=case.operation)

        case, charge = await self._storage.read(load)
        evidence = await self.line.ask(case, charge, action_result)
        self._failpoint("resolver.after_query")
        return Inquired(evidence, await self.record(case.attempt, evidence, is_due=is_due))

    async def record(
        self, attempt: Attempt, evidence: Evidence, *, known: Case | None = None, is_due: bool = False
    ) -> Merged:
        """Merge one evidence into everything it concerns, in one transaction (T3).

        `known` is the case as this process wrote it before sending; it saves reading the rows again.
        """
        evidence = storable(evidence)
        # Our own cancel may make "canceled" a part of the story, which only the present rows tell.
        usable = known if evidence.outcome is not Outcome.CANCELED else None

        def third_transaction(tx: Transaction) -> Merged:
            nonlocal usable
            first, usable = usable, None  # If somebody else has written, the next run reads what is there.
            merged = self._recorder.record(tx, attempt, evidence, known=first, is_due=is_due)
            self._failpoint("outcome.before_commit")
            return merged

        merged = await self._storage.write(third_transaction)
        self._failpoint("outcome.after_commit")
        log_what_is_wrong(merged)
        return merged

    async def doubt(self, attempt: Attempt) -> None:
        """Ask the provider about an attempt whatever is known of it, and have it asked again until it answers."""
        await self._storage.write(lambda tx: self._recorder.doubt(tx, attempt))
        await self.inquire(attempt)

    async def give_up(self, attempt: Attempt) -> Merged:
        """Stop asking about an attempt and put it before a person."""
        merged = await self._storage.write(lambda tx: self._recorder.give_up(tx, attempt))
        log_what_is_wrong(merged)
        return merged

    async def drained(self) -> None:
        """Refuse new operations and return when every effect in flight is finished and recorded."""
        self._is_draining = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _send_and_record(self, case: Case, charge: Charge, secrets: Secrets | None) -> Intent:
        evidence = await self.line.deliver(case, charge, secrets)
        for remaining in range(_OUTCOME_TRIES - 1, -1, -1):
            try:
                merged = await self.record(case.attempt, evidence, known=case)
            except StorageUnavailable:
                if remaining == 0:
                    raise RequestError(
                        ErrorReason.STORAGE_UNAVAILABLE,
                        "the provider was called but the database could not store the outcome; the server will "
                        "find it; ask again with the same key",
                        effect=Effect.POSSIBLE,
                        facts={"payment_id": case.payment.payment_id},
                        retry_after_s=5.0,
                    ) from None
                await asyncio.sleep(0.2)
            else:
                break
        if merged.is_doubtful:
            inquired = await self._inquire(case.attempt, ())
            return Intent(inquired.merged.case, None)
        return Intent(merged.case, None)

    def _detached(self, work: Coroutine[object, object, T]) -> Awaitable[T]:
        """Run `work` in a task of its own that neither client cancellation nor drain can abort."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return asyncio.shield(task)

    def _finished(self, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # Marks it as seen: the caller that wanted it may have hung up.
