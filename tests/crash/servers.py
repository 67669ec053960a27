"""Servers and simulators that start at once: forked off a process that has imported the product, run by its commands.

A kit that starts a server a few hundred times can not wait for its imports each time. What is forked off is a
process as any other: it has its own memory, listens on its own, and dies by SIGKILL alone.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from tollbridge_server.testing.simulators.alipay import AlipaySimulator
from tollbridge_server.testing.simulators.wechatpay import WechatPaySimulator

from tests.crash.planted import PLANTED

_START_TIMEOUT_S = 60.0
_HASTE = 50.0
"""How much faster than in life a refund is concluded and a notification comes again."""
_PAUSES_S = (5.0,) * 1000
"""Seconds before each further try of a notification, before haste: they never are given up while a case lasts."""
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.crash.warm"])


class Fork:
    """One command of the product as a process of its own; `prepare` runs in it before the command."""

    def __init__(
        self, arguments: list[str], *, log_path: Path, environment: Mapping[str, str], prepare: Callable[[], None]
    ) -> None:
        self._arguments = arguments
        self._log_path = log_path
        self._environment = dict(environment)
        self._prepare = prepare
        self._process: BaseProcess | None = None
        self.endpoints: dict[str, str] = {}

    @property
    def is_running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.is_alive()

    def start(self, *, may_die: bool = False, **environment: str) -> None:
        """Start and return when it listens; more environment variables are for this start only.

        With `may_die` it also returns when the process killed itself before it listened.
        """
        reader, writer = _forks.Pipe(duplex=False)
        variables = {**self._environment, **environment}
        self._process = _forks.Process(
            target=_run, args=(self._arguments, self._log_path, variables, self._prepare, writer), daemon=True
        )
        self._process.start()
        writer.close()
        with reader:
            line = reader.poll(_START_TIMEOUT_S) and os.read(reader.fileno(), 4096)
        if line:
            self.endpoints = json.loads(line)
        elif not (may_die and self.wait(_START_TIMEOUT_S) == -signal.SIGKILL):
            self.kill()
            raise AssertionError(f"it did not start: {self.log()[-4000:]}")

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the process to end by itself; return its exit code, None when it still runs."""
        if self._process is None:
            return None
        self._process.join(timeout_s)
        return self._process.exitcode

    def log(self) -> str:
        """Return all that was written to standard error."""
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""


class Server(Fork):
    """`tollbridge serve --json` with a configuration, as the product is, or with one bug planted."""

    def __init__(self, config_path: Path, *, environment: Mapping[str, str], bug: str = "") -> None:
        super().__init__(
            ["serve", "--json", "--config", str(config_path)],
            log_path=config_path.with_name("server.log"),
            environment=environment,
            prepare=PLANTED[bug] if bug else _as_it_is,
        )


class Simulator(Fork):
    """`tollbridge simulate … --json` for the accounts of a configuration, whose pauses are shortened."""

    def __init__(self, config_path: Path, provider: str) -> None:
        is_sandbox = provider == "sandbox"
        self._provider = provider
        self.book_path = config_path.parent / ("acquirer.db" if is_sandbox else f"{provider}/simulator.db")
        listen = ["--listen", "127.0.0.1:0"] if is_sandbox else []
        super().__init__(
            ["simulate", provider, "--json", "--config", str(config_path), "--book", str(self.book_path), *listen],
            log_path=config_path.with_name(f"{provider}.log"),
            environment={} if is_sandbox else {f"TOLLBRIDGE_SIMULATORS__{provider.upper()}__TIME_SCALE": str(_HASTE)},
            prepare=_notify_often,
        )

    @property
    def base_url(self) -> str:
        """Where the simulator answers."""
        return self.endpoints[self._provider]


def _as_it_is() -> None:
    """Change nothing."""


def _notify_often() -> None:
    """Let the simulators of this process never give up notifying."""
    for made in (AlipaySimulator, WechatPaySimulator):
        defaults = made.__init__.__kwdefaults__
        assert "notify_schedule_s" in defaults, "it has another name by now, so nothing would be changed"
        defaults["notify_schedule_s"] = _PAUSES_S


def _run(
    arguments: list[str], log_path: Path, variables: dict[str, str], prepare: Callable[[], None], announcing: Connection
) -> None:
    """Become the command, inside the process that was forked off for it."""
    os.environ.update(variables)
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(announcing.fileno(), 1)
    os.dup2(log, 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    sys.argv = ["tollbridge", *arguments]
    prepare()
    from tollbridge_server.cli import main  # What is to be patched is patched by now.

    main()
