"""WeChat Pay's own keys: the platform certificates out of their encrypted list, and which key counts for what now.

Refuses a list that the APIv3 key does not open, a certificate with another serial number than the list says, and
expired ones. It fetches nothing; whoever holds a connection asks it whether a fetch is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tollbridge_server.providers.rsa_keys import MIN_BITS
from tollbridge_server.providers.wechatpay.encryption import ALGORITHM, CiphertextInvalid, unseal

PATH = "/v3/certificates"
MAX_CERTIFICATES = 100
MAX_AGE_S = 12 * 3600
EXPIRY_NOTICE_S = 24 * 3600
EXPIRY_RETRY_S = 3600

_SERIAL_DIGITS = 40


class CertificateInvalid(ValueError):
    """A list of certificates, or a certificate, that can not be used; the text is for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCertificate:
    """A key of WeChat Pay's that was handed out as a certificate; times in seconds since the epoch."""

    serial: str
    key: RSAPublicKey
    effective_s: float
    expires_s: float


def serial_number(certificate: x509.Certificate) -> str:
    """Return a certificate's serial number as WeChat Pay writes it: upper-case hex, 40 digits."""
    return f"{certificate.serial_number:0{_SERIAL_DIGITS}X}"


def read_list(body: bytes, *, api_v3_key: bytes) -> tuple[PlatformCertificate, ...]:
    """Return the RSA certificates of an answer of PATH. Raises CertificateInvalid.

    What comes back was encrypted with the APIv3 key, which only WeChat Pay and the merchant know: this is what makes
    it WeChat Pay's word, even when no key for the answer's signature is known yet.
    """
    try:
        entries = orjson.loads(body)["data"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise CertificateInvalid("the answer is no list of certificates") from None
    if not isinstance(entries, list) or len(entries) > MAX_CERTIFICATES:
        raise CertificateInvalid("the answer is no list of certificates")
    found = [_read_entry(entry, api_v3_key) for entry in entries]
    return tuple(one for one in found if one is not None)


class KeyRing:
    """The keys that WeChat Pay may sign with: one public key by its id, platform certificates, or both for a time."""

    def __init__(self, *, public_key: RSAPublicKey | None = None, public_key_id: str = "") -> None:
        if (public_key is None) != (not public_key_id):
            raise ValueError("public_key and public_key_id: either needs the other")
        self._public_key = public_key
        self._public_key_id = public_key_id
        self._certificates: dict[str, PlatformCertificate] = {}
        self._asked_s: float | None = None

    def key_of(self, serial: str, now_s: float) -> RSAPublicKey | None:
        """Return the key that a seal names; None for one that is unknown or expired."""
        if self._public_key is not None and serial == self._public_key_id:
            return self._public_key
        found = self._certificates.get(serial)
        return found.key if found is not None and now_s < found.expires_s else None

    def sealing_key(self, now_s: float) -> tuple[str, RSAPublicKey] | None:
        """Return the id and key to encrypt with: the public key, else the newest certificate that is effective."""
        if self._public_key is not None:
            return self._public_key_id, self._public_key
        newest = self._newest(now_s)
        return None if newest is None else (newest.serial, newest.key)

    def take(self, certificates: Iterable[PlatformCertificate], now_s: float) -> None:
        """Hold these certificates instead of the present ones."""
        self._certificates = {one.serial: one for one in certificates}
        self._asked_s = now_s

    def keep(self, now_s: float) -> None:
        """Go on with the present certificates, because WeChat Pay has just said that there are none to fetch."""
        self._asked_s = now_s

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to fetch: never done, twelve hours old, or the last certificate is about to expire."""
        if self._asked_s is None:
            return True
        # The absolute value: a clock that was set back must not put the next fetch off for the whole difference.
        age_s = abs(now_s - self._asked_s)
        newest = self._newest(now_s)
        is_ending = newest is not None and newest.expires_s - now_s < EXPIRY_NOTICE_S
        return age_s >= MAX_AGE_S or (is_ending and age_s >= EXPIRY_RETRY_S)

    def _newest(self, now_s: float) -> PlatformCertificate | None:
        effective = [one for one in self._certificates.values() if one.effective_s <= now_s < one.expires_s]
        return max(effective, key=lambda one: one.effective_s, default=None)


def _read_entry(entry: object, api_v3_key: bytes) -> PlatformCertificate | None:
    """Return the certificate of one entry; None if its algorithm or its key is of another kind."""
    stated = _text(entry, "serial_no")
    sealed = entry.get("encrypt_certificate") if isinstance(entry, Mapping) else None
    if _text(sealed, "algorithm") != ALGORITHM:
        return None
    try:
        pem = unseal(
            api_v3_key,
            _text(sealed, "ciphertext"),
            nonce=_text(sealed, "nonce"),
            associated_data=_text(sealed, "associated_data"),
        )
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except CiphertextInvalid as error:
        raise CertificateInvalid(f"a certificate in the list: {error}") from error
    except UnsupportedAlgorithm:
        return None
    except ValueError:
        raise CertificateInvalid("a certificate in the list can not be read") from None
    if serial_number(certificate) != stated.upper().zfill(_SERIAL_DIGITS):
        raise CertificateInvalid("a certificate in the list has another serial number than the list says")
    if not isinstance(key, RSAPublicKey):
        return None
    if key.key_size < MIN_BITS:
        raise CertificateInvalid(f"a certificate in the list has a key of less than {MIN_BITS} bits")
    return PlatformCertificate(
        serial=stated,
        key=key,
        effective_s=certificate.not_valid_before_utc.timestamp(),
        expires_s=certificate.not_valid_after_utc.timestamp(),
    )


def _text(members: object, name: str) -> str:
    value = members.get(name, "") if isinstance(members, Mapping) else ""
    return value if isinstance(value, str) else ""
