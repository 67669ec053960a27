"""Lets one test drive both clients: the same blocking calls over Client, and over AsyncClient in a loop of its own."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator
from typing import Any

from tollbridge import AsyncClient, Client, RetryPolicy

FAST = RetryPolicy(max_attempts=4, initial_backoff_s=0.001, max_backoff_s=0.002)


class SyncCaller:
    """Drives Client."""

    def __init__(self, target: str, **options: Any) -> None:
        self.client = Client(target, **{"retry": FAST, **options})

    def call(self, rpc: str, **arguments: Any) -> Any:
        return getattr(self.client, rpc)(**arguments)

    def items(self, rpc: str, **arguments: Any) -> Iterator[Any]:
        yield from getattr(self.client, rpc)(**arguments)

    def pages(self, rpc: str, **arguments: Any) -> Iterator[Any]:
        yield from getattr(self.client, rpc)(**arguments).pages()

    def close(self) -> None:
        self.client.close()


class AsyncCaller:
    """Drives AsyncClient; each step runs the loop until it is done."""

    def __init__(self, target: str, **options: Any) -> None:
        self._runner = asyncio.Runner()

        async def make() -> AsyncClient:
            return AsyncClient(target, **{"retry": FAST, **options})

        self.client = self._runner.run(make())

    def call(self, rpc: str, **arguments: Any) -> Any:
        async def run() -> Any:
            return await getattr(self.client, rpc)(**arguments)

        # The caller's trace is in its context.
        return self._runner.run(run(), context=contextvars.copy_context())

    def items(self, rpc: str, **arguments: Any) -> Iterator[Any]:
        return self._drawn(getattr(self.client, rpc)(**arguments))

    def pages(self, rpc: str, **arguments: Any) -> Iterator[Any]:
        return self._drawn(getattr(self.client, rpc)(**arguments).pages())

    def close(self) -> None:
        self._runner.run(self.client.close())
        self._runner.close()

    def _drawn(self, source: Any) -> Iterator[Any]:
        async def step() -> Any:
            return await anext(source)

        try:
            while True:
                try:
                    item = self._runner.run(step())
                except StopAsyncIteration:
                    return
                yield item
        finally:
            if hasattr(source, "aclose"):
                self._runner.run(source.aclose())
