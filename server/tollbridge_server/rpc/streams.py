"""The streams that are open, and how a server that shuts down ends them: with a status, whatever they are doing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class OpenStream:
    """One stream, whose task waits for the next message or sends one."""

    def __init__(self, task: asyncio.Task[object]) -> None:
        self._task = task
        self._is_waiting = False

    async def until_ended(self, messages: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield the messages; `end` cancels the task only while it waits for the next one."""
        try:
            self._is_waiting = True
            async for message in messages:
                self._is_waiting = False
                yield message
                self._is_waiting = True
        finally:
            self._is_waiting = False

    def end(self) -> None:
        """Cancel the waiting task.

        gRPC gives no status at all to a call that is canceled while it sends, and its caller would wait for one.
        """
        if self._is_waiting:
            self._task.cancel()


class OpenStreams:
    """All streams of a server."""

    def __init__(self) -> None:
        self._streams: set[OpenStream] = set()

    def __len__(self) -> int:
        return len(self._streams)

    @contextmanager
    def opened(self) -> Iterator[OpenStream]:
        """Count the present task as a stream until the block ends."""
        task = asyncio.current_task()
        assert task is not None, "gRPC runs every handler in a task"
        stream = OpenStream(task)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    def end(self) -> None:
        """End every stream that waits for its next message; one that sends has to look when it has sent."""
        for stream in tuple(self._streams):
            stream.end()
