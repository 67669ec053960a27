from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.rpc.bridges import Bridge, initialized, running


@pytest.fixture(scope="session")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """One server for all tests that do not stop it, and that tell their payments apart by themselves."""
    with running(initialized(tmp_path_factory.mktemp("bridge"))) as started:
        yield started
