"""Signs tokens, good and forged, without the library under test, and writes the keys that verify them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc.jwk import OKPKey, RSAKey
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc import tokens
from tollbridge_server.rpc.token_keys import VerificationKeys, key_id

NOW = 1_900_000_000.0
ISSUER = "https://issuer.example"
AUDIENCE = "tollbridge"

ED25519 = ed25519.Ed25519PrivateKey.generate()
EC_P256 = ec.generate_private_key(ec.SECP256R1())
RSA_2048 = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class SteppedClock:
    def __init__(self) -> None:
        self.now_s = NOW

    def __call__(self) -> float:
        return self.now_s


def public_pem(private: Any) -> bytes:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private_pem(private: Any) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signature(key: Any, content: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def algorithm(key: Any) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    return "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims; a change to None leaves the claim out."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "backend", "merchant": "shop_a", "scope": "payments.read"}
    return present({**good, "iat": NOW, "nbf": NOW, "exp": NOW + 600, **changes})


def signing_input(header: dict[str, Any], payload: Any) -> str:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"{b64(json.dumps(header).encode())}.{b64(content)}"


def sign(payload: Any, key: Any = ED25519, **header: Any) -> str:
    """A token that the key signed; a header parameter of None is left out."""
    whole = {"alg": algorithm(key), "typ": "at+jwt", "kid": key_id(key.public_key()), **header}
    text = signing_input(present(whole), payload)
    return f"{text}.{b64(signature(key, text.encode()))}"


def write_keys(path: Path, *keys: Any) -> Path:
    path.write_bytes(b"".join(public_pem(key) for key in keys))
    return path


def verifier_of(keys: VerificationKeys, **changes: Any) -> tokens.TokenVerifier:
    merchants = frozenset({"shop_a", "shop_b"})
    options = {"issuer": ISSUER, "audience": AUDIENCE, "clock": SteppedClock(), "known_merchants": merchants, **changes}
    return tokens.TokenVerifier(keys, **options)


def refusal(verifier: tokens.TokenVerifier, token: str, **options: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        verifier.verify(token, **options)
    assert caught.value.__cause__ is None
    return caught.value


def assert_invalid(verifier: tokens.TokenVerifier, token: str, saying: str) -> None:
    refused = refusal(verifier, token)
    assert (refused.reason, saying in refused.message) == (ErrorReason.CREDENTIALS_INVALID, True), refused.message
    assert verifier.cached_count == 0


def load(tmp_path: Path, content: bytes) -> VerificationKeys:
    path = tmp_path / "keys"
    path.write_bytes(content)
    return tokens.load_keys([path])


def jwks(*keys: Any, **parameters: Any) -> bytes:
    wrap = {True: RSAKey, False: OKPKey}
    entries = [
        {**wrap[isinstance(key, rsa.RSAPrivateKey)].import_key(key.public_key()).as_dict(), **parameters}
        for key in keys
    ]
    return json.dumps({"keys": entries}).encode()
