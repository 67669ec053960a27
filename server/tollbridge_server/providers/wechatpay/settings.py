"""A WeChat Pay account's keys of the configuration, read and checked before the server starts.

Refuses what the payer or a notification would find out otherwise: wrong, swapped or half-given keys and certificates,
and addresses that WeChat Pay can not reach. Every message names the setting and what to put there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from tollbridge_server.providers.rsa_keys import (
    KeyInvalid,
    public_text_of,
    read_private_key,
    read_public_key,
    require_whole,
)
from tollbridge_server.providers.settings_checks import (
    Mistakes,
    SettingsInvalid,
    is_this_machine,
    notify_url_doubts,
    require_notify_url,
    require_origin,
    require_pool,
    require_types,
    require_valid,
    text_of,
)
from tollbridge_server.providers.wechatpay.adapter import SEND_TIMEOUT_S
from tollbridge_server.providers.wechatpay.certificates import serial_number
from tollbridge_server.providers.wechatpay.encryption import read_api_v3_key
from tollbridge_server.providers.wechatpay.identity import Identity

BASE_URL = "https://api.mch.weixin.qq.com"
MAX_NOTIFY_URL_LENGTH = 255

_MCHID = re.compile(r"[0-9]{8,32}", re.ASCII)
# Official accounts, mini programs and apps begin with wx; corporate accounts of WeCom may begin with ww.
_APP_ID = re.compile(r"w[wx][0-9A-Za-z]{16}", re.ASCII)
_SERIAL = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)
_PUBLIC_KEY_ID = re.compile(r"PUB_KEY_ID_[0-9A-Za-z]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatPaySettings:
    """One merchant at WeChat Pay. Times in seconds.

    A key or certificate is given as text, or as the path of a file under the same name with `_file`. `serial_no` is
    that of the merchant's API certificate, and is read from `certificate` when that is given. `public_key` with
    `public_key_id` is WeChat Pay's own; without them its platform certificates are fetched. `more_app_ids` are apps
    beside `app_id` that callers may name, with commas between them.
    """

    mchid: str
    app_id: str
    notify_url: str
    more_app_ids: str = ""
    private_key: str = field(default="", repr=False)
    private_key_file: str = ""
    serial_no: str = ""
    certificate: str = field(default="", repr=False)
    certificate_file: str = ""
    api_v3_key: str = field(default="", repr=False)
    api_v3_key_file: str = ""
    public_key: str = field(default="", repr=False)
    public_key_file: str = ""
    public_key_id: str = ""
    base_url: str = BASE_URL
    connect_timeout_s: float = 3.0
    timeout_s: float = 15.0
    max_connections: int = 64

    def __post_init__(self) -> None:
        require_types(self)
        mistakes = Mistakes()
        mistakes.note(lambda: _require_names(self))
        mistakes.note(lambda: require_origin(self.base_url, setting="base_url", example=BASE_URL))
        mistakes.note(
            lambda: require_notify_url(self.notify_url, provider="WeChat Pay", max_length=MAX_NOTIFY_URL_LENGTH)
        )
        mistakes.note(lambda: require_pool(self, send_timeout_s=SEND_TIMEOUT_S))
        mistakes.note(lambda: identity_of(self))
        mistakes.require_none()

    def doubts(self, account_id: str) -> tuple[str, ...]:
        """Return what may not be what was meant, each text with its setting first."""
        is_simulated = is_this_machine(self.base_url)
        return notify_url_doubts(
            self.notify_url, provider="wechatpay", account_id=account_id, is_simulated=is_simulated
        )


def app_ids_of(settings: WechatPaySettings) -> tuple[str, ...]:
    """Return the apps beside the account's own."""
    return tuple(app_id.strip() for app_id in settings.more_app_ids.split(",") if app_id.strip())


def signing_key_of(settings: WechatPaySettings) -> RSAPrivateKey:
    """Return the merchant's private key. Raises ValueError that names the setting."""
    name, text = text_of(settings, "private_key")
    return read_private_key(text, setting=name)


def identity_of(settings: WechatPaySettings, *, account_id: str = "", now: datetime | None = None) -> Identity:
    """Return who we are and whom we believe. Raises SettingsInvalid with every mistake in keys and certificates."""
    mistakes = Mistakes()
    own = mistakes.note(lambda: signing_key_of(settings))
    api_v3_key = mistakes.note(lambda: _api_v3_key(settings))
    serial_no = mistakes.note(lambda: _serial_of(settings, own.known, now=now or datetime.now(UTC)))
    public_key = mistakes.note(lambda: _public_key(settings, own.known))
    mistakes.require_none()
    return Identity(
        mchid=settings.mchid,
        serial_no=serial_no.result,
        api_v3_key=api_v3_key.result,
        public_key=public_key.result,
        public_key_id=settings.public_key_id,
        account_id=account_id,
    )


def _require_names(settings: WechatPaySettings) -> None:
    mistakes = []
    if not _MCHID.fullmatch(settings.mchid):
        mistakes.append("mchid: write the merchant number from the console, such as 1900000001")
    for name, app_id in (("app_id", settings.app_id), *(("more_app_ids", one) for one in app_ids_of(settings))):
        if not _APP_ID.fullmatch(app_id):
            mistakes.append(
                f"{name}: write an app's identifier, wx and 16 letters and digits, such as wx0000000000000001"
            )
    if mistakes:
        raise SettingsInvalid(mistakes)


def _api_v3_key(settings: WechatPaySettings) -> bytes:
    setting, text = text_of(settings, "api_v3_key")
    try:
        return read_api_v3_key(text)
    except ValueError:
        raise ValueError(
            f"{setting}: write the APIv3 key of the console, 32 characters; this has {len(text)}, or others than "
            "letters and digits"
        ) from None


def _serial_of(settings: WechatPaySettings, own: RSAPrivateKey | None, *, now: datetime) -> str:
    """Return the serial number of the merchant's certificate, which has to be that of the private key."""
    setting, text = text_of(settings, "certificate")
    if not text:
        if not _SERIAL.fullmatch(settings.serial_no):
            raise ValueError(
                "serial_no: write the serial number of the merchant's API certificate, 40 hexadecimal digits; or give "
                "certificate_file (apiclient_cert.pem), and it is read from there"
            )
        return settings.serial_no.upper()
    try:
        require_whole(text, setting=setting)
        certificate = x509.load_pem_x509_certificate(text.encode())
        key = certificate.public_key()
    except KeyInvalid:
        raise
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{setting}: this is no certificate (PEM); give apiclient_cert.pem") from None
    if not isinstance(key, RSAPublicKey) or (own is not None and public_text_of(key) != public_text_of(own)):
        raise ValueError(f"{setting}: this certificate is for another key than private_key")
    require_valid(certificate, setting, now=now)
    serial = serial_number(certificate)
    if settings.serial_no and settings.serial_no.upper() != serial:
        raise ValueError(f"serial_no: {setting} has the serial number {serial}; remove serial_no, or correct it")
    return serial


def _public_key(settings: WechatPaySettings, own: RSAPrivateKey | None) -> RSAPublicKey | None:
    """Return WeChat Pay's public key, None for an account that has platform certificates."""
    setting, text = text_of(settings, "public_key")
    if not text:
        if settings.public_key_id:
            raise ValueError("public_key: give WeChat Pay's public key too, or remove public_key_id")
        return None
    key = read_public_key(text, setting=setting)
    if own is not None and public_text_of(key) == public_text_of(own):
        raise ValueError(f"{setting}: this is the merchant's own public key; WeChat Pay's public key belongs here")
    if not _PUBLIC_KEY_ID.fullmatch(settings.public_key_id):
        raise ValueError("public_key_id: write the id that the console shows beside the key, PUB_KEY_ID_…")
    return key
