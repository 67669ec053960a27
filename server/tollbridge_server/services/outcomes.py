"""Writes what an evidence changed (T3): payment, operation, attempt, refund, event and exception in one unit.

Refuses to change a payment without its event row, and to leave an open attempt without its next question.
"""

from __future__ import annotations

from tollbridge_server.domain import ids
from tollbridge_server.domain.event import ExceptionRecord
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.merge import Case, Merged, give_up, merge
from tollbridge_server.domain.operation import Attempt, AttemptState, CancelCause, OperationKind, is_sending
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.events import payment_event, refund_event
from tollbridge_server.services.rows import load_case, load_charge
from tollbridge_server.services.settings import EngineSettings

_CLOSED = Evidence(Outcome.CANCELED, source=EvidenceSource.QUERY)


class OutcomeRecorder:
    """Merges evidence inside a transaction that the caller owns."""

    def __init__(self, *, clock: Clock, settings: EngineSettings) -> None:
        self._clock = clock
        self._settings = settings

    def record(self, tx: Transaction, attempt: Attempt, evidence: Evidence, *, known: Case | None = None) -> Merged:
        """Merge one evidence about `attempt` (as the sender knew it) and write everything that it changes.

        `known` is the case as the sender wrote it a moment ago: it is merged into without being read again, and
        StaleVersion is raised when anybody else has written meanwhile.
        """
        case = known or load_case(tx, attempt)
        now_us = self._clock.now_us()
        if evidence.unsent and case.attempt.sends != attempt.sends:
            # This sender never sent it, but another one has taken over meanwhile and did.
            evidence = replace(evidence, outcome=Outcome.UNKNOWN, failure=None, unsent=False)
        merged = merge(case, evidence, now_us=now_us)
        scheduled = self._scheduled(case, merged, attempt, evidence)
        if scheduled is not merged.case.attempt:
            merged = replace(merged, case=replace(merged.case, attempt=scheduled))
        self._write(tx, case, merged, is_guarded=known is not None)
        has_moved = merged.case.attempt.state is not case.attempt.state
        if has_moved and case.operation.kind is OperationKind.CANCEL:
            merged = self._after_cancel(tx, merged)
        return merged

    def give_up(self, tx: Transaction, attempt: Attempt) -> Merged:
        """Mark an attempt as UNRESOLVED and stop asking about it."""
        case = load_case(tx, attempt)
        merged = give_up(case, now_us=self._clock.now_us())
        silenced = replace(merged.case.attempt, next_check_at_us=0, lease_until_us=0)
        merged = replace(merged, case=replace(merged.case, attempt=silenced))
        self._write(tx, case, merged)
        return merged

    def _scheduled(self, case: Case, merged: Merged, known: Attempt, evidence: Evidence) -> Attempt:
        """Return the merged attempt with the time of the next question, and without the lease of its sender."""
        attempt, now_us = merged.case.attempt, self._clock.now_us()
        if merged.is_doubtful:
            return replace(attempt, next_check_at_us=now_us, checks=0)
        if attempt.state.is_final or attempt.state is AttemptState.UNRESOLVED:
            if not _is_in_doubt(case.attempt) or (evidence.source is EvidenceSource.QUERY and _is_final(evidence)):
                return replace(attempt, next_check_at_us=0, lease_until_us=0)
            if evidence.source is not EvidenceSource.QUERY:
                return attempt
            checks = attempt.checks + 1
            due_us = now_us + self._settings.pause_after_us(checks)
            return replace(attempt, checks=checks, next_check_at_us=due_us, lease_until_us=0)
        is_reply = evidence.source is EvidenceSource.REPLY
        if attempt.sends != known.sends or (not is_reply and is_sending(case.attempt, now_us=now_us)):
            # Neither news from elsewhere nor a sender whose lease ran out may disturb the one who sends now.
            return attempt
        checks = attempt.checks + (evidence.source is EvidenceSource.QUERY)
        due_us = now_us + self._settings.pause_after_us(checks)
        if now_us < merged.case.payment.expires_at_us < due_us:
            due_us = merged.case.payment.expires_at_us
        return replace(attempt, checks=checks, next_check_at_us=due_us, lease_until_us=0)

    def _write(self, tx: Transaction, before: Case, merged: Merged, *, is_guarded: bool = False) -> None:
        after = merged.case
        if after.payment is not before.payment and after.payment.version != before.payment.version:
            tx.payments.update(after.payment)
            if after.refund is not None and after.refund is not before.refund:
                tx.events.insert(refund_event(before.refund, after.refund, after.payment, self._clock))
            else:
                tx.events.insert(payment_event(before.payment, after.payment, self._clock))
        if after.operation is not before.operation:
            tx.operations.update(after.operation)
        if is_guarded:
            tx.attempts.update_unchanged(after.attempt, seen_at_us=before.attempt.updated_at_us)
        elif after.attempt is not before.attempt:
            tx.attempts.update(after.attempt)
        if after.refund is not None and after.refund is not before.refund:
            tx.refunds.update(after.refund)
        if merged.exception:
            tx.exceptions.insert(self._exception(merged))

    def _after_cancel(self, tx: Transaction, merged: Merged) -> Merged:
        """Close the charge's attempt after a confirmed cancel; ask about it at once after a refused one of a caller."""
        payment = merged.case.payment
        charge = load_charge(tx, payment.payment_id)
        state = merged.case.attempt.state
        if charge.attempt.state.is_final or not state.is_final:
            return merged
        if state is AttemptState.SUCCEEDED:
            closed = self.record(tx, charge.attempt, _CLOSED)
            return replace(merged, case=replace(merged.case, payment=closed.case.payment))
        if merged.case.operation.cancel_cause in (CancelCause.CALLER, CancelCause.METHOD_CHANGE):
            now_us = self._clock.now_us()
            tx.attempts.update(replace(charge.attempt, next_check_at_us=now_us, lease_until_us=0))
        # The resolver's own cancels follow a question: another at once would lead to the next cancel, without end.
        return merged

    def _exception(self, merged: Merged) -> ExceptionRecord:
        now_us = self._clock.now_us()
        return ExceptionRecord(
            exception_id=ids.time_ordered_id(
                ids.EXCEPTION_PREFIX, now_ms=now_us // 1000, entropy=self._clock.entropy(ids.ENTROPY_BYTES)
            ),
            merchant_id=merged.case.payment.merchant_id,
            payment_id=merged.case.payment.payment_id,
            attempt_id=merged.case.attempt.attempt_id,
            kind=merged.exception,
            detail=merged.exception_detail,
            created_at_us=now_us,
        )


def _is_in_doubt(attempt: Attempt) -> bool:
    """Whether doubtful news has come of what was settled, and the provider is still to say which is true."""
    is_settled = attempt.state.is_final or attempt.state is AttemptState.UNRESOLVED
    return is_settled and attempt.next_check_at_us > 0


def _is_final(evidence: Evidence) -> bool:
    return evidence.outcome in (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.CANCELED)
