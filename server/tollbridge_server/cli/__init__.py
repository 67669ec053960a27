"""The command line: `tollbridge …`. It prints, asks app and the client to act, and says what to do after an error."""

from __future__ import annotations

import sys

import typer

from tollbridge_server.cli import bench, config, demo, payments, serve, simulate, token, upkeep
from tollbridge_server.cli.output import explained, fail


def build() -> typer.Typer:
    """Return the command with all its sub-commands."""
    application = typer.Typer(
        name="tollbridge",
        help="A payment gateway that other services call over gRPC.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for room in (serve, demo, simulate, token, upkeep, payments, bench):
        room.register(application)
    application.add_typer(config.build(), name="config", help="Check or write the configuration file.")
    return application


def main() -> None:
    """Run the command; an error that a person can mend ends with a sentence and exit code 1, not a traceback."""
    try:
        build()()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        fail(explained(error))
