"""The providers that this server knows: an explicit tuple, one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tollbridge_server.ports.provider import Adapter, Capabilities
from tollbridge_server.providers import alipay, sandbox, wechatpay


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """What a provider is to the rest: its name, what it can, its account's own settings, and how to make an adapter.

    `settings` is a dataclass of the keys that an account has in the configuration; it raises ValueError for what can
    not be right. `build` takes the account id, the settings, and a link into this process where the provider's
    simulator runs inside it (else None).
    """

    name: str
    capabilities: Capabilities
    settings: type[Any]
    build: Callable[[str, Any, Any], Adapter]


PROVIDERS: tuple[ProviderSpec, ...] = (
    ProviderSpec("alipay", alipay.CAPABILITIES, alipay.AlipaySettings, alipay.build),
    ProviderSpec("wechatpay", wechatpay.CAPABILITIES, wechatpay.WechatPaySettings, wechatpay.build),
    ProviderSpec("sandbox", sandbox.CAPABILITIES, sandbox.SandboxSettings, sandbox.build),
)


def spec_of(name: str) -> ProviderSpec | None:
    """Return the provider with that name, or None."""
    return next((spec for spec in PROVIDERS if spec.name == name), None)
