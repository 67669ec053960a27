"""An Alipay account's keys of the configuration, read and checked before the server starts.

Refuses what the payer or a notification would find out otherwise: wrong, swapped, expired or half-given keys and
certificates, and addresses that Alipay can not reach. Every message names the setting and what to put there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from tollbridge_server.providers.alipay.adapter import SEND_TIMEOUT_S
from tollbridge_server.providers.alipay.certificate_mode import NAMES as CERTIFICATES
from tollbridge_server.providers.alipay.certificate_mode import chain_doubts, read_certificate_mode
from tollbridge_server.providers.alipay.client import CertificateMode, Identity
from tollbridge_server.providers.alipay.encryption import read_aes_key
from tollbridge_server.providers.rsa_keys import public_text_of, read_private_key, read_public_key
from tollbridge_server.providers.settings_checks import (
    Mistakes,
    SettingsInvalid,
    is_this_machine,
    notify_url_doubts,
    require_notify_url,
    require_pool,
    require_types,
    require_url,
    text_of,
)

GATEWAY = "https://openapi.alipay.com/gateway.do"
MAX_NOTIFY_URL_LENGTH = 256

_GATEWAY_PATH = "/gateway.do"
_APP_ID = re.compile(r"[0-9]{16,32}", re.ASCII)
_SELLER_ID = re.compile(r"2088[0-9]{12}", re.ASCII)
_PRODUCT = re.compile(r"[A-Z0-9_]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlipaySettings:
    """One application at Alipay. Times in seconds.

    A key or certificate is given as text (PEM, or the bare base64 of the console), or as the path of a file under
    the same name with `_file`. Either `alipay_public_key` or all three certificates are given. `preauth_product`
    (that of freezes in an app) empty means that the contract has no pre-authorization; freezes by a code, shown or
    scanned, have `preauth_product_in_person`. `cancel_voids_unscanned` takes Alipay's answer to the
    cancel of a sale's QR code that nobody has opened for its end.
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
    barcode_product: str = "FACE_TO_FACE_PAYMENT"
    preauth_product: str = ""
    preauth_product_in_person: str = "PRE_AUTH"
    preauth_category: str = ""
    cancel_voids_unscanned: bool = False
    connect_timeout_s: float = 3.0
    timeout_s: float = 15.0
    max_connections: int = 64

    def __post_init__(self) -> None:
        require_types(self)
        mistakes = Mistakes()
        mistakes.note(lambda: _require_names(self))
        mistakes.note(lambda: _require_gateway(self.gateway))
        mistakes.note(lambda: require_notify_url(self.notify_url, provider="Alipay", max_length=MAX_NOTIFY_URL_LENGTH))
        mistakes.note(lambda: require_pool(self, send_timeout_s=SEND_TIMEOUT_S))
        mistakes.note(lambda: identity_of(self))
        mistakes.require_none()

    def doubts(self, account_id: str) -> tuple[str, ...]:
        """Return what may not be what was meant, each text with its setting first."""
        is_simulated = is_this_machine(self.gateway)
        found = notify_url_doubts(self.notify_url, provider="alipay", account_id=account_id, is_simulated=is_simulated)
        certificates = identity_of(self).certificates
        if certificates is None:
            return found
        setting, _ = text_of(self, "alipay_root_certificate")
        return (*found, *chain_doubts(certificates, setting=setting, now=datetime.now(UTC)))


def signing_key_of(settings: AlipaySettings) -> RSAPrivateKey:
    """Return the application's private key. Raises ValueError that names the setting."""
    name, text = text_of(settings, "private_key")
    return read_private_key(text, setting=name)


def identity_of(settings: AlipaySettings, *, account_id: str = "", now: datetime | None = None) -> Identity:
    """Return who we are and whom we believe. Raises SettingsInvalid with every mistake in keys and certificates."""
    mistakes = Mistakes()
    own = mistakes.note(lambda: signing_key_of(settings))
    aes_key = mistakes.note(lambda: _aes_key(settings))
    theirs = mistakes.note(lambda: _alipays_side(settings, own.known, now=now or datetime.now(UTC)))
    mistakes.require_none()
    certificates, alipay_key = theirs.result
    return Identity(
        app_id=settings.app_id,
        gateway=settings.gateway,
        notify_url=settings.notify_url,
        alipay_key=alipay_key,
        certificates=certificates,
        aes_key=aes_key.result,
        account_id=account_id,
    )


def _aes_key(settings: AlipaySettings) -> bytes:
    setting, text = text_of(settings, "aes_key")
    try:
        return read_aes_key(text) if text else b""
    except ValueError as error:
        raise ValueError(f"{setting}{str(error).removeprefix('aes_key')}") from None


def _alipays_side(
    settings: AlipaySettings, own: RSAPrivateKey | None, *, now: datetime
) -> tuple[CertificateMode | None, RSAPublicKey]:
    """Return the certificates, where there are any, and the key that Alipay signs with."""
    certified = read_certificate_mode(settings, own, now=now)
    return certified or (None, _alipay_key(settings, own))


def _alipay_key(settings: AlipaySettings, own: RSAPrivateKey | None) -> RSAPublicKey:
    name, text = text_of(settings, "alipay_public_key")
    if not text:
        raise ValueError(
            f"{name}: give Alipay's public key, as the console shows it under 'interface signing', or in certificate "
            f"mode {', '.join(CERTIFICATES)}"
        )
    key = read_public_key(text, setting=name)
    if own is not None and public_text_of(key) == public_text_of(own):
        raise ValueError(f"{name}: this is the application's own public key; Alipay's public key belongs here")
    return key


def _require_gateway(gateway: str) -> None:
    require_url(gateway, setting="gateway", example=GATEWAY)
    if not urlsplit(gateway).path.endswith(_GATEWAY_PATH):
        raise ValueError(f"gateway: write the whole URL, which ends in {_GATEWAY_PATH}, such as {GATEWAY}")


def _require_names(settings: AlipaySettings) -> None:
    mistakes = tuple(_wrong_names(settings))
    if mistakes:
        raise SettingsInvalid(mistakes)


def _wrong_names(settings: AlipaySettings) -> Iterator[str]:
    """Yield what is wrong with the account's numbers and its contract's codes."""
    if not _APP_ID.fullmatch(settings.app_id):
        yield "app_id: write the application's number from the console, 16 digits or more"
    elif _SELLER_ID.fullmatch(settings.app_id):
        yield "app_id: this is a merchant's PID, which is seller_id; write the APPID of the application"
    if not _SELLER_ID.fullmatch(settings.seller_id):
        yield "seller_id: write the merchant's PID, 16 digits that begin with 2088"
    if not _PRODUCT.fullmatch(settings.qr_product):
        yield "qr_product: write the contract's product code, such as QR_CODE_OFFLINE"
    if not _PRODUCT.fullmatch(settings.barcode_product):
        yield "barcode_product: write the contract's product code, such as FACE_TO_FACE_PAYMENT"
    if settings.preauth_product and not _PRODUCT.fullmatch(settings.preauth_product):
        yield "preauth_product: write the contract's product code, such as PREAUTH_PAY or PRE_AUTH_ONLINE"
    if not _PRODUCT.fullmatch(settings.preauth_product_in_person):
        yield "preauth_product_in_person: write the contract's product code, such as PRE_AUTH"
