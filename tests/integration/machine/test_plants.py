"""The machine finds each of the bugs that are planted into the server, within a few short runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import tollbridge
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine.machine import ShopMachine, Tally
from tests.integration.machine.model import PromiseBroken
from tests.integration.machine.planted import PLANTS, VARIABLE, PlantedServer
from tests.integration.machine.shop import bridge
from tests.integration.machine.test_machine import searching


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found(bug: str, tmp_path: Path) -> None:
    tally = Tally()
    with bridge(tmp_path, server=PlantedServer, **{VARIABLE: bug}) as running:
        machine = seed(1)(type("Machine", (ShopMachine,), {"bridge": running, "tally": tally}))
        with pytest.raises(BaseException) as found:  # Several runs may fail, each with its own.
            run_state_machine_as_test(machine, settings=searching(20, steps=60))
    broken = (PromiseBroken, tollbridge.InternalError)
    assert isinstance(found.value, broken) or found.group_contains(broken)
