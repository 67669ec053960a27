"""Verifies and mints the JSON Web Tokens that callers carry, by RFC 8725; refuses whatever it is not sure about."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OKPKey

from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc.token_keys import (
    KeyFileInvalid,
    VerificationKey,
    VerificationKeys,
    generate_key_pair,
    key_id,
    load_keys,
)
from tollbridge_server.services.requests import Caller

if TYPE_CHECKING:
    from joserfc._rfc7515.model import JWSAlgModel

__all__ = [
    "KeyFileInvalid",
    "TokenVerifier",
    "VerificationKeys",
    "generate_key_pair",
    "load_keys",
    "mint_token",
]

MAX_TOKEN_BYTES = 8 * 1024
MAX_CACHED_TOKENS = 4096
TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})

_COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PRINTABLE_KID = re.compile(r"[A-Za-z0-9._:=+/-]{1,64}")


class _PinnedRegistry(jws.JWSRegistry):
    """Allows exactly the algorithms of one key.

    The library's registry would take its own recommended algorithms, HS256 among them, for an empty list, and would
    warn at each EdDSA token; an Ed25519 key leaves no doubt about what EdDSA means (RFC 9864).
    """

    max_header_length = MAX_TOKEN_BYTES

    def get_alg(self, name: str) -> JWSAlgModel:
        if self.allowed is None or name not in self.allowed:
            raise UnsupportedAlgorithmError("the algorithm is not one of the key's")
        return self.algorithms[name]


@dataclass(frozen=True, slots=True)
class _Verified:
    caller: Caller
    key: VerificationKey
    expires_at_s: float


class TokenVerifier:
    """Turns a token into its Caller; what it verified it remembers until the token expires or its key is removed.

    `clock` gives seconds since the epoch, `leeway_s` is how far an issuer's clock may be off. Failures are never
    remembered: a merchant that was configured late, or a key that was published late, must work at once.
    """

    def __init__(
        self,
        keys: VerificationKeys,
        *,
        issuer: str,
        audience: str,
        leeway_s: int = 30,
        clock: Callable[[], float],
        known_merchants: frozenset[str],
        max_cached: int = MAX_CACHED_TOKENS,
    ) -> None:
        if not issuer or not audience:
            raise ValueError("issuer and audience must not be empty: every token is checked against both")
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway_s = leeway_s
        self._clock = clock
        self._known_merchants = known_merchants
        self._max_cached = max_cached
        self._cache: OrderedDict[bytes, _Verified] = OrderedDict()
        self._generation = keys.generation

    def verify(self, token: str, *, now_s: float | None = None) -> Caller:
        """The caller that the token names, at `now_s` seconds since the epoch (None reads the clock).

        Raises RequestError: CREDENTIALS_MISSING for no token, CREDENTIALS_EXPIRED, and CREDENTIALS_INVALID for all
        else. The messages show nothing of the token but its `kid`.
        """
        now = self._clock() if now_s is None else now_s
        if not token:
            raise RequestError(ErrorReason.CREDENTIALS_MISSING, "send a bearer token in the metadata `authorization`")
        if len(token) > MAX_TOKEN_BYTES:
            raise _refusal(f"the token is longer than {MAX_TOKEN_BYTES} bytes; ask for one with fewer claims")
        if not _COMPACT_JWS.fullmatch(token):
            raise _refusal("the credentials are not a signed JSON Web Token in compact form; send one")
        self._drop_removed_keys()
        digest = hashlib.sha256(token.encode("ascii")).digest()
        known = self._cache.get(digest)
        if known is not None:
            if now < known.expires_at_s:
                self._cache.move_to_end(digest)
                return known.caller
            del self._cache[digest]
        verified = self._verify_anew(token, now)
        if now < verified.expires_at_s:
            self._cache[digest] = verified
            if len(self._cache) > self._max_cached:
                self._cache.popitem(last=False)
        return verified.caller

    @property
    def cached_count(self) -> int:
        """How many verified tokens are remembered now."""
        return len(self._cache)

    def _drop_removed_keys(self) -> None:
        self._keys.refresh_if_changed()
        if self._keys.generation == self._generation:
            return
        self._generation = self._keys.generation
        for digest in [digest for digest, known in self._cache.items() if not self._keys.holds(known.key)]:
            del self._cache[digest]

    def _verify_anew(self, token: str, now_s: float) -> _Verified:
        key, claims = _verify_signature(token, self._keys)
        expires_at_s = self._check_times(claims, now_s)
        if claims.get("iss") != self._issuer:
            raise _refusal("the token is from another issuer; ask the configured issuer for one")
        audience = claims.get("aud")
        if audience != self._audience and not (isinstance(audience, list) and self._audience in audience):
            raise _refusal("the token is for another audience; ask for one for this gateway")
        return _Verified(caller=self._caller(claims), key=key, expires_at_s=expires_at_s)

    def _check_times(self, claims: dict[str, Any], now_s: float) -> float:
        """`exp` in seconds, after exp, nbf and iat are found right."""
        expires_at_s = _time_of(claims, "exp")
        if expires_at_s is None:
            raise _refusal("the token never expires; ask for one with the claim exp")
        if expires_at_s + self._leeway_s <= now_s:
            raise RequestError(ErrorReason.CREDENTIALS_EXPIRED, "the token has expired; ask for a new one")
        for name in ("nbf", "iat"):
            starts_at_s = _time_of(claims, name)
            if starts_at_s is not None and starts_at_s - self._leeway_s > now_s:
                raise _refusal(f"the token is not valid yet (claim {name}); wait, or set the issuer's clock right")
        return expires_at_s

    def _caller(self, claims: dict[str, Any]) -> Caller:
        merchant, subject, scope = claims.get("merchant"), claims.get("sub"), claims.get("scope", "")
        if not isinstance(subject, str) or not subject:
            raise _refusal("the token names no subject; ask for one with the claim sub, a string")
        if not isinstance(scope, str):
            raise _refusal("the claim scope of the token must be one string of names with spaces between them")
        if not isinstance(merchant, str) or not merchant:
            raise _refusal("the token names no merchant; ask for one with the claim merchant, a string")
        if merchant not in self._known_merchants:
            raise _refusal("the token's merchant is not configured here; configure it, or call the gateway that has it")
        return Caller(merchant_id=merchant, subject=subject, scopes=frozenset(scope.split()))


def mint_token(
    private_key_pem: bytes,
    *,
    kid: str | None = None,
    issuer: str,
    audience: str,
    merchant: str,
    subject: str,
    scopes: Sequence[str],
    lifetime_s: int,
    now_s: float,
) -> str:
    """A token of type at+jwt, signed with an Ed25519 private key, valid from `now_s` (epoch) for `lifetime_s` seconds.

    `kid` None names the key by its thumbprint, as the keys read from a PEM file are named.
    Raises ValueError for a key that is not an Ed25519 private PEM, and for a lifetime that is not positive.
    """
    if lifetime_s <= 0:
        raise ValueError("lifetime_s must be positive")
    private = _read_signing_key(private_key_pem)
    issued_at = int(now_s)
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "merchant": merchant,
        "scope": " ".join(scopes),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + lifetime_s,
    }
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": kid or key_id(private.public_key())}
    return jwt.encode(header, claims, OKPKey.import_key(private), registry=_PinnedRegistry(algorithms=["EdDSA"]))


def _read_signing_key(private_key_pem: bytes) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(private_key_pem, password=None)
    except (ValueError, TypeError):
        private = None
    if isinstance(private, Ed25519PrivateKey):
        return private
    raise ValueError("the signing key must be an Ed25519 private key as PEM, not encrypted")


def _verify_signature(token: str, keys: VerificationKeys) -> tuple[VerificationKey, dict[str, Any]]:
    """The key that signed the token, and its claims; nothing of the claims is read before the signature is right."""
    try:
        signed = jws.extract_compact(token.encode("ascii"), registry=_PinnedRegistry())
    except (JoseError, ValueError, TypeError, RecursionError):
        # The cause may quote the token, so it is not chained; the same holds below.
        raise _refusal("the credentials are not a signed JSON Web Token in compact form; send one") from None
    header: object = signed.protected
    if not isinstance(header, dict):
        raise _refusal("the header of the token must be a JSON object")
    if "crit" in header or "b64" in header:
        raise _refusal("the header of the token asks for extensions (crit, b64) that no token here may use")
    token_type = header.get("typ")
    if not isinstance(token_type, str) or token_type.lower() not in TOKEN_TYPES:
        raise _refusal("the token is of another type; its header's typ must be at+jwt or JWT")
    key = _find_key(header.get("kid"), keys)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in key.algorithms:
        raise _refusal(f"the token's algorithm is not the one of its key; that key signs with {_names(key.algorithms)}")
    try:
        registry = _PinnedRegistry(algorithms=key.algorithms, strict_check_header=False)
        is_genuine = jws.validate_compact(signed, key.key, registry=registry)
        claims = json.loads(signed.payload) if is_genuine else None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _refusal("the token could not be verified; ask its issuer for a new one") from None
    if not is_genuine:
        raise _refusal("the signature of the token is wrong; send it exactly as its issuer gave it")
    if not isinstance(claims, dict):
        raise _refusal("the payload of the token must be a JSON object")
    return key, claims


def _find_key(kid: object, keys: VerificationKeys) -> VerificationKey:
    if kid is not None and not isinstance(kid, str):
        raise _refusal("the kid in the header of the token must be a string")
    key = keys.find(kid)
    if key is not None:
        return key
    if kid is None:
        raise _refusal("the token does not say which key signed it; its header needs a kid, for there are several keys")
    shown = kid if _PRINTABLE_KID.fullmatch(kid) else "(not printable)"
    raise _refusal(
        f"no key with the kid {shown} is known here; publish it, or ask for a token signed with a current key"
    )


def _time_of(claims: dict[str, Any], name: str) -> float | None:
    """A NumericDate in seconds since the epoch, or None where the claim is absent."""
    value = claims.get(name)
    if value is None:
        return None
    try:
        # A bool is an int in Python, and a NaN would never expire.
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except OverflowError:
        pass
    raise _refusal(f"the claim {name} of the token must be a number of seconds since 1970")


def _names(algorithms: frozenset[str]) -> str:
    return " or ".join(sorted(algorithms))


def _refusal(message: str) -> RequestError:
    return RequestError(ErrorReason.CREDENTIALS_INVALID, message)
