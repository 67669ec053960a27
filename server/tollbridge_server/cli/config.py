"""`tollbridge config check` and `tollbridge config init`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

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
from tollbridge_server.config import DEFAULT_PATH, ConfigInvalid, load
from tollbridge_server.development import initialize

# A provider's clock comes in whole seconds, and its answer takes a while to arrive.
_CLOCK_RESOLUTION_S = 3.0
_CLOCK_TOLERANCE_S = 60.0


def register(application: typer.Typer) -> None:
    """Add the sub-commands."""
    commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    commands.command("check")(check)
    commands.command("init")(init)
    application.add_typer(commands, name="config", help="Check or write the configuration file.")


def check(
    config: ConfigOption = DEFAULT_PATH,
    online: Annotated[
        bool, typer.Option("--online", help="Ask each account's provider too, with questions that have no effect.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Name every mistake. Each line says where it is and how to mend it; exit code 2 if there is one.

    Warnings are about what runs and may still not be meant; they do not change the exit code. With --online the
    providers are asked whether they know each account and its key, and whether their answers can be believed.
    """
    if as_json:
        _check_for_program(config, online=online)
        return
    loaded = load_or_fail(config)
    try:
        warnings = app.check(loaded)
    except ConfigInvalid as invalid:
        fail("\n".join(invalid.mistakes), code=2)
    for warning in warnings:
        errors.print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    accounts = sum(len(merchant.accounts) for merchant in loaded.config.merchants)
    merchants = counted(len(loaded.config.merchants), "merchant")
    console.print(f"{config} is right: {merchants}, {counted(accounts, 'provider account')}", soft_wrap=True)
    if online:
        _report(asyncio.run(app.probe(loaded)))


def init(config: ConfigOption = DEFAULT_PATH) -> None:
    """Write a commented configuration for development, with fresh keys and a token; nothing is overwritten."""
    try:
        made = initialize(config, has_simulators=True)
    except FileExistsError as error:
        fail(str(error))
    console.print(f"wrote {made.config_path}, its keys, and a token in {made.token_path}", soft_wrap=True)


def _report(probed: Sequence[app.Probed]) -> None:
    """Print what each provider told, and end with exit code 2 if anything is to be mended."""
    for one in probed:
        console.print(f"{one.account_id}: {_told(one)}", markup=False, highlight=False, soft_wrap=True)
    mistakes = [mistake for one in probed for mistake in one.mistakes]
    if mistakes:
        fail("\n".join(mistakes), code=2)


def _told(probed: app.Probed) -> str:
    result = probed.result
    if result is None:
        return "not asked: this provider has no question without effect"
    if not result.is_reached:
        return f"{result.address} not reached"
    own = {True: "own key accepted", False: "own key NOT accepted", None: "own key: not told"}
    theirs = {
        True: "provider's key verified",
        False: "provider's key does NOT verify its answer",
        None: "provider's key: not told",
    }
    clock = "clock not told" if result.clock_ahead_s is None else _clock(result.clock_ahead_s)
    keys = own[result.is_own_key_accepted], theirs[result.is_provider_key_verified]
    return "; ".join((f"{result.address} reached", *keys, clock, *result.remarks))


def _clock(ahead_s: float) -> str:
    if abs(ahead_s) < _CLOCK_RESOLUTION_S:
        return "clocks agree"
    advice = ", synchronise it" if abs(ahead_s) >= _CLOCK_TOLERANCE_S else ""
    return f"this machine's clock is {abs(ahead_s):.0f} s {'ahead' if ahead_s > 0 else 'behind'}{advice}"


def _check_for_program(config: Path, *, online: bool) -> None:
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    probed: tuple[app.Probed, ...] = ()
    try:
        loaded = load(config)
        warnings = app.check(loaded)
        probed = asyncio.run(app.probe(loaded)) if online else ()
    except ConfigInvalid as invalid:
        mistakes = invalid.mistakes
    mistakes += tuple(mistake for one in probed for mistake in one.mistakes)
    found: dict[str, object] = {
        "config": str(config),
        "is_valid": not mistakes,
        "mistakes": list(mistakes),
        "warnings": list(warnings),
    }
    if online:
        found["accounts"] = [asdict(one) for one in probed]
    print_json(found)
    if mistakes:
        raise typer.Exit(2)
