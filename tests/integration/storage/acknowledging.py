"""Writes payments for ever and prints each id once its write was acknowledged: to be killed in the middle of it."""

from __future__ import annotations

import asyncio
import sys

from tollbridge_server.ports.storage import Storage
from tollbridge_server.storage.opening import open_storage

from tests.integration.storage import samples


async def _acknowledge(storage: Storage, writer: int) -> None:
    number = 0
    while True:
        number += 1
        made = await samples.stored_payment(storage, payment_id=f"pay_{writer}_{number}")
        print(made.payment_id, flush=True)


async def _main(url: str) -> None:
    storage = await open_storage(url)
    await asyncio.gather(*(_acknowledge(storage, writer) for writer in range(8)))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
