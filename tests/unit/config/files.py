"""Writes configurations that are right, or wrong in one place, into a test's folder."""

from __future__ import annotations

from pathlib import Path

from tollbridge_server.config import ConfigInvalid, Loaded, load
from tollbridge_server.development import initialize
from tollbridge_server.rpc.tokens import generate_key_pair

BASE = """\
[authentication]
issuer = "https://issuer.example.com"
key_files = ["issuer.pem"]

[engine]
fingerprint_key_file = "fingerprint.key"

[[merchants]]
id = "acme"

[[merchants.accounts]]
id = "acme-sandbox"
provider = "sandbox"
secret = "0123456789abcdef0123456789abcdef"
"""


def write(directory: Path, text: str = BASE) -> Path:
    """Write a configuration with its keys beside it, and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "issuer.pem").write_bytes(generate_key_pair()[1])
    (directory / "fingerprint.key").write_text("f" * 64)
    path = directory / "config.toml"
    path.write_text(text)
    return path


def develop(directory: Path) -> Path:
    """Write the development set-up, and return its configuration's path."""
    return initialize(directory / "config.toml").config_path


def loaded(directory: Path, text: str = BASE) -> Loaded:
    """Load a configuration that must be right."""
    return load(write(directory, text))


def mistakes(path: Path) -> tuple[str, ...]:
    """Return the mistakes of a configuration that must be wrong."""
    try:
        load(path)
    except ConfigInvalid as invalid:
        return invalid.mistakes
    raise AssertionError(f"{path} loads without a mistake")
