"""Bounds what one provider account may take up of a server, so that a slow provider does not slow the others.

Refuses with OVERLOADED inside the transaction that would make the intent durable, so that nothing of it stays.
"""

from __future__ import annotations

from tollbridge_server.domain.errors import ErrorReason, RequestError


class Rooms:
    """Who is being sent, by provider account: at most `size` operations each."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._of_account: dict[str, set[str]] = {}
        self._account_of: dict[str, str] = {}

    def take(self, account_id: str, operation_id: str) -> None:
        """Enter; to enter twice is to enter once, since a transaction may run again. Raises RequestError."""
        inside = self._of_account.setdefault(account_id, set())
        if len(inside) >= self._size and operation_id not in inside:
            raise RequestError(
                ErrorReason.OVERLOADED,
                f"the provider account {account_id} has as many requests in flight as it may; "
                "send the same request with the same key again",
                retry_after_s=1.0,
            )
        inside.add(operation_id)
        self._account_of[operation_id] = account_id

    def leave(self, operation_id: str) -> None:
        """Leave, or do nothing when it never entered."""
        account_id = self._account_of.pop(operation_id, None)
        if account_id is not None:
            self._of_account[account_id].discard(operation_id)
