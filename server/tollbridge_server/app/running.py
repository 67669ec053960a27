"""Runs a server, or a simulator as a process of its own, until a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable
from pathlib import Path

from tollbridge_server.app.accounts import account_settings
from tollbridge_server.app.addresses import host_of, port_of
from tollbridge_server.app.application import Endpoints
from tollbridge_server.app.building import build
from tollbridge_server.app.simulators import read_simulator
from tollbridge_server.config import ConfigInvalid, Loaded
from tollbridge_server.providers.sandbox import SandboxSettings
from tollbridge_server.testing.simulators.sandbox import SandboxAccount, SandboxAcquirer, SandboxServer

_COLLECT_AFTER = (10_000, 20, 50)


async def serve(loaded: Loaded, *, announce: Callable[[Endpoints], None]) -> None:
    """Run a server until SIGTERM or SIGINT, then drain it; `announce` is told when it listens."""
    application = await build(loaded)
    stopping = _stop_signal()
    try:
        endpoints = await application.start()
        _calm_the_collector()
        announce(endpoints)
        await stopping.wait()
    finally:
        await application.stop()


async def simulate_sandbox(
    loaded: Loaded, *, listen: str, book: Path, notifications_url: str, announce: Callable[[Endpoints], None]
) -> None:
    """Run the sandbox acquirer for the accounts of a configuration until SIGTERM or SIGINT."""
    base = notifications_url or f"http://{loaded.config.notifications.listen}"
    accounts = {
        account_id: SandboxAccount(account_id, own.secret.encode(), f"{base}/notifications/sandbox/{account_id}")
        for account_id, own in account_settings(loaded).items()
        if isinstance(own, SandboxSettings)
    }
    server = SandboxServer(SandboxAcquirer(book), accounts)
    stopping = _stop_signal()
    port = await server.start(host_of(listen), port_of(listen))
    try:
        announce(Endpoints(sandbox=f"http://{host_of(listen)}:{port}"))
        await stopping.wait()
    finally:
        await server.stop()


async def simulate(
    loaded: Loaded, provider: str, *, listen: str, book: Path | None, announce: Callable[[Endpoints], None]
) -> None:
    """Run the simulator of a provider for the accounts of a configuration until SIGTERM or SIGINT.

    `listen` empty takes the section's address. Raises ConfigInvalid when there is no such section.
    """
    section = dict(loaded.config.simulators.sections()).get(provider)
    if section is None:
        mistake = loaded.mistake(f"simulators.{provider}", "add this section with listen, book_file and key_file")
        raise ConfigInvalid([mistake])
    make = read_simulator(loaded, provider, section, account_settings(loaded))
    if make is None:
        reason = "no account of this provider leads to this machine, so nobody could talk to it"
        raise ConfigInvalid([loaded.mistake(f"simulators.{provider}", reason)])
    simulator = make(book or loaded.path(section.book_file))
    stopping = _stop_signal()
    host = host_of(listen or section.listen)
    port = await simulator.start(host, port_of(listen or section.listen))
    try:
        announce(Endpoints(**{provider: f"http://{host}:{port}"}))
        await stopping.wait()
    finally:
        await simulator.stop()


def _calm_the_collector() -> None:
    """Let the garbage collector leave alone what lives as long as the process; going through it costs a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping
