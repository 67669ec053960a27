"""How evidence changes an attempt, its operation, the payment and the refund: pure, monotone, and order-free.

Refuses to let any evidence move an attempt backwards, and never drops evidence that contradicts a final state. What a
provider says to have done and not to have done is counted as done, whichever it said first, until a person decides.
Only of two ways in which no money moved, declined and canceled, the first word stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from tollbridge_server.domain import advance
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Failure, Outcome
from tollbridge_server.domain.operation import Attempt, AttemptState, Operation, OperationKind, OperationState
from tollbridge_server.domain.payment import Payment, settle
from tollbridge_server.domain.refund import Refund
from tollbridge_server.domain.values import replace

_RANK = {
    AttemptState.SENDING: 0,
    AttemptState.UNKNOWN: 1,
    AttemptState.REQUIRES_ACTION: 2,
    AttemptState.PENDING: 3,
    AttemptState.UNRESOLVED: 4,
    AttemptState.SUCCEEDED: 5,
    AttemptState.DECLINED: 5,
    AttemptState.CANCELED: 5,
    AttemptState.CONTRADICTED: 6,
}

_OBSERVED = {
    Outcome.SUCCEEDED: AttemptState.SUCCEEDED,
    Outcome.PENDING: AttemptState.PENDING,
    Outcome.REQUIRES_ACTION: AttemptState.REQUIRES_ACTION,
    Outcome.DECLINED: AttemptState.DECLINED,
    Outcome.CANCELED: AttemptState.CANCELED,
    Outcome.UNKNOWN: AttemptState.UNKNOWN,
}

_OPERATION_STATE = {
    AttemptState.SENDING: OperationState.PROCESSING,
    AttemptState.UNKNOWN: OperationState.PROCESSING,
    AttemptState.PENDING: OperationState.PROCESSING,
    AttemptState.REQUIRES_ACTION: OperationState.REQUIRES_ACTION,
    AttemptState.UNRESOLVED: OperationState.NEEDS_REVIEW,
    AttemptState.SUCCEEDED: OperationState.SUCCEEDED,
    AttemptState.DECLINED: OperationState.FAILED,
    AttemptState.CANCELED: OperationState.CANCELED,
    AttemptState.CONTRADICTED: OperationState.NEEDS_REVIEW,
}


def join(state: AttemptState, observed: AttemptState) -> AttemptState:
    """Return the attempt state after `observed`: the higher one, or CONTRADICTED for two different final ones.

    The operation is commutative, associative and idempotent, so evidence may come in any order and any number.
    """
    if state is observed:
        return state
    if state.is_final and observed.is_final:
        return AttemptState.CONTRADICTED
    return state if _RANK[state] >= _RANK[observed] else observed


@dataclass(frozen=True, slots=True)
class Case:
    """All that one evidence may change."""

    payment: Payment
    operation: Operation
    attempt: Attempt
    refund: Refund | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The case after an evidence.

    `is_changed` is False when the evidence says nothing new. `is_doubtful` says that a notification or a late
    reply contradicts what is known: nothing was changed, and the provider has to be asked. `exception` is a word for
    ExceptionRecord.kind when something must be looked at. `exception_detail` says what is wrong in both cases.
    `is_given_back` says that the evidence tells of money that came and went, which is to be recorded, too.
    """

    case: Case
    is_changed: bool = False
    is_doubtful: bool = False
    exception: str = ""
    exception_detail: str = ""
    is_given_back: bool = False


def merge(case: Case, evidence: Evidence, *, now_us: int) -> Merged:
    """Return the case after `evidence`; see Merged. Raises BrokenInvariant when a sum would break."""
    if not evidence.is_given_back:
        return _merge(case, evidence, now_us=now_us)
    kind, state = case.operation.kind, case.attempt.state
    if kind is not OperationKind.CANCEL and state is AttemptState.SUCCEEDED:
        return Merged(case)  # Given back after a success that we know: a refund's story, which undoes no payment.
    if kind is OperationKind.CAPTURE and not state.is_final:
        # Nothing is taken, and yet that much of the authorization is used up: only a person can say what follows.
        return replace(give_up(case, now_us=now_us), exception_detail=evidence.detail)
    merged = _merge(case, evidence, now_us=now_us)
    return replace(merged, is_given_back=not merged.is_doubtful)


def _merge(case: Case, evidence: Evidence, *, now_us: int) -> Merged:
    if _amount_differs(case.operation, evidence):
        return _amount_doubted(case, evidence, now_us=now_us)
    if _is_second_success(case, evidence):
        detail = f"{case.attempt.provider_reference} had succeeded, then {evidence.provider_reference}"
        return _contradicted(case, "SECOND_SUCCESS", detail, now_us=now_us)
    observed = _OBSERVED[evidence.outcome]
    if observed is AttemptState.CANCELED and _is_void_of(case):
        return Merged(case)
    if {case.attempt.state, observed} == {AttemptState.DECLINED, AttemptState.CANCELED}:
        return Merged(case)  # Both say that no money moved: the first word stands, and nobody has to be asked.
    state = join(case.attempt.state, observed)
    if state is AttemptState.CONTRADICTED and evidence.source is not EvidenceSource.QUERY:
        is_doubtful = case.attempt.state is not AttemptState.CONTRADICTED
        return Merged(case, is_doubtful=is_doubtful, exception_detail=_two_stories(case, evidence))
    attempt = replace(
        case.attempt,
        state=state,
        provider_reference=_reference_after(case.attempt, evidence),
        next_action=(evidence.next_action or case.attempt.next_action) if not state.is_final else None,
        updated_at_us=now_us,
    )
    if _is_same(attempt, case.attempt):
        return Merged(case)
    return _advance(case, attempt, evidence, now_us=now_us)


def give_up(case: Case, *, now_us: int) -> Merged:
    """Return the case after the resolver's last question stayed unanswered, for a person to see.

    What is open becomes UNRESOLVED. What is final was asked about because of doubtful news, which is CONTRADICTED now.
    """
    present = case.attempt.state
    if present in (AttemptState.UNRESOLVED, AttemptState.CONTRADICTED):
        return Merged(case)
    state = AttemptState.CONTRADICTED if present.is_final else AttemptState.UNRESOLVED
    attempt = replace(case.attempt, state=state, updated_at_us=now_us)
    silence = Evidence(outcome=Outcome.UNKNOWN, source=EvidenceSource.QUERY)
    merged = _advance(case, attempt, silence, now_us=now_us)
    if present.is_final:
        detail = f"{present}, then news that say otherwise, which the provider did not settle in time"
        return replace(merged, exception_detail=detail)
    return replace(merged, exception="UNRESOLVED", exception_detail="the provider gave no final answer in time")


def _amount_doubted(case: Case, evidence: Evidence, *, now_us: int) -> Merged:
    """Return the case after news of another amount than was asked for: never believed, and a person decides.

    A reply or a notification is only a reason to ask; the provider's answer to the question counts.
    """
    detail = f"asked for {case.operation.amount}, the provider reports {evidence.amount}"
    if evidence.source is not EvidenceSource.QUERY:
        return Merged(case, is_doubtful=not case.payment.is_contradicted, exception_detail=detail)
    if case.attempt.state is AttemptState.UNRESOLVED:
        return Merged(case)
    if case.attempt.state.is_final:
        return _contradicted(case, "AMOUNT_MISMATCH", detail, now_us=now_us)
    return replace(give_up(case, now_us=now_us), exception="AMOUNT_MISMATCH", exception_detail=detail)


def _contradicted(case: Case, exception: str, detail: str, *, now_us: int) -> Merged:
    """Return the case put before a person because of what can not be true together; said once."""
    if case.payment.is_contradicted:
        return Merged(case)
    payment = settle(replace(case.payment, is_contradicted=True), now_us=now_us)
    return Merged(replace(case, payment=payment), True, exception=exception, exception_detail=detail)


def _two_stories(case: Case, evidence: Evidence) -> str:
    return f"{case.operation.kind}: {case.attempt.state} then {evidence.outcome} ({evidence.provider_reference})"


def _is_second_success(case: Case, evidence: Evidence) -> bool:
    """Whether a second transaction of the provider claims to be the charge that another one already was."""
    present = case.attempt.provider_reference
    return (
        case.operation.kind.opens
        and case.attempt.state is AttemptState.SUCCEEDED
        and evidence.outcome is Outcome.SUCCEEDED
        and bool(present and evidence.provider_reference)
        and evidence.provider_reference != present
    )


def _reference_after(attempt: Attempt, evidence: Evidence) -> str:
    """Return the provider's reference: the latest one until the attempt is final, then the one that it ended with."""
    if attempt.state.is_final:
        return attempt.provider_reference or evidence.provider_reference
    return evidence.provider_reference or attempt.provider_reference


def _is_void_of(case: Case) -> bool:
    """Whether "canceled" is what our own cancel made of this authorization: authorized, then voided, is one story."""
    payment = case.payment
    return (
        case.attempt.state is AttemptState.SUCCEEDED
        and case.operation.kind is OperationKind.AUTHORIZE
        and case.operation.operation_id == payment.charge_operation_id
        and (payment.is_released or payment.is_canceling)
    )


def _amount_differs(operation: Operation, evidence: Evidence) -> bool:
    if evidence.amount is None or evidence.outcome is not Outcome.SUCCEEDED:
        return False
    return operation.kind is not OperationKind.CANCEL and evidence.amount != operation.amount


def _is_same(new: Attempt, old: Attempt) -> bool:
    return (
        new.state is old.state
        and new.provider_reference == old.provider_reference
        and new.next_action == old.next_action
    )


def _advance(case: Case, attempt: Attempt, evidence: Evidence, *, now_us: int) -> Merged:
    old, new = case.attempt.state, attempt.state
    if new is old and new.is_final:
        return _reference_learned(case, attempt, now_us=now_us)
    operation = replace(
        case.operation,
        state=_OPERATION_STATE[new],
        failure=_failure_after(case.operation.failure, evidence, new),
        updated_at_us=now_us,
    )
    payment = case.payment
    if operation.kind is not OperationKind.REFUND:
        payment = advance.review(payment, old, new)
    refund = case.refund
    exception = "CONTRADICTION" if new is AttemptState.CONTRADICTED else ""
    match operation.kind:
        case OperationKind.AUTHORIZE | OperationKind.SALE:
            if operation.operation_id == payment.charge_operation_id:
                payment = advance.charge(payment, operation, attempt, now_us=now_us)
            elif new is AttemptState.SUCCEEDED:
                exception = "SECOND_SUCCESS"
                payment = replace(payment, is_contradicted=True)
        case OperationKind.CAPTURE:
            payment = advance.capture(payment, operation, old, new)
        case OperationKind.CANCEL:
            payment = advance.cancel(payment, operation, old, new)
        case OperationKind.REFUND:
            payment, refund = advance.refund(payment, refund, operation, attempt, old, now_us=now_us)
        case never:
            assert_never(never)
    if payment.is_contradicted and not case.payment.is_contradicted:
        exception = exception or "CONTRADICTION"
    payment = advance.next_action(payment)
    if payment != case.payment or (refund and case.refund and refund.state is not case.refund.state):
        payment = settle(payment, now_us=now_us)
    detail = _two_stories(case, evidence) if exception else ""
    return Merged(Case(payment, operation, attempt, refund), True, exception=exception, exception_detail=detail)


def _reference_learned(case: Case, attempt: Attempt, *, now_us: int) -> Merged:
    """Return the case of a settled attempt whose reference at the provider is known only now; no sum moves again."""
    payment, refund = case.payment, case.refund
    if refund is not None:
        refund = replace(
            refund, version=refund.version + 1, updated_at_us=now_us, provider_reference=attempt.provider_reference
        )
    elif case.operation.operation_id == payment.charge_operation_id:
        payment = settle(replace(payment, provider_reference=attempt.provider_reference), now_us=now_us)
    return Merged(Case(payment, case.operation, attempt, refund), True)


def _failure_after(present: Failure | None, evidence: Evidence, state: AttemptState) -> Failure | None:
    if state is AttemptState.SUCCEEDED:
        return None
    return evidence.failure or present
