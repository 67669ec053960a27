"""The provider accounts of a configuration; refuses providers, methods and keys of accounts that do not exist."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from tollbridge_server.config import Config, ConfigInvalid, Loaded
from tollbridge_server.ports.provider import ProviderAccount, Warmable
from tollbridge_server.providers.registry import PROVIDERS, ProviderSpec, spec_of
from tollbridge_server.providers.sandbox import SandboxSettings
from tollbridge_server.providers.settings_checks import SettingsInvalid
from tollbridge_server.testing.simulators.sandbox import InProcessSandbox


class Accounts:
    """ProviderAccounts of one configuration."""

    def __init__(self, accounts: tuple[ProviderAccount, ...]) -> None:
        self._by_id = {account.account_id: account for account in accounts}
        self._by_merchant: dict[str, tuple[ProviderAccount, ...]] = {}
        for account in accounts:
            self._by_merchant[account.merchant_id] = (*self._by_merchant.get(account.merchant_id, ()), account)

    def get(self, account_id: str) -> ProviderAccount | None:
        return self._by_id.get(account_id)

    def of_merchant(self, merchant_id: str) -> tuple[ProviderAccount, ...]:
        return self._by_merchant.get(merchant_id, ())

    async def warm(self) -> None:
        """Let every adapter fetch what it needs before its first use; it takes as long as the slowest provider."""
        adapters = [account.adapter for account in self._by_id.values()]
        await asyncio.gather(*(adapter.warm() for adapter in adapters if isinstance(adapter, Warmable)))

    async def close(self) -> None:
        """Close every adapter."""
        for account in self._by_id.values():
            await account.adapter.close()


def account_settings(loaded: Loaded) -> dict[str, Any]:
    """Return each account's own settings as its provider's type. Raises ConfigInvalid with every mistake."""
    mistakes, settings = [], {}
    for merchant in loaded.config.merchants:
        for account in merchant.accounts:
            key = f"merchants.accounts ({account.id})"
            spec = spec_of(account.provider)
            if spec is None:
                known = ", ".join(provider.name for provider in PROVIDERS)
                mistakes.append(loaded.mistake(key, f"there is no provider {account.provider!r}; there are: {known}"))
                continue
            unserved = [method.value for method in account.methods if method not in spec.capabilities.methods]
            if unserved:
                mistakes.append(loaded.mistake(key, f"{spec.name} does not serve the methods {', '.join(unserved)}"))
            misnamed = _misnamed_keys(spec, account.settings)
            if misnamed:
                mistakes.append(loaded.mistake(key, misnamed))
                continue
            try:
                settings[account.id] = spec.settings(**_with_whole_paths(loaded, account.settings))
            except ValueError as error:
                each = error.mistakes if isinstance(error, SettingsInvalid) else (f"{error}",)
                mistakes += [loaded.mistake(key, mistake) for mistake in each]
    if mistakes:
        raise ConfigInvalid(mistakes)
    return settings


def _misnamed_keys(spec: ProviderSpec, given: Mapping[str, Any]) -> str:
    """Say which keys of an account are missing, or are none of its provider's; nothing when all are right."""
    known = {field.name: field for field in fields(spec.settings)}
    unknown = sorted(given.keys() - known.keys())
    required = [name for name, each in known.items() if each.default is MISSING and each.default_factory is MISSING]
    missing = [name for name in required if name not in given]
    if not unknown and not missing:
        return ""
    wrong = [f"{', '.join(missing)} missing"] if missing else []
    wrong += [f"{', '.join(unknown)} unknown"] if unknown else []
    return f"{'; '.join(wrong)}; the keys of {spec.name} are: {', '.join(known)}"


def _with_whole_paths(loaded: Loaded, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of an account, where those that name files (`…_file`) start at the configuration's folder."""
    return {
        name: str(loaded.path(Path(value))) if name.endswith("_file") and isinstance(value, str) and value else value
        for name, value in settings.items()
    }


def in_process_sandbox(loaded: Loaded, settings: Mapping[str, Any]) -> InProcessSandbox | None:
    """Return the acquirer for the accounts that name no base_url, where there are any."""
    inside = {
        account_id: own.secret.encode()
        for account_id, own in settings.items()
        if isinstance(own, SandboxSettings) and not own.base_url
    }
    return InProcessSandbox(loaded.path(loaded.config.sandbox.book_file), inside) if inside else None


def accounts_of(
    config: Config, settings: Mapping[str, Any], sandbox: InProcessSandbox | None
) -> Iterator[ProviderAccount]:
    """Yield every account with its adapter, in the order of the configuration."""
    for merchant in config.merchants:
        for account in merchant.accounts:
            spec, own = spec_of(account.provider), settings[account.id]
            if spec is None:
                continue
            is_inside = sandbox is not None and isinstance(own, SandboxSettings) and not own.base_url
            link = sandbox.link(account.id) if sandbox is not None and is_inside else None
            yield ProviderAccount(
                account_id=account.id,
                merchant_id=merchant.id,
                provider=spec.name,
                adapter=spec.build(account.id, own, link),
                methods=frozenset(account.methods) or spec.capabilities.methods,
                currencies=frozenset(account.currencies),
            )
