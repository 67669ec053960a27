"""Faults wait for the requests that they are meant for: for effects or questions, of one account or of any."""

from __future__ import annotations

import pytest
from tollbridge_server.testing.simulators.frame.faults import MAX_ARMED, Armed, Fault


def test_faults_are_suffered_in_the_order_in_which_they_were_armed() -> None:
    armed: Armed[Fault] = Armed()
    armed.arm(Fault.LOST, 2)
    armed.arm(Fault.RESET)

    assert [armed.take() for _ in range(4)] == [Fault.LOST, Fault.LOST, Fault.RESET, None]


def test_a_question_passes_over_what_waits_for_an_effect_and_the_other_way_round() -> None:
    armed: Armed[Fault] = Armed()
    armed.arm(Fault.LOST)
    armed.arm(Fault.RESET, for_questions=True)

    assert armed.take(is_question=True) is Fault.RESET
    assert armed.take(is_question=True) is None
    assert armed.take() is Fault.LOST


def test_a_fault_of_one_account_spares_the_others() -> None:
    armed: Armed[Fault] = Armed()
    armed.arm(Fault.LOST, account="shop")

    assert armed.take(account="other") is None
    assert armed.take() is None
    assert armed.take(account="shop") is Fault.LOST


def test_a_fault_of_no_account_is_anybody_s() -> None:
    armed: Armed[Fault] = Armed()
    armed.arm(Fault.LOST)

    assert armed.take(account="shop") is Fault.LOST


def test_what_a_request_leaves_keeps_its_place() -> None:
    armed: Armed[Fault] = Armed()
    armed.arm(Fault.LOST)
    armed.arm(Fault.RESET)

    assert armed.take(leaving=frozenset({Fault.LOST})) is Fault.RESET
    assert armed.take(leaving=frozenset({Fault.LOST})) is None
    assert armed.take() is Fault.LOST


def test_what_is_of_effects_is_refused_for_a_question() -> None:
    armed = Armed(of_effects=frozenset({Fault.LOST}))

    with pytest.raises(ValueError, match="can not suffer lost"):
        armed.arm(Fault.LOST, for_questions=True)
    assert armed.take(is_question=True) is None


def test_what_is_of_effects_is_suffered_by_an_effect() -> None:
    armed = Armed(of_effects=frozenset({Fault.LOST}))
    armed.arm(Fault.LOST)

    assert armed.take() is Fault.LOST


def test_what_is_of_questions_waits_for_one_however_it_was_armed() -> None:
    armed = Armed(of_questions=frozenset({Fault.LOST}))
    armed.arm(Fault.LOST)
    armed.arm(Fault.LOST, for_questions=True)

    assert [armed.take(), armed.take()] == [None, None]
    assert [armed.take(is_question=True) for _ in range(3)] == [Fault.LOST, Fault.LOST, None]


@pytest.mark.parametrize("count", [0, -1, MAX_ARMED + 1])
def test_a_count_that_is_none_or_too_many_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="at most"):
        Armed[Fault]().arm(Fault.LOST, count)
