"""All sequences of evidence up to six words, for each kind of operation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tollbridge_server.domain.evidence import EvidenceSource, Outcome
from tollbridge_server.domain.merge import join, merge
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import AttemptState, OperationKind

from tests.unit.domain import lattice


@pytest.mark.parametrize("kind", list(OperationKind))
def test_every_sequence_of_six_queries_keeps_every_promise_and_its_order_plays_no_part(kind: OperationKind) -> None:
    seen = lattice.walk(kind, lattice.queries(), 6)
    assert seen.sequences == sum(6**length for length in range(1, 7))
    lattice.check_order_free(seen)


@pytest.mark.parametrize("kind", list(OperationKind))
def test_every_mix_of_replies_notifications_and_queries_keeps_every_promise(kind: OperationKind) -> None:
    alphabet = tuple(lattice.evidence(outcome, source) for outcome in Outcome for source in EvidenceSource)
    seen = lattice.walk(kind, alphabet, 4)
    assert seen.sequences == sum(18**length for length in range(1, 5))


@pytest.mark.parametrize("kind", list(OperationKind))
def test_a_wrong_amount_or_currency_is_never_believed_at_any_step(kind: OperationKind) -> None:
    wrong = tuple(
        lattice.evidence(Outcome.SUCCEEDED, source, amount)
        for source in EvidenceSource
        for amount in (Money(999, "EUR"), Money(1001, "EUR"), Money(1000, "USD"))
    )
    lattice.walk(kind, (*lattice.queries(), *wrong), 4)


@pytest.mark.parametrize("kind", list(OperationKind))
def test_money_that_came_and_went_undoes_no_success_and_is_no_second_story(kind: OperationKind) -> None:
    outcome = Outcome.SUCCEEDED if kind is OperationKind.CANCEL else Outcome.CANCELED
    given_back = tuple(
        replace(lattice.evidence(outcome, source, None), is_given_back=True) for source in EvidenceSource
    )
    lattice.walk(kind, (*lattice.queries(), *given_back), 4)
    if kind is not OperationKind.CANCEL:
        done = lattice.check_step(lattice.start(kind), lattice.evidence(Outcome.SUCCEEDED)).case
        for said in given_back:
            assert merge(done, said, now_us=9).case == done


def test_join_is_commutative_associative_and_idempotent() -> None:
    states = list(AttemptState)
    for a in states:
        assert join(a, a) is a
        for b in states:
            assert join(a, b) is join(b, a) or {a, b} == {AttemptState.UNKNOWN, AttemptState.SENDING}
            for c in states:
                assert join(join(a, b), c) is join(a, join(b, c))


def test_join_never_leaves_a_final_state_but_by_a_contradiction() -> None:
    for state in AttemptState:
        for observed in AttemptState:
            if state.is_final and join(state, observed) is not state:
                assert join(state, observed) is AttemptState.CONTRADICTED
