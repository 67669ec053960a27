"""How the commands for a person reach a server: the target and the token of the development set-up, or others."""

from __future__ import annotations

import socket
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
_CONNECT_TIMEOUT_S = 5.0
_MAX_PORT = 65535

TargetOption = Annotated[
    str, typer.Option(envvar="TOLLBRIDGE_TARGET", help="The server's host:port; the configured one without this.")
]
TokenOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        envvar="TOLLBRIDGE_TOKEN_FILE",
        help="A file that holds the token; .tollbridge/token without this.",
    ),
]


def connect(target: str, token_file: Path | None) -> tollbridge.Client:
    """Return a client of the server, or end the command with what is missing."""
    path = token_file or development_at(DEFAULT_PATH).token_path
    try:
        token = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        # Somebody may have given the token itself, which begins so.
        where = "the file that is named" if str(token_file).startswith("eyJ") else path
        fail(f"there is no token in {where}; `tollbridge serve` makes one, or name one with --token-file")
    if not token:
        fail(f"{path} is empty; `tollbridge token > {path}` writes a token for development")
    where = target or _configured_target()
    _require_listener(where)
    try:
        return tollbridge.Client(where, token=token)
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


def _require_listener(target: str) -> None:
    """End the command at once where nobody listens; the client would try again until its deadline."""
    host, colon, port = target.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > _MAX_PORT:
        fail(f"--target {target}: write host:port, such as {_DEFAULT_TARGET}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_TIMEOUT_S).close()
    except OSError as error:
        fail(f"no server answers on {target} ({error.strerror or error}); `tollbridge serve` starts one")


def _configured_target() -> str:
    try:
        return load(DEFAULT_PATH).config.server.listen
    except ConfigInvalid:
        return _DEFAULT_TARGET
