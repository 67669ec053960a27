"""What a developer needs to start at once: a configuration with every provider's simulator, keys, and a token."""

from __future__ import annotations

from tollbridge_server.development.setting_up import (
    AUDIENCE,
    ISSUER,
    MERCHANT_ID,
    TOKEN_LIFETIME_S,
    Development,
    all_scopes,
    development_at,
    initialize,
    mint_development_token,
)

__all__ = [
    "AUDIENCE",
    "ISSUER",
    "MERCHANT_ID",
    "TOKEN_LIFETIME_S",
    "Development",
    "all_scopes",
    "development_at",
    "initialize",
    "mint_development_token",
]
