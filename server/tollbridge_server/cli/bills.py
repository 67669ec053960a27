"""`tollbridge bill`: what a provider says it did on a day; refuses accounts whose provider has no bills."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.table import Table

from tollbridge_server import app
from tollbridge_server.cli.output import ConfigOption, JsonOption, console, counted, fail, load_or_fail, print_json
from tollbridge_server.config import DEFAULT_PATH, ConfigInvalid
from tollbridge_server.domain.money import Money
from tollbridge_server.ports.bills import Bill, NoBill

COLUMNS = ("kind", "charge", "refund", "provider's number", "amount", "fee", "status")


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command("bill")(bill)


def bill(
    account: Annotated[str, typer.Argument(help="The provider account, as the configuration calls it.")],
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A day that is over at the provider.")],
    config: ConfigOption = DEFAULT_PATH,
    as_json: JsonOption = False,
) -> None:
    """Fetch the provider's bill of a day: every payment and refund that it counted, checked against its own totals.

    What leaves the merchant is negative. Providers make a day's bill in the morning of the day after. Exit code 1
    when there is none; with --json the reason and whether it may come later are in the object.
    """
    try:
        found = asyncio.run(app.fetch_bill(load_or_fail(config), account, day.date()))
    except ConfigInvalid as invalid:
        fail("\n".join(invalid.mistakes), code=2)
    except app.NoSuchBill as error:
        fail(str(error), code=2)
    if as_json:
        print_json({"account": account, "day": str(day.date()), **asdict(found)})
    if isinstance(found, NoBill):
        if as_json:
            raise typer.Exit(1)
        fail("; ".join((f"{account} has no bill of {day:%Y-%m-%d}: {found.reason}", *_advice(found))))
    if not as_json:
        _show(found)


def _advice(missing: NoBill) -> tuple[str, ...]:
    """Return what to do beyond what the reason says."""
    if missing.is_retryable:
        return ("ask again later",)
    return ("the day has to be over there, and not too long ago",) if missing.is_day_refused else ()


def _show(found: Bill) -> None:
    table = Table(*COLUMNS)
    for row in found.rows:
        amount, fee = str(Money(row.amount_minor, row.currency)), str(Decimal(row.fee_micros).scaleb(-6))
        references = (row.charge_reference, row.refund_reference, row.provider_reference)
        table.add_row(row.kind, *references, amount, fee, row.status)
    console.print(table)
    console.print(counted(len(found.rows), "row"))
