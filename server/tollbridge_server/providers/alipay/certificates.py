"""Certificate mode: serial numbers of certificates, chains, and whether a re-issued certificate may be trusted.

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
from cryptography.x509.oid import NameOID

from tollbridge_server.providers.rsa_keys import MIN_BITS, KeyInvalid, public_text_of, require_whole

MAX_CHAIN_LENGTH = 5
_RSA_SIGNATURES = "1.2.840.113549.1.1"
_RSA_OID_BYTES = bytes.fromhex("2a864886f70d0101")
_ARMOUR = re.compile(rb"-----(?:BEGIN|END) CERTIFICATE-----")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class CertificateInvalid(ValueError):
    """A certificate that can not be used; the text is for the log or names the setting."""


class ChainOpen(CertificateInvalid):
    """A chain that ends before a root, because an issuer is not at hand; `last` is the certificate without one."""

    def __init__(self, last: x509.Certificate) -> None:
        super().__init__(f"it does not lead to a root: {name_of(last.issuer)} is not at hand")
        self.last = last


class ChainExpired(CertificateInvalid):
    """A chain with a certificate, `member`, that is not valid now."""

    def __init__(self, member: x509.Certificate) -> None:
        super().__init__("a certificate in the chain is not valid now")
        self.member = member


def read_certificates(text: str | bytes, *, setting: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM file in its order. Raises CertificateInvalid."""
    return tuple(_read_one(block, setting=setting) for block in _blocks(text, setting=setting))


def read_roots(text: str, *, setting: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a root file in its order. Raises CertificateInvalid.

    Alipay's own root file has a member whose signature algorithm (ECDSA) has parameters that it must not have by RFC
    5758. What is neither readable nor RSA counts for nothing here, so it is left out.
    """
    found = []
    for block in _blocks(text, setting=setting):
        try:
            found.append(_read_one(block, setting=setting))
        except CertificateInvalid:
            if _mentions_rsa(block):
                raise
    return tuple(found)


def serial_number(certificate: x509.Certificate) -> str:
    """Return Alipay's number of a certificate: MD5 of the issuer's name (RFC 2253) and the decimal serial number."""
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def root_serial_number(bundle: tuple[x509.Certificate, ...], *, setting: str = "alipay_root_certificate") -> str:
    """Return the number of a root file: those of its RSA certificates, joined. Raises CertificateInvalid."""
    numbers = [serial_number(certificate) for certificate in _rsa_signed(bundle)]
    if not numbers:
        raise CertificateInvalid(f"{setting}: no RSA certificate is in it")
    return "_".join(numbers)


def name_of(name: x509.Name) -> str:
    """Return the common name in a subject or an issuer, or the whole of it."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def roots_in(bundle: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    """Return the RSA roots of a root file, which also has members of other kinds."""
    return tuple(c for c in _rsa_signed(bundle) if c.issuer == c.subject and _is_authority(c, is_if_silent=True))


def require_chain(
    leaf: x509.Certificate,
    intermediates: tuple[x509.Certificate, ...],
    roots: tuple[x509.Certificate, ...],
    *,
    now: datetime,
) -> None:
    """Raise CertificateInvalid unless `leaf` leads to one of the roots in `roots`, and all in between is valid now.

    ChainOpen says that an issuer is not at hand, ChainExpired which member has expired.
    """
    trusted = roots_in(roots)
    authorities = tuple(c for c in intermediates if _is_authority(c))
    present = leaf
    for _ in range(MAX_CHAIN_LENGTH):
        _require_valid(present, now=now)
        root = _issuer_of(present, trusted, now=now)
        if root is not None:
            _require_valid(root, now=now)
            return
        issuer = _issuer_of(present, authorities, now=now)
        if issuer is None:
            break
        present = issuer
    if any(candidate.subject == present.issuer for candidate in (*trusted, *authorities)):
        raise CertificateInvalid(f"another {name_of(present.issuer)} than the one at hand has signed it")
    raise ChainOpen(present)


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
            # Base64 is wrapped at 64 or 76 characters by many who write it.
            pem = base64.b64decode("".join(content.split()), validate=True)
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
        try:
            require_chain(leaf, offered[1:] + self.alipay[1:], self.roots, now=now)
        except ChainExpired:
            raise
        except CertificateInvalid as error:
            raise CertificateInvalid(
                f"the downloaded certificate does not lead to alipay_root_certificate: {error}"
            ) from None
        return key


def _blocks(text: str | bytes, *, setting: str) -> list[bytes]:
    raw = text.encode() if isinstance(text, str) else text
    try:
        require_whole(raw.decode("ascii", "replace"), setting=setting)
    except KeyInvalid as error:
        raise CertificateInvalid(str(error)) from None
    found: list[bytes] = _PEM.findall(raw)
    if not found:
        raise CertificateInvalid(f"{setting}: this is no certificate in PEM")
    return found


def _read_one(block: bytes, *, setting: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError:
        raise CertificateInvalid(f"{setting}: a certificate in it can not be read") from None


def _mentions_rsa(block: bytes) -> bool:
    """Whether an unreadable certificate may have an RSA key or signature; then its number would be missed."""
    try:
        return _RSA_OID_BYTES in base64.b64decode(_ARMOUR.sub(b"", block))
    except (binascii.Error, ValueError):
        return True


def _rsa_signed(bundle: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    return tuple(c for c in bundle if c.signature_algorithm_oid.dotted_string.startswith(f"{_RSA_SIGNATURES}."))


def _require_valid(certificate: x509.Certificate, *, now: datetime) -> None:
    if not _is_valid(certificate, now):
        raise ChainExpired(certificate)


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _issuer_of(
    certificate: x509.Certificate, candidates: tuple[x509.Certificate, ...], *, now: datetime
) -> x509.Certificate | None:
    # An authority that was renewed stands in the file twice; the one that is valid now counts.
    for candidate in sorted(candidates, key=lambda each: not _is_valid(each, now)):
        try:
            certificate.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    return None


def _is_authority(certificate: x509.Certificate, *, is_if_silent: bool = False) -> bool:
    """Whether a certificate says that it may issue others; old roots do not say either, so `is_if_silent` decides."""
    extensions = certificate.extensions
    try:
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        return is_if_silent
    except ValueError:
        return False
    try:
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True
