"""Imported once by the process that servers are forked off, so that no start repeats it; starts no thread.

What a server computes of its own classes alone, and the keys that the set-ups of the kit share, are read here before
the first fork: that is most of a start.
"""

from __future__ import annotations

import gc
import os
import tempfile
from functools import cache
from pathlib import Path

import tollbridge_server.app
import tollbridge_server.cli.serve
import tollbridge_server.cli.simulate  # noqa: F401
from tollbridge_server.config import load
from tollbridge_server.development import initialize
from tollbridge_server.providers import rsa_keys

from tests.crash.setups import KEYS_VARIABLE

with tempfile.TemporaryDirectory() as _directory:
    load(initialize(Path(_directory) / "config.toml", has_free_ports=True).config_path)
# A server reads each key several times, and OpenSSL looks for its primes each time. What was read stays as it is.
rsa_keys._private_of = cache(rsa_keys._private_of)
for _file in Path(os.environ[KEYS_VARIABLE]).glob("*/*-key.pem"):
    if "PRIVATE" in (_text := _file.read_text()):
        rsa_keys.read_private_key(_text, setting=_file.name)
gc.freeze()
