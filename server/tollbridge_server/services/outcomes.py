"""Writes what an evidence changed (T3): payment, operation, attempt, refund, event and exception in one unit.

Refuses to change a payment without its event row, and to leave an open attempt without its next question.
"""

from __future__ import annotations

import logging

from tollbridge_server.domain import ids
from tollbridge_server.domain.event import GIVEN_BACK, ExceptionRecord
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.merge import Case, Merged, give_up, merge
from tollbridge_server.domain.operation import Attempt, AttemptState, CancelCause, OperationKind
from tollbridge_server.domain.own_refunds import beside_own_refunds
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccounts
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.events import payment_event, refund_event
from tollbridge_server.services.rows import charge_attempt_of, load_case, load_charge
from tollbridge_server.services.schedule import Schedule
from tollbridge_server.services.settings import EngineSettings

logger = logging.getLogger(__name__)

_CLOSED = Evidence(Outcome.CANCELED, source=EvidenceSource.QUERY)


class OutcomeRecorder:
    """Merges evidence inside a transaction that the caller owns."""

    def __init__(self, *, accounts: ProviderAccounts, clock: Clock, settings: EngineSettings) -> None:
        self._clock = clock
        self._schedule = Schedule(accounts=accounts, clock=clock, settings=settings)

    def record(
        self,
        tx: Transaction,
        attempt: Attempt,
        evidence: Evidence,
        *,
        known: Case | None = None,
        is_due: bool = False,
    ) -> Merged:
        """Merge one evidence about `attempt` (as the sender knew it) and write everything that it changes.

        `known` is the case as the sender wrote it a moment ago: it is merged into without being read again, and
        StaleVersion is raised when anybody else has written meanwhile. `is_due` is for Schedule.dated.
        """
        case = known or load_case(tx, attempt)
        given = _as_news(case.attempt, evidence, sent=attempt)
        evidence = beside_own_refunds(case, given)
        merged = self._merged(case, evidence)
        if evidence is not given and evidence.outcome is Outcome.UNKNOWN and not _is_asked_about(case.attempt):
            merged = replace(merged, is_doubtful=True, exception_detail=evidence.detail)
        dated = self._schedule.dated(case, merged, attempt, evidence, is_due=is_due)
        if dated is not merged.case.attempt:
            merged = replace(merged, case=replace(merged.case, attempt=dated))
        self._write(tx, case, merged, is_guarded=known is not None)
        if merged.is_given_back:
            merged = replace(merged, is_given_back=self._tell_of_return(tx, case, evidence))
        has_moved = merged.case.attempt.state is not case.attempt.state
        if has_moved and case.operation.kind is OperationKind.CANCEL:
            merged = self._after_cancel(tx, merged, evidence)
        return merged

    def doubt(self, tx: Transaction, attempt: Attempt) -> None:
        """Have an attempt asked about now, and again until the provider has answered, however it stands."""
        case = load_case(tx, attempt)
        # Who only waits for what may come late is not told that something has come.
        tx.attempts.update(replace(self._schedule.doubted(case.attempt), is_watched=case.attempt.is_watched))

    def give_up(self, tx: Transaction, attempt: Attempt) -> Merged:
        """Mark an attempt as UNRESOLVED and stop asking about it; one that is only watched stays as it is."""
        case = load_case(tx, attempt)
        merged = Merged(case) if case.attempt.is_watched else give_up(case, now_us=self._clock.now_us())
        silenced = replace(merged.case.attempt, next_check_at_us=0, lease_until_us=0, is_watched=False)
        merged = replace(merged, case=replace(merged.case, attempt=silenced))
        self._write(tx, case, merged)
        return merged

    def _merged(self, case: Case, evidence: Evidence) -> Merged:
        now_us = self._clock.now_us()
        if not evidence.needs_person or case.attempt.state.is_final:
            return merge(case, evidence, now_us=now_us)
        reference = evidence.provider_reference or case.attempt.provider_reference
        merged = give_up(replace(case, attempt=replace(case.attempt, provider_reference=reference)), now_us=now_us)
        return replace(merged, exception_detail=evidence.detail) if merged.exception else merged

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
            tx.exceptions.insert(self._exception(merged.case.attempt, merged.exception, merged.exception_detail))

    def _tell_of_return(self, tx: Transaction, case: Case, evidence: Evidence) -> bool:
        """Record the charge whose money came and went, `case` being what stood before that was known.

        Return False when it was said: a charge and its cancel may both hear of it.
        """
        is_cancel = case.operation.kind is OperationKind.CANCEL
        charge = charge_attempt_of(tx, case.operation) if is_cancel else case.attempt
        told = tx.exceptions.of_payment(case.payment.payment_id)
        if any(each.kind == GIVEN_BACK and each.attempt_id == charge.attempt_id for each in told):
            return False
        tx.exceptions.insert(self._exception(charge, GIVEN_BACK, evidence.detail))
        return True

    def _after_cancel(self, tx: Transaction, merged: Merged, evidence: Evidence) -> Merged:
        """Close the charge's attempt after a confirmed cancel; ask about it at once after a refused one of a caller."""
        payment = merged.case.payment
        charge = load_charge(tx, payment.payment_id)
        state = merged.case.attempt.state
        if charge.attempt.state.is_final or not state.is_final:
            return merged
        if state is AttemptState.SUCCEEDED:
            closed = self.record(tx, charge.attempt, _CLOSED)
            if evidence.absent:
                tx.attempts.update(self._schedule.watched(closed.case.attempt))
            return replace(merged, case=replace(merged.case, payment=closed.case.payment))
        if merged.case.operation.cancel_cause in (CancelCause.CALLER, CancelCause.METHOD_CHANGE):
            now_us = self._clock.now_us()
            tx.attempts.update(replace(charge.attempt, next_check_at_us=now_us, lease_until_us=0))
        # The resolver's own cancels follow a question: another at once would lead to the next cancel, without end.
        return merged

    def _exception(self, attempt: Attempt, kind: str, detail: str) -> ExceptionRecord:
        now_us = self._clock.now_us()
        return ExceptionRecord(
            exception_id=ids.time_ordered_id(
                ids.EXCEPTION_PREFIX, now_ms=now_us // 1000, entropy=self._clock.entropy(ids.ENTROPY_BYTES)
            ),
            merchant_id=attempt.merchant_id,
            payment_id=attempt.payment_id,
            attempt_id=attempt.attempt_id,
            kind=kind,
            detail=detail,
            created_at_us=now_us,
        )


def log_what_is_wrong(merged: Merged) -> None:
    """Log what a person or an operator has to know of, once its transaction is committed."""
    about = {"payment_id": merged.case.payment.payment_id, "attempt_id": merged.case.attempt.attempt_id}
    if merged.is_given_back:
        logger.error("money came and went; a record GIVEN_BACK tells of it", extra=about)
    if merged.exception:
        logger.error("put before a person: %s (%s)", merged.exception, merged.exception_detail, extra=about)
    elif merged.is_doubtful:
        logger.warning("the provider is asked about doubtful news: %s", merged.exception_detail, extra=about)


def _is_asked_about(attempt: Attempt) -> bool:
    return not attempt.state.is_final or attempt.next_check_at_us > 0


def _as_news(present: Attempt, evidence: Evidence, *, sent: Attempt) -> Evidence:
    """Return what an evidence can still say about an attempt as it stands now, where `sent` is what its sender knew."""
    if evidence.unsent and (present.sends != sent.sends or present.state.is_final):
        # This sender never sent it, but another one has taken over meanwhile: it did, or it ended the attempt.
        return replace(evidence, outcome=Outcome.UNKNOWN, failure=None, unsent=False)
    return evidence
