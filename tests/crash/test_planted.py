"""The kit can fail: with a bug planted into the server, the same case that passes without it is found broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crash.operations.sandbox import SANDBOX
from tests.crash.operations.shapes import Fault
from tests.crash.rig import Rig
from tests.crash.strike import Case

MakeRig = Callable[[str], Rig]

_BUGS = [
    ("the intent is committed after sending", "sale", "send.after", "", "an effect belongs to an attempt"),
    ("the intent is committed after sending", "partial refund", "send.after", "", "the provider booked"),
    ("absence is taken for failure", "partial capture", "send.before", "", "captured is 0 and not 3000"),
    ("a resend has another reference", "partial refund", "send.before", "", "an effect belongs to an attempt"),
    ("silence is taken for failure", "sale", "outcome.after_commit", "booked_reset", "both books agree"),
]
"""Bug, operation, failpoint, what the provider does, and a part of the sentence that must be found."""


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[MakeRig]:
    with ExitStack() as closing:

        def make(bug: str) -> Rig:
            rig = Rig(tmp_path, SANDBOX, bug=bug)
            closing.callback(rig.close)
            return rig

        yield make


@pytest.mark.parametrize(("bug", "operation", "failpoint", "fault", "sign"), _BUGS)
def test_a_planted_bug_is_found(
    make_rig: MakeRig, bug: str, operation: str, failpoint: str, fault: str, sign: str
) -> None:
    rig = make_rig(bug)
    case = Case(rig, SANDBOX.operations[operation])
    case.prepare()

    case.strike(failpoint, fault=Fault(fault) if fault else None)
    rig.wait_for_death()
    case.recover()

    findings = case.findings()
    assert any(sign in finding for finding in findings), findings


@pytest.mark.parametrize(("operation", "failpoint", "fault"), sorted({case[1:4] for case in _BUGS}))
def test_without_a_bug_the_same_case_is_sound(rig: Rig, operation: str, failpoint: str, fault: str) -> None:
    case = Case(rig, SANDBOX.operations[operation])
    case.prepare()

    case.strike(failpoint, fault=Fault(fault) if fault else None)
    rig.wait_for_death()
    case.recover()

    assert case.findings() == []
    rig.is_spoiled = False
