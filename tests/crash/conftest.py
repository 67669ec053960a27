"""One rig a provider and database for the tests of a process, made anew after a failure; all are marked `crash`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tollbridge_server.testing.databases import PostgresServer

from tests.crash.operations.sandbox import SANDBOX
from tests.crash.operations.shapes import Provider
from tests.crash.rig import Rig
from tests.postgres import running_postgres


class Rigs:
    """Hands out the rig of a provider and a kind of database, or a new one when a test left the last in disorder."""

    def __init__(self, factory: pytest.TempPathFactory, closing: ExitStack) -> None:
        self._factory = factory
        self._closing = closing
        self._rigs: dict[tuple[str, bool], Rig] = {}
        self._postgres: PostgresServer | None = None

    def get(self, provider: Provider, *, has_postgres: bool = False) -> Rig:
        """Return a rig whose payments are all at rest; it counts as spoiled until the test says otherwise."""
        key = (provider.name, has_postgres)
        rig = self._rigs.get(key)
        if rig is None or rig.is_spoiled:
            if rig is not None:
                rig.close()
            directory = self._factory.mktemp("rig")
            url = self._new_database(directory.name) if has_postgres else ""
            rig = self._rigs[key] = Rig(directory, provider, database_url=url)
            self._closing.callback(rig.close)
        rig.is_spoiled = True
        return rig

    def _new_database(self, name: str) -> str:
        if self._postgres is None:
            self._postgres = self._closing.enter_context(running_postgres())
        return self._postgres.create_database(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.crash)


@pytest.fixture(scope="session")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rigs]:
    with ExitStack() as closing:
        yield Rigs(tmp_path_factory, closing)


@pytest.fixture
def rig(rigs: Rigs) -> Rig:
    """The sandbox acquirer's rig on SQLite."""
    return rigs.get(SANDBOX)
