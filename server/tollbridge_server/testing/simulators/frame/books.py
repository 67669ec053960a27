"""A simulator's own durable file, and what is read from it while another process writes it.

Refuses a file that another version of Tollbridge, or another program, made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tollbridge_server.ports.books import BookedCharge, BookUnreadable
from tollbridge_server.storage.private_files import make_private


def open_book(path: Path, *, schema: str, version: int, owner: str) -> sqlite3.Connection:
    """Open the book at `path`, made if it is missing, with every durability setting on.

    `owner` names the simulator in what a person reads. Raises BookUnreadable for a file that another version made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    make_private(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 1000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not is_new and found != version:
        connection.close()
        raise BookUnreadable(
            f"{path} is no book of {owner}, or one of another version of Tollbridge; take another file"
        )
    connection.executescript(schema)
    connection.execute(f"PRAGMA user_version = {version}")
    return connection


@contextmanager
def reading(path: Path, *, owner: str) -> Iterator[sqlite3.Connection]:
    """Read the book at `path` as it was at one moment, and change nothing. Raises BookUnreadable."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            connection.execute("BEGIN")  # All tables as they were at one moment.
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise BookUnreadable(f"{path} is no book of {owner}: {error}") from error


@dataclass(frozen=True, slots=True)
class AccountBook:
    """ProviderBook of one account, as it was when it was read."""

    entries: tuple[BookedCharge, ...]

    def charges(self) -> Iterator[BookedCharge]:
        return iter(self.entries)
