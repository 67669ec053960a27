"""What a start would find out, found out before it: every file is read, and nothing is made, opened or sent.

Refuses what `serve` could not run with, all of it at once. What runs and may still not be meant is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from tollbridge_server.app.accounts import account_settings
from tollbridge_server.app.addresses import clashes
from tollbridge_server.app.security import authenticator_of, transport_of
from tollbridge_server.app.simulators import MakeSimulator, address_of, leads_to, read_simulator
from tollbridge_server.config import ConfigInvalid, Loaded, SimulatorSection
from tollbridge_server.providers.sandbox import SandboxSettings
from tollbridge_server.providers.settings_checks import Doubtful
from tollbridge_server.rpc.authentication import Authenticator
from tollbridge_server.rpc.server import Transport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked:
    """A configuration that a server can start with: what was read, and what an operator should look at."""

    authenticator: Authenticator
    transport: Transport
    settings: Mapping[str, Any] = field(repr=False)
    simulators: tuple[tuple[str, SimulatorSection, MakeSimulator], ...]
    warnings: tuple[str, ...]


def checked(loaded: Loaded) -> Checked:
    """Read every file that the configuration names, as a start does. Raises ConfigInvalid with every mistake."""
    mistakes: list[str] = []
    warnings: list[str] = []

    def noted(read: Callable[[], T], *, into: list[str] = mistakes) -> T | None:
        try:
            return read()
        except ConfigInvalid as invalid:
            into.extend(invalid.mistakes)
            return None

    authenticator = noted(lambda: authenticator_of(loaded))
    transport = noted(lambda: transport_of(loaded))
    settings = noted(lambda: account_settings(loaded))
    simulators = []
    for provider, section in loaded.config.simulators.sections():
        if settings is None:
            break
        # One that runs apart keeps no server from starting.
        into = mistakes if section.in_server else warnings
        make = noted(partial(read_simulator, loaded, provider, section, settings), into=into)
        if make is not None and section.in_server:
            simulators.append((provider, section, make))
    mistakes += [loaded.mistake(key, remedy) for key, remedy in clashes(tuple(_listeners(loaded, settings or {})))]
    if mistakes or authenticator is None or transport is None or settings is None:
        raise ConfigInvalid(mistakes)
    warnings += _doubts(loaded, settings)
    return Checked(authenticator, transport, settings, tuple(simulators), tuple(warnings))


def _listeners(loaded: Loaded, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield key and address of everything that listens on this machine."""
    config = loaded.config
    yield "server.listen", config.server.listen
    if config.notifications.listen is not None:
        yield "notifications.listen", config.notifications.listen
    if any(isinstance(own, SandboxSettings) and not own.base_url for own in settings.values()):
        yield "sandbox.listen", config.sandbox.listen
    if config.metrics.listen is not None:
        yield "metrics.listen", config.metrics.listen
    for provider, section in config.simulators.sections():
        yield f"simulators.{provider}.listen", section.listen


def _doubts(loaded: Loaded, settings: Mapping[str, Any]) -> Iterator[str]:
    for account_id, own in settings.items():
        if isinstance(own, Doubtful):
            for doubt in own.doubts(account_id):
                yield loaded.mistake(f"merchants.accounts ({account_id})", doubt)
    providers = {account.id: account.provider for merchant in loaded.config.merchants for account in merchant.accounts}
    for provider, section in loaded.config.simulators.sections():
        theirs = {account_id: own for account_id, own in settings.items() if providers[account_id] == provider}
        if any(leads_to(section, own) for own in theirs.values()):
            continue
        elsewhere = ", ".join(f"{account_id} to {address_of(own)}" for account_id, own in theirs.items())
        yield loaded.mistake(
            f"simulators.{provider}",
            f"no account leads to {section.listen} ({elsewhere or f'there is none with provider = {provider!r}'}); "
            "remove the section, or correct the address",
        )
