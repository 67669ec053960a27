"""The way of a simulator's notifications to the merchants' servers; each simulator writes and signs its own.

Refuses nothing; what nobody can be sent counts as not answered.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

import aiohttp

from tollbridge_server.testing.simulators.frame.outbox import OutboxEntry

M = TypeVar("M", bound=StrEnum)
"""How a notification is sent: rightly, which is `again`, or wrongly on demand."""

_TIMEOUT_S = 5.0
_READ_BYTES = 64
"""What is looked at of an answer; an acknowledgement is a word."""


class Delivery(ABC, Generic[M]):
    """Posts notifications. `addresses` are those of the accounts (empty: that of the notification's own request)."""

    def __init__(self, manners: type[M], addresses: Mapping[str, str]) -> None:
        self.manners = manners
        self._addresses = dict(addresses)
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Begin."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))

    async def close(self) -> None:
        """End."""
        if self._session is not None:
            await self._session.close()

    @abstractmethod
    async def send(self, entry: OutboxEntry, manner: M) -> int:
        """Post a notification in a manner, and return the HTTP status (0: no answer)."""

    def knows(self, account_id: str) -> bool:
        """Whether there is such an account."""
        return account_id in self._addresses

    def redirect(self, account_id: str, url: str) -> bool:
        """Send the notifications of an account elsewhere; False for an account that does not exist."""
        if not self.knows(account_id):
            return False
        self._addresses[account_id] = url
        return True

    async def post(self, entry: OutboxEntry, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Post a notification; return the answer's HTTP status and beginning, or status 0 when there was none."""
        url = self._addresses.get(entry.account) or entry.url
        if self._session is None or not url:
            return 0, b""
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as reply:
                return reply.status, await reply.content.read(_READ_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0, b""
