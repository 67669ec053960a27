"""The machine finds each of the bugs that are planted into the server, within a few short runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import tollbridge
from hypothesis import seed
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine.machine import ShopMachine, Tally
from tests.integration.machine.model import PromiseBroken
from tests.integration.machine.planted import PLANTS, VARIABLE, PlantedServer
from tests.integration.machine.shop import Bridge, bridge
from tests.integration.machine.test_machine import searching

SEEDS = 5
_BROKEN = (PromiseBroken, tollbridge.InternalError)


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found(bug: str, tmp_path: Path) -> None:
    with bridge(tmp_path, server=PlantedServer, **{VARIABLE: bug}) as running:
        found = _found(running, 1)
        number = 1
        while isinstance(found, Flaky) and not isinstance(found, BaseExceptionGroup) and number < SEEDS:
            # Hypothesis repeats what has failed, and a wrong server need not answer alike twice: that tells nothing.
            number += 1
            found = _found(running, number)
    assert isinstance(found, _BROKEN) or (isinstance(found, BaseExceptionGroup) and found.subgroup(_BROKEN)), found


def _found(running: Bridge, number: int) -> BaseException:
    """Let the machine search from a seed; return what it found. Several runs may fail, each with its own."""
    machine = seed(number)(type("Machine", (ShopMachine,), {"bridge": running, "tally": Tally()}))
    with pytest.raises(BaseException) as found:
        run_state_machine_as_test(machine, settings=searching(20, steps=60))
    return found.value
