"""Goes through all sequences of evidence and checks after each step what must hold; raises AssertionError if not.

Sequences that lead to the same case go on alike, so each case is expanded once for each length that is left: the walk
is exhaustive, and takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tollbridge_server.domain import merge as merging
from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome
from tollbridge_server.domain.merge import Case, Merged
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import (
    Attempt,
    AttemptState,
    CancelCause,
    Operation,
    OperationKind,
    OperationState,
)
from tollbridge_server.domain.payment import (
    CaptureMethod,
    ChargeState,
    OnDecline,
    Payment,
    PaymentState,
    broken_sums,
    derive_state,
)
from tollbridge_server.domain.payment_method import MethodKind, MethodSummary
from tollbridge_server.domain.refund import Refund, RefundState

AMOUNT = Money(1000, "EUR")
FINAL = {AttemptState.SUCCEEDED, AttemptState.DECLINED, AttemptState.CANCELED}


def queries() -> tuple[Evidence, ...]:
    """Return one query's answer for each outcome."""
    return tuple(evidence(outcome) for outcome in Outcome)


def evidence(
    outcome: Outcome, source: EvidenceSource = EvidenceSource.QUERY, amount: Money | None = AMOUNT
) -> Evidence:
    failure = Failure(DeclineReason.GENERIC_DECLINE) if outcome is Outcome.DECLINED else None
    return Evidence(outcome, source, provider_reference="ref", amount=amount, failure=failure)


def start(kind: OperationKind) -> Case:
    """Return a case right after its intent: one operation of `kind` is being sent."""
    opens = kind.opens
    payment = Payment(
        payment_id="pay_1",
        merchant_id="acme",
        merchant_reference="",
        state=PaymentState.PROCESSING,
        version=1,
        amount_minor=1000,
        currency="EUR",
        capture_method=CaptureMethod.MANUAL,
        on_decline=OnDecline.FAIL,
        method=MethodSummary(MethodKind.CARD),
        provider="sandbox",
        provider_account_id="a",
        created_at_us=1,
        updated_at_us=1,
        charge_operation_id="op_1" if opens else "op_0",
        charge=ChargeState.PROCESSING if opens else ChargeState.SUCCEEDED,
        authorized_minor=0 if opens else 1000,
    )
    if kind is OperationKind.CAPTURE:
        payment = replace(payment, capture_reserved_minor=1000)
    elif kind is OperationKind.CANCEL:
        payment = replace(payment, is_canceling=True, cancel_cause=CancelCause.CALLER)
    elif kind is OperationKind.REFUND:
        payment = replace(payment, captured_minor=1000, refund_reserved_minor=1000, refund_count=1)
    payment = replace(payment, state=derive_state(payment))
    operation = Operation(
        operation_id="op_1",
        payment_id="pay_1",
        merchant_id="acme",
        kind=kind,
        state=OperationState.PROCESSING,
        amount=AMOUNT,
        created_at_us=1,
        updated_at_us=1,
        refund_id="re_1" if kind is OperationKind.REFUND else "",
        cancel_cause=CancelCause.CALLER if kind is OperationKind.CANCEL else None,
    )
    return Case(payment, operation, attempt_of(operation), refund_of(kind))


def attempt_of(operation: Operation) -> Attempt:
    return Attempt(
        attempt_id="att_" + operation.operation_id,
        operation_id=operation.operation_id,
        payment_id="pay_1",
        merchant_id="acme",
        provider="sandbox",
        provider_account_id="a",
        request_reference="r" + operation.operation_id,
        state=AttemptState.SENDING,
        created_at_us=1,
        updated_at_us=1,
    )


def refund_of(kind: OperationKind) -> Refund | None:
    if kind is not OperationKind.REFUND:
        return None
    return Refund("re_1", "pay_1", "acme", "", RefundState.PROCESSING, 1, AMOUNT, "", "sandbox", "a", "op_1", 1, 1)


@dataclass
class Walk:
    """What one walk has seen: how many sequences, and where each multiset of final evidence led."""

    sequences: int = 0
    ends: dict[frozenset[Outcome], set[object]] = field(default_factory=dict)


def walk(kind: OperationKind, alphabet: tuple[Evidence, ...], length: int) -> Walk:
    """Check every sequence over `alphabet` up to `length`; return what was seen."""
    seen = Walk()
    reached: dict[tuple[Case, frozenset[Outcome]], int] = {(start(kind), frozenset()): 1}
    for _ in range(length):
        following: dict[tuple[Case, frozenset[Outcome]], int] = {}
        for (case, told), count in reached.items():
            for said in alphabet:
                after = check_step(case, said)
                seen.sequences += count
                all_told = told | {said.outcome}
                key = (timeless(after.case), all_told)
                following[key] = following.get(key, 0) + count
                seen.ends.setdefault(all_told, set()).add(outcome_of(after.case))
        reached = following
    return seen


def check_step(case: Case, said: Evidence) -> Merged:
    """Merge one evidence, and raise AssertionError for anything that must never be."""
    after = merging.merge(case, said, now_us=case.payment.updated_at_us + 1)
    check_case(case, after, said)
    again = merging.merge(after.case, said, now_us=case.payment.updated_at_us + 2)
    assert outcome_of(again.case) == outcome_of(after.case), f"the same evidence twice changes more: {said.outcome}"
    named = merging.merge(
        after.case, replace(said, provider_reference="named later"), now_us=case.payment.updated_at_us + 3
    )
    assert money(named.case) == money(after.case), f"the same news with a number moved money again: {said.outcome}"
    return after


def check_case(before: Case, after: Merged, said: Evidence) -> None:
    """Raise AssertionError unless the step kept every promise."""
    old, new = before.attempt.state, after.case.attempt.state
    payment = after.case.payment
    assert not broken_sums(payment), broken_sums(payment)
    assert payment.state is derive_state(payment)
    if old in FINAL:
        assert new in (old, AttemptState.CONTRADICTED), f"{old} became {new}"
    if old is AttemptState.CONTRADICTED:
        assert new is old, f"a contradiction became {new}"
    assert payment.version - before.payment.version in (0, 1), "a version was skipped"
    if payment.version == before.payment.version:
        assert payment == before.payment, "a payment changed without a version"
    if said.outcome is Outcome.UNKNOWN and not after.exception:
        assert new in (old, AttemptState.UNKNOWN), f"silence made {new} of {old}"
        assert money(after.case) == money(before), "silence moved money"
    if after.is_doubtful:
        assert outcome_of(after.case) == outcome_of(before), "a doubtful word changed something"
    if said.outcome is Outcome.SUCCEEDED and said.source is EvidenceSource.QUERY and said.amount == AMOUNT:
        is_known = new in (AttemptState.SUCCEEDED, AttemptState.CONTRADICTED)
        assert is_known, f"a success was dropped: {old} became {new}"
    if new is AttemptState.CONTRADICTED and old is not new:
        assert after.exception, "a contradiction without a record"
        assert payment.state is PaymentState.NEEDS_REVIEW or after.case.refund is not None
    is_wrong = said.amount is not None and said.amount != AMOUNT and said.outcome is Outcome.SUCCEEDED
    if is_wrong and before.operation.kind is not OperationKind.CANCEL:
        is_known = before.payment.is_contradicted or old is AttemptState.UNRESOLVED
        if said.source is EvidenceSource.QUERY:
            assert is_known or after.exception == "AMOUNT_MISMATCH", "a wrong amount is put before a person"
        else:
            assert after.is_doubtful or before.payment.is_contradicted, "a wrong amount is a reason to ask"
        assert new is not AttemptState.SUCCEEDED or old is AttemptState.SUCCEEDED, "a wrong amount was believed"
        assert money(after.case) == money(before), "a wrong amount moved money"


def money(case: Case) -> tuple[int, ...]:
    p = case.payment
    reserved = p.capture_reserved_minor + p.refund_reserved_minor
    return (p.authorized_minor, p.captured_minor, p.refunded_minor, reserved)


def outcome_of(case: Case) -> object:
    """Return what a sequence amounts to, whatever its order and its times."""
    refund = case.refund.state if case.refund else None
    return (case.attempt.state, case.operation.state, case.payment.state, refund, money(case), case.payment.is_released)


def timeless(case: Case) -> Case:
    """Return the case without the marks of time and version, so that equal cases are met again."""
    return Case(
        replace(case.payment, version=1, updated_at_us=1),
        replace(case.operation, updated_at_us=1),
        replace(case.attempt, updated_at_us=1),
        replace(case.refund, version=1, updated_at_us=1) if case.refund else None,
    )


def check_order_free(seen: Walk) -> None:
    """Raise AssertionError unless every set of outcomes led to one end, whatever the order and the repetitions.

    Only sets that hold a final outcome are compared: a walk may end before its last word was said. Of declined and
    canceled the first word stands, so that both together may end as each alone does, and as nothing else.
    """
    ends_of = seen.ends
    for told, ends in ends_of.items():
        if {Outcome.DECLINED, Outcome.CANCELED} <= told and Outcome.SUCCEEDED not in told:
            alone = ends_of[told - {Outcome.DECLINED}] | ends_of[told - {Outcome.CANCELED}]
            assert ends <= alone, f"{sorted(told)} led to {ends - alone}"
        elif told & {Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.CANCELED}:
            assert len(ends) == 1, f"{sorted(told)} led to {ends}"


def all_kinds() -> Iterator[OperationKind]:
    return iter(OperationKind)
