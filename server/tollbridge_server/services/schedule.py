"""When a provider is asked about an attempt next: on a schedule, at the turns of its time, or every few seconds.

Refuses to let whoever else asks put off what is due: a caller that polls must not keep the resolver from its work.
"""

from __future__ import annotations

from collections.abc import Iterator

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, NextActionKind, Outcome
from tollbridge_server.domain.merge import Case, Merged
from tollbridge_server.domain.operation import Attempt, AttemptState, OperationKind, is_sending
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import ProviderAccounts
from tollbridge_server.services import calls
from tollbridge_server.services.absence import Absence
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings

_POLLED_US = 180 * MICROSECONDS
_FIRST_WATCH = 3
"""The step of the schedule at which watching begins: a minute or less after its end, nothing new is to be heard."""


class Schedule:
    """Dates the next question about an attempt after each evidence."""

    def __init__(self, *, accounts: ProviderAccounts, clock: Clock, settings: EngineSettings) -> None:
        self._accounts = accounts
        self._clock = clock
        self._settings = settings
        self._absence = Absence(settings)

    def watched(self, attempt: Attempt) -> Attempt:
        """Return a charge that was ended because nobody knew it, asked about on: it may have been slow, not lost."""
        due_us = self._clock.now_us() + self._settings.pause_after_us(_FIRST_WATCH)
        return replace(attempt, is_watched=True, checks=_FIRST_WATCH, next_check_at_us=due_us)

    def doubted(self, attempt: Attempt) -> Attempt:
        """Return an attempt that is asked about from now on, as though it had just begun."""
        return replace(attempt, next_check_at_us=self._clock.now_us(), checks=0, is_watched=False)

    def dated(self, case: Case, merged: Merged, known: Attempt, evidence: Evidence, *, is_due: bool) -> Attempt:
        """Return the merged attempt with the time of the next question, and without the lease of its sender.

        `case` is what stood before `merged`, `known` the attempt as its sender knew it. `is_due` says that a query was
        made because it was due: only then is the next one a step later.
        """
        attempt, now_us = merged.case.attempt, self._clock.now_us()
        if merged.is_doubtful:
            return self.doubted(attempt)
        if attempt.state.is_final or attempt.state is AttemptState.UNRESOLVED:
            return self._dated_settled(case, attempt, evidence, is_due=is_due)
        is_reply = evidence.source is EvidenceSource.REPLY
        if attempt.sends != known.sends or (not is_reply and is_sending(case.attempt, now_us=now_us)):
            # Neither news from elsewhere nor a sender whose lease ran out may disturb the one who sends now.
            return attempt
        poll_us = _poll_pause_us(attempt, now_us=now_us)
        checks = attempt.checks + (is_due and not poll_us)
        due_us = now_us + (poll_us or self._settings.pause_after_us(checks))
        due_us = min((each for each in self._turns_us(merged.case) if now_us < each < due_us), default=due_us)
        if is_reply or is_due:
            return replace(attempt, checks=checks, next_check_at_us=due_us, lease_until_us=0)
        return replace(attempt, next_check_at_us=min(due_us, attempt.next_check_at_us or due_us))

    def _dated_settled(self, case: Case, attempt: Attempt, evidence: Evidence, *, is_due: bool) -> Attempt:
        is_asked = _is_in_doubt(case.attempt) or (evidence.needs_person and not attempt.state.is_final)
        if not is_asked or (evidence.source is EvidenceSource.QUERY and _is_final(evidence)):
            return replace(attempt, next_check_at_us=0, lease_until_us=0, is_watched=False)
        if not is_due and _is_in_doubt(case.attempt):
            return attempt
        checks = attempt.checks + 1
        due_us = self._clock.now_us() + self._settings.pause_after_us(checks)
        return replace(attempt, checks=checks, next_check_at_us=due_us, lease_until_us=0)

    def _turns_us(self, case: Case) -> Iterator[int]:
        """Yield when something changes by the passing of time alone, so that it is noticed then."""
        account, expires_us = self._accounts.get(case.attempt.provider_account_id), case.payment.expires_at_us
        if expires_us:
            yield expires_us
        if account is None:
            return
        declared = account.adapter.capabilities
        if case.operation.kind.opens:
            yield calls.ends_at_us(account.adapter, case)
            yield case.attempt.send_deadline_us + self._absence.grace_us(declared) + 1
        over_us = self._absence.ends_after_us(declared)
        if case.operation.kind is OperationKind.CANCEL and over_us is not None:
            # It may end by then what its provider still does not know; it is sent more often than a charge.
            yield case.attempt.created_at_us + over_us + 1
            yield expires_us + over_us + 1


def _poll_pause_us(attempt: Attempt, *, now_us: int) -> int:
    """Return how soon to ask again about a payer who stands at the till, or 0 where the schedule says it."""
    action = attempt.next_action
    if action is None or action.kind is not NextActionKind.WAIT or now_us - attempt.created_at_us > _POLLED_US:
        return 0
    return action.poll_after_s * MICROSECONDS


def _is_in_doubt(attempt: Attempt) -> bool:
    """Whether something settled is asked about all the same: news has come that says otherwise, or may come late."""
    is_settled = attempt.state.is_final or attempt.state is AttemptState.UNRESOLVED
    return is_settled and attempt.next_check_at_us > 0


def _is_final(evidence: Evidence) -> bool:
    return evidence.outcome in (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.CANCELED)
