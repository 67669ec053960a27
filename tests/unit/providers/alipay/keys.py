"""The example's keys as objects, and certificates that a test makes for itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from tollbridge_server.providers.rsa_keys import read_private_key

from tests.unit.providers.alipay import published_keys

NOW = datetime(2026, 1, 2, 7, 4, 5, tzinfo=UTC)
APPLICATION = read_private_key(published_keys.APPLICATION_KEY, setting="application")
ALIPAY = read_private_key(published_keys.ALIPAY_KEY, setting="alipay")

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Return the key of that name; it is the same each time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: Key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def name_of(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test Financial"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Test Dev"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def certificate(
    subject: str,
    key: Key,
    *,
    issuer: str = "",
    signed_by: Key | None = None,
    serial: int = 1,
    authority: bool = False,
    days: int = 365,
    may_sign: bool | None = None,
) -> x509.Certificate:
    """Return a certificate that is valid from a day before NOW for `days`; without an issuer it signs itself."""
    start = NOW - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(name_of(issuer or subject))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if may_sign is not None:
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        never = dict.fromkeys((*names, "crl_sign", "encipher_only", "decipher_only"), False)
        builder = builder.add_extension(x509.KeyUsage(**never, key_cert_sign=may_sign), critical=True)
    return builder.sign(signed_by or key, SHA256())


def pem(*certificates: x509.Certificate) -> str:
    return "".join(c.public_bytes(Encoding.PEM).decode() for c in certificates)
