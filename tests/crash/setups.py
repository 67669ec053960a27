"""Set-ups of one server and its providers, each in a folder and on ports of its own; their keys are made once.

RSA keys take longer to make than everything else, and which they are is nothing that a kill depends on.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from tollbridge_server.config import load
from tollbridge_server.development import Development, development_at, initialize, simulated

KEYS_VARIABLE = "CRASH_KIT_KEYS"
"""Tells the process that servers are forked off in which folder the keys are, so that it has read them before."""


def set_up(directory: Path, *, has_simulators: bool) -> Development:
    """Write a development set-up into an empty folder; with the simulators' accounts if they are wanted."""
    original = _original()
    if not has_simulators:
        return initialize(directory / "config.toml", has_free_ports=True)
    shutil.copytree(original.config_path.parent, directory, dirs_exist_ok=True)
    made = development_at(directory / "config.toml")
    config, text = load(made.config_path).config, made.config_path.read_text()
    named = (config.notifications.listen, *(section.listen for _, section in config.simulators.sections()))
    for address, port in zip(named, simulated.free_ports(len(named)), strict=True):
        assert address is not None, "accounts that are notified name the address"
        text = text.replace(address, f"127.0.0.1:{port}")
    made.config_path.write_text(text)
    return made


@cache
def _original() -> Development:
    """Make the set-up whose keys all others have. It is there before the first server, which is forked off later."""
    directory = Path(tempfile.mkdtemp(prefix="crash-kit-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ[KEYS_VARIABLE] = str(directory)
    return initialize(directory / "config.toml", has_free_ports=True, has_simulators=True)
