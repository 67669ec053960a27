"""An Alipay account's keys of the configuration, read and checked before the server starts.

Refuses what the payer or a notification would find out otherwise: wrong, swapped, expired or half-given keys and
certificates, and addresses that Alipay can not reach. Every message names the setting and what to put there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from tollbridge_server.providers.alipay.adapter import SEND_TIMEOUT_S
from tollbridge_server.providers.alipay.certificates import (
    TrustedCertificates,
    public_key_of,
    read_certificates,
    root_serial_number,
    serial_number,
)
from tollbridge_server.providers.alipay.client import CertificateMode, Identity
from tollbridge_server.providers.alipay.encryption import read_aes_key
from tollbridge_server.providers.rsa_keys import public_text_of, read_private_key, read_public_key
from tollbridge_server.providers.settings_checks import (
    require_notify_url,
    require_pool,
    require_types,
    require_url,
    require_valid,
    text_of,
)

GATEWAY = "https://openapi.alipay.com/gateway.do"
MAX_NOTIFY_URL_LENGTH = 256

_APP_ID = re.compile(r"[0-9]{16,32}", re.ASCII)
_SELLER_ID = re.compile(r"2088[0-9]{12}", re.ASCII)
_PRODUCT = re.compile(r"[A-Z0-9_]{1,64}", re.ASCII)
_CERTIFICATES = ("app_certificate", "alipay_certificate", "alipay_root_certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlipaySettings:
    """One application at Alipay. Times in seconds.

    A key or certificate is given as text (PEM, or the bare base64 of the console), or as the path of a file under
    the same name with `_file`. Either `alipay_public_key` or all three certificates are given. `preauth_product`
    empty means that the contract has no pre-authorization. `cancel_voids_unscanned` takes Alipay's answer to the
    cancel of a code or page that nobody has opened for its end.
    """

    app_id: str
    seller_id: str
    notify_url: str
    private_key: str = field(default="", repr=False)
    private_key_file: str = ""
    alipay_public_key: str = field(default="", repr=False)
    alipay_public_key_file: str = ""
    app_certificate: str = field(default="", repr=False)
    app_certificate_file: str = ""
    alipay_certificate: str = field(default="", repr=False)
    alipay_certificate_file: str = ""
    alipay_root_certificate: str = field(default="", repr=False)
    alipay_root_certificate_file: str = ""
    aes_key: str = field(default="", repr=False)
    aes_key_file: str = ""
    gateway: str = GATEWAY
    qr_product: str = "QR_CODE_OFFLINE"
    preauth_product: str = ""
    preauth_category: str = ""
    cancel_voids_unscanned: bool = False
    connect_timeout_s: float = 3.0
    timeout_s: float = 15.0
    max_connections: int = 64

    def __post_init__(self) -> None:
        require_types(self)
        _require_names(self)
        require_url(self.gateway, setting="gateway", example=GATEWAY)
        require_notify_url(self.notify_url, provider="Alipay", max_length=MAX_NOTIFY_URL_LENGTH)
        require_pool(
            connect_timeout_s=self.connect_timeout_s,
            timeout_s=self.timeout_s,
            max_connections=self.max_connections,
            send_timeout_s=SEND_TIMEOUT_S,
        )
        identity_of(self)


def signing_key_of(settings: AlipaySettings) -> RSAPrivateKey:
    """Return the application's private key. Raises ValueError that names the setting."""
    name, text = text_of(settings, "private_key")
    return read_private_key(text, setting=name)


def identity_of(settings: AlipaySettings, *, now: datetime | None = None) -> Identity:
    """Return who we are and whom we believe. Raises ValueError that names the setting."""
    own = signing_key_of(settings)
    _, aes_text = text_of(settings, "aes_key")
    certificates, alipay_key = _certificate_mode(settings, own, now=now or datetime.now(UTC))
    return Identity(
        app_id=settings.app_id,
        gateway=settings.gateway,
        notify_url=settings.notify_url,
        alipay_key=alipay_key or _alipay_key(settings, own),
        certificates=certificates,
        aes_key=read_aes_key(aes_text) if aes_text else b"",
    )


def _alipay_key(settings: AlipaySettings, own: RSAPrivateKey) -> RSAPublicKey:
    name, text = text_of(settings, "alipay_public_key")
    if not text:
        raise ValueError(
            f"{name}: give Alipay's public key, as the console shows it under 'interface signing', or in certificate "
            f"mode {', '.join(_CERTIFICATES)}"
        )
    key = read_public_key(text, setting=name)
    if public_text_of(key) == public_text_of(own):
        raise ValueError(f"{name}: this is the application's own public key; Alipay's public key belongs here")
    return key


def _certificate_mode(
    settings: AlipaySettings, own: RSAPrivateKey, *, now: datetime
) -> tuple[CertificateMode | None, RSAPublicKey | None]:
    """Return the certificates and the key in Alipay's, or neither in key mode."""
    given = {name: text_of(settings, name) for name in _CERTIFICATES}
    missing = [setting for setting, text in given.values() if not text]
    if len(missing) == len(given):
        return None, None
    if missing:
        raise ValueError(f"{missing[0]}: certificate mode needs all of {', '.join(_CERTIFICATES)}; this one is missing")
    key_setting, key_text = text_of(settings, "alipay_public_key")
    if key_text:
        raise ValueError(f"{key_setting}: remove it; in certificate mode the key comes from alipay_certificate")
    (app_setting, app_text), (alipay_setting, alipay_text), (root_setting, root_text) = given.values()
    app = read_certificates(app_text, setting=app_setting)[0]
    alipay = read_certificates(alipay_text, setting=alipay_setting)
    roots = read_certificates(root_text, setting=root_setting)
    if public_text_of(public_key_of(app, setting=app_setting)) != public_text_of(own):
        raise ValueError(f"{app_setting}: this certificate is for another key than private_key")
    alipay_key = public_key_of(alipay[0], setting=alipay_setting)
    if public_text_of(alipay_key) == public_text_of(own):
        raise ValueError(
            f"{alipay_setting}: this is the application's own certificate; Alipay's (alipayCertPublicKey_RSA2) "
            "belongs here"
        )
    require_valid(app, app_setting, now=now)
    require_valid(alipay[0], alipay_setting, now=now)
    mode = CertificateMode(
        app_number=serial_number(app),
        root_number=root_serial_number(roots),
        alipay_number=serial_number(alipay[0]),
        trusted=TrustedCertificates(alipay, roots),
    )
    return mode, alipay_key


def _require_names(settings: AlipaySettings) -> None:
    if not _APP_ID.fullmatch(settings.app_id):
        raise ValueError("app_id: write the application's number from the console, 16 digits or more")
    if not _SELLER_ID.fullmatch(settings.seller_id):
        raise ValueError("seller_id: write the merchant's PID, 16 digits that begin with 2088")
    if not _PRODUCT.fullmatch(settings.qr_product):
        raise ValueError("qr_product: write the contract's product code, such as QR_CODE_OFFLINE")
    if settings.preauth_product and not _PRODUCT.fullmatch(settings.preauth_product):
        raise ValueError("preauth_product: write the contract's product code, such as PREAUTH_PAY or PRE_AUTH")
