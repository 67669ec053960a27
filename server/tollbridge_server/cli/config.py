"""`tollbridge config check` and `tollbridge config init`."""

from __future__ import annotations

from pathlib import Path

import typer

from tollbridge_server import app
from tollbridge_server.cli.output import ConfigOption, JsonOption, console, counted, fail, load_or_fail, print_json
from tollbridge_server.config import DEFAULT_PATH, ConfigInvalid, load
from tollbridge_server.development import initialize


def register(application: typer.Typer) -> None:
    """Add the sub-commands."""
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    commands.command("check")(check)
    commands.command("init")(init)
    application.add_typer(commands, name="config", help="Check or write the configuration file.")


def check(config: ConfigOption = DEFAULT_PATH, as_json: JsonOption = False) -> None:
    """Name every mistake. Each line says where it is and how to mend it; exit code 2 if there is one."""
    if as_json:
        _check_for_program(config)
        return
    loaded = load_or_fail(config)
    try:
        app.check(loaded)
    except ConfigInvalid as invalid:
        fail("\n".join(invalid.mistakes), code=2)
    accounts = sum(len(merchant.accounts) for merchant in loaded.config.merchants)
    merchants = counted(len(loaded.config.merchants), "merchant")
    console.print(f"{config} is right: {merchants}, {counted(accounts, 'provider account')}", soft_wrap=True)


def init(config: ConfigOption = DEFAULT_PATH) -> None:
    """Write a commented configuration for development, with fresh keys and a token; nothing is overwritten."""
    try:
        made = initialize(config, has_simulators=True)
    except FileExistsError as error:
        fail(str(error))
    console.print(f"wrote {made.config_path}, its keys, and a token in {made.token_path}", soft_wrap=True)


def _check_for_program(config: Path) -> None:
    mistakes: tuple[str, ...] = ()
    try:
        app.check(load(config))
    except ConfigInvalid as invalid:
        mistakes = invalid.mistakes
    print_json({"config": str(config), "is_valid": not mistakes, "mistakes": list(mistakes)})
    if mistakes:
        raise typer.Exit(2)
