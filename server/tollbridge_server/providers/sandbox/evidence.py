"""What an answer of the acquirer amounts to as evidence; an answer that says nothing clear is UNKNOWN."""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, NextAction, NextActionKind, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.providers.sandbox.codes import OUTCOMES, failure_of
from tollbridge_server.providers.sandbox.wire import ActionType, Answer
from tollbridge_server.providers.transport import Silent, Unsent


def evidence_of(result: Answer | Unsent | Silent, *, source: EvidenceSource, reference: str = "") -> Evidence:
    """Return the evidence in one answer about `reference` (empty: whichever it names)."""
    if isinstance(result, Unsent):
        return Evidence(Outcome.UNKNOWN, source, unsent=True, detail=result.reason)
    if isinstance(result, Silent):
        return Evidence(Outcome.UNKNOWN, source, detail=result.reason)
    if reference and result.reference != reference:
        return Evidence(Outcome.UNKNOWN, source, detail="the answer is about another request")
    if result.state == "not_found":
        return Evidence(Outcome.UNKNOWN, source, absent=True)
    outcome = OUTCOMES.get(result.state, Outcome.UNKNOWN)
    next_action = _action_of(result) if outcome is Outcome.REQUIRES_ACTION else None
    if outcome is Outcome.UNKNOWN or (outcome is Outcome.REQUIRES_ACTION and next_action is None):
        detail = f"state {result.state[:32]!r} with action {result.action[:32]!r} is not understood"
        return Evidence(Outcome.UNKNOWN, source, provider_reference=result.id, detail=detail)
    is_refused = outcome in (Outcome.DECLINED, Outcome.CANCELED) and result.code not in ("", "canceled")
    return Evidence(
        outcome,
        source,
        provider_reference=result.id,
        amount=Money(result.amount_minor, result.currency) if result.currency else None,
        failure=failure_of(result.code) if is_refused else None,
        next_action=next_action,
    )


def _action_of(answer: Answer) -> NextAction | None:
    if answer.action == ActionType.QR:
        return NextAction(NextActionKind.SHOW_QR, payload=answer.action_url, expires_at_us=answer.expires_at_us)
    if answer.action == ActionType.REDIRECT:
        return NextAction(NextActionKind.REDIRECT, url=answer.action_url, expires_at_us=answer.expires_at_us)
    return None
