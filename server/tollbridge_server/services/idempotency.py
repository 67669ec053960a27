"""Idempotency keys: bound to merchant, method and the request's fingerprint; refuses a key used for another request."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.ports.storage import IdempotencyRecord
from tollbridge_server.services.requests import Caller, IdempotencyToken


class Fingerprinter:
    """Makes idempotency records. The fingerprint is an HMAC, since the request may hold a card number."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("the fingerprint key needs 32 bytes or more")
        self._key = key

    def record(
        self, caller: Caller, method: str, token: IdempotencyToken, *, resource_id: str, now_us: int
    ) -> IdempotencyRecord:
        """Return the record under which `token` is stored for `caller` and `method`."""
        fingerprint = hmac.digest(self._key, method.encode() + b"\0" + token.canonical_request, hashlib.sha256)
        return IdempotencyRecord(
            merchant_id=caller.merchant_id,
            method=method,
            key=token.key,
            fingerprint=fingerprint,
            resource_id=resource_id,
            created_at_us=now_us,
        )


def require_same_request(stored: IdempotencyRecord, wanted: IdempotencyRecord, *, resource: str) -> None:
    """Raise IDEMPOTENCY_KEY_REUSED, with what the key stands for, unless both records are of the same request."""
    if not hmac.compare_digest(stored.fingerprint, wanted.fingerprint):
        first_used_at = datetime.fromtimestamp(stored.created_at_us / 1_000_000, UTC).isoformat()
        raise RequestError(
            ErrorReason.IDEMPOTENCY_KEY_REUSED,
            "this idempotency key was used for another request; use a new key for a new request, "
            "or send exactly the first request again to see what became of it",
            facts={"first_used_at": first_used_at.replace("+00:00", "Z"), "resource": resource},
        )
