"""The simulators of a configuration: whom each one knows is read from the accounts, so that both sides always match.

What a simulator needs is read first, and has no effect; made it is only to run. Refuses key files that can not be read,
and keys that its accounts do not believe. An account whose address leads to another machine is none of a simulator's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tollbridge_server.app.addresses import is_at
from tollbridge_server.config import (
    AlipaySimulatorSection,
    ConfigInvalid,
    Loaded,
    SimulatorSection,
)
from tollbridge_server.ports.books import ProviderBook
from tollbridge_server.providers.alipay import AlipaySettings
from tollbridge_server.providers.alipay import settings as alipay_settings
from tollbridge_server.providers.alipay.certificates import read_certificates
from tollbridge_server.providers.rsa_keys import public_text_of, read_private_key
from tollbridge_server.providers.settings_checks import is_this_machine, text_of
from tollbridge_server.providers.wechatpay import WechatPaySettings
from tollbridge_server.providers.wechatpay import settings as wechatpay_settings
from tollbridge_server.shown_paths import shown_path
from tollbridge_server.testing.simulators import alipay, wechatpay


class Simulator(Protocol):
    """A provider's simulator that can listen."""

    async def start(self, host: str, port: int) -> int: ...

    async def stop(self) -> None: ...


MakeSimulator = Callable[[Path], Simulator]
"""Makes a simulator with its book, which is opened then."""


def read_simulator(
    loaded: Loaded, provider: str, section: SimulatorSection, settings: Mapping[str, Any]
) -> MakeSimulator | None:
    """Return what makes the simulator of a section; None when no account could talk to it.

    It reads files and does nothing else. Raises ConfigInvalid with every mistake.
    """
    own = accounts_at(provider, settings)
    if not own:
        return None
    try:
        key = _read_key(loaded, section.key_file, key=f"simulators.{provider}.key_file")
    except ValueError as error:
        raise ConfigInvalid([str(error)]) from None
    return _READ[provider](loaded, section, key, own)


def accounts_at(provider: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a provider's accounts whose address is on this machine."""
    kind = _SETTINGS[provider]
    return {
        account_id: own
        for account_id, own in settings.items()
        if isinstance(own, kind) and is_this_machine(address_of(own))
    }


def address_of(settings: Any) -> str:
    """Return the URL at which an account's provider is, empty for one that names none."""
    return str(getattr(settings, "gateway", "") or getattr(settings, "base_url", ""))


def leads_to(section: SimulatorSection, settings: Any) -> bool:
    """Whether an account's address is that of a section."""
    parts = urlsplit(address_of(settings))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return is_at(section.listen, parts.hostname or "", port)


def simulated_books(loaded: Loaded) -> dict[str, ProviderBook]:
    """Return the books of all simulators that have one by now, by account. Raises BookUnreadable."""
    found: dict[str, ProviderBook] = {}
    for provider, section in loaded.config.simulators.sections():
        path = loaded.path(section.book_file)
        if path.exists():
            found |= _READERS[provider](path)
    return found


def _read_key(loaded: Loaded, file: Path, *, key: str) -> str:
    """Return a private key's text. Raises ValueError with the line that names the mistake."""
    path = loaded.path(file)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = f"{shown_path(path)}: {error.strerror}; `tollbridge config init` makes one, or remove the section"
        raise ValueError(loaded.mistake(key, reason)) from None
    except UnicodeDecodeError:
        raise ValueError(
            loaded.mistake(key, f"{shown_path(path)} is no text; a private key in PEM belongs here")
        ) from None
    try:
        read_private_key(text, setting=shown_path(path))
    except ValueError as error:
        raise ValueError(loaded.mistake(key, f"{error}")) from None
    return text


def _read_alipay(
    loaded: Loaded, section: AlipaySimulatorSection, private_key: str, own: Mapping[str, AlipaySettings]
) -> MakeSimulator:
    believed = {
        account_id: (alipay_settings.identity_of(each).alipay_key, _alipay_key_setting(each))
        for account_id, each in own.items()
    }
    _require_believed(loaded, "alipay", private_key, believed)
    certified = next((each for each in own.values() if text_of(each, "app_certificate")[1]), None)
    keys = alipay.AlipayKeys(private_key)
    if certified is not None:
        certificate, root = (text_of(certified, f"alipay_{name}")[1] for name in ("certificate", "root_certificate"))
        keys = alipay.AlipayKeys(private_key, certificate, root, _reissued(loaded, section))
    accounts = [
        alipay.AlipayAccount(
            account_id=account_id,
            app_id=each.app_id,
            seller_id=each.seller_id,
            app_public_key=_public_pem(alipay_settings.signing_key_of(each)),
            app_certificate=text_of(each, "app_certificate")[1],
            aes_key=text_of(each, "aes_key")[1],
        )
        for account_id, each in own.items()
    ]
    return lambda book: alipay.AlipaySimulator(book, accounts, keys, time_scale=section.time_scale)


def _reissued(loaded: Loaded, section: AlipaySimulatorSection) -> str:
    """Return the certificate that answers name once `reissued` is armed, or nothing. Raises ConfigInvalid."""
    if section.reissued_certificate_file is None:
        return ""
    path = loaded.path(section.reissued_certificate_file)
    try:
        text = path.read_text(encoding="utf-8-sig")
        read_certificates(text, setting=shown_path(path))
    except OSError as error:
        reason = f"{shown_path(path)}: {error.strerror}"
    except ValueError as error:
        reason = str(error)
    else:
        return text
    raise ConfigInvalid([loaded.mistake("simulators.alipay.reissued_certificate_file", reason)])


def _read_wechatpay(
    loaded: Loaded, section: SimulatorSection, private_key: str, own: Mapping[str, WechatPaySettings]
) -> MakeSimulator:
    identities = {account_id: wechatpay_settings.identity_of(each) for account_id, each in own.items()}
    believed = {
        account_id: (identity.public_key, text_of(own[account_id], "public_key")[0])
        for account_id, identity in identities.items()
        if identity.public_key is not None
    }
    _require_believed(loaded, "wechatpay", private_key, believed)
    accounts = [
        wechatpay.WechatPayAccount(
            account_id=account_id,
            mchid=each.mchid,
            app_ids=(each.app_id, *wechatpay_settings.app_ids_of(each)),
            serial_no=identities[account_id].serial_no,
            merchant_public_key=_public_pem(wechatpay_settings.signing_key_of(each)),
            api_v3_key=identities[account_id].api_v3_key,
            public_key_id=identities[account_id].public_key_id,
        )
        for account_id, each in own.items()
    ]
    # Accounts without WeChat Pay's public key fetch its certificate, so nobody has to be given it.
    has_certificates = any(identity.public_key is None for identity in identities.values())
    certificates = (wechatpay.PlatformCertificate.of(private_key),) if has_certificates else ()
    keys = wechatpay.WechatPayKeys(private_key, certificates)
    return lambda book: wechatpay.WechatPaySimulator(book, accounts, keys, time_scale=section.time_scale)


def _alipay_key_setting(settings: AlipaySettings) -> str:
    certificate, text = text_of(settings, "alipay_certificate")
    return certificate if text else text_of(settings, "alipay_public_key")[0]


def _require_believed(
    loaded: Loaded, provider: str, private_key: str, believed: Mapping[str, tuple[RSAPublicKey, str]]
) -> None:
    """Raise ConfigInvalid unless every account verifies with the key that the simulator signs with."""
    signing = public_text_of(read_private_key(private_key, setting="key_file"))
    mistakes = [
        loaded.mistake(
            f"merchants.accounts ({account_id})",
            f"{setting}: it does not belong to simulators.{provider}.key_file, so the account would believe no answer "
            f"of the simulator; give the public half of that key, or remove [simulators.{provider}]",
        )
        for account_id, (key, setting) in believed.items()
        if public_text_of(key) != signing
    ]
    if mistakes:
        raise ConfigInvalid(mistakes)


def _public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


_SETTINGS: Mapping[str, type[Any]] = {"alipay": AlipaySettings, "wechatpay": WechatPaySettings}
_READ: Mapping[str, Callable[[Loaded, Any, str, Mapping[str, Any]], MakeSimulator]] = {
    "alipay": _read_alipay,
    "wechatpay": _read_wechatpay,
}
_READERS: Mapping[str, Callable[[Path], dict[str, ProviderBook]]] = {
    "alipay": alipay.read_book,
    "wechatpay": wechatpay.read_book,
}
