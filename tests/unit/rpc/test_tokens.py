"""Tokens: what a genuine one grants, each refusal of RFC 8725, and what `tollbridge token` mints."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc import tokens
from tollbridge_server.rpc.token_keys import key_id
from tollbridge_server.services.requests import Caller

from tests.unit.rpc.signing import (
    AUDIENCE,
    EC_P256,
    ED25519,
    ISSUER,
    NOW,
    RSA_2048,
    assert_invalid,
    b64,
    claims,
    load,
    private_pem,
    public_pem,
    refusal,
    sign,
    signing_input,
    verifier_of,
    write_keys,
)

EACH_KEY = pytest.mark.parametrize("key", [ED25519, EC_P256, RSA_2048], ids=["ed25519", "p256", "rsa"])


@pytest.fixture
def verifier(tmp_path: Path) -> tokens.TokenVerifier:
    return verifier_of(tokens.load_keys([write_keys(tmp_path / "keys.pem", ED25519, EC_P256, RSA_2048)]))


# What is granted.


@EACH_KEY
def test_a_genuine_token_grants_its_merchant_subject_and_scopes(verifier: tokens.TokenVerifier, key: Any) -> None:
    caller = verifier.verify(sign(claims(scope="payments.read  payments.write"), key))
    assert caller == Caller("shop_a", "backend", frozenset({"payments.read", "payments.write"}))


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT"])
def test_access_tokens_and_plain_tokens_are_accepted(verifier: tokens.TokenVerifier, kind: str) -> None:
    assert verifier.verify(sign(claims(), typ=kind)).merchant_id == "shop_a"


def test_the_newer_name_of_eddsa_is_accepted(verifier: tokens.TokenVerifier) -> None:
    assert verifier.verify(sign(claims(), alg="Ed25519")).merchant_id == "shop_a"


def test_one_of_several_audiences_may_be_ours(verifier: tokens.TokenVerifier) -> None:
    assert verifier.verify(sign(claims(aud=["other", AUDIENCE]))).merchant_id == "shop_a"


def test_a_token_without_scope_grants_none(verifier: tokens.TokenVerifier) -> None:
    assert verifier.verify(sign(claims(scope=None))).scopes == frozenset()


def test_the_kid_may_be_absent_where_there_is_one_key(tmp_path: Path) -> None:
    only = verifier_of(tokens.load_keys([write_keys(tmp_path / "keys.pem", ED25519)]))
    assert only.verify(sign(claims(), kid=None)).merchant_id == "shop_a"


def test_a_header_parameter_that_nobody_knows_is_ignored(verifier: tokens.TokenVerifier) -> None:
    assert verifier.verify(sign(claims(), rh="0.AX0A")).merchant_id == "shop_a"


# Signature and header.


def test_no_token_is_missing_credentials(verifier: tokens.TokenVerifier) -> None:
    assert refusal(verifier, "").reason is ErrorReason.CREDENTIALS_MISSING


@pytest.mark.parametrize("name", ["none", "None", "NONE"])
def test_alg_none_is_refused(verifier: tokens.TokenVerifier, name: str) -> None:
    text = signing_input({"alg": name, "typ": "JWT", "kid": key_id(ED25519.public_key())}, claims())
    assert_invalid(verifier, f"{text}.", "compact form")
    assert_invalid(verifier, f"{text}.AAAA", "algorithm")


@EACH_KEY
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_public_key_is_never_the_secret_of_an_hmac(
    verifier: tokens.TokenVerifier, key: Any, encoding: Encoding
) -> None:
    text = signing_input({"alg": "HS256", "typ": "JWT", "kid": key_id(key.public_key())}, claims())
    secret = key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    forged = hmac.digest(secret, text.encode(), hashlib.sha256)
    assert_invalid(verifier, f"{text}.{b64(forged)}", "algorithm")


def test_a_key_of_another_type_is_refused(verifier: tokens.TokenVerifier) -> None:
    for named, key in ((RSA_2048, ED25519), (ED25519, RSA_2048), (EC_P256, RSA_2048)):
        assert_invalid(verifier, sign(claims(), key, kid=key_id(named.public_key())), "algorithm")


def test_a_stronger_algorithm_of_the_same_key_is_refused_too(verifier: tokens.TokenVerifier) -> None:
    header = {"alg": "RS512", "typ": "JWT", "kid": key_id(RSA_2048.public_key())}
    text = signing_input(header, claims())
    signed = RSA_2048.sign(text.encode(), padding.PKCS1v15(), hashes.SHA512())
    assert_invalid(verifier, f"{text}.{b64(signed)}", "algorithm")


def test_a_missing_kid_is_refused_where_there_are_several_keys(verifier: tokens.TokenVerifier) -> None:
    assert_invalid(verifier, sign(claims(), kid=None), "needs a kid")


def test_an_unknown_kid_is_refused_and_named(verifier: tokens.TokenVerifier) -> None:
    assert_invalid(verifier, sign(claims(), kid="key-of-2019"), "key-of-2019")


def test_an_unknown_kid_is_refused_even_where_there_is_one_key(tmp_path: Path) -> None:
    only = verifier_of(tokens.load_keys([write_keys(tmp_path / "keys.pem", ED25519)]))
    assert_invalid(only, sign(claims(), kid="another"), "another")


@pytest.mark.parametrize("kid", ["a\nforged log line", "x" * 65, "\u202e"])
def test_a_kid_that_could_forge_a_log_line_is_not_shown(verifier: tokens.TokenVerifier, kid: str) -> None:
    assert kid not in refusal(verifier, sign(claims(), kid=kid)).message


def test_the_signature_of_another_key_is_refused(verifier: tokens.TokenVerifier) -> None:
    stranger = ed25519.Ed25519PrivateKey.generate()
    assert_invalid(verifier, sign(claims(), stranger, kid=key_id(ED25519.public_key())), "signature")


def test_a_key_that_the_token_brings_along_is_not_used(verifier: tokens.TokenVerifier) -> None:
    stranger = ed25519.Ed25519PrivateKey.generate()
    jwk = OKPKey.import_key(stranger.public_key()).as_dict()
    assert_invalid(verifier, sign(claims(), stranger, kid=key_id(ED25519.public_key()), jwk=jwk), "signature")
    assert_invalid(verifier, sign(claims(), stranger, kid=None, jwk=jwk), "needs a kid")


@EACH_KEY
def test_a_tampered_payload_is_refused(verifier: tokens.TokenVerifier, key: Any) -> None:
    header, _, signed = sign(claims(), key).split(".")
    other = b64(json.dumps(claims(merchant="shop_b")).encode())
    assert_invalid(verifier, f"{header}.{other}.{signed}", "signature")


def test_a_truncated_signature_is_refused(verifier: tokens.TokenVerifier) -> None:
    refused = refusal(verifier, sign(claims())[:-4])
    assert refused.reason is ErrorReason.CREDENTIALS_INVALID


@pytest.mark.parametrize("kind", [None, "dpop+jwt", "secevent+jwt", 7])
def test_a_token_of_another_type_is_refused(verifier: tokens.TokenVerifier, kind: Any) -> None:
    assert_invalid(verifier, sign(claims(), typ=kind), "typ")


@pytest.mark.parametrize("extension", [{"crit": ["b64"], "b64": False}, {"crit": ["exp"]}, {"crit": []}])
def test_critical_extensions_are_refused(verifier: tokens.TokenVerifier, extension: dict[str, Any]) -> None:
    assert_invalid(verifier, sign(claims(), **extension), "crit")


def test_an_oversized_token_is_refused_although_it_is_genuine(verifier: tokens.TokenVerifier) -> None:
    assert_invalid(verifier, sign(claims(padding="x" * 8192)), "8192 bytes")


def test_a_large_token_within_the_limit_is_accepted(verifier: tokens.TokenVerifier) -> None:
    assert verifier.verify(sign(claims(groups="x" * 5500))).merchant_id == "shop_a"


# Claims.


def test_a_foreign_issuer_is_refused(verifier: tokens.TokenVerifier) -> None:
    for issuer in (None, "https://issuer.example.attacker.example", [ISSUER]):
        assert_invalid(verifier, sign(claims(iss=issuer)), "issuer")


def test_a_foreign_audience_is_refused(verifier: tokens.TokenVerifier) -> None:
    for audience in (None, "other", ["other"], [], "tollbridge-staging", {AUDIENCE: 1}):
        assert_invalid(verifier, sign(claims(aud=audience)), "audience")


def test_an_expired_token_is_refused_once_the_leeway_is_over(verifier: tokens.TokenVerifier) -> None:
    token = sign(claims(exp=NOW))
    assert verifier.verify(token, now_s=NOW + 29).merchant_id == "shop_a"
    assert refusal(verifier, token, now_s=NOW + 30).reason is ErrorReason.CREDENTIALS_EXPIRED


@pytest.mark.parametrize("exp", [None, "2100", True, [NOW]])
def test_a_token_that_never_expires_is_refused(verifier: tokens.TokenVerifier, exp: Any) -> None:
    assert_invalid(verifier, sign(claims(exp=exp)), "exp")


@pytest.mark.parametrize("exp", ["NaN", "Infinity", "1e999", "9" * 400])
def test_an_expiry_beyond_all_numbers_is_refused(verifier: tokens.TokenVerifier, exp: str) -> None:
    payload = json.dumps(claims(exp="EXP")).replace('"EXP"', exp).encode()
    assert_invalid(verifier, sign(payload), "exp")


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_a_token_from_the_future_is_refused_beyond_the_leeway(verifier: tokens.TokenVerifier, name: str) -> None:
    assert_invalid(verifier, sign(claims(**{name: NOW + 31})), name)
    assert_invalid(verifier, sign(claims(**{name: "soon"})), name)
    assert verifier.verify(sign(claims(**{name: NOW + 30}))).merchant_id == "shop_a"


def test_an_unknown_merchant_is_refused(verifier: tokens.TokenVerifier) -> None:
    for merchant in (None, "", "shop_c", ["shop_a"], {"shop_a": 1}, 1):
        assert_invalid(verifier, sign(claims(merchant=merchant)), "merchant")


def test_a_token_without_subject_is_refused(verifier: tokens.TokenVerifier) -> None:
    for subject in (None, "", 7):
        assert_invalid(verifier, sign(claims(sub=subject)), "sub")


def test_scopes_that_are_no_string_are_refused(verifier: tokens.TokenVerifier) -> None:
    assert_invalid(verifier, sign(claims(scope=["payments.read"])), "scope")


@pytest.mark.parametrize("payload", [b"[]", b"null", b"{", b"\xff", b"[" * 5000])
def test_a_payload_that_is_no_json_object_is_refused(verifier: tokens.TokenVerifier, payload: bytes) -> None:
    assert refusal(verifier, sign(payload)).reason is ErrorReason.CREDENTIALS_INVALID


def test_no_refusal_shows_a_claim_or_the_token(verifier: tokens.TokenVerifier) -> None:
    changes: list[dict[str, Any]] = [{"iss": "canary"}, {"aud": "canary"}, {"merchant": "canary"}, {"exp": "canary"}]
    for change in changes:
        token = sign(claims(sub="canary", **change))
        message = refusal(verifier, token).message
        assert "canary" not in message
        assert token not in message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5c", "cty"]), JSON, max_size=5)
CLAIMS = st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "merchant", "scope"]), JSON)


def outcome(token: str) -> ErrorReason | None:
    try:
        FUZZED.verify(token)
    except RequestError as refused:
        return refused.reason
    return None


@given(text=st.text(max_size=60) | st.from_regex(r"\A[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{1,40}){2}\Z"))
def test_any_text_is_refused_and_never_an_error(text: str) -> None:
    assert refusal(FUZZED, text).reason in {ErrorReason.CREDENTIALS_INVALID, ErrorReason.CREDENTIALS_MISSING}


@given(header=HEADERS)
def test_any_header_is_refused_or_verified_and_never_an_error(header: dict[str, Any]) -> None:
    assert outcome(sign(claims(), **header)) in {None, ErrorReason.CREDENTIALS_INVALID}


@given(changes=CLAIMS)
def test_any_signed_claims_are_refused_or_verified_and_never_an_error(changes: dict[str, Any]) -> None:
    reasons = {None, ErrorReason.CREDENTIALS_INVALID, ErrorReason.CREDENTIALS_EXPIRED}
    assert outcome(sign({**claims(), **changes})) in reasons


@pytest.fixture(scope="module", autouse=True)
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> None:
    global FUZZED
    FUZZED = verifier_of(tokens.load_keys([write_keys(tmp_path_factory.mktemp("keys") / "keys.pem", ED25519)]))


FUZZED: tokens.TokenVerifier


# Minting.


def mint(private: bytes, **changes: Any) -> str:
    options = {"kid": "k", "issuer": ISSUER, "audience": AUDIENCE, "merchant": "shop_b", "subject": "cli"}
    return tokens.mint_token(private, **{**options, "scopes": ["a", "b"], "lifetime_s": 60, "now_s": NOW, **changes})


def test_a_minted_token_is_verified_by_the_generated_public_key(tmp_path: Path) -> None:
    private, public, kid = tokens.generate_key_pair()
    verifier = verifier_of(load(tmp_path, public + public_pem(RSA_2048)))
    token = mint(private, kid=kid)
    assert verifier.verify(token) == Caller("shop_b", "cli", frozenset({"a", "b"}))
    assert refusal(verifier, token, now_s=NOW + 90).reason is ErrorReason.CREDENTIALS_EXPIRED


@pytest.mark.parametrize("key", [b"", b"canary", private_pem(RSA_2048), public_pem(ED25519)])
def test_only_an_ed25519_private_key_mints(key: bytes) -> None:
    with pytest.raises(ValueError, match="Ed25519 private key") as caught:
        mint(key)
    assert "canary" not in str(caught.value)


def test_a_lifetime_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="lifetime_s"):
        mint(private_pem(ED25519), lifetime_s=0)
