"""How commands print: tables for a person, one JSON object for a program, and errors that say what to do next."""

from __future__ import annotations

import errno
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from tollbridge_server.config import ConfigInvalid, Loaded, load

_PLAIN_WIDTH = 120
_MAX_SHOWN = 16 * 1024


class _Console(Console):
    """Prints no text of a server, a provider or a file as it came: it may hold escapes that a terminal obeys."""

    def render_str(self, text: str, **how: Any) -> Text:
        """Return a text, or that of a table's cell, as it is printed."""
        return super().render_str(printable(text), **how)


def printable(text: str) -> str:
    """Return the text without what a terminal would obey rather than show, and cut where it is absurdly long."""
    shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}… (cut)"
    return "".join(each if each.isprintable() or each == "\n" else _instead_of(each) for each in shown)


def _instead_of(character: str) -> str:
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


# Where nobody watches (a log, a pipe) there is no width to fit into.
console = _Console(emoji=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
errors = _Console(stderr=True, emoji=False, width=None if sys.stderr.isatty() else _PLAIN_WIDTH)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="TOLLBRIDGE_CONFIG", help="The configuration file (TOML).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for a program.")]


def print_json(value: object) -> None:
    """Print one JSON value and nothing else."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def print_json_line(value: object) -> None:
    """Print one JSON value on one line, at once: a program reads it while more may come."""
    json.dump(value, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def explained(error: OSError) -> str:
    """Return what the operating system refused as a sentence that says what to do."""
    if error.errno == errno.EADDRINUSE:
        # asyncio writes: error while attempting to bind on address ('127.0.0.1', 7480): address already in use
        found = re.search(r"\('([^']+)', (\d+)", str(error))
        where = ":".join(found.groups()) if found else "the address"
        return f"{where} is in use: is another server running there? End it, or configure another address"
    if not (error.filename and error.strerror):
        return str(error)
    ways = {
        errno.EACCES: "; let this user read and write it, or run the command as the user that owns it",
        errno.EROFS: "; name a folder that can be written to",
        errno.ENOENT: "; correct the path",
        errno.EISDIR: "; name a file, not a folder",
    }
    return f"{error.filename}: {error.strerror}{ways.get(error.errno or 0, '')}"


def counted(number: int, thing: str) -> str:
    """Return `1 payment`, `2 payments`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


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
