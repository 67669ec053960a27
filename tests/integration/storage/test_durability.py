"""What was acknowledged is there after SIGKILL; a COMMIT that fails ends the process instead of guessing."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tollbridge_server.ports.storage import StorageUnavailable
from tollbridge_server.storage.group_commit import GroupCommit
from tollbridge_server.storage.opening import open_storage

from tests.integration.storage import samples

_ROOT = Path(__file__).parents[3]
_ACKNOWLEDGED = 200


@pytest.mark.crash
async def test_every_acknowledged_write_survives_sigkill(database_url: str) -> None:
    command = [sys.executable, "-m", "tests.integration.storage.acknowledging", database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as server:
        assert server.stdout is not None
        try:
            acknowledged = [server.stdout.readline() for _ in range(_ACKNOWLEDGED)]
        finally:
            server.kill()
        acknowledged += server.stdout.read().splitlines(keepends=True)
    ids = [line.strip() for line in acknowledged if line.endswith("\n")]  # The kill may cut the last line.
    assert len(ids) >= _ACKNOWLEDGED
    storage = await open_storage(database_url)
    lost = await storage.read(lambda tx: [each for each in ids if tx.payments.get(each) is None])
    await storage.close()
    assert lost == []


def _connection_whose_commit_fails(path: Path) -> sqlite3.Connection:
    """Return a connection on which only COMMIT notices that the row in `child` has no parent."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.executescript(
        "PRAGMA foreign_keys = ON;"
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
        "CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
    )
    return connection


async def test_a_failed_commit_is_fatal_and_unknown_to_its_units(tmp_path: Path) -> None:
    fatal: list[BaseException] = []
    connection = _connection_whose_commit_fails(tmp_path / "fails.db")
    group = GroupCommit(connection, on_fatal=fatal.append)
    units = [group.write(lambda c: c.execute("INSERT INTO child VALUES (1)").rowcount) for _ in range(3)]
    results = await asyncio.gather(*units, return_exceptions=True)
    assert [isinstance(r, StorageUnavailable) and r.is_commit_unknown for r in results] == [True] * 3
    assert len(fatal) == 1
    with pytest.raises(StorageUnavailable) as refused:
        await group.write(lambda c: c.execute("SELECT 1"))
    assert not refused.value.is_commit_unknown
    await group.close()
    assert group.commits == 0
    connection.close()


async def test_units_that_wait_behind_a_failed_commit_did_not_run(tmp_path: Path) -> None:
    connection = _connection_whose_commit_fails(tmp_path / "fails.db")
    group = GroupCommit(connection, on_fatal=lambda _: None)
    ran: list[str] = []

    def first(c: sqlite3.Connection) -> None:
        c.execute("INSERT INTO child VALUES (1)")
        # The next batch: its unit arrives while this one is being committed.
        late.append(asyncio.ensure_future(group.write(lambda _: ran.append("late"))))

    late: list[asyncio.Future[None]] = []
    results = await asyncio.gather(group.write(first), return_exceptions=True)
    results += await asyncio.gather(*late, return_exceptions=True)
    assert [isinstance(r, StorageUnavailable) and r.is_commit_unknown for r in results] == [True, False]
    assert isinstance(results[1], StorageUnavailable)
    assert ran == []
    await group.close()
    connection.close()


def test_a_failed_commit_ends_the_process_by_default() -> None:
    code = "from tollbridge_server.storage.group_commit import end_process; end_process(OSError('disk'))"
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ended.returncode == 74
    assert "could not commit" in ended.stderr


async def test_a_lock_held_elsewhere_fails_the_batch_and_leaves_the_next_one_alone(tmp_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{tmp_path / 'a.db'}")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable) as refused:
        await samples.stored_payment(storage)
    assert not refused.value.is_commit_unknown
    assert not await storage.is_healthy()
    other.execute("ROLLBACK")
    other.close()
    made = await samples.stored_payment(storage)
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) == made
    assert await storage.is_healthy()
    await storage.close()


async def test_a_full_disk_fails_the_units_that_do_not_fit_with_nothing_written(sqlite_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{sqlite_path}")
    kept = await samples.stored_payment(storage)

    def fill(tx: object) -> None:
        # A bound on the file's pages gives the very error of a full disk.
        tx.payments._session.one("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]

    await storage.write(fill)
    made = [samples.payment(merchant_reference="x" * 5_000) for _ in range(20)]
    writes = (storage.write(lambda tx, p=p: tx.payments.insert(p)) for p in made)  # type: ignore[misc]
    results = await asyncio.gather(*writes, return_exceptions=True)
    stored = await storage.read(lambda tx: [tx.payments.get(p.payment_id) for p in made])
    assert any(isinstance(r, StorageUnavailable) for r in results)
    assert [s is not None for s in stored] == [not isinstance(r, StorageUnavailable) for r in results]
    assert await storage.read(lambda tx: tx.payments.get(kept.payment_id)) == kept
    await storage.close()


async def test_units_that_wait_together_share_one_commit(sqlite_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{sqlite_path}")
    await asyncio.gather(*(samples.stored_payment(storage) for _ in range(200)))
    assert storage.statistics().commits == 1
    await storage.close()


async def test_units_that_come_one_after_the_other_commit_each(sqlite_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{sqlite_path}")
    for _ in range(3):
        await samples.stored_payment(storage)
    assert storage.statistics().commits == 3
    await storage.close()


async def test_a_second_server_on_one_file_is_refused(sqlite_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    first = await open_storage(url)
    with pytest.raises(StorageUnavailable, match="in use by another server"):
        await open_storage(url)
    await first.close()
    await (await open_storage(url)).close()


async def test_a_reader_opens_beside_a_server_and_can_not_write(sqlite_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    server = await open_storage(url)
    reader = await open_storage(url, is_reader=True)
    made = await samples.stored_payment(server)
    assert await reader.read(lambda tx: tx.payments.get(made.payment_id)) == made
    with pytest.raises(StorageUnavailable):
        await samples.stored_payment(reader)
    assert await samples.stored_payment(server)
    await reader.close()
    await server.close()


async def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await open_storage(f"sqlite:///{tmp_path / 'none.db'}", is_reader=True)
    assert list(tmp_path.iterdir()) == []
