"""Servers that start at once: forked off a process that has imported the product, then run by its own command.

A kit that starts a server a few hundred times can not wait for its imports each time. What is forked off is a
process as any other: it has its own memory, listens on its own, and dies by SIGKILL alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.crash.planted import PLANTED

_START_TIMEOUT_S = 60.0
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.crash.warm"])


class Server:
    """`tollbridge serve --json` with a configuration, as the product is, or with one bug planted."""

    def __init__(self, config_path: Path, *, environment: Mapping[str, str], bug: str = "") -> None:
        self._config_path = config_path
        self._environment = dict(environment)
        self._bug = bug
        self._log_path = config_path.with_name("server.log")
        self._process: BaseProcess | None = None

    @property
    def is_running(self) -> bool:
        """Whether the server was started and has not ended."""
        return self._process is not None and self._process.is_alive()

    def start(self, *, may_die: bool = False, **environment: str) -> None:
        """Start and return when it listens; more environment variables are for this start only.

        With `may_die` it also returns when the server killed itself before it listened.
        """
        reader, writer = _forks.Pipe(duplex=False)
        variables = {**self._environment, **environment}
        self._process = _forks.Process(
            target=_serve, args=(self._config_path, self._log_path, variables, self._bug, writer), daemon=True
        )
        self._process.start()
        writer.close()
        with reader:
            has_spoken = reader.poll(_START_TIMEOUT_S) and os.read(reader.fileno(), 4096)
        if not has_spoken and not (may_die and self.wait(_START_TIMEOUT_S) == -signal.SIGKILL):
            self.kill()
            raise AssertionError(f"it did not start: {self.log()[-4000:]}")

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the server to end by itself; return its exit code, None when it still runs."""
        if self._process is None:
            return None
        self._process.join(timeout_s)
        return self._process.exitcode

    def log(self) -> str:
        """Return all that the servers wrote to standard error."""
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""


def _serve(config_path: Path, log_path: Path, variables: dict[str, str], bug: str, announcing: Connection) -> None:
    """Become the server, inside the process that was forked off for it."""
    os.environ.update(variables)
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(announcing.fileno(), 1)
    os.dup2(log, 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    sys.argv = ["tollbridge", "serve", "--json", "--config", str(config_path)]
    if bug:
        PLANTED[bug]()
    from tollbridge_server.cli import main  # What is to be patched is patched by now.

    main()
