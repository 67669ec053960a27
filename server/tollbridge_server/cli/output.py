"""How commands print: tables for a person, one JSON object for a program, and errors that say what to do next."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from tollbridge_server.config import ConfigInvalid, Loaded, load

_PLAIN_WIDTH = 120

# Where nobody watches (a log, a pipe) there is no width to fit into.
console = Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
errors = Console(stderr=True)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="TOLLBRIDGE_CONFIG", help="The configuration file (TOML).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for a program.")]


def print_json(value: object) -> None:
    """Print one JSON value and nothing else."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def fail(message: str, *, code: int = 1) -> NoReturn:
    """Print what went wrong and end the command."""
    errors.print(f"tollbridge: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


def load_or_fail(path: Path) -> Loaded:
    """Return the configuration, or end the command with every mistake in it."""
    try:
        return load(path)
    except ConfigInvalid as invalid:
        fail("\n".join(invalid.mistakes), code=2)
