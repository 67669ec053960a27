"""`tollbridge simulate`: a provider's simulator as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.table import Table

from tollbridge_server import app, logs
from tollbridge_server.cli.output import ConfigOption, JsonOption, console, errors, fail, load_or_fail, print_json
from tollbridge_server.config import DEFAULT_PATH, ConfigInvalid, check_address, is_loopback
from tollbridge_server.ports.books import BookUnreadable
from tollbridge_server.testing.simulators import alipay, wechatpay
from tollbridge_server.testing.simulators.sandbox import TEST_AMOUNTS, TEST_CARDS


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command("simulate")(simulate)


def simulate(
    provider: Annotated[str, typer.Argument(help="Which simulator: sandbox, alipay or wechatpay.")] = "sandbox",
    config: ConfigOption = DEFAULT_PATH,
    listen: Annotated[str, typer.Option(help="host:port; port 0 takes a free one.")] = "",
    book: Annotated[Path | None, typer.Option(help="The provider's own book.")] = None,
    notifications_url: Annotated[
        str, typer.Option(help="Where the server's inbound side is; the configured one. For the sandbox only.")
    ] = "",
    show: Annotated[bool, typer.Option("--list", help="Show the test numbers and amounts, and end.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a provider's simulator, for the accounts of a configuration, until SIGTERM or Ctrl-C.

    The server reaches it when the account has base_url (Alipay: gateway) set to its address. Address and book of a
    provider with a section of its own ([simulators.alipay]) are those of the section.
    """
    if provider not in _TABLES:
        fail(f"there is no simulator of {provider!r}; there are: {', '.join(_TABLES)}")
    if show:
        _list(provider, as_json=as_json)
        return
    is_sandbox = provider == "sandbox"
    if notifications_url and not is_sandbox:
        fail(
            f"--notifications-url is for the sandbox; {provider} notifies each account at its notify_url, and "
            "POST /control/notify of the simulator sends an account's notifications elsewhere",
            code=2,
        )
    loaded = load_or_fail(config)
    listen = listen or (_SANDBOX_ADDRESS if is_sandbox else "")
    try:
        check_address(listen or _SANDBOX_ADDRESS)
    except ValueError as error:
        fail(f"--listen {listen}: {error}", code=2)
    if listen and not is_loopback(listen):
        errors.print(
            f"tollbridge: {listen} speaks plain HTTP to whoever reaches it; show it test numbers only", style="yellow"
        )
    if is_sandbox:
        book = book or _SANDBOX_BOOK
    if book is not None and not book.exists():
        errors.print(f"tollbridge: {book} does not exist yet; the acquirer begins with an empty book", markup=False)
    logs.configure(loaded.config.logging.level)

    def announce(endpoints: app.Endpoints) -> None:
        if as_json:
            print(json.dumps(asdict(endpoints)), flush=True)
        else:
            named = "the sandbox acquirer" if is_sandbox else f"the simulator of {provider}"
            where = getattr(endpoints, provider)
            errors.print(f"{named} answers on {where}, its book is {book or 'that of its section'}", highlight=False)

    if is_sandbox:
        work = app.simulate_sandbox(
            loaded, listen=listen, book=book or _SANDBOX_BOOK, notifications_url=notifications_url, announce=announce
        )
    else:
        work = app.simulate(loaded, provider, listen=listen, book=book, announce=announce)
    try:
        uvloop.run(work)
    except (ConfigInvalid, BookUnreadable) as error:
        mistakes = error.mistakes if isinstance(error, ConfigInvalid) else (str(error),)
        fail("\n".join(mistakes), code=2)


def _list(provider: str, *, as_json: bool) -> None:
    tables = _TABLES[provider]
    if as_json:
        print_json({name: [asdict(row) for row in rows] for name, _, rows in tables})
        return
    for name, title, rows in tables:
        names = [each.name for each in fields(rows[0])]
        table = Table(*(one.replace("_", " ") for one in names), title=f"{name}: {title}")
        for row in rows:
            table.add_row(*(str(value) for value in astuple(row)))
        console.print(table)


_SANDBOX_ADDRESS = "127.0.0.1:7490"
_SANDBOX_BOOK = Path(".tollbridge/acquirer.db")
_TABLES: Mapping[str, tuple[tuple[str, str, Sequence[Any]], ...]] = {
    "sandbox": (
        ("cards", "any expiry in the future, any CVV", TEST_CARDS),
        ("amounts", "the last four digits, in minor units", TEST_AMOUNTS),
    ),
    "alipay": (
        (
            "codes",
            "a code that begins with 25 to 30 (16 to 24 digits), or fp and 33 letters or digits, and ends with",
            alipay.TEST_CODES,
        ),
        ("payer", "who pays whatever is paid; what customer.identity asks for is compared", (alipay.TEST_PAYER,)),
    ),
    "wechatpay": (
        ("amounts", "the last four digits, in fen", wechatpay.TEST_AMOUNTS),
        ("codes", "a payment code of 18 digits that begins with 10 to 15 and ends with", wechatpay.TEST_CODES),
    ),
}
"""What a simulator publishes for tests: name, title, rows."""
