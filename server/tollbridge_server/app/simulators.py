"""The simulators of a configuration: whom each one knows is read from the accounts, so that both sides always match.

Refuses a simulator of a provider that has no account here, and key files that can not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tollbridge_server.config import ConfigInvalid, Loaded, SimulatorSection
from tollbridge_server.ports.books import ProviderBook
from tollbridge_server.providers.alipay import AlipaySettings
from tollbridge_server.providers.alipay import settings as alipay_settings
from tollbridge_server.providers.rsa_keys import public_text_of, read_private_key
from tollbridge_server.providers.settings_checks import text_of
from tollbridge_server.providers.wechatpay import WechatPaySettings
from tollbridge_server.providers.wechatpay import settings as wechatpay_settings
from tollbridge_server.testing.simulators import alipay, wechatpay


class Simulator(Protocol):
    """A provider's simulator that can listen."""

    async def start(self, host: str, port: int) -> int: ...

    async def stop(self) -> None: ...


def simulator_of(
    loaded: Loaded, provider: str, section: SimulatorSection, settings: Mapping[str, Any], *, book: Path | None = None
) -> Simulator:
    """Return the simulator of a section, with another book than the section's if one is given. Raises ConfigInvalid."""
    key = f"simulators.{provider}"
    try:
        private_key = loaded.path(section.key_file).read_text()
        return _MAKERS[provider](book or loaded.path(section.book_file), private_key, settings)
    except OSError as error:
        reason = f"{section.key_file} can not be read: {error.strerror}"
        raise ConfigInvalid([loaded.mistake(f"{key}.key_file", reason)]) from error
    except ValueError as error:
        raise ConfigInvalid([loaded.mistake(key, str(error))]) from error


def simulators_in_server(
    loaded: Loaded, settings: Mapping[str, Any]
) -> Iterator[tuple[str, SimulatorSection, Simulator]]:
    """Yield provider, section and simulator of those that run inside the server. Raises ConfigInvalid."""
    for provider, section in loaded.config.simulators.sections():
        if section.in_server:
            yield provider, section, simulator_of(loaded, provider, section, settings)


def simulated_books(loaded: Loaded) -> dict[str, ProviderBook]:
    """Return the books of all simulators that have one by now, by account. Raises BookUnreadable."""
    found: dict[str, ProviderBook] = {}
    for provider, section in loaded.config.simulators.sections():
        path = loaded.path(section.book_file)
        if path.exists():
            found |= _READERS[provider](path)
    return found


def _alipay(book: Path, private_key: str, settings: Mapping[str, Any]) -> Simulator:
    own = {account_id: each for account_id, each in settings.items() if isinstance(each, AlipaySettings)}
    _require_accounts(own, "alipay")
    for account_id, each in own.items():
        _require_believed(alipay_settings.identity_of(each).alipay_key, private_key, account_id)
    certified = next((each for each in own.values() if text_of(each, "app_certificate")[1]), None)
    keys = alipay.AlipayKeys(private_key)
    if certified is not None:
        certificate, root = (text_of(certified, f"alipay_{name}")[1] for name in ("certificate", "root_certificate"))
        keys = alipay.AlipayKeys(private_key, certificate, root)
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
    return alipay.AlipaySimulator(book, accounts, keys)


def _wechatpay(book: Path, private_key: str, settings: Mapping[str, Any]) -> Simulator:
    own = {account_id: each for account_id, each in settings.items() if isinstance(each, WechatPaySettings)}
    _require_accounts(own, "wechatpay")
    identities = {account_id: wechatpay_settings.identity_of(each) for account_id, each in own.items()}
    for account_id, identity in identities.items():
        if identity.public_key is not None:
            _require_believed(identity.public_key, private_key, account_id)
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
    return wechatpay.WechatPaySimulator(book, accounts, wechatpay.WechatPayKeys(private_key, certificates))


def _require_believed(believed: RSAPublicKey, private_key: str, account_id: str) -> None:
    """Raise ValueError unless an account verifies with the key that the simulator signs with."""
    if public_text_of(believed) != public_text_of(read_private_key(private_key, setting="key_file")):
        raise ValueError(f"key_file: account {account_id} verifies with another key, so it would believe no answer")


def _require_accounts(accounts: Mapping[str, Any], provider: str) -> None:
    if not accounts:
        raise ValueError(f"no account has provider = {provider!r}, so nobody could talk to it; remove the section")


def _public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


_MAKERS: Mapping[str, Callable[[Path, str, Mapping[str, Any]], Simulator]] = {
    "alipay": _alipay,
    "wechatpay": _wechatpay,
}
_READERS: Mapping[str, Callable[[Path], dict[str, ProviderBook]]] = {
    "alipay": alipay.read_book,
    "wechatpay": wechatpay.read_book,
}
