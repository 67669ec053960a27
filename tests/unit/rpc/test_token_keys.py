"""Keys of tokens: which are loaded, how they rotate on disk, and what is remembered of verified tokens."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from tollbridge_server.domain.errors import ErrorReason
from tollbridge_server.rpc import tokens
from tollbridge_server.rpc.token_keys import VerificationKeys

from tests.unit.rpc.signing import (
    EC_P256,
    ED25519,
    NOW,
    RSA_2048,
    SteppedClock,
    assert_invalid,
    claims,
    jwks,
    load,
    private_pem,
    public_pem,
    refusal,
    sign,
    verifier_of,
    write_keys,
)


@pytest.fixture
def verifier(tmp_path: Path) -> tokens.TokenVerifier:
    return verifier_of(tokens.load_keys([write_keys(tmp_path / "keys.pem", ED25519, EC_P256, RSA_2048)]))


# What is remembered.


def test_a_verified_token_is_remembered_and_failures_are_not(verifier: tokens.TokenVerifier) -> None:
    token = sign(claims())
    assert verifier.verify(token) is verifier.verify(token)
    refusal(verifier, sign(claims(merchant="shop_c")))
    assert verifier.cached_count == 1


def test_a_remembered_token_expires_with_its_exp(verifier: tokens.TokenVerifier) -> None:
    token = sign(claims(exp=NOW + 10))
    first = verifier.verify(token, now_s=NOW)
    assert verifier.verify(token, now_s=NOW + 9) is first
    assert verifier.verify(token, now_s=NOW + 10) is not first  # Verified anew: the leeway still lets it pass.
    assert verifier.cached_count == 0
    assert refusal(verifier, token, now_s=NOW + 40).reason is ErrorReason.CREDENTIALS_EXPIRED


def test_the_verifiers_own_clock_counts_where_no_time_is_given(tmp_path: Path) -> None:
    clock = SteppedClock()
    own = verifier_of(tokens.load_keys([write_keys(tmp_path / "keys.pem", ED25519)]), clock=clock)
    token = sign(claims())
    own.verify(token)
    clock.now_s = NOW + 700
    assert refusal(own, token).reason is ErrorReason.CREDENTIALS_EXPIRED


def test_the_least_recently_used_token_is_forgotten_first(tmp_path: Path) -> None:
    small = verifier_of(tokens.load_keys([write_keys(tmp_path / "keys.pem", ED25519)]), max_cached=2)
    first, second, third = (sign(claims(jti=str(number))) for number in range(3))
    kept, forgotten = small.verify(first), small.verify(second)
    small.verify(first)
    small.verify(third)
    assert small.cached_count == 2
    assert small.verify(first) is kept
    assert small.verify(second) is not forgotten


# Keys on disk.


def rewrite(path: Path, content: bytes, clock: SteppedClock) -> None:
    """Replace the file as a deployment does, and let the second between two looks pass."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)
    clock.now_s += 1


def rotating(tmp_path: Path, *keys: Any) -> tuple[Path, SteppedClock, VerificationKeys, tokens.TokenVerifier]:
    clock = SteppedClock()
    path = write_keys(tmp_path / "keys.pem", *keys)
    loaded = tokens.load_keys([path], clock=clock)
    return path, clock, loaded, verifier_of(loaded, clock=clock)


def test_a_new_key_on_disk_is_taken_without_a_restart(tmp_path: Path) -> None:
    path, clock, _, verifier = rotating(tmp_path, ED25519)
    token = sign(claims(), EC_P256)
    refusal(verifier, token)
    rewrite(path, public_pem(ED25519) + public_pem(EC_P256), clock)
    assert verifier.verify(token).merchant_id == "shop_a"


def test_a_removed_key_takes_its_remembered_tokens_along_and_no_others(tmp_path: Path) -> None:
    path, clock, _, verifier = rotating(tmp_path, ED25519, EC_P256)
    removed, kept = sign(claims()), sign(claims(), EC_P256)
    verifier.verify(removed)
    remembered = verifier.verify(kept)
    rewrite(path, public_pem(EC_P256), clock)
    assert "no key with the kid" in refusal(verifier, removed).message
    assert verifier.verify(kept) is remembered
    assert verifier.cached_count == 1


def test_another_key_under_the_same_kid_forgets_the_tokens_of_the_first(tmp_path: Path) -> None:
    path, clock, _, verifier = rotating(tmp_path, ED25519)
    rewrite(path, jwks(ED25519, kid="current"), clock)
    token = sign(claims(), kid="current")
    verifier.verify(token)
    rewrite(path, jwks(ed25519.Ed25519PrivateKey.generate(), kid="current"), clock)
    assert "signature" in refusal(verifier, token).message


def test_the_disk_is_looked_at_once_a_second_at_most(tmp_path: Path) -> None:
    path, clock, loaded, _ = rotating(tmp_path, ED25519)
    rewrite(path, public_pem(EC_P256), clock)
    clock.now_s -= 0.5
    assert not loaded.refresh_if_changed()
    clock.now_s += 0.5
    assert loaded.refresh_if_changed()
    clock.now_s += 1
    assert not loaded.refresh_if_changed()


@pytest.mark.parametrize(
    "broken", [b"", b"{", b'{"keys": []}', b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
)
def test_a_broken_new_file_keeps_the_old_keys_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: bytes
) -> None:
    path, clock, loaded, verifier = rotating(tmp_path, ED25519)
    rewrite(path, broken, clock)
    with caplog.at_level(logging.ERROR):
        assert not loaded.refresh_if_changed()
    assert str(path) in caplog.text
    assert verifier.verify(sign(claims())).merchant_id == "shop_a"
    rewrite(path, public_pem(EC_P256), clock)
    assert loaded.refresh_if_changed()


def test_a_vanished_file_keeps_the_old_keys(tmp_path: Path) -> None:
    path, clock, loaded, _ = rotating(tmp_path, ED25519)
    path.unlink()
    clock.now_s += 1
    assert not loaded.refresh_if_changed()
    assert len(loaded) == 1


def test_a_jwks_file_gives_its_keys_by_kid(tmp_path: Path) -> None:
    keys = load(tmp_path, jwks(RSA_2048, kid="2030-01", alg="RS256", use="sig"))
    assert verifier_of(keys).verify(sign(claims(), RSA_2048, kid="2030-01")).merchant_id == "shop_a"


def test_keys_for_encryption_in_a_jwks_are_passed_over(tmp_path: Path) -> None:
    content = {"keys": [*json.loads(jwks(RSA_2048, use="enc"))["keys"], *json.loads(jwks(ED25519))["keys"]]}
    keys = load(tmp_path, json.dumps(content).encode())
    assert len(keys) == 1
    assert_invalid(verifier_of(keys), sign(claims(), RSA_2048), "no key with the kid")


@pytest.mark.parametrize(
    ("content", "saying"),
    [
        (lambda: b"", "holds no key"),
        (lambda: b"hello", "holds no key"),
        (lambda: private_pem(ED25519), "private"),
        (lambda: jwks(ED25519, d="AAAA"), "private"),
        (lambda: b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "shared secret"),
        (lambda: public_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "2048"),
        (lambda: jwks(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "2048"),
        (lambda: public_pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (lambda: public_pem(ed448.Ed448PrivateKey.generate()), "Ed25519"),
        (lambda: jwks(RSA_2048, alg="PS256"), "algorithm"),
        (lambda: jwks(RSA_2048, alg=["RS256"]), "parsed"),
        (lambda: jwks(ED25519, RSA_2048, kid="same"), "another key"),
        (lambda: b'{"keys": 1}', "parsed"),
        (lambda: b'{"keys": [[]]}', "parsed"),
    ],
)
@pytest.mark.filterwarnings("ignore:Key size")
def test_a_key_that_may_not_verify_is_refused_at_load(tmp_path: Path, content: Any, saying: str) -> None:
    with pytest.raises(tokens.KeyFileInvalid, match=saying) as caught:
        load(tmp_path, content())
    assert str(tmp_path / "keys") in str(caught.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(tokens.KeyFileInvalid, match=r"absent\.pem"):
        tokens.load_keys([tmp_path / "absent.pem"])


def test_no_key_file_at_all_is_refused() -> None:
    with pytest.raises(tokens.KeyFileInvalid, match="at least one"):
        tokens.load_keys([])
