from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tollbridge_server.development import initialize
from tollbridge_server.testing.processes import ServerProcess

from tests.e2e.commands import Served, environment


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A development server on free ports, in a folder of its own, as `tollbridge serve` would have made it."""
    directory = tmp_path_factory.mktemp("served")
    made = initialize(directory / ".tollbridge" / "config.toml", has_free_ports=True)
    with ServerProcess(made.config_path, environment=environment()) as process:
        yield Served(directory, process.target)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with a development set-up on free ports, and no server."""
    initialize(tmp_path / ".tollbridge" / "config.toml", has_free_ports=True)
    return tmp_path
