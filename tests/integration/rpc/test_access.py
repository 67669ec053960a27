"""Who may call what: every RPC of the contract, with no credentials, bad ones, and ones that grant too little."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import grpc
import pytest
from tollbridge_server import development
from tollbridge_server.rpc.tokens import generate_key_pair, mint_token

from tests.integration.rpc import wire
from tests.integration.rpc.bridges import A, B, Bridge

EVERY_METHOD = pytest.mark.parametrize("path", sorted(wire.METHODS))
EVERY_PROTECTED_PATH = pytest.mark.parametrize("path", [*sorted(wire.METHODS), wire.REFLECTION])

OK = grpc.StatusCode.OK
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
NOT_FOUND = grpc.StatusCode.NOT_FOUND
MISSING_ID = "0" * 26


# No credentials, and bad ones.


@EVERY_PROTECTED_PATH
def test_a_call_without_credentials_is_refused_before_its_request_is_read(bridge: Bridge, path: str) -> None:
    answer = wire.call(bridge.channel, path, b"\xff no message \xff")
    assert answer.refusal == (UNAUTHENTICATED, "CREDENTIALS_MISSING")


def _forged(bridge: Bridge, kind: str) -> str:
    minted = bridge.token()
    match kind:
        case "garbage":
            return "garbage"
        case "three empty parts":
            return ".."
        case "another issuer":
            return bridge.token(issuer="somebody-else")
        case "another audience":
            return bridge.token(audience="another-service")
        case "a merchant that is not configured":
            return bridge.token("nobody")
        case "another key":
            return _minted(generate_key_pair()[0], now_s=time.time())
        case "claims changed after signing":
            header, claims, signature = minted.split(".")
            return f"{header}.{_edited(claims, merchant=B)}.{signature}"
        case "no algorithm":
            _, claims, _ = minted.split(".")
            return f"{_encoded({'alg': 'none', 'typ': 'at+jwt'})}.{claims}."
        case "not valid yet":
            return _minted(bridge.made.signing_key_path.read_bytes(), now_s=time.time() + 3600)
    raise AssertionError(kind)


FORGERIES = (
    "garbage",
    "three empty parts",
    "another issuer",
    "another audience",
    "a merchant that is not configured",
    "another key",
    "claims changed after signing",
    "no algorithm",
    "not valid yet",
)


@pytest.mark.parametrize("kind", FORGERIES)
def test_no_rpc_believes_a_forged_token(bridge: Bridge, kind: str) -> None:
    token = _forged(bridge, kind)
    refusals = {path: wire.call(bridge.channel, path, token=token).refusal for path in (*wire.METHODS, wire.REFLECTION)}
    assert set(refusals.values()) == {(UNAUTHENTICATED, "CREDENTIALS_INVALID")}, refusals


@EVERY_PROTECTED_PATH
def test_an_expired_token_is_named_as_expired(bridge: Bridge, path: str) -> None:
    token = _minted(bridge.made.signing_key_path.read_bytes(), now_s=time.time() - 7200)
    assert wire.call(bridge.channel, path, token=token).refusal == (UNAUTHENTICATED, "CREDENTIALS_EXPIRED")


@pytest.mark.parametrize("value", ["Basic dXNlcjpzZWNyZXQ=", "Bearer", "Token x"])
def test_another_scheme_than_bearer_is_refused(bridge: Bridge, value: str) -> None:
    answer = wire.call(bridge.channel, "GetPayment", metadata=(("authorization", value),))
    assert answer.refusal == (UNAUTHENTICATED, "CREDENTIALS_INVALID")


def test_a_refusal_does_not_repeat_the_token(bridge: Bridge) -> None:
    token = _forged(bridge, "another key")
    answer = wire.call(bridge.channel, "GetPayment", token=token)
    assert token not in answer.message
    assert token.encode() not in answer.details


# Scopes.


@EVERY_METHOD
def test_a_token_without_the_scope_of_an_rpc_is_refused_and_told_which(bridge: Bridge, path: str) -> None:
    scope = wire.METHODS[path].scope
    others = tuple(one for one in development.all_scopes() if one != scope)
    answer = wire.call(bridge.channel, path, token=bridge.token(scopes=others))
    assert answer.refusal == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
    assert answer.facts["scope"] == scope


@EVERY_METHOD
def test_the_scope_of_an_rpc_alone_lets_a_call_through_to_validation(bridge: Bridge, path: str) -> None:
    answer = wire.call(bridge.channel, path, b"\xff", token=bridge.token(scopes=(wire.METHODS[path].scope,)))
    assert answer.refusal == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID")


# What is open.


def test_health_needs_no_token(bridge: Bridge) -> None:
    assert wire.call(bridge.channel, "/grpc.health.v1.Health/Check").bodies == (b"\x08\x01",)
    assert wire.call(bridge.channel, "/grpc.health.v1.Health/Watch").bodies == (b"\x08\x01",)


def test_reflection_lists_the_services_to_any_valid_token(bridge: Bridge) -> None:
    answer = wire.call(bridge.channel, wire.REFLECTION, b"\x3a\x00", token=bridge.token(scopes=()))
    assert answer.code is OK
    assert b"tollbridge.v1.PaymentService" in answer.bodies[0]


def _minted(private_pem: bytes, *, now_s: float) -> str:
    return mint_token(
        private_pem,
        issuer=development.ISSUER,
        audience=development.AUDIENCE,
        merchant=A,
        subject="test",
        scopes=development.all_scopes(),
        lifetime_s=3600,
        now_s=now_s,
    )


def _edited(claims: str, **changes: str) -> str:
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return _encoded({**decoded, **changes})


def _encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
