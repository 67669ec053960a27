"""Makes the rows of a new operation: the intent that must be durable before any byte is sent."""

from __future__ import annotations

from tollbridge_server.domain import ids
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import (
    Attempt,
    AttemptState,
    CancelCause,
    Operation,
    OperationKind,
    OperationState,
)
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccount
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings


class IntentFactory:
    """Makes operations with their first attempt, leased to the process that made them."""

    def __init__(self, *, clock: Clock, settings: EngineSettings) -> None:
        self._clock = clock
        self._settings = settings

    def new_id(self, prefix: str) -> str:
        """Return a fresh identifier that sorts by time."""
        entropy = self._clock.entropy(ids.ENTROPY_BYTES)
        return ids.time_ordered_id(prefix, now_ms=self._clock.now_us() // 1000, entropy=entropy)

    def new_operation(
        self,
        *,
        operation_id: str,
        payment_id: str,
        kind: OperationKind,
        amount: Money,
        account: ProviderAccount,
        is_replayable: bool,
        refund_id: str = "",
        capture_operation_id: str = "",
        is_final: bool = False,
        cancel_cause: CancelCause | None = None,
        reason: str = "",
    ) -> tuple[Operation, Attempt]:
        """Return an operation and its first attempt, claimed for sending now (T1 and T2 in one)."""
        now_us = self._clock.now_us()
        operation = Operation(
            operation_id=operation_id,
            payment_id=payment_id,
            merchant_id=account.merchant_id,
            kind=kind,
            state=OperationState.PROCESSING,
            amount=amount,
            created_at_us=now_us,
            updated_at_us=now_us,
            refund_id=refund_id,
            capture_operation_id=capture_operation_id,
            is_final=is_final,
            cancel_cause=cancel_cause,
            reason=reason,
        )
        capabilities = account.adapter.capabilities
        timeout_s = self._settings.send_timeout_s or capabilities.send_timeout_s
        deadline_us = now_us + int((timeout_s + self._settings.lease_margin_s) * MICROSECONDS)
        attempt = Attempt(
            attempt_id=self.new_id(ids.ATTEMPT_PREFIX),
            operation_id=operation_id,
            payment_id=payment_id,
            merchant_id=account.merchant_id,
            provider=account.provider,
            provider_account_id=account.account_id,
            request_reference=ids.request_reference(entropy=self._clock.entropy(ids.REFERENCE_ENTROPY_BYTES)),
            state=AttemptState.SENDING,
            created_at_us=now_us,
            updated_at_us=now_us,
            lease_until_us=deadline_us,
            send_deadline_us=deadline_us,
            key_expires_at_us=now_us + capabilities.key_lifetime_s * MICROSECONDS,
            next_check_at_us=deadline_us,
            is_replayable=is_replayable,
        )
        return operation, attempt
