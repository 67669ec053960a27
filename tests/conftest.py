"""What every test run shares: how long and how reproducibly Hypothesis searches. Fixtures live beside their tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Examples take as long as the machine is busy, so no example has a deadline; pytest-timeout bounds the test. Shared
# machines also make generation look slow. A failure in CI prints the blob that reproduces it.
_SHARED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

settings.register_profile("dev", _SHARED)
settings.register_profile("ci", _SHARED, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))
