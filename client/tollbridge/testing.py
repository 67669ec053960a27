"""A real Tollbridge server for your own tests: `pytest_plugins = ["tollbridge.testing"]` gives the fixture
`tollbridge_server`, with the sandbox acquirer inside. Needs the extra `tollbridge[server]`; it mocks nothing.

    def test_my_shop_is_paid(tollbridge_server):
        my_shop.configure(target=tollbridge_server.target, token=tollbridge_server.token)
        ...
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import tollbridge

try:
    import pytest
    from tollbridge_server.development import initialize
    from tollbridge_server.testing import payer
    from tollbridge_server.testing.processes import ServerProcess
except ImportError as error:  # pragma: no cover  The bare install has neither.
    raise ImportError("tollbridge.testing starts a real server: pip install 'tollbridge[server]' pytest") from error

__all__ = ["TestServer", "tollbridge_server"]


class TestServer:
    """One server process on free loopback ports, with a database of its own; use it as a context manager."""

    __test__ = False  # It is no test, whatever pytest makes of its name.

    def __init__(self, directory: Path) -> None:
        self._made = initialize(directory / "config.toml", has_free_ports=True)
        self._process = ServerProcess(self._made.config_path)

    @property
    def target(self) -> str:
        """What a client connects to: host:port, in plaintext."""
        return self._process.target

    @property
    def token(self) -> str:
        """A bearer token of the merchant `demo` with every scope."""
        return self._made.token_path.read_text().strip()

    @property
    def sandbox_url(self) -> str:
        """Where the payer's pages are."""
        return self._process.endpoints["sandbox"]

    def client(self) -> tollbridge.Client:
        """Return a blocking client of the server; close it."""
        return tollbridge.Client(self.target, token=self.token)

    def async_client(self) -> tollbridge.AsyncClient:
        """Return an asyncio client of the server; close it."""
        return tollbridge.AsyncClient(self.target, token=self.token)

    def restart(self) -> None:
        """Stop the server with a drain and start it again on the same database and other ports."""
        self._process.stop()
        self._process.start()

    def kill(self) -> None:
        """Kill the server as a power cut would, and start it again on the same database and other ports."""
        self._process.kill()
        self._process.start()

    def pay_as_payer(self, next_action: tollbridge.NextAction) -> None:
        """Do what the payer would: pass the 3-D Secure challenge, scan the QR code, or pay in the wallet."""
        self._act(next_action, "approve")

    def refuse_as_payer(self, next_action: tollbridge.NextAction) -> None:
        """Do what a payer would who does not want to pay."""
        self._act(next_action, "refuse")

    def _act(self, next_action: tollbridge.NextAction, decision: payer.Decision) -> None:
        url = next_action.redirect.url or next_action.show_qr.payload
        if not url:
            raise ValueError("this payment asks the payer for nothing")
        payer.decide(url, decision)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, error, trace)


@pytest.fixture(scope="session")
def tollbridge_server() -> Iterator[TestServer]:
    """A server for the whole test session."""
    with tempfile.TemporaryDirectory(prefix="tollbridge-") as directory, TestServer(Path(directory)) as server:
        yield server
