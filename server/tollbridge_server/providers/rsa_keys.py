"""RSA keys of provider accounts: read in every form that the providers' consoles hand out, and used off the loop.

Refuses weak keys, keys of another kind, and a public key where a private one belongs (and the other way round), with
the name of the setting to mend; no message shows any part of a key.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from concurrent.futures import ThreadPoolExecutor

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

MIN_BITS = 2048

_ARMOUR = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_ENCRYPTED = re.compile(r"^Proc-Type:.*ENCRYPTED", re.MULTILINE)


class KeyInvalid(ValueError):
    """Text that is no usable key for its setting; the message says what to put there instead."""


def read_private_key(text: str, *, setting: str) -> RSAPrivateKey:
    """Return the private key in `text`: PKCS#8 or PKCS#1, as PEM or as bare base64. Raises KeyInvalid."""
    der = _der(text, setting)
    try:
        key = _private_of(text, der)
    except TypeError:
        raise KeyInvalid(f"{setting}: the key is encrypted; give it without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        if _public_of(text, der) is not None:
            raise KeyInvalid(f"{setting}: this is a public key; the private key belongs here") from None
        raise KeyInvalid(f"{setting}: this is no RSA private key (PKCS#8 or PKCS#1, PEM or base64)") from None
    if not isinstance(key, RSAPrivateKey):
        raise KeyInvalid(f"{setting}: this is no RSA key")
    _require_strength(key.key_size, setting)
    return key


def read_public_key(text: str, *, setting: str) -> RSAPublicKey:
    """Return the public key in `text`: SPKI, PKCS#1 or a certificate, as PEM or as bare base64. Raises KeyInvalid."""
    der = _der(text, setting)
    key = _public_of(text, der)
    if key is None:
        if _is_private(text, der):
            raise KeyInvalid(f"{setting}: this is a private key; the public key of the provider belongs here")
        raise KeyInvalid(f"{setting}: this is no RSA public key (PEM or base64)")
    _require_strength(key.key_size, setting)
    return key


def public_text_of(key: RSAPrivateKey | RSAPublicKey) -> bytes:
    """Return what tells two keys apart: the modulus of the key."""
    public = key.public_key() if isinstance(key, RSAPrivateKey) else key
    number = public.public_numbers().n
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """Return the signature of `message` (SHA-256, PKCS#1 v1.5) as base64. It takes about a millisecond."""
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode("ascii")


def is_signed(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether `signature` (base64) is the key's signature of `message`."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


class Signer:
    """Signs for one provider account in threads of its own, so that neither the loop nor another account waits."""

    def __init__(self, key: RSAPrivateKey, *, threads: int = 1) -> None:
        self._key = key
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="sign")

    async def sign(self, message: bytes) -> str:
        """Return the signature of `message` as base64."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, sign, self._key, message)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def require_whole(text: str, *, setting: str) -> None:
    """Raise KeyInvalid for PEM of which the end, or the beginning, is missing: it was copied in part."""
    begins, ends = text.count("-----BEGIN "), text.count("-----END ")
    if begins > ends:
        raise KeyInvalid(f"{setting}: the PEM text begins but does not end; copy all of it, with the line -----END …")
    if ends > begins:
        raise KeyInvalid(f"{setting}: the PEM text ends but does not begin; copy all of it, with the line -----BEGIN …")


def _der(text: str, setting: str) -> bytes:
    require_whole(text, setting=setting)
    if _ENCRYPTED.search(text):
        raise KeyInvalid(f"{setting}: the key is encrypted; give it without a passphrase")
    bare = "".join(_ARMOUR.sub("", text).split())
    if not bare:
        raise KeyInvalid(f"{setting}: the key is missing")
    try:
        return base64.b64decode(bare, validate=True)
    except (binascii.Error, ValueError):
        raise KeyInvalid(f"{setting}: this is neither PEM nor base64") from None


def _private_of(text: str, der: bytes) -> object:
    """Return the private key. Raises TypeError for an encrypted one, ValueError and UnsupportedAlgorithm."""
    if "-----BEGIN" in text:
        try:
            return load_pem_private_key(text.encode(), None)
        except ValueError:
            # Tools write PKCS#8 under "BEGIN RSA PRIVATE KEY", and the other way round; what counts stands inside.
            pass
    return load_der_private_key(der, None)


def _public_of(text: str, der: bytes) -> RSAPublicKey | None:
    if "BEGIN CERTIFICATE" in text:
        try:
            key = x509.load_pem_x509_certificate(text.encode()).public_key()
        except (ValueError, UnsupportedAlgorithm):
            return None
        return key if isinstance(key, RSAPublicKey) else None
    for is_pem in (True, False) if "-----BEGIN" in text else (False,):
        try:
            # As with private keys, what stands inside counts, whatever the armour calls it.
            loaded = load_pem_public_key(text.encode()) if is_pem else load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm):
            continue
        return loaded if isinstance(loaded, RSAPublicKey) else None
    return None


def _is_private(text: str, der: bytes) -> bool:
    if "PRIVATE KEY" in text:
        return True
    try:
        load_der_private_key(der, None)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _require_strength(bits: int, setting: str) -> None:
    if bits < MIN_BITS:
        raise KeyInvalid(f"{setting}: the key has {bits} bits; make one of {MIN_BITS} or more")
