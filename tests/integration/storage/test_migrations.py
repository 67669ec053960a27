"""The migrations make exactly the tables that the code declares, once, and a newer database is refused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel
from tollbridge_server.domain.operation import CancelCause
from tollbridge_server.domain.payment import ChargeState, PaymentState, derive_state
from tollbridge_server.ports.storage import StorageUnavailable
from tollbridge_server.storage import migrations, rows, tables
from tollbridge_server.storage.migrations import migrate, pending
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.storage.statements import columns_of
from tollbridge_server.testing.databases import PostgresServer

from tests.integration.storage import samples

_numbers = count(1)
_CHECKS = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2"


def _engine_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def test_the_migrations_make_the_declared_tables(database_url: str) -> None:
    assert tables.PaymentRow.metadata is SQLModel.metadata
    engine = create_engine(_engine_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def _sqlite_schema(path: Path) -> dict[str, list[str]]:
    """Return the parts of each CREATE statement, sorted: the order of constraints does not matter."""
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql <> ''").fetchall()
    connection.close()
    return {
        name: sorted(
            part.strip(" ,\t")
            for line in sql.splitlines()
            for part in re.split(r", (?=\w+ (?:TEXT|INTEGER) )", re.sub(r"[ \t]+", " ", line))
        )
        for name, sql in found
        if not name.startswith("alembic")
    }


def test_migrated_sqlite_tables_have_the_same_text_as_declared_ones(sqlite_path: Path, tmp_path: Path) -> None:
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert _sqlite_schema(sqlite_path) == _sqlite_schema(declared)


@pytest.mark.postgres
def test_migrated_postgresql_tables_have_the_same_constraints_as_declared_ones(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    declared = postgres_server.create_database("declared")
    engine = create_engine(_engine_url(declared))
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    with psycopg.connect(postgres_url) as one, psycopg.connect(declared) as two:
        migrated = [row for row in one.execute(_CHECKS).fetchall() if row[0] != "alembic_version"]
        assert migrated == two.execute(_CHECKS).fetchall()
        assert ("payments", "captured_fits_authorized") in {row[:2] for row in migrated}


def test_a_migrated_database_has_nothing_pending(database_url: str) -> None:
    assert pending(database_url) == ()
    assert migrate(database_url) == ()


@pytest.fixture(params=["sqlite_path", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def own_database_url(request: pytest.FixtureRequest) -> str:
    found = request.getfixturevalue(request.param)
    return f"sqlite:///{found}" if isinstance(found, Path) else str(found)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def first_version(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database as the first version of Tollbridge left it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'first.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database(f"first_version_{next(_numbers)}")
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent))
    configuration.set_main_option("path_separator", "os")
    engine = create_engine(_engine_url(url))
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
    engine.dispose()
    return url


def _store_as_the_first_version(url: str, *stored_rows: tuple[type[SQLModel], Sequence[object]]) -> None:
    later = {"capture_operation_id", "is_watched"}
    engine = create_engine(_engine_url(url))
    with engine.begin() as connection:
        for row, values in stored_rows:
            named = dict(zip(columns_of(row), values, strict=True))
            stored = {name: value for name, value in named.items() if name not in later}
            names, places = ", ".join(stored), ", ".join(f":{name}" for name in stored)
            connection.execute(text(f"INSERT INTO {row.__tablename__} ({names}) VALUES ({places})"), stored)
    engine.dispose()


@pytest.mark.parametrize(
    ("state", "cause", "migrated"),
    [
        (PaymentState.CANCELED, None, CancelCause.CALLER),
        (PaymentState.CANCELED, CancelCause.CALLER, CancelCause.CALLER),
        (PaymentState.EXPIRED, CancelCause.EXPIRY, CancelCause.EXPIRY),
    ],
)
async def test_a_payment_that_the_first_version_called_canceled_stays_what_it_was_called(
    first_version: str, state: PaymentState, cause: CancelCause | None, migrated: CancelCause
) -> None:
    nothing = dict.fromkeys(("authorized_minor", "captured_minor", "capture_reserved_minor", "refunded_minor"), 0)
    made = samples.payment(
        state=state, charge=ChargeState.CANCELED, cancel_cause=cause, refund_reserved_minor=0, **nothing
    )
    made = replace(made, is_contradicted=False, unresolved_count=0)
    _store_as_the_first_version(first_version, (tables.PaymentRow, rows.payment_row(made)))
    migrate(first_version)

    storage = await open_storage(first_version)
    found = await storage.read(lambda tx: tx.payments.get(made.payment_id))
    await storage.close()

    assert found == replace(made, cancel_cause=migrated)
    assert derive_state(found) is state


async def test_what_the_first_version_stored_is_read_by_this_one(first_version: str) -> None:
    payment = samples.payment()
    operation = samples.operation(payment)
    attempt = samples.attempt(operation)
    _store_as_the_first_version(
        first_version,
        (tables.PaymentRow, rows.payment_row(payment)),
        (tables.OperationRow, rows.operation_row(operation)),
        (tables.AttemptRow, rows.attempt_row(attempt)),
    )

    assert migrate(first_version) == ("0002",)

    storage = await open_storage(first_version)
    assert await storage.read(lambda tx: tx.payments.get(payment.payment_id)) == payment
    assert await storage.read(lambda tx: tx.operations.get(operation.operation_id)) == replace(
        operation, capture_operation_id=""
    )
    assert await storage.read(lambda tx: tx.attempts.get(attempt.attempt_id)) == replace(attempt, is_watched=False)
    await storage.close()


async def test_a_database_of_a_newer_version_is_refused(own_database_url: str) -> None:
    engine = create_engine(_engine_url(own_database_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StorageUnavailable, match="newer"):
        await open_storage(own_database_url)
    with pytest.raises(StorageUnavailable, match="newer"):
        migrate(own_database_url)


@pytest.mark.postgres
def test_of_concurrent_migrations_one_does_the_work(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database("migrated_by_four")
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(migrate, [url] * 4))
    assert sorted(applied) == [(), (), (), ("0001", "0002")]


async def test_a_new_sqlite_file_is_made_and_migrated(tmp_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{tmp_path / 'deep' / 'new.db'}")
    assert await storage.read(lambda tx: tx.payments.get("none")) is None
    await storage.close()
