"""`tollbridge bench`: speed as ratios to a bare gRPC echo, measured in one run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from tollbridge_server.bench.run import SLOW_S, BenchFailed, Plan, Report, run
from tollbridge_server.cli.output import JsonOption, console, errors, fail, print_json

_DEFAULTS = Plan()


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command("bench")(bench)


def bench(
    rounds: Annotated[int, typer.Option(min=1, help="How often each load is measured.")] = _DEFAULTS.rounds,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long each measurement takes.")] = _DEFAULTS.seconds,
    in_flight: Annotated[int, typer.Option(min=1, help="Calls in flight at once.")] = _DEFAULTS.in_flight,
    soak_payments: Annotated[
        int, typer.Option(min=0, help="Also measure memory after 2,000 and after this many payments (200000: minutes).")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure the server on this machine. Every payment of the bench has a fresh idempotency key."""
    plan = Plan(rounds=rounds, seconds=seconds, in_flight=in_flight, soak_payments=soak_payments)
    try:
        with errors.status("starting") as status:
            report = run(plan, status.update)
    except (BenchFailed, RuntimeError) as error:
        fail(str(error))
    if as_json:
        print_json(asdict(report))
    else:
        _show(report)


def _show(report: Report) -> None:
    table = Table("load", "calls/s", "ratio to echo", "target", "p50 ms", "p99 ms", title="tollbridge bench")
    for kind, rate in report.rates.items():
        ratio, target = report.ratios.get(kind), report.targets.get(kind)
        table.add_row(
            kind,
            f"{rate:,.0f}",
            f"{ratio:.2f}" if ratio is not None else "1",
            f"≥ {target}" if target is not None else "",
            f"{report.p50_ms[kind]:.1f}",
            f"{report.p99_ms[kind]:.1f}",
        )
    console.print(table)
    console.print(
        f"WeChat Pay beside an Alipay that takes {SLOW_S:.0f} s: {report.beside_slow_ratio:.2f} of its rate alone",
        highlight=False,
    )
    memory = ", ".join(f"{value} MiB {when.replace('_', ' ')}" for when, value in report.rss_mb.items())
    console.print(
        f"a payment: {report.commits_per_payment} commits, {report.statements_per_payment} statements, "
        f"{report.cpu_ms_per_payment} ms of server CPU; memory: {memory}",
        highlight=False,
    )
    console.print(f"machine: {report.machine['cpus']} CPUs, Python {report.machine['python']}", highlight=False)
