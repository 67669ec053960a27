"""One run of the bench: rounds that interleave echo and server, so that a slow minute of the machine hits both alike.

Only ratios of the same round are compared; the report is their median. Refuses to report a run with failed calls.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from tollbridge_server.bench.echo import PATH as ECHO_PATH
from tollbridge_server.bench.load import CREATE_PATH, STATUS_PATH, Load, Result
from tollbridge_server.bench.servers import Server, Usage, Wallets, echo, server, server_over_http, server_with_wallets


@dataclass(frozen=True, slots=True)
class _Row:
    """One load: the server, the kind of call, and what a payment is made with."""

    server: str
    kind: str
    method: str = "card"


_ROWS = {
    "echo": _Row("echo", "echo"),
    "create_payment_sandbox": _Row("local", "create"),
    "get_status": _Row("local", "status"),
    "create_payment_http": _Row("remote", "create"),
    "create_payment_alipay": _Row("wallets", "create", "alipay"),
    "create_payment_wechatpay": _Row("wallets", "create", "wechatpay"),
}
_ALONE, _BESIDE = "create_payment_wechatpay", "wechatpay_beside_slow_alipay"
_TARGETS = {"create_payment_sandbox": 0.45, "create_payment_http": 0.28, "get_status": 0.75}
_WARM_UP_S = 1.5
SLOW_S = 5.0
"""How long the slow Alipay holds each answer back, and what is waited for it to have all its callers waiting."""
_SLOW_STARTS_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure. `soak_payments` 0 leaves the memory measurement out."""

    rounds: int = 5
    seconds: float = 4.0
    in_flight: int = 64
    channels: int = 4
    soak_payments: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. Rates are calls a second, times milliseconds, memory MiB; `targets` are the ratios to reach.

    `ratios` are to the echo; `beside_slow_ratio` is WeChat Pay's rate beside a slow Alipay to its rate alone.
    """

    ratios: dict[str, float]
    beside_slow_ratio: float
    targets: dict[str, float]
    rates: dict[str, float]
    p50_ms: dict[str, float]
    p99_ms: dict[str, float]
    cpu_ms_per_payment: float
    commits_per_payment: float
    statements_per_payment: float
    rss_mb: dict[str, float]
    machine: dict[str, str | int]
    plan: dict[str, float]


class BenchFailed(Exception):
    """Calls failed, so that the figures would mean nothing."""


@dataclass(slots=True)
class _Series:
    """The results of one kind of load, round by round."""

    results: list[Result]

    def median(self, read: Callable[[Result], float]) -> float:
        return statistics.median(read(result) for result in self.results)


def run(plan: Plan, progress: Callable[[str], None]) -> Report:
    """Start the servers, load them round by round, stop them, and return the report. Raises BenchFailed."""
    with tempfile.TemporaryDirectory(prefix="tollbridge-bench-") as name:
        folder = Path(name)
        with (
            echo() as target,
            server(folder / "local") as local,
            server_over_http(folder / "http") as remote,
            server_with_wallets(folder / "wallets") as wallets,
        ):
            return _Bench(plan, progress, target, local, remote, wallets).measure()


class _Bench:
    def __init__(
        self,
        plan: Plan,
        progress: Callable[[str], None],
        echo_target: str,
        local: Server,
        remote: Server,
        wallets: Wallets,
    ) -> None:
        self._plan = plan
        self._progress = progress
        self._echo_target = echo_target
        self._local = local
        self._remote = remote
        self._wallets = wallets
        self._series: dict[str, _Series] = {}
        self._payments = 0
        self._used = Usage(0, 0, 0, 0)
        self._payment_ids: tuple[str, ...] = ()

    def measure(self) -> Report:
        for name, row in _ROWS.items():
            if row.kind != "status":
                self._progress(f"warming up: {name}")
                self._load(row, seconds=min(_WARM_UP_S, self._plan.seconds))
        for number in range(1, self._plan.rounds + 1):
            for name in _ROWS:
                self._progress(f"round {number} of {self._plan.rounds}: {name}")
                self._measure(name)
            self._progress(f"round {number} of {self._plan.rounds}: {_BESIDE}")
            with self._slow_alipay():
                self._keep(_BESIDE, self._load(_ROWS[_ALONE], seconds=self._plan.seconds))
        rss = {"after_run": _mib(self._local.usage().rss_bytes)}
        if self._plan.soak_payments:
            rss |= self._soak()
        return self._report(rss)

    def _measure(self, name: str) -> None:
        before = self._local.usage()
        result = self._load(_ROWS[name], seconds=self._plan.seconds)
        after = self._local.usage()
        self._keep(name, result)
        if name == "create_payment_sandbox":
            self._payments += result.calls
            self._payment_ids = result.payment_ids or self._payment_ids
            self._used = Usage(
                self._used.cpu_s + after.cpu_s - before.cpu_s,
                after.rss_bytes,
                self._used.commits + after.commits - before.commits,
                self._used.statements + after.statements - before.statements,
            )

    def _keep(self, name: str, result: Result) -> None:
        self._series.setdefault(name, _Series([])).results.append(result)

    @contextmanager
    def _slow_alipay(self) -> Iterator[None]:
        """Keep as many payments at a slow Alipay as a load has in flight, and see that all of them succeed."""
        self._wallets.slow_alipay_down(SLOW_S)
        with self._start(_ROWS["create_payment_alipay"], seconds=_SLOW_STARTS_S + self._plan.seconds) as slow:
            try:
                time.sleep(_SLOW_STARTS_S)
                yield
                self._finish(slow, "the slow Alipay")
            finally:
                slow.kill()
                self._wallets.slow_alipay_down(0)

    def _load(self, row: _Row, *, seconds: float, calls: int = 0) -> Result:
        return self._finish(self._start(row, seconds=seconds, calls=calls), row.kind)

    def _start(self, row: _Row, *, seconds: float, calls: int = 0) -> subprocess.Popen[bytes]:
        """Start the load generator in a process of its own."""
        servers = {"local": self._local, "remote": self._remote, "wallets": self._wallets}
        loaded = servers.get(row.server)
        load = Load(
            kind=row.kind,
            target=loaded.target if loaded else self._echo_target,
            path={"echo": ECHO_PATH, "status": STATUS_PATH}.get(row.kind, CREATE_PATH),
            token=loaded.token if loaded else "",
            seconds=seconds,
            in_flight=self._plan.in_flight,
            channels=self._plan.channels,
            method=row.method,
            calls=calls,
            payment_ids=self._payment_ids if row.kind == "status" else (),
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "tollbridge_server.bench.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if process.stdin is None:
            raise RuntimeError("the load generator has no input")
        process.stdin.write(orjson.dumps(asdict(load)))
        process.stdin.close()
        process.stdin = None
        return process

    def _finish(self, process: subprocess.Popen[bytes], what: str) -> Result:
        """Wait for a load generator and return what it saw. Raises BenchFailed."""
        output, errors = process.communicate()
        if process.returncode != 0:
            raise BenchFailed(f"the load generator failed: {errors.decode()[-2000:]}")
        result = Result(**orjson.loads(output))
        if result.failures or not result.calls:
            raise BenchFailed(f"{what}: {result.failures} calls failed; the first: {result.first_failure}")
        return result

    def _soak(self) -> dict[str, float]:
        """Return the memory after 2,000 payments and after many, of a server that began with none."""
        found: dict[str, float] = {}
        with tempfile.TemporaryDirectory(prefix="tollbridge-soak-") as name, server(Path(name) / "soak") as self._local:
            made = 0
            for wanted in (2_000, self._plan.soak_payments):
                while made < wanted:
                    self._progress(f"memory: {made:,} of {self._plan.soak_payments:,} payments")
                    made += self._load(
                        _ROWS["create_payment_sandbox"], seconds=3600, calls=min(10_000, wanted - made)
                    ).calls
                found[f"after_{wanted}"] = _mib(self._local.usage().rss_bytes)
        return found

    def _report(self, rss: dict[str, float]) -> Report:
        ratios = {name: self._ratio(name, to="echo") for name in self._series if name != "echo"}
        return Report(
            ratios=ratios,
            beside_slow_ratio=self._ratio(_BESIDE, to=_ALONE),
            targets=_TARGETS,
            rates={kind: round(series.median(lambda r: r.rate), 1) for kind, series in self._series.items()},
            p50_ms={kind: round(series.median(lambda r: r.p50_ms), 2) for kind, series in self._series.items()},
            p99_ms={kind: round(series.median(lambda r: r.p99_ms), 2) for kind, series in self._series.items()},
            cpu_ms_per_payment=round(self._used.cpu_s * 1000 / self._payments, 3),
            commits_per_payment=round(self._used.commits / self._payments, 3),
            statements_per_payment=round(self._used.statements / self._payments, 2),
            rss_mb=rss,
            machine=_machine(),
            plan=asdict(self._plan),
        )

    def _ratio(self, name: str, *, to: str) -> float:
        pairs = zip(self._series[name].results, self._series[to].results, strict=True)
        return round(statistics.median(one.rate / other.rate for one, other in pairs), 3)


def _machine() -> dict[str, str | int]:
    return {
        "cpus": os.cpu_count() or 0,
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _mib(size_bytes: float) -> float:
    return round(size_bytes / (1024 * 1024), 1)
