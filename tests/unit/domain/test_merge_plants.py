"""The lattice's checks can fail: each bug that is planted here is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain import advance
from tollbridge_server.domain import merge as merging
from tollbridge_server.domain.errors import BrokenInvariant
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import AttemptState, OperationKind

from tests.unit.domain import lattice

Plant = Callable[[pytest.MonkeyPatch], None]


def silence_is_failure(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(merging._OBSERVED, Outcome.UNKNOWN, AttemptState.DECLINED)


def the_last_word_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merging, "join", lambda state, observed: observed)


def the_first_final_word_wins(patch: pytest.MonkeyPatch) -> None:
    real = merging.join
    patch.setattr(merging, "join", lambda state, observed: state if state.is_final else real(state, observed))


def amounts_are_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merging, "_amount_differs", lambda operation, evidence: False)


def versions_stand_still(patch: pytest.MonkeyPatch) -> None:
    real = merging.settle

    def settle(payment: Any, *, now_us: int) -> Any:
        return replace(real(payment, now_us=now_us), version=payment.version)

    patch.setattr(merging, "settle", settle)


def a_declined_capture_keeps_its_reservation(patch: pytest.MonkeyPatch) -> None:
    real = advance.capture

    def advanced(payment: Any, operation: Any, old: AttemptState, new: AttemptState) -> Any:
        return payment if new is AttemptState.DECLINED else real(payment, operation, old, new)

    patch.setattr(advance, "capture", advanced)


def a_capture_counts_twice(patch: pytest.MonkeyPatch) -> None:
    real = advance.capture

    def advanced(payment: Any, operation: Any, old: AttemptState, new: AttemptState) -> Any:
        after = real(payment, operation, old, new)
        return replace(after, captured_minor=after.captured_minor * 2)

    patch.setattr(advance, "capture", advanced)


def check_everything() -> None:
    for kind in OperationKind:
        lattice.check_order_free(lattice.walk(kind, lattice.queries(), 3))
        wrong = lattice.evidence(Outcome.SUCCEEDED, amount=Money(999, "EUR"))
        lattice.walk(kind, (*lattice.queries(), wrong), 2)
    declined = lattice.check_step(lattice.start(OperationKind.CAPTURE), lattice.evidence(Outcome.DECLINED))
    assert declined.case.payment.capture_reserved_minor == 0, "a declined capture holds its amount"


def test_the_checks_pass_without_a_plant() -> None:
    check_everything()


@pytest.mark.parametrize(
    "plant",
    [
        silence_is_failure,
        the_last_word_wins,
        the_first_final_word_wins,
        amounts_are_not_compared,
        versions_stand_still,
        a_declined_capture_keeps_its_reservation,
        a_capture_counts_twice,
    ],
)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, BrokenInvariant)):
        check_everything()
