"""Writes what an evidence changed (T3): payment, operation, attempt, refund, event and exception in one unit.

Refuses to change a payment without its event row, and to leave an open attempt without its next question.
"""

from __future__ import annotations

from tollbridge_server.domain import ids
from tollbridge_server.domain.event import ExceptionRecord
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, NextActionKind, Outcome
from tollbridge_server.domain.merge import Case, Merged, give_up, merge
from tollbridge_server.domain.operation import Attempt, AttemptState, CancelCause, OperationKind, is_sending
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccounts
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.absence import Absence
from tollbridge_server.services.events import payment_event, refund_event
from tollbridge_server.services.rows import load_case, load_charge
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings

_CLOSED = Evidence(Outcome.CANCELED, source=EvidenceSource.QUERY)
_POLLED_US = 180 * MICROSECONDS


class OutcomeRecorder:
    """Merges evidence inside a transaction that the caller owns."""

    def __init__(self, *, accounts: ProviderAccounts, clock: Clock, settings: EngineSettings) -> None:
        self._accounts = accounts
        self._clock = clock
        self._settings = settings
        self._absence = Absence(settings)

    def record(self, tx: Transaction, attempt: Attempt, evidence: Evidence, *, known: Case | None = None) -> Merged:
        """Merge one evidence about `attempt` (as the sender knew it) and write everything that it changes.

        `known` is the case as the sender wrote it a moment ago: it is merged into without being read again, and
        StaleVersion is raised when anybody else has written meanwhile.
        """
        case = known or load_case(tx, attempt)
        evidence = _as_news(case.attempt, evidence, sent=attempt)
        merged = self._merged(case, evidence)
        scheduled = self._scheduled(case, merged, attempt, evidence)
        if scheduled is not merged.case.attempt:
            merged = replace(merged, case=replace(merged.case, attempt=scheduled))
        self._write(tx, case, merged, is_guarded=known is not None)
        has_moved = merged.case.attempt.state is not case.attempt.state
        if has_moved and case.operation.kind is OperationKind.CANCEL:
            merged = self._after_cancel(tx, merged, evidence)
        return merged

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

    def _scheduled(self, case: Case, merged: Merged, known: Attempt, evidence: Evidence) -> Attempt:
        """Return the merged attempt with the time of the next question, and without the lease of its sender."""
        attempt, now_us = merged.case.attempt, self._clock.now_us()
        if merged.is_doubtful:
            return replace(attempt, next_check_at_us=now_us, checks=0, is_watched=False)
        if attempt.state.is_final or attempt.state is AttemptState.UNRESOLVED:
            is_asked = _is_in_doubt(case.attempt) or (evidence.needs_person and not attempt.state.is_final)
            if not is_asked or (evidence.source is EvidenceSource.QUERY and _is_final(evidence)):
                return replace(attempt, next_check_at_us=0, lease_until_us=0, is_watched=False)
            if evidence.source is not EvidenceSource.QUERY and not evidence.needs_person:
                return attempt
            checks = attempt.checks + 1
            due_us = now_us + self._settings.pause_after_us(checks)
            return replace(attempt, checks=checks, next_check_at_us=due_us, lease_until_us=0)
        is_reply = evidence.source is EvidenceSource.REPLY
        if attempt.sends != known.sends or (not is_reply and is_sending(case.attempt, now_us=now_us)):
            # Neither news from elsewhere nor a sender whose lease ran out may disturb the one who sends now.
            return attempt
        poll_us = _poll_pause_us(attempt, now_us=now_us)
        checks = attempt.checks + (evidence.source is EvidenceSource.QUERY and not poll_us)
        due_us = now_us + (poll_us or self._settings.pause_after_us(checks))
        due_us = min((each for each in self._turns_us(merged.case) if now_us < each < due_us), default=due_us)
        return replace(attempt, checks=checks, next_check_at_us=due_us, lease_until_us=0)

    def _turns_us(self, case: Case) -> list[int]:
        """Return when the time to pay is over, and from when on what is not found counts as over with it."""
        account, expires_us = self._accounts.get(case.attempt.provider_account_id), case.payment.expires_at_us
        if not expires_us:
            return []
        over_s = self._absence.ends_after_s(account.adapter.capabilities) if account else None
        return [expires_us] if over_s is None else [expires_us, expires_us + int(over_s * MICROSECONDS) + 1]

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

    def _after_cancel(self, tx: Transaction, merged: Merged, evidence: Evidence) -> Merged:
        """Close the charge's attempt after a confirmed cancel; ask about it at once after a refused one of a caller."""
        payment = merged.case.payment
        charge = load_charge(tx, payment.payment_id)
        state = merged.case.attempt.state
        if charge.attempt.state.is_final or not state.is_final:
            return merged
        if state is AttemptState.SUCCEEDED:
            closed = self.record(tx, charge.attempt, _CLOSED)
            if evidence.absent and charge.attempt.next_action is None:
                self._watch(tx, closed.case.attempt)
            return replace(merged, case=replace(merged.case, payment=closed.case.payment))
        if merged.case.operation.cancel_cause in (CancelCause.CALLER, CancelCause.METHOD_CHANGE):
            now_us = self._clock.now_us()
            tx.attempts.update(replace(charge.attempt, next_check_at_us=now_us, lease_until_us=0))
        # The resolver's own cancels follow a question: another at once would lead to the next cancel, without end.
        return merged

    def _watch(self, tx: Transaction, attempt: Attempt) -> None:
        """Keep asking about a charge that was ended because nobody knew it: it may have been slow, not lost."""
        due_us = self._clock.now_us() + self._settings.pause_after_us(0)
        tx.attempts.update(replace(attempt, is_watched=True, checks=0, next_check_at_us=due_us))

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


def _as_news(present: Attempt, evidence: Evidence, *, sent: Attempt) -> Evidence:
    """Return what an evidence can still say about an attempt as it stands now, where `sent` is what its sender knew."""
    if evidence.unsent and (present.sends != sent.sends or present.state.is_final):
        # This sender never sent it, but another one has taken over meanwhile: it did, or it ended the attempt.
        return replace(evidence, outcome=Outcome.UNKNOWN, failure=None, unsent=False)
    if present.is_watched and evidence.outcome is Outcome.DECLINED:
        # It came late and was refused: no money moved, as it is written already.
        return replace(evidence, outcome=Outcome.CANCELED)
    return evidence


def _poll_pause_us(attempt: Attempt, *, now_us: int) -> int:
    """Return how soon to ask again about a payer who stands at the till, or 0 where the schedule says it."""
    action = attempt.next_action
    if action is None or action.kind is not NextActionKind.WAIT or now_us - attempt.created_at_us > _POLLED_US:
        return 0
    return action.poll_after_s * MICROSECONDS


def _is_in_doubt(attempt: Attempt) -> bool:
    """Whether doubtful news has come of what was settled, and the provider is still to say which is true."""
    is_settled = attempt.state.is_final or attempt.state is AttemptState.UNRESOLVED
    return is_settled and attempt.next_check_at_us > 0


def _is_final(evidence: Evidence) -> bool:
    return evidence.outcome in (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.CANCELED)
