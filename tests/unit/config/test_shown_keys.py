"""The text of a key that stands where the name of its file belongs is printed by nobody."""

from __future__ import annotations

import base64
import random
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tollbridge_server.config import ConfigInvalid, load
from tollbridge_server.providers.settings_checks import text_of
from tollbridge_server.shown_paths import NOT_SHOWN, looks_like_key, shown_path

from tests.unit.config.files import BASE, mistakes, write
from tests.unit.config.simulated import certified, changed, fresh_keys, mistakes_of, simulated

PEM = fresh_keys()[0]
KEYS = {
    "PEM": PEM,
    "PEM on one line": " ".join(PEM.split("\n")),
    "base64 of a private key": "".join(PEM.split("\n")[1:-2]),
    "base64 with line ends": "\n".join(PEM.split("\n")[1:-2]),
    "hexadecimal digits": "8b62b51b6ce84ea6465d38975c52ed6a",
    "an APIv3 key": "Abcdefghijklmnopqrstuvwxyz012345",
    "base64 of 16 bytes": base64.b64encode(random.Random(1).randbytes(16)).decode(),
    "base64 of 32 bytes": base64.b64encode(b"\xff\xfe" * 16).decode(),
    "base64 of slashes": "aB3/" * 12,
    "base64url": secrets.token_urlsafe(48),
    "what is too long for a name": "key " * 70,
}
SETTINGS: dict[str, Callable[[Path, str], None]] = {
    "private_key_file": lambda config, key: changed(config, '"alipay/app-private-key.pem"', key),
    "alipay_public_key_file": lambda config, key: changed(config, '"alipay/alipay-public-key.pem"', key),
    "aes_key_file": lambda config, key: changed(
        config, 'provider = "alipay"', f'provider = "alipay"\naes_key_file = {key}'
    ),
    "public_key_file": lambda config, key: changed(config, '"wechatpay/wechatpay-public-key.pem"', key),
    "simulators.alipay.key_file": lambda config, key: changed(config, '"alipay/simulator-key.pem"', key),
    "simulators.wechatpay.key_file": lambda config, key: changed(config, '"wechatpay/simulator-key.pem"', key),
    "engine.fingerprint_key_file": lambda config, key: changed(config, '"fingerprint.key"', key),
    "authentication.key_files": lambda config, key: changed(config, '["token-key.pub.pem"]', f"[{key}]"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One set-up for all tests: fresh keys take a second."""
    return simulated(tmp_path_factory.mktemp("made"))


@pytest.fixture
def config(made: Path) -> Path:
    """The set-up, with a configuration of the test's own."""
    copy = made.with_name("changed.toml")
    copy.write_text(made.read_text())
    return copy


def found_in(config: Path) -> str:
    """Return what is wrong, whether reading the file or checking what it names shows it."""
    try:
        load(config)
    except ConfigInvalid as invalid:
        return "\n".join(invalid.mistakes)
    return "\n".join(mistakes_of(config))


def is_shown(key: str, text: str) -> bool:
    """Whether any 12 characters of a key, which are not those of every key, stand in a text."""
    key = key.replace("-----BEGIN PRIVATE KEY-----", "").replace("-----END PRIVATE KEY-----", "").strip()
    return any(key[start : start + 12] in text for start in range(len(key) - 11))


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_a_key_in_place_of_its_file_is_not_shown(config: Path, setting: str, key: str) -> None:
    SETTINGS[setting](config, f'"""{key}"""')

    found = found_in(config)

    assert f"{setting}: " in found
    assert NOT_SHOWN in found
    assert not is_shown(key, found)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_a_merchants_key_in_place_of_its_file_is_not_shown(tmp_path: Path, key: str) -> None:
    path = write(tmp_path, BASE.replace('id = "acme"\n', f'id = "acme"\nkey_files = ["""{key}"""]\n', 1))

    [found] = mistakes(path)

    assert found.startswith(f"{path}: merchants.acme.key_files: {NOT_SHOWN}")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_the_name_of_a_file_that_looks_like_a_key_is_not_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KEYS["hexadecimal digits"]
    path.write_bytes(content)

    class Settings:
        key = ""
        key_file = str(path)

    with pytest.raises(ValueError, match="key_file: the file is ") as refused:
        text_of(Settings(), "key")

    assert not is_shown(path.name, str(refused.value))


@pytest.mark.parametrize(
    ("old", "setting", "content"),
    [
        ("fingerprint.key", "engine.fingerprint_key_file", b"short"),
        ("alipay/simulator-key.pem", "simulators.alipay.key_file", b"\xff\xfe"),
        ("alipay/simulator-key.pem", "simulators.alipay.key_file", b"garbage"),
    ],
)
def test_the_name_of_the_servers_own_file_that_looks_like_a_key_is_not_shown(
    config: Path, old: str, setting: str, content: bytes
) -> None:
    name = KEYS["hexadecimal digits"]
    (config.parent / name).write_bytes(content)
    changed(config, f'"{old}"', f'"{name}"')

    assert f"{setting}: {NOT_SHOWN}" in found_in(config)
    assert not is_shown(name, found_in(config))


def test_a_key_in_place_of_the_reissued_certificate_is_not_shown(tmp_path: Path, made: Path) -> None:
    config = Path(shutil.copytree(made.parent, tmp_path / "copy")) / made.name
    certified(config)
    key = 'key_file = "alipay/simulator-key.pem"'
    changed(
        config,
        f'{key}\nreissued_certificate_file = "alipay/reissued.crt"',
        f'{key}\nreissued_certificate_file = "{KEYS["base64url"]}"',
    )

    assert f"simulators.alipay.reissued_certificate_file: {NOT_SHOWN}" in found_in(config)


@pytest.mark.parametrize(
    "name",
    [
        "alipay/app-private-key.pem",
        "alipay-production-private-key-of-acme",
        "secrets/payments/production/alipay/private",
        "/etc/tollbridge/9B7EA06DC40C736AD6B745025857D065521D151B.pem",
        "keys/Schlüssel des Händlers für Alipay, Produktion.pem",
        "key",
    ],
)
def test_a_path_is_shown(name: str) -> None:
    assert shown_path(name) == name


def test_folders_that_exist_are_no_key(tmp_path: Path) -> None:
    folder = tmp_path / KEYS["hexadecimal digits"]
    folder.mkdir()

    assert shown_path(folder / "missing.pem") == f"{folder}/missing.pem"
    assert shown_path(folder / KEYS["hexadecimal digits"]) == NOT_SHOWN


def test_every_private_key_looks_like_one() -> None:
    numbers = random.Random(7)
    for size in (16, 24, 32, 33, 48, 64, 118, 1190, 1219):
        texts = [base64.b64encode(numbers.randbytes(size)).decode() for _ in range(200)]
        assert [text for text in texts if not looks_like_key(text)] == [], size
