"""What an operator does beside a server: check the configuration, migrate the database, verify the books."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tollbridge_server.app.checking import checked
from tollbridge_server.app.simulators import simulated_books
from tollbridge_server.config import Loaded
from tollbridge_server.ports.books import ProviderBook
from tollbridge_server.services.verification import Verification, Verifier
from tollbridge_server.storage.migrations import migrate as migrate_database
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.testing.simulators.sandbox import read_book

_FURTHER_LOOKS = 2
_LOOK_AGAIN_S = 1.0


def check(loaded: Loaded) -> tuple[str, ...]:
    """Read every file that the configuration names, as a start does, and return the warnings. Raises ConfigInvalid."""
    return checked(loaded).warnings


def migrate(loaded: Loaded) -> tuple[str, ...]:
    """Migrate the configured database; return the revisions that were applied. Raises StorageUnavailable."""
    return migrate_database(loaded.storage_url)


async def verify(loaded: Loaded, *, book: Path | None, progress: Callable[[int], None]) -> Verification:
    """Check every invariant over the configured database, and over the books of sandbox and simulators that are there.

    Database and book can not be read at one moment, so a server at work may look broken: only what is still broken in
    two further looks is a break.
    """
    path = book or loaded.path(loaded.config.sandbox.book_file)

    def books() -> dict[str, ProviderBook]:
        return {**(read_book(path) if path.exists() else {}), **simulated_books(loaded)}

    storage = await open_storage(loaded.storage_url, connections=1, is_reader=True)

    async def look() -> Verification:
        return await Verifier(storage, books()).verify(progress)

    try:
        found = await look()
        for _ in range(_FURTHER_LOOKS):
            if not found.breaks:
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
            lasting = {(broken.payment_id, broken.rule) for broken in found.breaks}
            found = await look()
            found.breaks = [b for b in found.breaks if (b.payment_id, b.rule) in lasting]
        return found
    finally:
        await storage.close()
