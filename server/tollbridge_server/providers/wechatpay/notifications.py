"""Reads WeChat Pay's notifications: the signature first, then the encrypted part, whose it is, and what it says.

Refuses what is not signed, what the APIv3 key does not open, and what is for another merchant or another app.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from tollbridge_server.domain.evidence import EvidenceSource
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.provider import (
    InboundNotification,
    Notification,
    NotificationRefused,
    NotificationReply,
)
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.encryption import ALGORITHM, CiphertextInvalid
from tollbridge_server.providers.wechatpay.evidence import refund_evidence, trade_evidence
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.platform_keys import NotAuthentic

MAX_EVENT_ID_LENGTH = 64
_SHOWN_LENGTH = 40
_SOURCE = EvidenceSource.NOTIFICATION
_PAID = "TRANSACTION.SUCCESS"
_CHARGES = frozenset({OperationKind.SALE})
_REFUNDS = frozenset({OperationKind.REFUND})
_REFUND_EVENTS = frozenset({"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"})


def read(inbound: InboundNotification, *, client: Client, merchant: Merchant) -> tuple[Notification, ...]:
    """Return the notification; nothing for a kind that says nothing of a payment or a refund.

    Raises NotificationRefused for one that is forged, stale, unreadable or for somebody else. One that is signed with
    a key that is not known yet is refused too; the key is fetched until WeChat Pay's next try.
    """
    try:
        client.keys.require_authentic(inbound.headers, inbound.body, now_s=inbound.received_at_us / 1_000_000)
    except NotAuthentic as error:
        raise NotificationRefused(str(error)) from error
    event = _object(inbound.body)
    event_id, kind = _text(event, "id"), _text(event, "event_type")
    if not event_id or not kind:
        raise NotificationRefused("signed, but without an id or an event_type")
    if kind != _PAID and kind not in _REFUND_EVENTS:
        return ()
    content = _resource(event, client)
    # Signed and opened with the APIv3 key, it is WeChat Pay's word, so what came is worth to be shown; no id is secret.
    if _text(content, "mchid") != merchant.mchid:
        raise NotificationRefused(f"for another merchant: {_shown(content, 'mchid')} came; check mchid")
    # What is said of a refund names no app.
    if kind == _PAID and not merchant.owns(_text(content, "appid")):
        raise NotificationRefused(
            f"for another app: {_shown(content, 'appid')} came; check app_id, or add it to more_app_ids"
        )
    if len(event_id) > MAX_EVENT_ID_LENGTH:
        event_id = hashlib.sha256(event_id.encode()).hexdigest()
    return (_notification(kind, event_id, content, account_id=client.identity.account_id),)


def reply(*, accepted: bool) -> NotificationReply:
    """Return what WeChat Pay wants to hear: no content, or a failure, after which it tries again."""
    if accepted:
        return NotificationReply(204, b"")
    return NotificationReply(500, b'{"code":"FAIL","message":"not accepted"}', "application/json")


def _notification(kind: str, event_id: str, content: Mapping[str, Any], *, account_id: str) -> Notification:
    if kind == _PAID:
        reference = _text(content, "out_trade_no")
    else:
        reference = _text(content, "out_refund_no")
        # An answer calls `status` what a notification calls `refund_status`.
        content = {**content, "status": content.get("refund_status")}
    if not reference:
        raise NotificationRefused("signed, but without a reference")
    answer = Answer(200, True, content)
    if kind == _PAID:
        paid = trade_evidence(answer, reference, _SOURCE, account_id=account_id)
        return Notification(event_id, reference, _CHARGES, paid)
    given_back = refund_evidence(answer, reference, _SOURCE, account_id=account_id)
    return Notification(event_id, reference, _REFUNDS, given_back)


def _resource(event: Mapping[str, Any], client: Client) -> Mapping[str, Any]:
    sealed = event.get("resource")
    if not isinstance(sealed, Mapping) or _text(sealed, "algorithm") != ALGORITHM:
        raise NotificationRefused("signed, but encrypted in another way")
    try:
        return _object(
            client.unseal(
                _text(sealed, "ciphertext"),
                nonce=_text(sealed, "nonce"),
                associated_data=_text(sealed, "associated_data"),
            )
        )
    except CiphertextInvalid as error:
        raise NotificationRefused(f"signed, but {error}") from error


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotificationRefused("signed, but not JSON") from error
    if not isinstance(value, dict):
        raise NotificationRefused("signed, but not an object")
    return value


def _shown(members: Mapping[str, Any], name: str) -> str:
    return f"{name} {_text(members, name)[:_SHOWN_LENGTH]!r}"


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
