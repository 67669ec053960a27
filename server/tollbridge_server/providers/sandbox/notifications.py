"""Reads the acquirer's notifications: the signature over the raw bytes first, only then what they say."""

from __future__ import annotations

import orjson

from tollbridge_server.domain.evidence import EvidenceSource
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.provider import InboundNotification, Notification, NotificationRefused
from tollbridge_server.providers.sandbox import signing, wire
from tollbridge_server.providers.sandbox.evidence import evidence_of

MAX_EVENT_ID_LENGTH = 64


def read(inbound: InboundNotification, *, account_id: str, secret: bytes) -> Notification:
    """Return the notification. Raises NotificationRefused for one that is forged, stale, or for another account."""
    try:
        signing.verify(
            secret,
            inbound.body,
            timestamp=inbound.headers.get(signing.TIMESTAMP_HEADER, ""),
            signature=inbound.headers.get(signing.SIGNATURE_HEADER, ""),
            context=signing.NOTIFICATION_CONTEXT,
            now_s=inbound.received_at_us / 1_000_000,
        )
    except signing.SignatureInvalid as error:
        raise NotificationRefused(str(error)) from error
    try:
        parsed = orjson.loads(inbound.body)
        event_id, account, answer = parsed["event_id"], parsed["account"], wire.answer_of(parsed["answer"])
        kind = OperationKind(answer.kind)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, wire.Unreadable) as error:
        raise NotificationRefused("signed, but not readable") from error
    if account != account_id:
        raise NotificationRefused("for another account")
    if not isinstance(event_id, str) or not 0 < len(event_id) <= MAX_EVENT_ID_LENGTH:
        raise NotificationRefused("signed, but without an event id")
    evidence = evidence_of(answer, source=EvidenceSource.NOTIFICATION)
    return Notification(event_id, answer.reference, frozenset({kind}), evidence)
