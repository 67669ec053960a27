"""Encrypted content (AES, CBC, PKCS#5): what an application with content encryption sends and gets instead of JSON.

It hides and does not prove: the initial vector is all zeros by Alipay's rule, so equal beginnings show, and only the
RSA signature around the ciphertext says who wrote it. Refuses to be used for anything else, and text that is not such.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

_BLOCK_BYTES = 16
_KEY_BYTES = frozenset({16, 24, 32})


class CiphertextInvalid(ValueError):
    """Text that this key did not encrypt."""


def read_aes_key(text: str) -> bytes:
    """Return the key that the console shows as base64. Raises ValueError that names the setting."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("aes_key: this is no base64; copy the AES key of the application's console") from None
    if len(key) not in _KEY_BYTES:
        raise ValueError("aes_key: an AES key has 16, 24 or 32 bytes")
    return key


def encrypt(key: bytes, plaintext: bytes) -> str:
    """Return the ciphertext as base64."""
    padder = PKCS7(8 * _BLOCK_BYTES).padder()
    encryptor = _cipher(key).encryptor()
    padded = padder.update(plaintext) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")


def decrypt(key: bytes, ciphertext: str) -> bytes:
    """Return the plaintext of a base64 ciphertext whose signature is verified. Raises CiphertextInvalid."""
    try:
        raw = base64.b64decode(ciphertext, validate=True)
        decryptor = _cipher(key).decryptor()
        unpadder = PKCS7(8 * _BLOCK_BYTES).unpadder()
        return unpadder.update(decryptor.update(raw) + decryptor.finalize()) + unpadder.finalize()
    except (binascii.Error, ValueError):
        raise CiphertextInvalid("the content can not be decrypted with aes_key") from None


def _cipher(key: bytes) -> Cipher[CBC]:
    return Cipher(AES(key), CBC(bytes(_BLOCK_BYTES)))
