"""The command line: `tollbridge …`. It prints, asks app and the client to act, and says what to do after an error.

Only the wanted command's room is imported: who asks for a status does not wait for the server's libraries.
"""

from __future__ import annotations

import importlib
import sys

import typer

from tollbridge_server.cli.output import explained, fail

ROOMS = {
    "serve": "serve",
    "demo": "demo",
    "simulate": "simulate",
    "token": "token",
    "migrate": "upkeep",
    "verify": "upkeep",
    "config": "config",
    "pay": "payments",
    "refund": "payments",
    "status": "payments",
    "watch": "payments",
    "bill": "bills",
    "bench": "bench",
}
"""Each command, and the module that registers it."""


def build(*commands: str) -> typer.Typer:
    """Return the command line with the rooms of `commands`, or with all of them."""
    application = typer.Typer(
        name="tollbridge",
        help="A payment gateway that other services call over gRPC.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    application.callback()(_nothing)  # With one command alone, typer would take its name for an argument.
    for room in dict.fromkeys(ROOMS[command] for command in commands or ROOMS):
        importlib.import_module(f"tollbridge_server.cli.{room}").register(application)
    return application


def main() -> None:
    """Run the command; an error that a person can mend ends with a sentence and exit code 1, not a traceback."""
    try:
        build(*(argument for argument in sys.argv[1:2] if argument in ROOMS))(prog_name="tollbridge")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        fail(explained(error))


def _nothing() -> None:
    """Do nothing before the command."""
