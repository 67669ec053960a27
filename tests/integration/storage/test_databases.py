"""The PostgreSQL of the tests: it never outlives its process, and its databases are apart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tollbridge_server.testing.databases import PostgresServer

from tests.postgres import postgres_folder

pytestmark = pytest.mark.postgres

_START_AND_FAIL = """
import sys
from pathlib import Path
from tollbridge_server.testing.databases import PostgresServer
directory = Path(sys.argv[1])
PostgresServer(directory)
print((directory / "postmaster.pid").read_text().splitlines()[0])
raise SystemExit(3)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with postgres_folder() as made:
        yield made


def test_a_process_that_ends_without_stopping_its_server_leaves_none_behind(folder: Path) -> None:
    directory = folder / "data"
    ended = subprocess.run(
        [sys.executable, "-c", _START_AND_FAIL, str(directory)], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 3, ended.stderr
    status = Path("/proc") / ended.stdout.strip() / "cmdline"
    assert not status.exists() or status.read_bytes() == b""  # Empty: dead, and not yet reaped by its parent.
    assert not directory.exists()


def test_a_second_stop_does_nothing(folder: Path) -> None:
    server = PostgresServer(folder / "data")
    server.stop()
    server.stop()
    assert not (folder / "data").exists()


def test_a_folder_is_none_that_another_run_of_pytest_closes(folder: Path) -> None:
    assert not [part for part in folder.parts if part.startswith("pytest-of-")]


def test_a_copy_of_a_database_is_apart_from_it(postgres_server: PostgresServer) -> None:
    original = postgres_server.create_database("original")
    with psycopg.connect(original, autocommit=True) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    copy = postgres_server.create_database("a_copy", template="original")
    with psycopg.connect(copy, autocommit=True) as connection:
        connection.execute("INSERT INTO t VALUES (2)")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)
    with psycopg.connect(original) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_a_name_that_is_not_plain_is_refused(postgres_server: PostgresServer) -> None:
    with pytest.raises(ValueError, match="database name"):
        postgres_server.create_database("--help")


def test_a_database_that_exists_is_not_made_again(postgres_server: PostgresServer) -> None:
    postgres_server.create_database("made_once")
    with pytest.raises(RuntimeError, match="already exists"):
        postgres_server.create_database("made_once")
