"""Issues the certificates that the TLS tests need; every key is made for one test run and never stored elsewhere."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LOCAL_NAMES = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, also as PEM."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def authority(name: str = "authority") -> Issued:
    return _issue(name, by=None, names=(), lasts_days=(-1, 1))


def issue(by: Issued, *names: x509.GeneralName, lasts_days: tuple[int, int] = (-1, 1)) -> Issued:
    """A leaf certificate; `lasts_days` counts from now."""
    return _issue("leaf", by=by, names=names, lasts_days=lasts_days)


def _issue(
    common_name: str, *, by: Issued | None, names: tuple[x509.GeneralName, ...], lasts_days: tuple[int, int]
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=lasts_days[0]))
        .not_valid_after(now + timedelta(days=lasts_days[1]))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Issued(builder.sign(key if by is None else by.key, hashes.SHA256()), key)
