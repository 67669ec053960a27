"""A scripted server and, for every test that wants one, each of the two clients in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.client.callers import AsyncCaller, SyncCaller
from tests.unit.client.scripted import ScriptedServer

Caller = SyncCaller | AsyncCaller


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    running = ScriptedServer()
    yield running
    running.stop()


@pytest.fixture(params=[SyncCaller, AsyncCaller], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Caller]]:
    """Opens a client; all that were opened are closed at the end."""
    opened: list[Caller] = []

    def open_client(target: str, **options: Any) -> Caller:
        opened.append(request.param(target, **options))
        return opened[-1]

    yield open_client
    for caller in opened:
        caller.close()


@pytest.fixture
def client(server: ScriptedServer, connect: Callable[..., Caller]) -> Caller:
    return connect(server.target)
