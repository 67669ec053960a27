"""What every test run shares: how long and how reproducibly Hypothesis searches, and which ports are free.

Every other fixture lives beside its tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.ports import Ports

# Examples take as long as the machine is busy, so no example has a deadline; pytest-timeout bounds the test. Shared
# machines also make generation look slow. A failure in CI prints the blob that reproduces it.
_SHARED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

settings.register_profile("dev", _SHARED)
settings.register_profile("ci", _SHARED, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(scope="session", autouse=True)
def ports_of_this_process() -> Iterator[None]:
    """Let a set-up choose among ports that no other process of this run chooses from."""
    from tollbridge_server.development import simulated  # Here, since every collection pays for imports above.

    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = Ports(process, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "free_ports", own.free)
        yield
