"""`tollbridge token`: mints a token with the development key; production tokens come from the merchant's issuer."""

from __future__ import annotations

from typing import Annotated

import typer

from tollbridge_server.cli.output import ConfigOption, JsonOption, fail, load_or_fail, print_json
from tollbridge_server.config import DEFAULT_PATH
from tollbridge_server.development import TOKEN_LIFETIME_S, all_scopes, development_at, mint_development_token


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command("token")(token)


def token(
    config: ConfigOption = DEFAULT_PATH,
    merchant: Annotated[str, typer.Option(help="The merchant; the first configured one without this.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="A scope; may be repeated. All without this.")] = None,
    lifetime_s: Annotated[int, typer.Option(min=1, help="How many seconds the token is good for.")] = TOKEN_LIFETIME_S,
    as_json: JsonOption = False,
) -> None:
    """Mint a token for development and print it."""
    loaded = load_or_fail(config)
    known = [configured.id for configured in loaded.config.merchants]
    merchant_id = merchant or known[0]
    if merchant_id not in known:
        fail(f"{config} has no merchant {merchant_id!r}; it has: {', '.join(known)}")
    unknown = set(scope or ()) - set(all_scopes())
    if unknown:
        fail(f"no RPC asks for the scope {sorted(unknown)[0]!r}; there are: {', '.join(all_scopes())}")
    made = development_at(config)
    authentication = loaded.config.authentication
    try:
        minted = mint_development_token(
            made,
            merchant_id=merchant_id,
            scopes=tuple(scope or all_scopes()),
            lifetime_s=lifetime_s,
            issuer=authentication.issuer,
            audience=authentication.audience,
        )
    except FileNotFoundError:
        fail(
            f"there is no {made.signing_key_path}: only a set-up of `tollbridge config init` can mint tokens; "
            "in production, tokens come from your own issuer"
        )
    if as_json:
        print_json({"token": minted, "merchant": merchant_id, "lifetime_s": lifetime_s})
    else:
        typer.echo(minted)
