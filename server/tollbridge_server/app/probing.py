"""Asks each account's provider, over the network, whether both sides know each other; nothing can come of it.

Needs neither database nor server: adapters are made for the questions alone, and closed after them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tollbridge_server.app.checking import checked
from tollbridge_server.app.simulators import leads_to
from tollbridge_server.config import Loaded
from tollbridge_server.ports.provider import ProbeResult, Probing
from tollbridge_server.providers.registry import spec_of
from tollbridge_server.providers.sandbox import SandboxSettings


@dataclass(frozen=True, slots=True)
class Probed:
    """One account: what its provider's answers prove; `result` None when it has no such questions."""

    account_id: str
    provider: str
    result: ProbeResult | None
    mistakes: tuple[str, ...] = ()


async def probe(loaded: Loaded) -> tuple[Probed, ...]:
    """Ask the providers of all accounts at once, and return what was told of each. Raises ConfigInvalid."""
    settings = checked(loaded).settings
    accounts = [account for merchant in loaded.config.merchants for account in merchant.accounts]
    return tuple(await asyncio.gather(*(_probe(loaded, one.id, one.provider, settings[one.id]) for one in accounts)))


async def _probe(loaded: Loaded, account_id: str, provider: str, own: object) -> Probed:
    spec = spec_of(provider)
    if spec is None or isinstance(own, SandboxSettings):
        return Probed(account_id, provider, None)
    adapter = spec.build(account_id, own, None)
    try:
        if not isinstance(adapter, Probing):
            return Probed(account_id, provider, None)
        result = await adapter.probe()
    finally:
        await adapter.close()
    hint = "" if result.is_reached else _simulator_hint(loaded, provider, own)
    key = f"merchants.accounts ({account_id})"
    return Probed(
        account_id, provider, result, tuple(loaded.mistake(key, f"{mistake}{hint}") for mistake in result.mistakes)
    )


def _simulator_hint(loaded: Loaded, provider: str, own: object) -> str:
    """Say which command starts what an account leads to, where that is a simulator."""
    section = dict(loaded.config.simulators.sections()).get(provider)
    if section is None or not leads_to(section, own):
        return ""
    command = "serve" if section.in_server else f"simulate {provider}"
    return f"; [simulators.{provider}] runs with `tollbridge {command}`: start that first"
