"""Makes database files that only their owner can read, before SQLite makes them for everybody."""

from __future__ import annotations

import os
from pathlib import Path

_OWNER_ONLY = 0o600


def make_private(path: Path) -> None:
    """Make an empty file for its owner only, unless there is one. Raises OSError.

    SQLite gives the files beside it (-wal, -shm) the rights of the database. Those of a file that exists stay: somebody
    may have given them to a backup.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY))
