"""Certificate mode: serial numbers of certificates, and whether a certificate that Alipay re-issued may be trusted.

Refuses a certificate that does not lead to a configured root, is not valid now, or is not Alipay's own: application
certificates of other merchants come from the same authority, so the chain alone proves too little.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tollbridge_server.providers.rsa_keys import MIN_BITS, public_text_of

MAX_CHAIN_LENGTH = 5
_RSA_SIGNATURES = "1.2.840.113549.1.1"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class CertificateInvalid(ValueError):
    """A certificate that can not be used; the text is for the log or names the setting."""


def read_certificates(text: str | bytes, *, setting: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM file in its order. Raises CertificateInvalid."""
    raw = text.encode() if isinstance(text, str) else text
    try:
        found = tuple(x509.load_pem_x509_certificate(block) for block in _PEM.findall(raw))
    except ValueError:
        raise CertificateInvalid(f"{setting}: a certificate in it can not be read") from None
    if not found:
        raise CertificateInvalid(f"{setting}: this is no certificate in PEM")
    return found


def serial_number(certificate: x509.Certificate) -> str:
    """Return Alipay's number of a certificate: MD5 of the issuer's name (RFC 2253) and the decimal serial number."""
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def root_serial_number(bundle: tuple[x509.Certificate, ...]) -> str:
    """Return the number of a root file: those of its RSA certificates, joined. Raises CertificateInvalid."""
    numbers = [serial_number(certificate) for certificate in _rsa_signed(bundle)]
    if not numbers:
        raise CertificateInvalid("alipay_root_certificate: no RSA certificate is in it")
    return "_".join(numbers)


def public_key_of(certificate: x509.Certificate, *, setting: str) -> RSAPublicKey:
    """Return the RSA key of a certificate. Raises CertificateInvalid."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateInvalid(f"{setting}: its key can not be read") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise CertificateInvalid(f"{setting}: its key is no RSA key of {MIN_BITS} bits or more")
    return key


@dataclass(frozen=True, slots=True)
class TrustedCertificates:
    """What is trusted by configuration: Alipay's certificate (and those after it in its file), and the roots."""

    alipay: tuple[x509.Certificate, ...]
    roots: tuple[x509.Certificate, ...]

    def key_of_reissued(self, content: str, *, number: str, now: datetime) -> RSAPublicKey:
        """Return the key of a downloaded certificate (base64 of PEM) that was asked for by `number`.

        Raises CertificateInvalid unless it has that number, is Alipay's, and leads to a root at the time `now`.
        """
        try:
            pem = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise CertificateInvalid("the downloaded certificate is no base64") from None
        offered = read_certificates(pem, setting="the downloaded certificate")
        leaf = offered[0]
        if serial_number(leaf) != number:
            raise CertificateInvalid("another certificate came than the one that was asked for")
        key = public_key_of(leaf, setting="the downloaded certificate")
        known = self.alipay[0]
        is_same_key = public_text_of(key) == public_text_of(public_key_of(known, setting="alipay_certificate"))
        if leaf.subject != known.subject and not is_same_key:
            raise CertificateInvalid("the downloaded certificate is not Alipay's: other name, other key")
        self._require_chain(leaf, offered[1:] + self.alipay[1:], now=now)
        return key

    def _require_chain(
        self, leaf: x509.Certificate, intermediates: tuple[x509.Certificate, ...], *, now: datetime
    ) -> None:
        roots = _rsa_signed(self.roots)
        present = leaf
        for _ in range(MAX_CHAIN_LENGTH):
            _require_valid(present, now=now)
            root = _issuer_of(present, roots)
            if root is not None:
                _require_valid(root, now=now)
                return
            issuer = _issuer_of(present, tuple(c for c in intermediates if _is_authority(c)))
            if issuer is None:
                break
            present = issuer
        raise CertificateInvalid("the downloaded certificate does not lead to alipay_root_certificate")


def _rsa_signed(bundle: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    return tuple(c for c in bundle if c.signature_algorithm_oid.dotted_string.startswith(f"{_RSA_SIGNATURES}."))


def _require_valid(certificate: x509.Certificate, *, now: datetime) -> None:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise CertificateInvalid("a certificate in the chain is not valid now")


def _issuer_of(certificate: x509.Certificate, candidates: tuple[x509.Certificate, ...]) -> x509.Certificate | None:
    for candidate in candidates:
        try:
            certificate.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    return None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
