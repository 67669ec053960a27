"""`tollbridge simulate`: a provider's simulator as a process of its own."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.table import Table

from tollbridge_server import app, logs
from tollbridge_server.cli.output import ConfigOption, JsonOption, console, errors, fail, load_or_fail, print_json
from tollbridge_server.config import DEFAULT_PATH, ConfigInvalid, check_address, is_loopback
from tollbridge_server.testing.simulators.sandbox import TEST_AMOUNTS, TEST_CARDS


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command("simulate")(simulate)


def simulate(
    provider: Annotated[str, typer.Argument(help="Which simulator: sandbox.")] = "sandbox",
    config: ConfigOption = DEFAULT_PATH,
    listen: Annotated[str, typer.Option(help="host:port; port 0 takes a free one.")] = "127.0.0.1:7490",
    book: Annotated[Path, typer.Option(help="The acquirer's own book.")] = Path(".tollbridge/acquirer.db"),
    notifications_url: Annotated[
        str, typer.Option(help="Where the server's inbound side is; the configured one.")
    ] = "",
    show: Annotated[bool, typer.Option("--list", help="Show the test numbers and amounts, and end.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a provider's simulator, for the accounts of a configuration, until SIGTERM or Ctrl-C.

    The server reaches it when the account has base_url set to its address.
    """
    if provider != "sandbox":
        fail(f"there is no simulator of {provider!r}; there is: sandbox")
    if show:
        _list(as_json=as_json)
        return
    loaded = load_or_fail(config)
    try:
        check_address(listen)
    except ValueError as error:
        fail(f"--listen {listen}: {error}", code=2)
    if not is_loopback(listen):
        errors.print(
            f"tollbridge: {listen} speaks plain HTTP to whoever reaches it; show it test numbers only", style="yellow"
        )
    if not book.exists():
        errors.print(f"tollbridge: {book} does not exist yet; the acquirer begins with an empty book", markup=False)
    logs.configure(loaded.config.logging.level)

    def announce(endpoints: app.Endpoints) -> None:
        if as_json:
            print(json.dumps(asdict(endpoints)), flush=True)
        else:
            errors.print(f"the sandbox acquirer answers on {endpoints.sandbox}, its book is {book}", highlight=False)

    try:
        uvloop.run(
            app.simulate_sandbox(
                loaded, listen=listen, book=book, notifications_url=notifications_url, announce=announce
            )
        )
    except ConfigInvalid as invalid:
        fail("\n".join(invalid.mistakes), code=2)


def _list(*, as_json: bool) -> None:
    if as_json:
        print_json({"cards": [asdict(card) for card in TEST_CARDS], "amounts": [asdict(a) for a in TEST_AMOUNTS]})
        return
    cards = Table("card number", "decision", "code", "meaning", title="any expiry in the future, any CVV")
    for card in TEST_CARDS:
        cards.add_row(card.number, card.decision.value, card.code, card.meaning)
    console.print(cards)
    amounts = Table("last four digits", "meaning", title="amounts in minor units")
    for amount in TEST_AMOUNTS:
        amounts.add_row(str(amount.last_digits), amount.meaning)
    console.print(amounts)
