"""The sandbox acquirer as a provider: cards, QR wallets and redirect wallets, over its own signed wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from tollbridge_server.providers.sandbox.adapter import CAPABILITIES, SandboxAdapter
from tollbridge_server.providers.sandbox.link import HttpLink, SandboxLink
from tollbridge_server.providers.transport import EgressRefused, Transport, check_origin

__all__ = ["CAPABILITIES", "SandboxAdapter", "SandboxLink", "SandboxSettings", "build"]

MIN_SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """An account's own keys: the secret that signs, and where the acquirer is (empty: inside the server's process)."""

    secret: str = field(repr=False)
    base_url: str = ""

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_LENGTH:
            raise ValueError(f"secret: give it {MIN_SECRET_LENGTH} characters or more from a random source")
        if self.base_url:
            try:
                check_origin(self.base_url)
            except EgressRefused as refused:
                raise EgressRefused(f"base_url: {refused}") from None


def build(account_id: str, settings: SandboxSettings, link: SandboxLink | None) -> SandboxAdapter:
    """Return the adapter of an account; `link` None reaches the acquirer by HTTP."""
    secret = settings.secret.encode()
    if link is None:
        link = HttpLink(Transport(settings.base_url), account_id=account_id, secret=secret)
    return SandboxAdapter(link, account_id=account_id, secret=secret)
