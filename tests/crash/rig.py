"""One acquirer and one server as processes of their own, on ports that outlive a kill; refuses to share a folder.

The acquirer runs on while the server is killed and started again over the same database, as in life.
"""

from __future__ import annotations

import json
import signal
import urllib.parse
import urllib.request
from pathlib import Path

import tollbridge
from tollbridge_server import app
from tollbridge_server.config import load
from tollbridge_server.development import initialize
from tollbridge_server.development.simulated import free_ports
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.services.verification import Verification
from tollbridge_server.testing.processes import SimulatorProcess
from tollbridge_server.testing.simulators.sandbox import read_book

from tests.crash.servers import Server

ACCOUNT_ID = "demo-sandbox"
DEATH_TIMEOUT_S = 30.0
"""How long a server may take to reach an armed failpoint; generous, because nothing is proven by its length."""

QUICK = {
    "TOLLBRIDGE_ENGINE__SEND_TIMEOUT_S": "1.2",
    "TOLLBRIDGE_ENGINE__LEASE_MARGIN_S": "0.2",
    "TOLLBRIDGE_ENGINE__QUERY_TIMEOUT_S": "1",
    "TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S": "[0.2, 0.3, 0.5, 1]",
    "TOLLBRIDGE_ENGINE__RESOLVER_INTERVAL_S": "0.1",
    "TOLLBRIDGE_ENGINE__NOT_FOUND_GRACE_S": "0.3",
    "TOLLBRIDGE_LOGGING__LEVEL": "WARNING",
}
"""The engine's times in seconds, short enough to wait for; one try of the client never outlives them by much."""


class Rig:
    """An acquirer that always runs, and a server that is started and killed; close it."""

    def __init__(self, directory: Path, *, bug: str = "") -> None:
        made = initialize(directory / "config.toml", has_free_ports=True)
        self._config_path = made.config_path
        self.token = made.token_path.read_text().strip()
        grpc_port, notifications_port = free_ports(2)
        self._rewrite('[server]\nlisten = "127.0.0.1:0"', f'[server]\nlisten = "127.0.0.1:{grpc_port}"')
        self._rewrite(
            '[notifications]\nlisten = "127.0.0.1:0"', f'[notifications]\nlisten = "127.0.0.1:{notifications_port}"'
        )
        self.target = f"127.0.0.1:{grpc_port}"
        self.sandbox = SimulatorProcess(made.config_path).start()
        self._rewrite('# base_url = "http://127.0.0.1:7490"', f'base_url = "{self.sandbox.base_url}"')
        self.server = Server(made.config_path, environment=QUICK, bug=bug)
        self.is_spoiled = False
        """Whether a case failed here, so that what it left behind could disturb the next one."""

    def start(self, failpoint: str = "") -> None:
        """Start the server, killed before if it runs; with a failpoint it kills itself there."""
        self.kill()
        if failpoint:
            self.server.start(may_die=True, **{app.FAILPOINT_VARIABLE: failpoint})
        else:
            self.server.start()

    def kill(self) -> None:
        """Send SIGKILL to the server, if it runs."""
        if self.server.is_running:
            self.server.kill()

    def ensure_started(self) -> None:
        """Start the server unless it runs."""
        if not self.server.is_running:
            self.start()

    def wait_for_death(self) -> None:
        """Wait until the server has killed itself. Fails when it lives on."""
        code = self.server.wait(DEATH_TIMEOUT_S)
        assert code == -signal.SIGKILL, f"the server ended with {code} (None: it lives): {self.server.log()[-2000:]}"

    def client(self) -> tollbridge.Client:
        """Return a client that tries once: the kit repeats by itself, as a caller does that died as well."""
        return tollbridge.Client(
            self.target, token=self.token, retry=tollbridge.RetryPolicy(max_attempts=1), timeout_s=10.0
        )

    def arm_acquirer(self, behavior: str) -> None:
        """Let the acquirer's next request misbehave."""
        query = urllib.parse.urlencode({"behavior": behavior, "count": 1})
        request = urllib.request.Request(f"{self.sandbox.base_url}/control/arm?{query}", method="POST")
        with urllib.request.urlopen(request, timeout=10.0) as response:
            assert response.status == 200

    def has_notifications_due(self) -> bool:
        """Whether the acquirer has news that the server has not acknowledged."""
        url = f"{self.sandbox.base_url}/control/notifications?account={ACCOUNT_ID}"
        with urllib.request.urlopen(url, timeout=10.0) as response:
            listed = json.load(response)["notifications"]
        return any(not notification["is_closed"] for notification in listed)

    def booked(self) -> dict[str, BookedCharge]:
        """Return what the acquirer has booked, by reference."""
        book = read_book(self.sandbox.book_path).get(ACCOUNT_ID)
        return {charge.request_reference: charge for charge in book.charges()} if book else {}

    async def verify(self) -> Verification:
        """Check every invariant over the database and the acquirer's book."""
        return await app.verify(load(self._config_path), book=self.sandbox.book_path, progress=lambda _: None)

    def close(self) -> None:
        """End both processes."""
        self.kill()
        if self.sandbox.is_running:
            self.sandbox.kill()

    def _rewrite(self, old: str, new: str) -> None:
        text = self._config_path.read_text()
        assert text.count(old) == 1, old
        self._config_path.write_text(text.replace(old, new))
