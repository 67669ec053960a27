"""Every mistake in a configuration is named with its file, its key and the way to mend it, and all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.files import BASE, mistakes, write


def test_all_mistakes_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        BASE.replace('issuer = "https://issuer.example.com"\n', "")
        + '[server]\nlisten = "nowhere"\nmax_in_flight = 0\n'
        + '[storage]\nurl = "mysql://db"\n[logging]\nlevel = "LOUD"\n[surprise]\nkey = 1\n',
    )

    found = mistakes(path)

    keys = {
        "server.listen",
        "server.max_in_flight",
        "storage.url",
        "logging.level",
        "surprise",
        "authentication.issuer",
    }
    assert {line.split(": ")[1] for line in found} == keys
    assert all(line.startswith(f"{path}: ") for line in found)


def test_a_mistake_of_consistency_does_not_wait_for_another_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        BASE.replace('key_files = ["issuer.pem"]', "")
        + '[[merchants]]\nid = "acme"\n[[merchants.accounts]]\nid = "acme-sandbox"\nprovider = "sandbox"\n'
        + '[server]\nlisten = "0.0.0.0:7443"\n[sandbox]\nlisten = "0.0.0.0:7481"\n',
    )

    found = " ".join(mistakes(path))

    for key in ("merchants.id", "merchants.accounts.id", "authentication.key_files", "server.listen", "sandbox.listen"):
        assert f"{path}: {key}: " in found


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        BASE + '[server.tls]\ncertificate_file = "a.pem"\nkey_file = "a.key"\nclient_ca_file = "ca.pem"\n'
        '[[merchants]]\nid = "other"\nkey_files = ["other.pem"]\n',
    )
    (tmp_path / "issuer.pem").unlink()
    (tmp_path / "fingerprint.key").unlink()

    found = mistakes(path)

    assert [line.split(": ")[1] for line in found] == [
        "engine.fingerprint_key_file",
        "authentication.key_files",
        "merchants.other.key_files",
        "server.tls.certificate_file",
        "server.tls.key_file",
        "server.tls.client_ca_file",
    ]
    assert all(str(tmp_path) in line.split(": ", 2)[2] for line in found)


@pytest.mark.parametrize(
    ("text", "key", "advice"),
    [
        ('[server]\nlistne = "x:1"\n', "server.listne", "check its spelling"),
        ('[server]\nlisten = "7443"\n', "server.listen", "write host:port"),
        ('[server]\nlisten = "127.0.0.1:70000"\n', "server.listen", "write host:port"),
        ("[server]\nmax_deadline_s = 0\n", "server.max_deadline_s", "greater than 0"),
        ('[storage]\nurl = "tollbridge.db"\n', "storage.url", "sqlite:///"),
        ('[logging]\nlevel = "TRACE"\n', "logging.level", "INFO"),
        ('[server.tls]\ncertificate_file = "a"\n', "server.tls.key_file", "is missing; add it"),
    ],
)
def test_a_mistake_says_how_to_mend_it(tmp_path: Path, text: str, key: str, advice: str) -> None:
    path = write(tmp_path, BASE + text)

    [found] = mistakes(path)

    assert found.startswith(f"{path}: {key}: ")
    assert advice in found


@pytest.mark.parametrize(
    ("old", "new", "key", "advice"),
    [
        ('id = "acme"', 'id = "a b"', "merchants.#1.id", "letters, digits"),
        (
            'provider = "sandbox"',
            'provider = "sandbox"\nmethods = ["cash"]',
            "merchants.acme.accounts.acme-sandbox.methods.#1",
            "CARD",
        ),
        (
            'provider = "sandbox"',
            'provider = "sandbox"\ncurrencies = ["EUR", "XXQ"]',
            "merchants.acme.accounts.acme-sandbox.currencies.#2",
            "'XXQ' is no ISO 4217 currency",
        ),
        ('provider = "sandbox"\n', "", "merchants.acme.accounts.acme-sandbox.provider", "is missing; add it"),
    ],
)
def test_a_mistake_in_a_merchant_is_named_by_its_place(
    tmp_path: Path, old: str, new: str, key: str, advice: str
) -> None:
    path = write(tmp_path, BASE.replace(old, new, 1))

    [found] = mistakes(path)

    assert found.startswith(f"{path}: {key}: ")
    assert advice in found


def test_a_merchant_id_twice_is_refused_by_its_name(tmp_path: Path) -> None:
    [found] = mistakes(write(tmp_path, BASE + '[[merchants]]\nid = "acme"\n'))

    assert "merchants.id: 'acme' is used more than once" in found


def test_an_account_id_twice_is_refused_even_across_merchants(tmp_path: Path) -> None:
    text = BASE + '[[merchants]]\nid = "other"\n[[merchants.accounts]]\nid = "acme-sandbox"\nprovider = "sandbox"\n'

    [found] = mistakes(write(tmp_path, text))

    assert "merchants.accounts.id: 'acme-sandbox' is used more than once" in found


def test_a_configuration_without_merchants_is_refused(tmp_path: Path) -> None:
    [found] = mistakes(write(tmp_path, BASE.partition("[[merchants]]")[0]))

    assert found.endswith("merchants: is missing; add it")


def test_an_empty_list_of_merchants_is_refused(tmp_path: Path) -> None:
    [found] = mistakes(write(tmp_path, "merchants = []\n" + BASE.partition("[[merchants]]")[0]))

    assert found.endswith("merchants: is empty; add at least one")


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.7", "pay.example.com"])
def test_an_address_that_others_reach_is_refused_without_tls(tmp_path: Path, host: str) -> None:
    [found] = mistakes(write(tmp_path, BASE + f'[server]\nlisten = "{host}:7443"\n'))

    assert f"server.listen: {host}:7443 can be reached from other machines" in found
    assert "add [server.tls] with certificate_file and key_file, or listen on 127.0.0.1" in found


def test_a_server_that_nobody_could_call_is_refused(tmp_path: Path) -> None:
    [found] = mistakes(write(tmp_path, BASE.replace('key_files = ["issuer.pem"]', "")))

    assert "authentication.key_files: nobody could call this server" in found


def test_a_missing_file_says_which_command_makes_one(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"

    assert mistakes(path) == (f"{path}: there is no such file; `tollbridge config init` writes one",)


@pytest.mark.parametrize(("content", "said"), [(b"[server\n", "is no TOML"), (b"\xff\xfe", "can not be read")])
def test_a_file_that_can_not_be_parsed_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    [found] = mistakes(path)

    assert found.startswith(f"{path}: {said}")


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    [found] = mistakes(tmp_path)

    assert found.startswith(f"{tmp_path}: can not be read")


@pytest.mark.parametrize("content", ["", "x" * 31])
def test_a_short_fingerprint_key_is_refused(tmp_path: Path, content: str) -> None:
    path = write(tmp_path)
    (tmp_path / "fingerprint.key").write_text(content)

    [found] = mistakes(path)

    assert found.startswith(f"{path}: engine.fingerprint_key_file: ")
    assert "give it 32 random bytes" in found
