"""Whom the WeChat Pay simulator knows, and the keys that it signs with. Refuses material that is no usable key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from tollbridge_server.providers.rsa_keys import MIN_BITS, read_private_key

_SERIAL_BYTES = 20
_LIFETIME = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class WechatPayAccount:
    """A merchant as WeChat Pay knows it: the public key of its API certificate, and the APIv3 key that both hold.

    With `public_key_id` empty answers and callbacks are signed with platform certificates only. With it set they are
    signed with WeChat Pay's public key; `has_certificates` then means an account in transition, which gets both: the
    public key signs an answer if the request asks for it, and every other try of a notification, the first included.
    """

    account_id: str
    mchid: str
    app_ids: tuple[str, ...]
    serial_no: str
    merchant_public_key: str
    api_v3_key: bytes = field(repr=False)
    public_key_id: str = ""
    has_certificates: bool = False


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """A platform certificate of WeChat Pay with its private key, both as PEM."""

    certificate: str
    private_key: str = field(repr=False)

    @classmethod
    def generated(cls) -> PlatformCertificate:
        """Return a certificate for a key that is made for it. It takes a moment of computing."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=MIN_BITS)
        return cls.of(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())

    @classmethod
    def of(cls, private_key: str) -> PlatformCertificate:
        """Return a certificate for a key, PEM, which signs itself. Its serial number is the key's own, so it stays."""
        key, now = read_private_key(private_key, setting="private_key"), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign (simulator)")])
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(hashlib.sha256(public).digest()[:_SERIAL_BYTES]) >> 1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + _LIFETIME)
        )
        return cls(builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode(), private_key)


@dataclass(frozen=True, slots=True)
class WechatPayKeys:
    """What WeChat Pay signs with: the private half of its public key, and platform certificates, the oldest first.

    The first certificate is in use and the second is announced; the others come in by rotation, and when none is left
    new ones are made, which a restart forgets. Keys are PEM.
    """

    private_key: str = field(repr=False)
    certificates: tuple[PlatformCertificate, ...] = ()
