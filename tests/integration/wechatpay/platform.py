"""Platform certificates of a WeChat Pay that the tests make up, one for each name of a key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tollbridge_server.providers.wechatpay.certificates import serial_number
from tollbridge_server.testing.simulators.wechatpay import PlatformCertificate

from tests.conformance.alipay import key_of, private_pem


@cache
def certified(name: str, *, days: int = 365) -> PlatformCertificate:
    """Return the certificate of the key of that name, valid from yesterday for `days` more days."""
    key, now = key_of(name), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign (test)")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    pem = builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    return PlatformCertificate(pem, private_pem(key))


def serial_of(certificate: PlatformCertificate) -> str:
    """Return the serial number as WeChat Pay writes it."""
    return serial_number(x509.load_pem_x509_certificate(certificate.certificate.encode()))
