"""Imported once by the process that servers are forked off, so that no start repeats it; starts no thread.

What a server computes of its own classes alone is computed here before the first fork: that is half of a start.
"""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import tollbridge_server.app
import tollbridge_server.cli.serve
import tollbridge_server.cli.simulate  # noqa: F401
from tollbridge_server.config import load
from tollbridge_server.development import initialize

with tempfile.TemporaryDirectory() as _directory:
    load(initialize(Path(_directory) / "config.toml", has_free_ports=True).config_path)
gc.freeze()
