"""Paths start at the file's folder, secrets show nowhere, and the development set-up is right as it is written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tollbridge_server import app
from tollbridge_server.config import is_loopback, load
from tollbridge_server.development import initialize

from tests.unit.config.files import BASE, develop, loaded, write

SECRET = "0123456789abcdef0123456789abcdef"
PASSWORD = "hunter2hunter2"


def test_relative_paths_start_at_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "there")
    monkeypatch.chdir(tmp_path)

    found = load(Path("there/config.toml"))

    assert found.storage_url == f"sqlite:///{tmp_path}/there/tollbridge.db"
    assert found.path(Path("a.pem")) == tmp_path / "there" / "a.pem"
    assert found.path(Path("/b.pem")) == Path("/b.pem")


def test_an_absolute_database_and_a_postgres_url_stay_as_they_are(tmp_path: Path) -> None:
    there = loaded(tmp_path / "a", BASE + '[storage]\nurl = "sqlite:////var/lib/tollbridge.db"\n')
    elsewhere = loaded(tmp_path / "b", BASE + '[storage]\nurl = "postgresql://me@db/pay"\n')

    assert there.storage_url == "sqlite:////var/lib/tollbridge.db"
    assert elsewhere.storage_url == "postgresql://me@db/pay"


def test_no_secret_is_in_a_repr_or_a_text(tmp_path: Path) -> None:
    found = loaded(tmp_path, BASE + f'[storage]\nurl = "postgresql://me:{PASSWORD}@db/pay"\n')
    account = found.config.merchants[0].accounts[0]
    shown = "".join(f"{part!r}{part}" for part in (found, found.config, found.config.storage, account))

    assert account.settings == {"secret": SECRET}
    for secret in (SECRET, PASSWORD, "f" * 64):
        assert secret not in shown


def test_the_development_set_up_loads_and_passes_the_check(tmp_path: Path) -> None:
    found = load(develop(tmp_path))

    app.check(found)
    assert [merchant.id for merchant in found.config.merchants] == ["demo"]


def test_secrets_of_the_development_set_up_are_for_their_owner_only(tmp_path: Path) -> None:
    develop(tmp_path)

    for name in ("config.toml", "fingerprint.key", "token-key.pem", "token"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600, name


def test_the_development_set_up_makes_fresh_secrets_every_time(tmp_path: Path) -> None:
    one, other = develop(tmp_path / "one"), develop(tmp_path / "other")

    for name in ("config.toml", "fingerprint.key", "token-key.pem", "token"):
        assert one.with_name(name).read_bytes() != other.with_name(name).read_bytes(), name


@pytest.mark.parametrize("name", ["config.toml", "fingerprint.key", "token-key.pem", "token-key.pub.pem", "token"])
def test_nothing_that_exists_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")

    with pytest.raises(FileExistsError, match=name):
        initialize(tmp_path / "config.toml")

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"])
def test_loopback_is_known(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "localhost.example.com:1", ":1"])
def test_what_others_reach_is_no_loopback(address: str) -> None:
    assert not is_loopback(address)
