"""SIGKILL again while the server recovers from the SIGKILL before: the next start still finishes it, once."""

from __future__ import annotations

import pytest

from tests.crash.operations.sandbox import SANDBOX
from tests.crash.rig import Rig
from tests.crash.strike import Case


@pytest.mark.parametrize("operation", ["sale", "sale by wallet", "partial capture", "cancel", "partial refund"])
@pytest.mark.parametrize(
    "kills", [("resolver.after_claim", "resolver.after_query"), ("outcome.before_commit", "outcome.after_commit")]
)
def test_kills_while_it_asks_about_what_was_booked(rig: Rig, operation: str, kills: tuple[str, ...]) -> None:
    _strike_twice(rig, operation, "send.after", kills)

    rig.is_spoiled = False


@pytest.mark.parametrize("operation", ["sale by wallet", "partial capture", "cancel", "partial refund"])
@pytest.mark.parametrize("kills", [("resolver.after_query", "resolver.after_commit"), ("send.before", "send.after")])
def test_kills_while_it_sends_again_what_never_arrived(rig: Rig, operation: str, kills: tuple[str, ...]) -> None:
    _strike_twice(rig, operation, "send.before", kills)

    rig.is_spoiled = False


@pytest.mark.parametrize("operation", ["authorize", "sale", "confirm with another card"])
@pytest.mark.parametrize(
    "kills", [("intent.before_commit", "intent.after_commit"), ("send.after", "outcome.before_commit")]
)
def test_kills_while_it_makes_sure_that_a_card_is_not_charged(rig: Rig, operation: str, kills: tuple[str, ...]) -> None:
    _strike_twice(rig, operation, "send.before", kills, is_lost=True)

    rig.is_spoiled = False


def _strike_twice(rig: Rig, operation: str, first: str, kills: tuple[str, ...], *, is_lost: bool = False) -> None:
    asked = SANDBOX.operations[operation]
    case = Case(rig, asked, asked.unsent if is_lost else None)
    case.prepare()

    case.strike(first)
    rig.wait_for_death()
    for failpoint in kills:
        case.strike_recovery(failpoint)
    case.recover()

    assert case.findings() == []
