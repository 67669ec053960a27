"""One PostgreSQL for a test process, in a folder of its own; it is ended, and its folder deleted, with the block.

The folder is none of pytest's: PostgreSQL runs as another user where the tests run as root, and each further run of
pytest on the machine closes all of pytest's folders to other users, also while a cluster is being made in one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tollbridge_server.testing.databases import PostgresServer


@contextmanager
def postgres_folder() -> Iterator[Path]:
    """Make a folder in which a cluster can be made."""
    folder = Path(tempfile.mkdtemp(prefix="tollbridge-postgres-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server."""
    with postgres_folder() as folder:
        server = PostgresServer(folder / "data")
        try:
            yield server
        finally:
            server.stop()
