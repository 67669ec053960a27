"""The examples' keys as objects, and platform certificates that a test makes for itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from tollbridge_server.providers.rsa_keys import read_private_key
from tollbridge_server.providers.wechatpay.encryption import ALGORITHM, seal

from tests.unit.providers.wechatpay import published_keys

NOW_S = 1767337445
NOW = datetime.fromtimestamp(NOW_S, UTC)
API_V3_KEY = b"0123456789abcdef0123456789ABCDEF"
MERCHANT = read_private_key(published_keys.MERCHANT_KEY, setting="merchant")
PLATFORM = read_private_key(published_keys.PLATFORM_KEY, setting="platform")


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Return the key of that name; it is the same each time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def serial_of(number: int) -> str:
    """Return a serial number as WeChat Pay writes it: 40 upper-case hex digits."""
    return f"{number:040X}"


def certificate(
    key: rsa.RSAPrivateKey, *, serial: int, from_days: float = -1, to_days: float = 1800, now: datetime = NOW
) -> x509.Certificate:
    """Return a platform certificate that is valid from `from_days` to `to_days` after `now`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign (test)")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now + timedelta(days=from_days))
        .not_valid_after(now + timedelta(days=to_days))
    )
    return builder.sign(key, SHA256())


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def certificate_entry(certificate: x509.Certificate, *, content: bytes = b"") -> dict[str, object]:
    """Return the entry of one certificate in the list of certificates; `content` is sealed instead of it."""
    nonce, place = "d215b0511e9c", "certificate"
    ciphertext = seal(API_V3_KEY, content or pem(certificate), nonce=nonce, associated_data=place)
    return {
        "serial_no": serial_of(certificate.serial_number),
        "effective_time": certificate.not_valid_before_utc.isoformat(),
        "expire_time": certificate.not_valid_after_utc.isoformat(),
        "encrypt_certificate": {
            "algorithm": ALGORITHM,
            "nonce": nonce,
            "associated_data": place,
            "ciphertext": ciphertext,
        },
    }


def certificate_list(*certificates: x509.Certificate) -> bytes:
    """Return the body of an answer with these certificates."""
    return orjson.dumps({"data": [certificate_entry(one) for one in certificates]})
