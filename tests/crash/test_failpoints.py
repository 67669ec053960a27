"""SIGKILL at every failpoint during every operation: no effect is lost, and none is booked twice."""

from __future__ import annotations

import pytest
from tollbridge_server.ports.failpoint import FAILPOINTS

from tests.crash.operations import OPERATIONS, Expected
from tests.crash.rig import Rig
from tests.crash.strike import Case

_CARD_IS_NEVER_STORED = "a charge whose card is not stored is never sent again, so there is no second intent"
_CANCEL_IS_NEVER_PENDING = "the acquirer answers a cancel at once and notifies nobody of it"

UNREACHABLE = {
    ("resolver.after_commit", "authorize"): _CARD_IS_NEVER_STORED,
    ("resolver.after_commit", "sale"): _CARD_IS_NEVER_STORED,
    ("resolver.after_commit", "confirm with another card"): _CARD_IS_NEVER_STORED,
    ("notification.after_verify", "cancel"): _CANCEL_IS_NEVER_PENDING,
    ("notification.after_commit", "cancel"): _CANCEL_IS_NEVER_PENDING,
    ("notification.after_verify", "confirm during a challenge"): _CANCEL_IS_NEVER_PENDING,
    ("notification.after_commit", "confirm during a challenge"): _CANCEL_IS_NEVER_PENDING,
}
"""Failpoints that do not lie on the path of an operation, and why; every other combination kills the server."""

FAULTS = {
    "resolver.after_claim": "booked_timeout",
    "resolver.after_query": "booked_reset",
    "resolver.after_commit": "lost",
    "notification.after_verify": "pending_success",
    "notification.after_commit": "pending_success",
}
"""How the acquirer treats the request, where a failpoint lies on the path of a bad day only."""

UNARRIVED = frozenset({"intent.after_commit", "send.before", "resolver.after_commit"})
"""Failpoints at which the intent is durable and the acquirer has not got the request."""


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_leaves_exactly_one_effect(rig: Rig, failpoint: str, operation: str) -> None:
    case = Case(rig, OPERATIONS[operation])
    case.prepare()

    case.strike(failpoint, fault=FAULTS.get(failpoint, ""))
    if (failpoint, operation) in UNREACHABLE:
        assert rig.server.is_running
    else:
        rig.wait_for_death()
    case.recover()

    assert case.findings(_expected(failpoint, operation)) == []
    rig.is_spoiled = False


def test_the_table_of_unreachable_combinations_names_only_what_exists() -> None:
    assert set(UNREACHABLE) <= {(failpoint, operation) for failpoint in FAILPOINTS for operation in OPERATIONS}
    assert set(FAULTS) | UNARRIVED <= set(FAILPOINTS)


def _expected(failpoint: str, operation: str) -> Expected:
    asked = OPERATIONS[operation]
    return asked.unsent if failpoint in UNARRIVED and asked.unsent is not None else asked.expected
