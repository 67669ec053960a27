"""`tollbridge serve`: the server, until SIGTERM or Ctrl-C drains it."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import typer
import uvloop

from tollbridge_server import app, logs
from tollbridge_server.cli.output import ConfigOption, JsonOption, errors, explained, fail, load_or_fail
from tollbridge_server.config import DEFAULT_PATH, ConfigInvalid, Loaded
from tollbridge_server.development import development_at, initialize
from tollbridge_server.ports.books import BookUnreadable
from tollbridge_server.ports.storage import StorageUnavailable


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command("serve")(serve)


def serve(config: ConfigOption = DEFAULT_PATH, as_json: JsonOption = False) -> None:
    """Start the server. Without a configuration it makes one for development first, in .tollbridge/.

    SIGTERM and Ctrl-C drain it: what is in flight is finished and recorded. With --json it prints one line with its
    addresses on standard output when it listens.
    """
    if config == DEFAULT_PATH and not config.exists():
        initialize(config, has_simulators=True)
        errors.print(f"made a development set-up in {config.parent}/", highlight=False)
    loaded = load_or_fail(config)
    logs.configure(loaded.config.logging.level)
    try:
        uvloop.run(_serve(loaded, config, as_json=as_json))
    except ConfigInvalid as invalid:
        fail("\n".join(invalid.mistakes), code=2)
    except (StorageUnavailable, BookUnreadable, OSError) as error:
        fail(explained(error) if isinstance(error, OSError) else str(error))


async def _serve(loaded: Loaded, config: Path, *, as_json: bool) -> None:
    def announce(endpoints: app.Endpoints) -> None:
        if as_json:
            print(json.dumps(asdict(endpoints)), flush=True)
        else:
            _greet(endpoints, config)

    await app.serve(loaded, announce=announce)


def _greet(endpoints: app.Endpoints, config: Path) -> None:
    """Tell a person where the server is, and what to try."""
    made = development_at(config)
    errors.print(f"Tollbridge serves gRPC on {endpoints.grpc}", style="green", highlight=False)
    if endpoints.notifications:
        errors.print(f"  notifications  {endpoints.notifications}/notifications/<provider>/<account>", highlight=False)
    if endpoints.sandbox:
        errors.print(f"  payer's pages  {endpoints.sandbox}", highlight=False)
    if endpoints.alipay:
        errors.print(f"  Alipay, simulated      {endpoints.alipay}", highlight=False)
    if endpoints.wechatpay:
        errors.print(f"  WeChat Pay, simulated  {endpoints.wechatpay}", highlight=False)
    if endpoints.metrics:
        errors.print(f"  metrics        {endpoints.metrics}", highlight=False)
    if made.token_path.exists():
        token = made.token_path.read_text().strip()
        errors.print(f"  token          {token}", highlight=False, soft_wrap=True)
        errors.print("Try, in another terminal:", highlight=False)
        command = "tollbridge" if shutil.which("tollbridge") else sys.argv[0]
        where = "" if config == DEFAULT_PATH else f" --target {endpoints.grpc} --token-file {made.token_path}"
        errors.print(f"  {command} pay 19.99 EUR{where}", style="cyan", highlight=False, soft_wrap=True)
