"""Encrypted parts (API v3): AES-256-GCM of notifications and certificates, RSA-OAEP of a payer's personal data.

Refuses text that this key did not encrypt, or not with this nonce and associated data, and data that is too long.
"""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1

ALGORITHM = "AEAD_AES_256_GCM"
_API_V3_KEY = re.compile(r"[!-~]{32}")
_MIN_NONCE_BYTES = 8
_MAX_NONCE_BYTES = 128
_OAEP_OVERHEAD_BYTES = 42


class CiphertextInvalid(ValueError):
    """Text that this key did not encrypt; the text is for the log."""


def read_api_v3_key(text: str) -> bytes:
    """Return the APIv3 key: 32 visible ASCII characters. Raises ValueError that names the setting."""
    if _API_V3_KEY.fullmatch(text) is None:
        raise ValueError(
            "api_v3_key: an APIv3 key has exactly 32 letters and digits; copy what you set in the merchant console"
        )
    return text.encode("ascii")


def seal(key: bytes, plaintext: bytes, *, nonce: str, associated_data: str) -> str:
    """Return ciphertext and tag as base64. A nonce must never be used twice with one key."""
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode())
    return base64.b64encode(sealed).decode("ascii")


def unseal(key: bytes, ciphertext: str, *, nonce: str, associated_data: str) -> bytes:
    """Return the plaintext of base64 of ciphertext and tag. Raises CiphertextInvalid."""
    raw_nonce = nonce.encode("utf-8", "surrogatepass")
    if not _MIN_NONCE_BYTES <= len(raw_nonce) <= _MAX_NONCE_BYTES:
        raise CiphertextInvalid("a nonce of an impossible length")
    try:
        raw = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key).decrypt(raw_nonce, raw, associated_data.encode("utf-8", "surrogatepass"))
    except (InvalidTag, binascii.Error, ValueError):
        raise CiphertextInvalid("it can not be decrypted; is api_v3_key the merchant's present APIv3 key?") from None


def seal_for(key: RSAPublicKey, plaintext: str) -> str:
    """Return personal data encrypted for the owner of `key`, as base64. Raises ValueError for too long a text."""
    raw = plaintext.encode()
    longest = key.key_size // 8 - _OAEP_OVERHEAD_BYTES
    if len(raw) > longest:
        raise ValueError(f"the text has more than the {longest} bytes that can be encrypted")
    return base64.b64encode(key.encrypt(raw, _oaep())).decode("ascii")


def unseal_with(key: RSAPrivateKey, ciphertext: str) -> str:
    """Return personal data that was encrypted for us. Raises CiphertextInvalid. It takes about a millisecond."""
    try:
        return key.decrypt(base64.b64decode(ciphertext, validate=True), _oaep()).decode()
    except (binascii.Error, ValueError):
        raise CiphertextInvalid("it was not encrypted for this key") from None


def _oaep() -> OAEP:
    # SHA-1 is the wire format. What OAEP asks of its hash is not broken by the collisions of SHA-1.
    return OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303
