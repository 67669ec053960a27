"""What an adapter knows of its merchant: numbers of the contract, and nothing that signs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant and its apps. `app_id` is used where the caller names none; `more_app_ids` may be named too."""

    mchid: str
    app_id: str
    notify_url: str
    more_app_ids: frozenset[str] = frozenset()

    def owns(self, app_id: str) -> bool:
        """Whether an app (official account, mini program, app) is one of this merchant's."""
        return app_id == self.app_id or app_id in self.more_app_ids
