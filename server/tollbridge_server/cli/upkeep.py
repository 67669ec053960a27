"""`tollbridge migrate` and `tollbridge verify`: what an operator runs over a database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, astuple
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
    counted,
    errors,
    fail,
    load_or_fail,
    print_json,
)
from tollbridge_server.config import DEFAULT_PATH
from tollbridge_server.ports.books import BookUnreadable
from tollbridge_server.ports.storage import StorageUnavailable
from tollbridge_server.services.verification import Break, Review, Verification

_SHOWN = 50


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command("migrate")(migrate)
    application.command("verify")(verify)


def migrate(config: ConfigOption = DEFAULT_PATH, as_json: JsonOption = False) -> None:
    """Bring the database to this version. Run it once before servers of a new version start on PostgreSQL.

    SQLite migrates by itself when its server starts.
    """
    loaded = load_or_fail(config)
    try:
        applied = app.migrate(loaded)
    except StorageUnavailable as error:
        fail(f"{error}; the database is what storage.url in {config} names")
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
    """Check every invariant. It reads the database and the provider's book, and changes neither; a server may run.

    Exit code 1 on any break.
    """
    loaded = load_or_fail(config)
    if book is not None and not book.exists():
        fail(f"there is no book {book}")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} payments"))
    try:
        with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
            task = progress.add_task("checking", total=None)
            found = asyncio.run(
                app.verify(loaded, book=book, progress=lambda done: progress.update(task, completed=done))
            )
    except StorageUnavailable as error:
        fail(f"{error}; the database is what storage.url in {config} names")
    except BookUnreadable as error:
        fail(f"{error}; name the acquirer's book with --book")
    if as_json:
        print_json({"is_sound": not found.breaks, **asdict(found)})
    else:
        _show(found)
    if found.breaks:
        raise typer.Exit(1)


def _show(found: Verification) -> None:
    console.print(
        f"{counted(found.payments, 'payment')}, {counted(found.operations, 'operation')}, "
        f"{counted(found.refunds, 'refund')}, {counted(found.events, 'event')}; "
        f"{counted(found.effects, 'effect')} in the provider's book; {counted(found.in_flight, 'payment')} in flight",
        highlight=False,
    )
    _list("waiting for a person; no invariant is broken by it", ("payment", "why", "what is known"), found.reviews)
    if not found.breaks:
        console.print("every invariant holds", style="green")
    _list(counted(len(found.breaks), "break"), ("payment", "rule", "found"), found.breaks)


def _list(title: str, columns: tuple[str, str, str], found: Sequence[Break | Review]) -> None:
    if not found:
        return
    table = Table(*columns, title=title)
    for each in found[:_SHOWN]:
        table.add_row(*astuple(each))
    console.print(table)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more; --json prints them all")
