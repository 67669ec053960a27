"""One rig for the tests of a process, made anew after a failure; every test here is marked `crash`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crash.rig import Rig


class Rigs:
    """Hands out the one rig, or a new one when a test left the last one in disorder."""

    def __init__(self, factory: pytest.TempPathFactory, closing: ExitStack) -> None:
        self._factory = factory
        self._closing = closing
        self._rig: Rig | None = None

    def get(self) -> Rig:
        if self._rig is None or self._rig.is_spoiled:
            self._rig = Rig(self._factory.mktemp("rig"))
            self._closing.callback(self._rig.close)
        return self._rig


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
    """A rig whose payments are all at rest."""
    taken = rigs.get()
    taken.is_spoiled = True  # Until the test says that it came to its end.
    return taken
