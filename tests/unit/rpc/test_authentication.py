"""Who calls: whose keys are believed for which merchant, and that the certificate has to be the same merchant's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc import tokens
from tollbridge_server.rpc.authentication import Authenticator
from tollbridge_server.rpc.tokens import TokenVerifier
from tollbridge_server.services.requests import Caller

from tests.unit.rpc.signing import ED25519 as SHARED_KEY
from tests.unit.rpc.signing import b64, claims, sign, verifier_of, write_keys

OWN_KEY = ed25519.Ed25519PrivateKey.generate()
A, B = "shop_a", "shop_b"


class Peer:
    """A connection with these certificate names; none means that no certificate was shown."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        return {"peer_dns": [name.encode() for name in self._names]} if self._names else {}


NOBODY = Peer()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> TokenVerifier:
    return _verifier(tmp_path_factory.mktemp("shared"), SHARED_KEY, frozenset({A}))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> TokenVerifier:
    return _verifier(tmp_path_factory.mktemp("own"), OWN_KEY, frozenset({B}))


def _verifier(directory: Path, key: ed25519.Ed25519PrivateKey, merchants: frozenset[str]) -> TokenVerifier:
    return verifier_of(tokens.load_keys([write_keys(directory / "keys.pem", key)]), known_merchants=merchants)


def _bearer(merchant: str, key: ed25519.Ed25519PrivateKey = SHARED_KEY) -> str:
    return f"Bearer {sign(claims(merchant=merchant), key)}"


def _refused(authenticator: Authenticator, authorization: str | bytes | None, peer: Peer = NOBODY) -> ErrorReason:
    with pytest.raises(RequestError) as caught:
        authenticator.authenticate(authorization, peer)
    return caught.value.reason


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_a_bearer_token_names_the_caller_whatever_the_case_of_the_scheme(shared: TokenVerifier, scheme: str) -> None:
    authorization = scheme + _bearer(A).removeprefix("Bearer ")
    caller = Authenticator(shared, {}).authenticate(authorization, NOBODY)
    assert caller == Caller(A, "backend", frozenset({"payments.read"}))


@pytest.mark.parametrize("authorization", [None, "", b"", "Bearer ", "Bearer    "])
def test_nothing_is_missing_credentials(shared: TokenVerifier, authorization: str | bytes | None) -> None:
    assert _refused(Authenticator(shared, {}), authorization) is ErrorReason.CREDENTIALS_MISSING


@pytest.mark.parametrize("authorization", [b"Bearer x", "Basic x", "x", "Bearer", "Bearerx", "Bearer a.b"])
def test_anything_else_is_invalid_credentials(shared: TokenVerifier, authorization: str | bytes) -> None:
    assert _refused(Authenticator(shared, {}), authorization) is ErrorReason.CREDENTIALS_INVALID


# Keys of a merchant's own.


def test_a_merchant_with_keys_of_its_own_is_believed_by_them_only(shared: TokenVerifier, own: TokenVerifier) -> None:
    authenticator = Authenticator(shared, {B: own})
    assert authenticator.authenticate(_bearer(B, OWN_KEY), NOBODY).merchant_id == B
    assert _refused(authenticator, _bearer(B, SHARED_KEY)) is ErrorReason.CREDENTIALS_INVALID


def test_the_keys_of_one_merchant_sign_nothing_for_another(shared: TokenVerifier, own: TokenVerifier) -> None:
    authenticator = Authenticator(shared, {B: own})
    assert authenticator.authenticate(_bearer(A), NOBODY).merchant_id == A
    assert _refused(authenticator, _bearer(A, OWN_KEY)) is ErrorReason.CREDENTIALS_INVALID


def test_without_shared_keys_only_merchants_with_their_own_are_believed(own: TokenVerifier) -> None:
    authenticator = Authenticator(None, {B: own})
    assert authenticator.authenticate(_bearer(B, OWN_KEY), NOBODY).merchant_id == B
    assert _refused(authenticator, _bearer(A)) is ErrorReason.CREDENTIALS_INVALID


PAYLOADS = (
    b"",
    b"not json",
    b"[]",
    b'"shop_b"',
    b"null",
    b'{"merchant": 7}',
    b'{"merchant": ["shop_b"]}',
    b"[" * 100_000,
)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_claims_that_name_no_merchant_choose_no_keys(shared: TokenVerifier, own: TokenVerifier, payload: bytes) -> None:
    header = b64(json.dumps({"alg": "EdDSA"}).encode())
    authorization = f"Bearer {header}.{b64(payload)}.{b64(b'0' * 64)}"
    assert _refused(Authenticator(shared, {B: own}), authorization) is ErrorReason.CREDENTIALS_INVALID


@given(text=st.text())
def test_whatever_text_comes_it_is_refused_and_nothing_else_is_raised(
    shared: TokenVerifier, own: TokenVerifier, text: str
) -> None:
    authenticator = Authenticator(shared, {B: own})
    empty = ErrorReason.CREDENTIALS_MISSING
    assert _refused(authenticator, f"Bearer {text}") is (ErrorReason.CREDENTIALS_INVALID if text.strip() else empty)
    assert _refused(authenticator, f"Bearer a.{text}.c") is ErrorReason.CREDENTIALS_INVALID


# Certificates.


NAMES = {A: frozenset({"a.example"}), B: frozenset({"b.example"})}


def test_the_certificate_of_the_token_s_merchant_is_let_in(shared: TokenVerifier) -> None:
    peer = Peer("other.example", "a.example")
    assert Authenticator(shared, {}, NAMES).authenticate(_bearer(A), peer).merchant_id == A


@pytest.mark.parametrize("names", [(), ("b.example",), ("x.a.example",), ("a.example.org",)])
def test_any_other_certificate_or_none_is_refused(shared: TokenVerifier, names: tuple[str, ...]) -> None:
    assert _refused(Authenticator(shared, {}, NAMES), _bearer(A), Peer(*names)) is ErrorReason.CREDENTIALS_INVALID


def test_a_merchant_without_certificate_names_is_refused_where_certificates_are_asked_for(
    shared: TokenVerifier,
) -> None:
    assert _refused(Authenticator(shared, {}, {}), _bearer(A), Peer("a.example")) is ErrorReason.CREDENTIALS_INVALID


def test_a_certificate_does_not_replace_the_token(shared: TokenVerifier) -> None:
    assert _refused(Authenticator(shared, {}, NAMES), None, Peer("a.example")) is ErrorReason.CREDENTIALS_MISSING


def test_where_no_certificates_are_asked_for_none_is_looked_at(shared: TokenVerifier) -> None:
    assert Authenticator(shared, {}, None).authenticate(_bearer(A), Peer("b.example")).merchant_id == A
