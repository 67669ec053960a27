"""The server keeps the contract over tens of thousands of requests in any order, and both books agree in the end.

`TOLLBRIDGE_SOAK_STEPS=1000000` makes each shard that long.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine.books import check_books, lasting_breaks
from tests.integration.machine.machine import ShopMachine, Tally
from tests.integration.machine.shop import Bridge, bridge

SHARDS = 4
STEPS = int(os.environ.get("TOLLBRIDGE_SOAK_STEPS", "5000"))
STEPS_OF_A_RUN = 200
RUNS_OF_A_SEED = 5


def searching(runs: int, *, steps: int = STEPS_OF_A_RUN) -> settings:
    """Runs without shrinking: every step is a call, and a seed that fails is printed."""
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    with bridge(tmp_path_factory.mktemp("machine")) as started:
        yield started


def _seeds(shard: int) -> Iterator[int]:
    """One seed that nobody has tried, then the same ones in every run of the tests."""
    yield random.SystemRandom().randrange(2**32)
    yield from range(shard * 1_000_000, (shard + 1) * 1_000_000)


@pytest.mark.slow
@pytest.mark.timeout(max(600, STEPS // 10))
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_order_of_requests_breaks_the_contract(running: Bridge, shard: int) -> None:
    tally = Tally()
    for number in _seeds(shard):
        print(f"seed {number}")  # Shown when the run fails: seed(number) repeats it.
        machine = seed(number)(type("Machine", (ShopMachine,), {"bridge": running, "tally": tally}))
        run_state_machine_as_test(machine, settings=searching(RUNS_OF_A_SEED))
        assert lasting_breaks(running) == []
        if tally.steps >= STEPS:
            break
    settled = list(tally.unsettled)
    machine.bridge = running
    waiter = machine()
    for paid in settled:
        waiter.wait(paid)
    check_books(running, settled)
    assert lasting_breaks(running) == []
    assert tally.steps >= STEPS
    assert tally.late <= 5 + tally.steps // 500, f"{tally.late} answers were late"
    print(tally.steps, tally.runs, tally.payments, tally.late, len(settled), tally.by_rule)
