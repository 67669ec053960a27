"""Starts the product's own commands as processes of their own, as a test or a bench needs them: to load and to kill.

Each command prints one JSON line when it listens; a process that ends before that is reported with its log.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 60.0
_LOG_TAIL = 4000


class ProcessFailed(Exception):
    """A process ended, or stayed silent, before it listened; the message holds the end of its log."""


class ListeningProcess:
    """One `tollbridge …` process that prints its endpoints as JSON; use it as a context manager."""

    def __init__(self, arguments: list[str], *, log_path: Path, environment: Mapping[str, str] | None = None) -> None:
        self._arguments = arguments
        self._log_path = log_path
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoints: dict[str, str] = {}

    @property
    def pid(self) -> int:
        """The process id of the running process."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, **environment: str) -> Self:
        """Start and return when it listens; more environment variables are for this start only."""
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  The command is our own.
                [sys.executable, "-m", "tollbridge_server", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self._environment, **environment},
            )
        line = _first_line(self._process)
        if not line:
            self.kill()
            raise ProcessFailed(f"it did not start: {self.log()[-_LOG_TAIL:]}")
        self.endpoints = {name: address for name, address in json.loads(line).items() if address}
        return self

    def stop(self) -> int:
        """Send SIGTERM, wait for the drain, and return the exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailed(f"it did not stop: {self.log()[-_LOG_TAIL:]}") from None
        finally:
            _close(process.stdout)

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        process = self._running()
        process.kill()
        process.wait()
        _close(process.stdout)

    def wait(self, timeout_s: float) -> int:
        """Wait for the process to end by itself; return its exit code (negative: the signal that killed it)."""
        return self._running().wait(timeout_s)

    def log(self) -> str:
        """Return all that the process wrote to standard error."""
        return self._log_path.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self if self.is_running else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running:
            self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProcessFailed("it was never started")
        return self._process


class ServerProcess(ListeningProcess):
    """`tollbridge serve` with a configuration."""

    def __init__(self, config_path: Path, *, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(
            ["serve", "--json", "--config", str(config_path)],
            log_path=config_path.with_name("server.log"),
            environment=environment,
        )

    @property
    def target(self) -> str:
        """Where clients connect to."""
        return self.endpoints["grpc"]


class SimulatorProcess(ListeningProcess):
    """`tollbridge simulate` with a provider, for the accounts of a configuration that `tollbridge config init` wrote.

    It listens where the section of the provider says, the sandbox on a free port; `listen` overrides both.
    """

    def __init__(self, config_path: Path, provider: str = "sandbox", *, listen: str = "") -> None:
        is_sandbox = provider == "sandbox"
        self.provider = provider
        self.book_path = config_path.parent / ("acquirer.db" if is_sandbox else f"{provider}/simulator.db")
        super().__init__(
            [
                *("simulate", provider, "--json", "--config", str(config_path)),
                *("--listen", listen or ("127.0.0.1:0" if is_sandbox else ""), "--book", str(self.book_path)),
            ],
            log_path=config_path.with_name(f"{provider}.log"),
        )

    @property
    def base_url(self) -> str:
        """Where the simulator answers."""
        return self.endpoints[self.provider]


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """Return the first line that the process prints, or nothing when it ends or stays silent."""
    lines: queue.Queue[bytes] = queue.Queue()
    stream = process.stdout
    if stream is None:
        return b""
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        return lines.get(timeout=_START_TIMEOUT_S)
    return b""


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()
