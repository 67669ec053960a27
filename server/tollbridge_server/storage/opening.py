"""Opens the storage that a URL names; refuses every scheme but the two that there are."""

from __future__ import annotations

from pathlib import Path

from tollbridge_server.ports.storage import Storage
from tollbridge_server.storage.postgres import PostgresStorage
from tollbridge_server.storage.sqlite import SqliteStorage

_SQLITE = "sqlite:///"
_POSTGRES = "postgresql://"


async def open_storage(url: str, *, connections: int = 8, is_reader: bool = False) -> Storage:
    """Return the open storage at `url`: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://…`.

    PostgreSQL runs at most `connections` transactions at a time. With `is_reader`, a SQLite file that a server has open
    is opened beside it, and every write is refused.
    Raises ValueError for any other URL, StorageUnavailable when the database can not be used.
    """
    if url.startswith(_POSTGRES):
        return await PostgresStorage.open(url, connections=connections)
    path = url.removeprefix(_SQLITE)
    # SQLAlchemy, which migrates the file, would take what follows a question mark for options.
    if path == url or not path or "?" in path:
        scheme = url.partition(":")[0][:20]  # Only the scheme: the rest may hold a password.
        raise ValueError(
            f"a database URL of scheme {scheme!r} is not accepted: use sqlite:///path or postgresql://user@host/name"
        )
    return SqliteStorage.open(Path(path), is_reader=is_reader)
