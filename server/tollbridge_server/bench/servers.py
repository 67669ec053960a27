"""The servers that a bench run loads: with the sandbox in process or behind HTTP, and with Alipay and WeChat Pay."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tollbridge_server.development import initialize
from tollbridge_server.testing.processes import ServerProcess, SimulatorProcess

_METRICS = {"TOLLBRIDGE_METRICS__LISTEN": "127.0.0.1:0"}
_APART = {
    "TOLLBRIDGE_SIMULATORS__ALIPAY__IN_SERVER": "false",
    "TOLLBRIDGE_SIMULATORS__WECHATPAY__IN_SERVER": "false",
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server says of itself: seconds of CPU, bytes of memory, commits and statements since its start."""

    cpu_s: float
    rss_bytes: float
    commits: float
    statements: float


class Server(ServerProcess):
    """A whole server on SQLite with everything switched on."""

    def __init__(self, config_path: Path, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(config_path, environment={**_METRICS, **(environment or {})})
        self.token = config_path.with_name("token").read_text().strip()

    def usage(self) -> Usage:
        """Return what the server's own metrics say."""
        with urllib.request.urlopen(self.endpoints["metrics"], timeout=10) as response:  # noqa: S310  Loopback.
            text = response.read().decode()
        values = {
            sample.name: sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if not sample.labels
        }
        return Usage(
            cpu_s=values["process_cpu_seconds_total"],
            rss_bytes=values["process_resident_memory_bytes"],
            commits=values["tollbridge_storage_commits_total"],
            statements=values["tollbridge_storage_statements_total"],
        )


@contextlib.contextmanager
def echo() -> Iterator[str]:
    """Run the bare echo; yield its target."""
    process = subprocess.Popen([sys.executable, "-m", "tollbridge_server.bench.echo"], stdout=subprocess.PIPE)
    try:
        if process.stdout is None:
            raise RuntimeError("the echo has no output")
        yield process.stdout.readline().decode().strip()
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def server(directory: Path) -> Iterator[Server]:
    """Run a server with the sandbox inside."""
    with Server(initialize(directory / "config.toml", has_free_ports=True).config_path) as running:
        yield running


@contextlib.contextmanager
def server_over_http(directory: Path) -> Iterator[Server]:
    """Run a server whose sandbox is a process of its own, reached over signed HTTP."""
    made = initialize(directory / "config.toml", has_free_ports=True)
    with SimulatorProcess(made.config_path) as sandbox:
        made.config_path.write_text(made.config_path.read_text() + f'base_url = "{sandbox.base_url}"\n')
        with Server(made.config_path) as running:
            yield running


class Wallets(Server):
    """A server with accounts at Alipay and WeChat Pay, whose simulators are processes of their own."""

    def __init__(self, config_path: Path, alipay: SimulatorProcess) -> None:
        super().__init__(config_path, environment=_APART)
        self._alipay = alipay

    def slow_alipay_down(self, seconds: float) -> None:
        """Let Alipay hold every answer back from now on; 0: answer at once again."""
        request = urllib.request.Request(  # noqa: S310  Loopback.
            f"{self._alipay.base_url}/control/pace?seconds={seconds}", method="POST"
        )
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310  Loopback.
            pass


@contextlib.contextmanager
def server_with_wallets(directory: Path) -> Iterator[Wallets]:
    """Run a server that reaches Alipay and WeChat Pay over their own wire."""
    path = initialize(directory / "config.toml", has_free_ports=True, has_simulators=True).config_path
    with (
        SimulatorProcess(path, "alipay") as alipay,
        SimulatorProcess(path, "wechatpay"),
        Wallets(path, alipay) as running,
    ):
        yield running
