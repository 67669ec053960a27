"""What a database holds only its owner can read, and rights that somebody gave stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tollbridge_server.ports.storage import StorageUnavailable
from tollbridge_server.storage.sqlite import SqliteStorage


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """The usual mask, under which others can read what is made."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(directory: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in directory.iterdir()}


async def test_every_file_of_a_new_database_is_its_owners(tmp_path: Path) -> None:
    storage = SqliteStorage.open(tmp_path / "bridge.db")
    assert await storage.is_healthy()
    found = rights(tmp_path)
    await storage.close()

    assert found.keys() >= {"bridge.db", "bridge.db-wal", "bridge.db-shm"}
    assert set(found.values()) == {0o600}


async def test_the_rights_of_a_database_that_exists_stay(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    await SqliteStorage.open(path).close()
    path.chmod(0o640)
    await SqliteStorage.open(path).close()

    assert rights(tmp_path)["bridge.db"] == 0o640


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").mkdir()

    with pytest.raises(StorageUnavailable, match=r"bridge\.db"):
        SqliteStorage.open(tmp_path / "bridge.db")
