"""The sandbox acquirer: published test numbers and amounts, a durable book, and faults on demand."""

from __future__ import annotations

from tollbridge_server.testing.simulators.sandbox.acquirer import SandboxAcquirer
from tollbridge_server.testing.simulators.sandbox.book import read_book
from tollbridge_server.testing.simulators.sandbox.http import SandboxAccount, SandboxServer
from tollbridge_server.testing.simulators.sandbox.in_process import InProcessSandbox
from tollbridge_server.testing.simulators.sandbox.rules import TEST_AMOUNTS, TEST_CARDS

__all__ = [
    "TEST_AMOUNTS",
    "TEST_CARDS",
    "InProcessSandbox",
    "SandboxAccount",
    "SandboxAcquirer",
    "SandboxServer",
    "read_book",
]
