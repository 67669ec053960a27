"""What a start would find out about accounts, keys and certificates, `app.check` finds out before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollbridge_server import app
from tollbridge_server.config import ConfigInvalid

from tests.unit.config.files import BASE, loaded


def checked(directory: Path, text: str) -> tuple[str, ...]:
    """Return what app.check refuses in a configuration that loads."""
    with pytest.raises(ConfigInvalid) as caught:
        app.check(loaded(directory, text))
    return caught.value.mistakes


def test_a_right_configuration_passes(tmp_path: Path) -> None:
    app.check(loaded(tmp_path))


def test_an_unknown_provider_is_named_with_the_known_ones(tmp_path: Path) -> None:
    [found] = checked(tmp_path, BASE.replace('"sandbox"', '"sandbx"'))

    assert "acme-sandbox" in found
    assert "there is no provider 'sandbx'; there are: " in found
    assert "sandbox" in found.partition("there are: ")[2]


def test_a_method_that_the_provider_does_not_serve_is_named(tmp_path: Path) -> None:
    [found] = checked(tmp_path, BASE + 'methods = ["CARD", "PROVIDER_TOKEN"]\n')

    assert "acme-sandbox" in found
    assert "sandbox does not serve the methods PROVIDER_TOKEN" in found


def test_an_unknown_key_of_an_account_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    [found] = checked(tmp_path, BASE + 'secrt = "x"\n')

    assert "the keys of sandbox are: secret, base_url" in found


@pytest.mark.parametrize("secret", ["", "tooshort"])
def test_a_short_secret_is_refused_without_being_repeated(tmp_path: Path, secret: str) -> None:
    [found] = checked(tmp_path, BASE.replace("0123456789abcdef0123456789abcdef", secret))

    assert "give it 32 characters or more" in found
    assert "tooshort" not in found


def test_the_mistakes_of_all_accounts_are_named_at_once(tmp_path: Path) -> None:
    other = '[[merchants.accounts]]\nid = "{}"\nprovider = "{}"\n'

    found = checked(tmp_path, BASE + other.format("first", "nobody") + other.format("second", "sandbox"))

    assert len(found) == 2
    assert "first" in found[0]
    assert "second" in found[1]


@pytest.mark.parametrize("content", ["no key at all", "{}"])
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    right = loaded(tmp_path)
    (tmp_path / "issuer.pem").write_text(content)

    with pytest.raises(ConfigInvalid) as caught:
        app.check(right)

    assert "issuer.pem" in str(caught.value)


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text("no certificate")

    [found] = checked(tmp_path, BASE + '[server.tls]\ncertificate_file = "server.pem"\nkey_file = "server.pem"\n')

    assert "server.tls" in found
    assert "server.pem" in found
