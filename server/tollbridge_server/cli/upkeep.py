"""`tollbridge migrate` and `tollbridge verify`: what an operator runs over a database."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from tollbridge_server import app
from tollbridge_server.cli.output import (
    ConfigOption,
    JsonOption,
    console,
    errors,
    fail,
    load_or_fail,
    print_json,
)
from tollbridge_server.config import DEFAULT_PATH
from tollbridge_server.ports.storage import StorageUnavailable
from tollbridge_server.services.verification import Verification

_SHOWN = 50


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command("migrate")(migrate)
    application.command("verify")(verify)


def migrate(config: ConfigOption = DEFAULT_PATH, as_json: JsonOption = False) -> None:
    """Bring the database to this version's schema. Run it once before the servers of a new version start."""
    loaded = load_or_fail(config)
    try:
        applied = app.migrate(loaded)
    except StorageUnavailable as error:
        fail(str(error))
    if as_json:
        print_json({"applied": list(applied)})
    else:
        console.print(f"applied {', '.join(applied)}" if applied else "the database is up to date")


def verify(
    config: ConfigOption = DEFAULT_PATH,
    book: Annotated[
        Path | None, typer.Option(help="A sandbox acquirer's book; the configured one without this.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every invariant over the database and the provider's book; exit code 1 on any break."""
    loaded = load_or_fail(config)
    if book is not None and not book.exists():
        fail(f"there is no book {book}")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} payments"))
    try:
        with Progress(*columns, console=errors, transient=True) as progress:
            task = progress.add_task("checking", total=None)
            found = asyncio.run(
                app.verify(loaded, book=book, progress=lambda done: progress.update(task, completed=done))
            )
    except StorageUnavailable as error:
        fail(str(error))
    if as_json:
        print_json({"is_sound": not found.breaks, **asdict(found)})
    else:
        _show(found)
    if found.breaks:
        raise typer.Exit(1)


def _show(found: Verification) -> None:
    console.print(
        f"{found.payments} payments, {found.operations} operations, {found.refunds} refunds, {found.events} events; "
        f"{found.effects} effects in the provider's book; {found.in_flight} payments in flight",
        highlight=False,
    )
    if not found.breaks:
        console.print("every invariant holds", style="green")
        return
    table = Table("payment", "rule", "found", title=f"{len(found.breaks)} breaks")
    for broken in found.breaks[:_SHOWN]:
        table.add_row(broken.payment_id, broken.rule, broken.detail)
    console.print(table)
