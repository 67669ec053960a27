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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from tollbridge_server.bench.echo import PATH as ECHO_PATH
from tollbridge_server.bench.load import CREATE_PATH, STATUS_PATH, Load, Result
from tollbridge_server.bench.servers import Server, Usage, echo, server, server_over_http

_TARGETS = {"create_payment_sandbox": 0.45, "create_payment_http": 0.28, "get_status": 0.75}
_WARM_UP_S = 1.5


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
    """What a run found. Rates are calls a second, times milliseconds, memory MiB; `targets` are the ratios to reach."""

    ratios: dict[str, float]
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
        local_directory, http_directory = Path(name) / "local", Path(name) / "http"
        with echo() as target, server(local_directory) as local, server_over_http(http_directory) as remote:
            return _Bench(plan, progress, target, local, remote).measure()


class _Bench:
    def __init__(
        self, plan: Plan, progress: Callable[[str], None], echo_target: str, local: Server, remote: Server
    ) -> None:
        self._plan = plan
        self._progress = progress
        self._echo_target = echo_target
        self._local = local
        self._remote = remote
        self._series: dict[str, _Series] = {}
        self._payments = 0
        self._used = Usage(0, 0, 0, 0)
        self._payment_ids: tuple[str, ...] = ()

    def measure(self) -> Report:
        for kind in ("echo", "create_payment_sandbox", "create_payment_http"):
            self._progress(f"warming up: {kind}")
            self._load(kind, seconds=_WARM_UP_S)
        for number in range(1, self._plan.rounds + 1):
            for kind in ("echo", "create_payment_sandbox", "get_status", "create_payment_http"):
                self._progress(f"round {number} of {self._plan.rounds}: {kind}")
                self._measure(kind)
        rss = {"after_run": _mib(self._local.usage().rss_bytes)}
        if self._plan.soak_payments:
            rss |= self._soak()
        return self._report(rss)

    def _measure(self, kind: str) -> None:
        before = self._local.usage()
        result = self._load(kind, seconds=self._plan.seconds)
        after = self._local.usage()
        self._series.setdefault(kind, _Series([])).results.append(result)
        if kind == "create_payment_sandbox":
            self._payments += result.calls
            self._payment_ids = result.payment_ids or self._payment_ids
            self._used = Usage(
                self._used.cpu_s + after.cpu_s - before.cpu_s,
                after.rss_bytes,
                self._used.commits + after.commits - before.commits,
                self._used.statements + after.statements - before.statements,
            )

    def _load(self, kind: str, *, seconds: float, calls: int = 0) -> Result:
        loaded = self._remote if kind == "create_payment_http" else self._local
        load = Load(
            kind={"echo": "echo", "get_status": "status"}.get(kind, "create"),
            target=self._echo_target if kind == "echo" else loaded.target,
            path={"echo": ECHO_PATH, "get_status": STATUS_PATH}.get(kind, CREATE_PATH),
            token="" if kind == "echo" else loaded.token,
            seconds=seconds,
            in_flight=self._plan.in_flight,
            channels=self._plan.channels,
            calls=calls,
            payment_ids=self._payment_ids if kind == "get_status" else (),
        )
        finished = subprocess.run(
            [sys.executable, "-m", "tollbridge_server.bench.load"],
            input=orjson.dumps(asdict(load)),
            capture_output=True,
            check=False,
        )
        if finished.returncode != 0:
            raise BenchFailed(f"the load generator failed: {finished.stderr.decode()[-2000:]}")
        result = Result(**orjson.loads(finished.stdout))
        if result.failures or not result.calls:
            raise BenchFailed(f"{kind}: {result.failures} calls failed; the first: {result.first_failure}")
        return result

    def _soak(self) -> dict[str, float]:
        """Return the memory after 2,000 payments and after many, of a server that began with none."""
        found: dict[str, float] = {}
        with tempfile.TemporaryDirectory(prefix="tollbridge-soak-") as name, server(Path(name) / "soak") as self._local:
            made = 0
            for wanted in (2_000, self._plan.soak_payments):
                while made < wanted:
                    self._progress(f"memory: {made:,} of {self._plan.soak_payments:,} payments")
                    made += self._load("create", seconds=3600, calls=min(10_000, wanted - made)).calls
                found[f"after_{wanted}"] = _mib(self._local.usage().rss_bytes)
        return found

    def _report(self, rss: dict[str, float]) -> Report:
        ratios = {}
        for kind in _TARGETS:
            pairs = zip(self._series[kind].results, self._series["echo"].results, strict=True)
            ratios[kind] = round(statistics.median(result.rate / bare.rate for result, bare in pairs), 3)
        return Report(
            ratios=ratios,
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


def _machine() -> dict[str, str | int]:
    return {
        "cpus": os.cpu_count() or 0,
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _mib(size_bytes: float) -> float:
    return round(size_bytes / (1024 * 1024), 1)
