"""How the commands for a person reach a server: the target and the token of the development set-up, or others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import tollbridge
import typer

from tollbridge_server.cli.output import fail
from tollbridge_server.config import DEFAULT_PATH, ConfigInvalid, load
from tollbridge_server.development import development_at

T = TypeVar("T")

_DEFAULT_TARGET = "127.0.0.1:7443"

TargetOption = Annotated[str, typer.Option(envvar="TOLLBRIDGE_TARGET", help="host:port; the configured one without.")]
TokenOption = Annotated[
    Path | None, typer.Option("--token-file", envvar="TOLLBRIDGE_TOKEN_FILE", help="A file that holds the token.")
]


def connect(target: str, token_file: Path | None) -> tollbridge.Client:
    """Return a client of the server, or end the command with what is missing."""
    path = token_file or development_at(DEFAULT_PATH).token_path
    try:
        token = path.read_text().strip()
    except OSError:
        fail(f"there is no token in {path}; `tollbridge serve` makes one, or name one with --token-file")
    try:
        return tollbridge.Client(target or _configured_target(), token=token)
    except ValueError as error:
        fail(str(error))


def call(request: Callable[[], T]) -> T:
    """Return what the server answers, or end the command with its reason and what may have happened."""
    try:
        return request()
    except tollbridge.TollbridgeError as error:
        after = ""
        if error.is_effect_possible and error.idempotency_key:
            after = f"\nIt may have had an effect; repeat with --key {error.idempotency_key} to see what became of it."
        elif error.code.name == "UNAVAILABLE" and error.reason is None:
            after = "\nIs the server running? `tollbridge serve` starts one."
        fail(f"{error}{after}")


def _configured_target() -> str:
    try:
        return load(DEFAULT_PATH).config.server.listen
    except ConfigInvalid:
        return _DEFAULT_TARGET
