"""What only PostgreSQL can do to a unit: lose its connection, before the commit or at it, or refuse the schema."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from tollbridge_server.domain.errors import BrokenInvariant
from tollbridge_server.ports.storage import StaleVersion, StorageUnavailable, Transaction
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.storage.postgres import PostgresStorage
from tollbridge_server.testing.databases import PostgresServer

from tests.integration.storage import samples

pytestmark = pytest.mark.postgres


def _end_connections(url: str, *, where: str) -> int:
    """End the database's other connections `where` their row of pg_stat_activity says so; return how many."""
    with psycopg.connect(url, autocommit=True) as administrator:
        return administrator.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {where}"
        ).rowcount


async def test_connections_that_died_while_idle_are_replaced(postgres_url: str) -> None:
    storage = await open_storage(postgres_url, connections=4)
    await asyncio.gather(*(samples.stored_payment(storage) for _ in range(16)))
    assert _end_connections(postgres_url, where="state = 'idle' AND query NOT LIKE 'LISTEN %'") > 0
    made = [samples.payment() for _ in range(16)]
    await asyncio.gather(*(storage.write(lambda tx, p=p: tx.payments.insert(p)) for p in made))  # type: ignore[misc]
    stored = await storage.read(lambda tx: [tx.payments.get(p.payment_id) for p in made])
    await storage.close()
    assert stored == made


async def test_a_connection_lost_before_the_commit_wrote_nothing_and_says_so(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    made = samples.payment()

    def unit(tx: Transaction) -> None:
        tx.payments.insert(made)
        assert _end_connections(postgres_url, where="state = 'idle in transaction'") == 1
        tx.payments.get(made.payment_id)

    with pytest.raises(StorageUnavailable) as lost:
        await storage.write(unit)
    assert not lost.value.is_commit_unknown
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) is None
    await storage.close()


async def test_a_connection_lost_at_the_commit_leaves_it_unknown(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    parent = await samples.stored_operation(storage)
    made = samples.attempt(parent)

    def unit(tx: Transaction) -> None:
        tx.attempts.insert(made)
        assert _end_connections(postgres_url, where="state = 'idle in transaction'") == 1

    with pytest.raises(StorageUnavailable) as lost:
        await storage.write(unit)
    assert lost.value.is_commit_unknown
    assert await storage.read(lambda tx: tx.attempts.get(made.attempt_id)) is None
    await storage.close()


async def test_a_stale_version_is_tried_again(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    runs: list[None] = []
    made = samples.payment()

    def unit(tx: Transaction) -> str:
        runs.append(None)
        tx.payments.insert(made)
        if len(runs) < 3:
            raise StaleVersion(made.payment_id)
        return "done"

    assert await storage.write(unit) == "done"
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) == made
    await storage.close()


async def test_a_version_that_stays_stale_is_given_up(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    missing = samples.payment()
    with pytest.raises(StorageUnavailable) as given_up:
        await storage.write(lambda tx: tx.payments.update(missing))
    assert isinstance(given_up.value.__cause__, StaleVersion)
    assert not given_up.value.is_commit_unknown
    await storage.close()


async def test_text_that_the_database_can_not_hold_is_not_called_an_outage(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    with pytest.raises(BrokenInvariant):
        await samples.stored_payment(storage, provider_reference="a\0b")
    await storage.close()


async def test_a_unit_that_swallowed_a_database_error_is_not_called_committed(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    broken = samples.attempt(samples.operation(samples.payment()))

    def unit(tx: Transaction) -> None:
        try:
            tx.attempts.insert(broken)
        except Exception:
            return

    with pytest.raises(StorageUnavailable):
        await storage.write(unit)
    await storage.close()


async def test_the_settings_that_durability_rests_on_are_set(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as administrator:
        name = administrator.info.dbname
        administrator.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    storage = await open_storage(postgres_url)

    def settings(tx: Any) -> list[str]:
        names = ("synchronous_commit", "transaction_isolation", "transaction_read_only")
        return [tx.payments._session.one(f"SHOW {name}")[0] for name in names]

    assert await storage.write(settings) == ["on", "read committed", "off"]
    assert await storage.read(settings) == ["on", "repeatable read", "on"]
    await storage.close()


async def test_a_database_without_tables_is_refused_with_the_command_that_helps(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.create_database("never_migrated")
    with pytest.raises(StorageUnavailable, match="tollbridge migrate"):
        await open_storage(url)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StorageUnavailable, match="can not be reached"):
        await PostgresStorage.open("postgresql://nobody@127.0.0.1:1/none")


async def test_a_database_that_refuses_writes_is_not_healthy(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as administrator:
        administrator.execute(f"ALTER DATABASE {administrator.info.dbname} SET default_transaction_read_only = on")
    storage = await open_storage(postgres_url)
    assert not await storage.is_healthy()
    await storage.close()


async def test_a_database_whose_write_lock_is_held_is_not_healthy(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    with psycopg.connect(postgres_url) as holder:
        holder.execute("LOCK TABLE payments IN SHARE MODE")
        assert not await storage.is_healthy()
    assert await storage.is_healthy()
    await storage.close()


def test_storage_works_on_uvloop(postgres_url: str) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def use() -> str:
        storage = await open_storage(postgres_url)
        changes = aiter(storage.changes().subscribe(["pay_watched"]))
        await samples.stored_payment(storage, payment_id="pay_watched")
        told = await asyncio.wait_for(anext(changes), 30)
        await storage.close()
        return str(told)

    assert uvloop.run(use()) == "pay_watched"
