"""Development set-ups with simulators in a test's folder, changed in one place."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tollbridge_server import app
from tollbridge_server.config import ConfigInvalid, load
from tollbridge_server.development import initialize

from tests.conformance.alipay import key_of, private_pem
from tests.conformance.alipay_certificates import alipays, application, root


def simulated(directory: Path) -> Path:
    """Write a development set-up with both simulators, and return its configuration's path."""
    return initialize(directory / "config.toml", has_free_ports=True, has_simulators=True).config_path


def changed(config: Path, old: str, new: str) -> None:
    """Replace what stands in a configuration exactly once."""
    text = config.read_text()
    assert text.count(old) == 1, f"{text.count(old)} times: {old}"
    config.write_text(text.replace(old, new))


def certified(config: Path) -> None:
    """Let Alipay's account and simulator use certificates; the one that answers name once reissued is missing."""
    for name, text in (("app.crt", application()), ("alipay.crt", alipays()), ("root.crt", root())):
        (config.parent / "alipay" / name).write_text(text)
    (config.parent / "alipay" / "app-private-key.pem").write_text(private_pem(key_of("application")))
    (config.parent / "alipay" / "simulator-key.pem").write_text(private_pem(key_of("alipay")))
    names = (
        ("app_certificate", "app.crt"),
        ("alipay_certificate", "alipay.crt"),
        ("alipay_root_certificate", "root.crt"),
    )
    lines = "\n".join(f'{name}_file = "alipay/{file}"' for name, file in names)
    changed(config, 'alipay_public_key_file = "alipay/alipay-public-key.pem"', lines)
    key = 'key_file = "alipay/simulator-key.pem"'
    changed(config, key, f'{key}\nreissued_certificate_file = "alipay/reissued.crt"')


def address_of(config: Path, section: str) -> str:
    """Return the `listen` of a section."""
    return config.read_text().partition(f"[{section}]")[2].partition('listen = "')[2].partition('"')[0]


def mistakes_of(config: Path) -> tuple[str, ...]:
    """Return what app.check refuses, nothing when it does not."""
    try:
        app.check(load(config))
    except ConfigInvalid as invalid:
        return invalid.mistakes
    return ()


def warnings_of(config: Path) -> tuple[str, ...]:
    """Return the warnings of a configuration that is right."""
    return app.check(load(config))


def fresh_keys() -> tuple[str, str]:
    """Return a private key and its public half, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
