from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from tollbridge_server.testing.databases import PostgresServer

from tests.integration.concurrency.bridges import Bridges, bridges
from tests.postgres import running_postgres

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    return postgres_server.create_database(f"concurrency_{next(_numbers)}")


@pytest.fixture(
    params=[
        pytest.param(("sqlite", 1), id="sqlite"),
        pytest.param(("postgresql", 1), id="postgres", marks=pytest.mark.postgres),
        pytest.param(("postgresql", 2), id="postgres-two-servers", marks=pytest.mark.postgres),
    ]
)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridges]:
    """Servers on each database, and two on the one that allows it."""
    kind, servers = request.param
    url = "sqlite:///tollbridge.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    with bridges(tmp_path_factory.mktemp("servers"), servers=servers, database_url=url) as started:
        yield started


@pytest.fixture
def pair(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridges]:
    """Two servers on one PostgreSQL database."""
    with bridges(tmp_path_factory.mktemp("pair"), servers=2, database_url=postgres_url) as started:
        yield started
