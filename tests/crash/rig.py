"""One provider and one server as processes of their own, on ports that outlive a kill; refuses to share a folder.

The provider runs on while the server is killed and started again over the same database, as in life.
"""

from __future__ import annotations

import json
import signal
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import tollbridge
from tollbridge_server import app
from tollbridge_server.config import load
from tollbridge_server.development import simulated
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.services.verification import Verification

from tests.crash.operations.shapes import Fault, Provider
from tests.crash.servers import Server, Simulator
from tests.crash.setups import set_up

DEATH_TIMEOUT_S = 30.0
"""How long a server may take to reach an armed failpoint; generous, because nothing is proven by its length."""

QUICK = {
    "TOLLBRIDGE_ENGINE__SEND_TIMEOUT_S": "3",
    "TOLLBRIDGE_ENGINE__LEASE_MARGIN_S": "0.2",
    "TOLLBRIDGE_ENGINE__QUERY_TIMEOUT_S": "2",
    "TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S": "[0.1, 0.3, 0.5, 1]",
    "TOLLBRIDGE_ENGINE__RESOLVER_INTERVAL_S": "0.05",
    "TOLLBRIDGE_ENGINE__NOT_FOUND_GRACE_S": "0.3",
    "TOLLBRIDGE_ENGINE__ABSENCE_ENDS_AFTER_S": "0.3",
    "TOLLBRIDGE_LOGGING__LEVEL": "WARNING",
}
"""The engine's times in seconds, so long that a busy machine is not taken for a provider that is silent."""
SHORT_LEASES = {"TOLLBRIDGE_ENGINE__SEND_TIMEOUT_S": "1", "TOLLBRIDGE_ENGINE__QUERY_TIMEOUT_S": "0.5"}
"""What a server that is to be killed goes by instead: the next one may take over so much sooner what it had begun."""
_APART = {
    "TOLLBRIDGE_SIMULATORS__ALIPAY__IN_SERVER": "false",
    "TOLLBRIDGE_SIMULATORS__WECHATPAY__IN_SERVER": "false",
}
_NOWHERE = "http://127.0.0.1:1/"


class Rig:
    """A provider that always runs, and a server that is started and killed; close it.

    The server's database is SQLite, unless the URL of an empty one is given.
    """

    def __init__(self, directory: Path, provider: Provider, *, bug: str = "", database_url: str = "") -> None:
        is_sandbox = provider.name == "sandbox"
        self.provider = provider
        made = set_up(directory, has_simulators=not is_sandbox)
        self._config_path = made.config_path
        self.token = made.token_path.read_text().strip()
        grpc_port, notifications_port = simulated.free_ports(2)
        self._rewrite('[server]\nlisten = "127.0.0.1:0"', f'[server]\nlisten = "127.0.0.1:{grpc_port}"')
        if is_sandbox:  # The accounts of the others name the port of the notifications, so that it is chosen already.
            named = '[notifications]\nlisten = "127.0.0.1:{}"'
            self._rewrite(named.format(0), named.format(notifications_port))
        if database_url:
            self._rewrite("sqlite:///tollbridge.db", database_url)
            app.migrate(load(made.config_path))
        self.target = f"127.0.0.1:{grpc_port}"
        self.simulator = Simulator(made.config_path, provider.name)
        self.simulator.start()
        if is_sandbox:
            self._rewrite('# base_url = "http://127.0.0.1:7490"', f'base_url = "{self.simulator.base_url}"')
        environment = QUICK if is_sandbox else {**QUICK, **_APART}
        self.server = Server(made.config_path, environment=environment, bug=bug)
        self.is_spoiled = False
        """Whether a case failed here, so that what it left behind could disturb the next one."""

    def start(self, failpoint: str = "", *, environment: Mapping[str, str] | None = None) -> None:
        """Start the server, killed before if it runs; with a failpoint it kills itself there, and has short leases."""
        self.kill()
        if failpoint:
            armed = {**SHORT_LEASES, **(environment or {}), app.FAILPOINT_VARIABLE: failpoint}
            self.server.start(may_die=True, **armed)
        else:
            self.server.start(**(environment or {}))

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

    def arm_provider(self, fault: Fault) -> None:
        """Let the provider's next request misbehave, and lose its notifications if that belongs to it."""
        self._control("arm", behavior=fault.behavior, count="1")
        if fault.withholds:
            self._control("notify", account=self.provider.account_id, url=_NOWHERE)

    def deliver_notifications(self) -> None:
        """Let the notifications arrive again that a fault has withheld."""
        self._control("notify", account=self.provider.account_id, url="")

    def has_notifications_due(self) -> bool:
        """Whether the provider has news that the server has not acknowledged."""
        url = f"{self.simulator.base_url}/control/notifications?account={self.provider.account_id}"
        with urllib.request.urlopen(url, timeout=10.0) as response:
            listed = json.load(response)["notifications"]
        return any(not notification["is_closed"] for notification in listed)

    def booked(self) -> dict[str, BookedCharge]:
        """Return what the provider has booked, by reference."""
        book = self.provider.read_book(self.simulator.book_path).get(self.provider.account_id)
        return {charge.request_reference: charge for charge in book.charges()} if book else {}

    async def verify(self) -> Verification:
        """Check every invariant over the database and the provider's book."""
        # The books of Alipay and WeChat Pay are found by the configuration.
        book = self.simulator.book_path if self.provider.name == "sandbox" else None
        return await app.verify(load(self._config_path), book=book, progress=lambda _: None)

    def close(self) -> None:
        """End both processes."""
        self.kill()
        if self.simulator.is_running:
            self.simulator.kill()

    def _control(self, name: str, **query: str) -> None:
        url = f"{self.simulator.base_url}/control/{name}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10.0) as response:
            assert response.status == 200

    def _rewrite(self, old: str, new: str) -> None:
        text = self._config_path.read_text()
        assert text.count(old) == 1, old
        self._config_path.write_text(text.replace(old, new))
