"""The simulators of a configuration: whom each one knows is read from the accounts, so that both sides always match.

Refuses a simulator of a provider that has no account here, and key files that can not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tollbridge_server.config import ConfigInvalid, Loaded, SimulatorSection
from tollbridge_server.ports.books import ProviderBook
from tollbridge_server.providers.alipay import AlipaySettings
from tollbridge_server.providers.alipay.settings import signing_key_of
from tollbridge_server.providers.wechatpay import WechatPaySettings
from tollbridge_server.providers.wechatpay.settings import app_ids_of, identity_of
from tollbridge_server.providers.wechatpay.settings import signing_key_of as merchants_key_of
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
    accounts = [
        alipay.AlipayAccount(
            account_id=account_id,
            app_id=own.app_id,
            seller_id=own.seller_id,
            app_public_key=_public_pem(signing_key_of(own)),
            aes_key=own.aes_key,
        )
        for account_id, own in settings.items()
        if isinstance(own, AlipaySettings)
    ]
    _require_accounts(accounts, "alipay")
    return alipay.AlipaySimulator(book, accounts, alipay.AlipayKeys(private_key))


def _wechatpay(book: Path, private_key: str, settings: Mapping[str, Any]) -> Simulator:
    accounts = [
        wechatpay.WechatPayAccount(
            account_id=account_id,
            mchid=own.mchid,
            app_ids=(own.app_id, *app_ids_of(own)),
            serial_no=(identity := identity_of(own)).serial_no,
            merchant_public_key=_public_pem(merchants_key_of(own)),
            api_v3_key=identity.api_v3_key,
            public_key_id=identity.public_key_id,
        )
        for account_id, own in settings.items()
        if isinstance(own, WechatPaySettings)
    ]
    _require_accounts(accounts, "wechatpay")
    if not all(account.public_key_id for account in accounts):
        raise ValueError("the simulator signs with its public key; give each account public_key_file and public_key_id")
    return wechatpay.WechatPaySimulator(book, accounts, wechatpay.WechatPayKeys(private_key))


def _require_accounts(accounts: list[Any], provider: str) -> None:
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
