"""Schema migrations by Alembic: at start for SQLite, by `tollbridge migrate` for PostgreSQL, each in one transaction.

Refuses a database that a newer Tollbridge has migrated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from tollbridge_server.ports.storage import StorageUnavailable

_ADVISORY_LOCK = 7_236_558_214  # Any number, as long as every Tollbridge takes the same one.


def migrate(url: str) -> tuple[str, ...]:
    """Bring the database at `url` to the present schema; return the revisions that were applied.

    `url` is `sqlite:///path` or `postgresql://…`. Raises StorageUnavailable.
    """
    with _connected(url) as connection:
        before = _pending(connection)
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        return before


def pending(url: str) -> tuple[str, ...]:
    """Return the revisions that the database at `url` still lacks, oldest first. Raises StorageUnavailable."""
    with _connected(url) as connection:
        return _pending(connection)


def _pending(connection: Connection) -> tuple[str, ...]:
    scripts = ScriptDirectory.from_config(_configuration())
    present = MigrationContext.configure(connection).get_current_revision()
    missing = scripts.iterate_revisions("head", present or "base")
    return tuple(reversed([script.revision for script in missing]))


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection
    except (CommandError, RevisionError) as error:
        raise StorageUnavailable(
            f"the database was migrated by a newer Tollbridge ({error}); start that version"
        ) from error
    except DBAPIError as error:
        raise StorageUnavailable(f"the database can not be migrated: {error.orig}") from error
    finally:
        engine.dispose()


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        # libpq reads the URL, as it does for the server: SQLAlchemy knows fewer forms of it.
        return create_engine(
            "postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(url, connect_timeout=10)
        )
    engine = create_engine(url, poolclass=NullPool, connect_args={"isolation_level": None})

    # The driver by itself commits before each DDL statement; a migration has to be all or nothing.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
