"""Environment variables override the file, key by key; a mistake in one is named as the environment's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.files import BASE, loaded, mistakes, write

PASSWORD = "not-to-be-shown"


def test_a_variable_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBRIDGE_SERVER__LISTEN", "127.0.0.1:9000")

    config = loaded(tmp_path, BASE + '[server]\nlisten = "127.0.0.1:8000"\nmax_in_flight = 7\n').config

    assert (config.server.listen, config.server.max_in_flight) == ("127.0.0.1:9000", 7)


def test_a_list_is_written_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S", "[1, 2.5]")

    assert loaded(tmp_path).config.engine.check_schedule_s == (1, 2.5)


def test_a_required_key_may_come_from_the_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBRIDGE_AUTHENTICATION__ISSUER", "https://other.example.com")

    config = loaded(tmp_path, BASE.replace('issuer = "https://issuer.example.com"\n', "")).config

    assert config.authentication.issuer == "https://other.example.com"


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("TOLLBRIDGE_SERVER__LISTEN", "nowhere", "write host:port"),
        ("TOLLBRIDGE_SERVER__LISTEN", "0.0.0.0:7443", "add [server.tls]"),
        ("TOLLBRIDGE_SERVER__MAX_IN_FLIGHT", "many", "has to be a whole number"),
        ("TOLLBRIDGE_STORAGE__URL", f"mysql://user:{PASSWORD}@db/x", "write sqlite:///file or postgresql://"),
        ("TOLLBRIDGE_ENGINE__FINGERPRINT_KEY_FILE", "/nowhere/key", "`tollbridge config init` makes one"),
        ("TOLLBRIDGE_AUTHENTICATION__KEY_FILES", '["/nowhere/key.pem"]', "correct the path"),
        ("TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S", "5, 15", "needs JSON"),
        ("TOLLBRIDGE_SERVER", '{"listen": "nowhere"}', "write host:port"),
        ("TOLLBRIDGE_SERVER", "127.0.0.1:1", "needs JSON"),
        ("TOLLBRIDGE_SERVER__LISTNE", "127.0.0.1:1", "check its spelling"),
        ("TOLLBRIDGE_SEVER__LISTEN", "127.0.0.1:1", "check its spelling"),
        ("TOLLBRIDGE_MERCHANTS__0__ID", "acme", "check its spelling"),
        ("TOLLBRIDGE_MERCHANTS", '[{"id": "a b"}]', "letters, digits"),
    ],
)
def test_a_mistake_in_a_variable_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, advice: str
) -> None:
    path = write(tmp_path)
    monkeypatch.setenv(name, value)

    [found] = mistakes(path)

    assert found.startswith(f"{name} (environment): ")
    assert advice in found
    assert PASSWORD not in found


def test_the_file_is_blamed_for_its_own_key_beside_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, BASE + "[server]\nmax_in_flight = 0\n")
    monkeypatch.setenv("TOLLBRIDGE_SERVER", '{"max_streams": 9}')

    [found] = mistakes(path)

    assert found.startswith(f"{path}: server.max_in_flight: ")


def test_mistakes_of_file_and_environment_are_named_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, BASE + '[logging]\nlevel = "LOUD"\n')
    monkeypatch.setenv("TOLLBRIDGE_SEVER__LISTEN", "127.0.0.1:1")
    monkeypatch.setenv("TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S", "5, 15")
    monkeypatch.setenv("TOLLBRIDGE_SERVER__LISTEN", "nowhere")

    found = mistakes(path)

    assert sorted(line.split(": ")[0] for line in found) == [
        str(path),
        "TOLLBRIDGE_ENGINE__CHECK_SCHEDULE_S (environment)",
        "TOLLBRIDGE_SERVER__LISTEN (environment)",
        "TOLLBRIDGE_SEVER__LISTEN (environment)",
    ]


@pytest.mark.parametrize("name", ["TOLLBRIDGE_TARGET", "TOLLBRIDGE_TOKEN_FILE", "TOLLBRIDGE_CONFIG", "OTHER__KEY"])
def test_variables_of_others_are_let_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "anything")

    loaded(tmp_path)
