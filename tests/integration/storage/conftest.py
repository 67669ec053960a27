"""Storages to test: each test gets a migrated database of each kind without a row in it, on its worker's own server."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlmodel import SQLModel
from tollbridge_server.ports.storage import Storage
from tollbridge_server.storage.migrations import migrate
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.testing.databases import PostgresServer

from tests.postgres import running_postgres

_TEMPLATE = "template_tollbridge"
_numbers = count(1)

POSTGRES = pytest.param("postgresql", marks=pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        migrate(server.create_database(_TEMPLATE))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_path(sqlite_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sqlite_template, tmp_path / "tollbridge.db"))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """A database that no other test has seen or will see."""
    return postgres_server.create_database(f"test_{next(_numbers)}", template=_TEMPLATE)


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: PostgresServer) -> str:
    return postgres_server.create_database("shared", template=_TEMPLATE)


@pytest.fixture
def emptied_postgres_url(shared_postgres_url: str) -> str:
    """A database without rows, for tests that do nothing but use it: ten times faster than a new one."""
    with psycopg.connect(shared_postgres_url, autocommit=True) as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            connection.execute(f'DELETE FROM "{table.name}"')
    return shared_postgres_url


@pytest.fixture(params=["sqlite", POSTGRES])
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_path')}"
    return str(request.getfixturevalue("emptied_postgres_url"))


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    opened = await open_storage(database_url)
    yield opened
    await opened.close()
