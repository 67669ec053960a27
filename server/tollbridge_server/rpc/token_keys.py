"""The public keys that verify tokens, read from PEM and JWKS files; refuses private, secret and weak keys."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jwk import import_key as import_jwk

from tollbridge_server.rpc.watched_files import WatchedFiles

MIN_RSA_BITS = 2048
LOOK_INTERVAL_S = 1.0

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)

logger = logging.getLogger(__name__)


class KeyFileInvalid(ValueError):
    """A key file that can not be used; the message names the file and what to do, and never shows its content."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key, the name that tokens give it, and the only algorithms that it may verify.

    The algorithms follow from the key, never from a token (RFC 8725 section 3.1): an RSA key can not become the
    secret of an HMAC. Two keys are equal when their `kid` and their RFC 7638 thumbprint are.
    """

    kid: str
    thumbprint: str
    algorithms: frozenset[str]
    key: RSAKey | ECKey | OKPKey = field(repr=False, compare=False)


class VerificationKeys:
    """The keys of all files, by `kid`; `generation` grows with each change, so that caches know when to look."""

    def __init__(
        self, paths: Sequence[Path], *, clock: Callable[[], float], look_interval_s: float = LOOK_INTERVAL_S
    ) -> None:
        self._paths = tuple(paths)
        self._clock = clock
        self._look_interval_s = look_interval_s
        self._looked_at_s = clock()
        self._files = WatchedFiles(self._paths)
        self._keys = _read_all(self._paths)
        self.generation = 0

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, kid: str | None) -> VerificationKey | None:
        """The key of that name; without a name the only key, and None where there are several."""
        if kid is not None:
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def holds(self, key: VerificationKey) -> bool:
        """Whether this very key, not only one of its name, is still there."""
        return self._keys.get(key.kid) == key

    def refresh_if_changed(self) -> bool:
        """Read the files again if one changed, looking at most once a second; True when the keys are other ones.

        A file that can not be used keeps all the old keys: a half-written file must not lock every merchant out.
        """
        now_s = self._clock()
        if 0 <= now_s - self._looked_at_s < self._look_interval_s:
            return False
        self._looked_at_s = now_s
        if not self._files.have_changed():
            return False
        try:
            keys = _read_all(self._paths)
        except KeyFileInvalid as broken:
            logger.error("token keys not refreshed, the old ones stay in use: %s", broken)  # noqa: TRY400
            return False
        if keys == self._keys:
            return False
        self._keys = keys
        self.generation += 1
        logger.info("token keys refreshed: %s", ", ".join(sorted(keys)))
        return True


def load_keys(paths: Sequence[Path], *, clock: Callable[[], float] = time.monotonic) -> VerificationKeys:
    """Read PEM and JWKS files (told apart by their content); `clock` counts seconds and paces the looks for changes.

    Raises KeyFileInvalid for no file, an unreadable one, and a key that may not verify tokens.
    """
    return VerificationKeys(paths, clock=clock)


def key_id(public_key: Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey) -> str:
    """The RFC 7638 thumbprint (SHA-256, base64url), which names each key that has no name of its own."""
    return _wrap(public_key).thumbprint()


def generate_key_pair() -> tuple[bytes, bytes, str]:
    """A new Ed25519 key pair: the private PEM (PKCS 8, not encrypted), the public PEM, and the `kid`."""
    private = Ed25519PrivateKey.generate()
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private_pem, public_pem, key_id(private.public_key())


def _read_all(paths: Sequence[Path]) -> dict[str, VerificationKey]:
    keys: dict[str, VerificationKey] = {}
    for path in paths:
        for key in _read_file(path):
            if keys.setdefault(key.kid, key) != key:
                raise KeyFileInvalid(f"{path}: another key already has the kid {key.kid!r}; give each key its own")
    if not keys:
        raise KeyFileInvalid("no key verifies tokens; configure at least one PEM or JWKS file with a public key")
    return keys


def _read_file(path: Path) -> list[VerificationKey]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KeyFileInvalid(f"{path}: can not be read ({error.strerror}); check the path and its rights") from None
    try:
        keys = _read_jwks(content) if content.lstrip().startswith(b"{") else _read_pem(content)
    except KeyFileInvalid as invalid:
        raise KeyFileInvalid(f"{path}: {invalid}") from None
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        # The cause may quote the key, so it is not shown.
        raise KeyFileInvalid(f"{path}: holds a key that can not be parsed; write public keys as PEM or JWKS") from None
    if not keys:
        raise KeyFileInvalid(f"{path}: holds no key for signatures; write public keys as PEM or JWKS")
    return keys


def _read_pem(content: bytes) -> list[VerificationKey]:
    keys = []
    for block in _PEM_BLOCK.finditer(content):
        if block[1] != b"PUBLIC KEY":
            raise KeyFileInvalid("only PUBLIC KEY blocks verify tokens; keep private keys off this server")
        loaded = load_pem_public_key(block[0])
        if not isinstance(loaded, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey):
            raise KeyFileInvalid("the key must be Ed25519, EC P-256 or RSA")
        keys.append(_verification_key(_wrap(loaded), {}))
    return keys


def _read_jwks(content: bytes) -> list[VerificationKey]:
    document = json.loads(content)
    entries = document.get("keys", [document])
    # An issuer publishes the keys that others encrypt with in the same set.
    return [_read_jwk(entry) for entry in entries if entry.get("use", "sig") == "sig"]


def _read_jwk(entry: dict[str, Any]) -> VerificationKey:
    if entry.get("kty") not in ("RSA", "EC", "OKP"):
        raise KeyFileInvalid("a JWK must be of the type OKP, EC or RSA; a shared secret can not verify tokens")
    if "d" in entry:
        raise KeyFileInvalid("a JWK holds a private key; publish its public half and keep the private one elsewhere")
    key = import_jwk(entry)
    if isinstance(key, RSAKey | ECKey | OKPKey):
        return _verification_key(key, entry)
    raise KeyFileInvalid("a JWK must be of the type OKP, EC or RSA")


def _verification_key(key: RSAKey | ECKey | OKPKey, entry: Mapping[str, Any]) -> VerificationKey:
    algorithms = _algorithms(key.public_key)
    named = entry.get("alg")
    if named is not None:
        algorithms &= {named}
        if not algorithms:
            raise KeyFileInvalid("a JWK names an algorithm that its key may not use; allowed are EdDSA, ES256, RS256")
    thumbprint = key.thumbprint()
    kid = entry.get("kid", thumbprint)
    if not isinstance(kid, str) or not kid:
        raise KeyFileInvalid("the kid of a JWK must be a string that is not empty")
    return VerificationKey(kid=kid, thumbprint=thumbprint, algorithms=algorithms, key=key)


def _algorithms(public_key: object) -> frozenset[str]:
    match public_key:
        case Ed25519PublicKey():
            return frozenset({"EdDSA", "Ed25519"})  # RFC 9864 renamed it; issuers write either.
        case EllipticCurvePublicKey() if isinstance(public_key.curve, SECP256R1):
            return frozenset({"ES256"})
        case RSAPublicKey() if public_key.key_size >= MIN_RSA_BITS:
            return frozenset({"RS256"})
        case RSAPublicKey():
            raise KeyFileInvalid(f"an RSA key has fewer than {MIN_RSA_BITS} bits; make a longer one")
        case _:
            raise KeyFileInvalid("the key must be Ed25519, EC P-256 or RSA")


def _wrap(public_key: Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey) -> RSAKey | ECKey | OKPKey:
    match public_key:
        case Ed25519PublicKey():
            return OKPKey.import_key(public_key)
        case EllipticCurvePublicKey():
            return ECKey.import_key(public_key)
        case _:
            return RSAKey.import_key(public_key)
