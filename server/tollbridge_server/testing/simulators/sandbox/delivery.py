"""Sends notifications: signed with the account's secret and the time of each try, or wrongly on demand.

Refuses nothing; what nobody can be sent counts as not answered.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum

import orjson

from tollbridge_server.providers.sandbox import signing
from tollbridge_server.testing.simulators.frame.delivery import Delivery
from tollbridge_server.testing.simulators.frame.outbox import OutboxEntry

_STALE_S = signing.WINDOW_S + 60
_ACKNOWLEDGED = 200


class Manner(StrEnum):
    """How a notification is sent again."""

    AGAIN = "again"
    WRONG_KEY = "wrong_key"
    ALTERED = "altered"
    STALE = "stale"
    UNSIGNED = "unsigned"


class SandboxDelivery(Delivery[Manner]):
    """The way to the merchants' servers; `secrets` and `addresses` are by account."""

    def __init__(self, secrets: Mapping[str, bytes], addresses: Mapping[str, str]) -> None:
        super().__init__(Manner, addresses)
        self._secrets = secrets

    async def deliver(self, entry: OutboxEntry) -> bool:
        """Send a notification as it is, and tell whether it was acknowledged."""
        return await self.send(entry, Manner.AGAIN) == _ACKNOWLEDGED

    async def send(self, entry: OutboxEntry, manner: Manner) -> int:
        secret = self._secrets.get(entry.account)
        if secret is None:
            return 0
        status, _ = await self.post(entry, *_spoil(entry.body, secret, manner))
        return status


def notification_headers(secret: bytes, body: bytes, *, age_s: int = 0) -> dict[str, str]:
    """Return the headers of a notification that is sent now, or was signed `age_s` seconds ago."""
    timestamp_s = int(time.time()) - age_s
    signature = signing.sign(secret, body, timestamp_s=timestamp_s, context=signing.NOTIFICATION_CONTEXT)
    return {
        "content-type": "application/json",
        signing.TIMESTAMP_HEADER: str(timestamp_s),
        signing.SIGNATURE_HEADER: signature,
    }


def _spoil(body: bytes, secret: bytes, manner: Manner) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a notification that is authentic, or false in the manner asked for."""
    match manner:
        case Manner.AGAIN:
            return body, notification_headers(secret, body)
        case Manner.WRONG_KEY:
            return body, notification_headers(secret[::-1] + b"?", body)
        case Manner.STALE:
            return body, notification_headers(secret, body, age_s=_STALE_S)
        case Manner.UNSIGNED:
            return body, {"content-type": "application/json"}
        case Manner.ALTERED:
            message = orjson.loads(body)
            message["answer"]["amount_minor"] += 1
            return orjson.dumps(message), notification_headers(secret, body)
