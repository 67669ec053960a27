"""Alipay in certificate mode as a subject of the kit, with encrypted content: a root of the tests issues all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tollbridge_server.testing.simulators.alipay import AlipayAccount, AlipayKeys

from tests.conformance.alipay import ACCOUNT, APP_ID, SELLER_ID, AlipaySubject, key_of, private_pem, public_pem

AES_KEY = "AAECAwQFBgcICQoLDA0ODw=="
ROOT = "Test Financial Root RSA G1"
APPLICATION, ALIPAY = "Test Shop", "Test Alipay"


@cache
def issued(subject: str, key: str, *, serial: int, root: str = "root") -> str:
    """Return a certificate, PEM, for the key of that name, signed with the key `root`."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(ROOT))
        .public_key(key_of(key).public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=subject == ROOT, path_length=None), critical=True)
    )
    return builder.sign(key_of(root), SHA256()).public_bytes(Encoding.PEM).decode()


def root() -> str:
    """Return what an application downloads as its root file."""
    return issued(ROOT, "root", serial=1)


def application() -> str:
    """Return the application's own certificate."""
    return issued(APPLICATION, "application", serial=2)


def alipays() -> str:
    """Return the certificate that Alipay signs with at first."""
    return issued(ALIPAY, "alipay", serial=3)


def reissued() -> str:
    """Return the certificate that Alipay signs with later, for the same key."""
    return issued(ALIPAY, "alipay", serial=4)


def _named(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test Financial"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Certification Authority"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


class CertifiedSubject(AlipaySubject):
    """The adapter of an application whose requests and answers are encrypted and told apart by certificates."""

    secrets = (*AlipaySubject.secrets, AES_KEY)

    def known_as(self) -> AlipayAccount:
        own = public_pem(key_of("application"))
        return AlipayAccount(ACCOUNT, APP_ID, SELLER_ID, own, app_certificate=application(), aes_key=AES_KEY)

    def alipays_keys(self) -> AlipayKeys:
        return AlipayKeys(private_pem(key_of("alipay")), alipays(), root(), reissued())

    def believed_keys(self) -> dict[str, str]:
        return {
            "app_certificate": application(),
            "alipay_certificate": alipays(),
            "alipay_root_certificate": root(),
            "aes_key": AES_KEY,
        }
