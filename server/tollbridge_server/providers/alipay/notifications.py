"""Reads Alipay's notifications: the signature first, then whose they are, only then what they say.

Refuses what is not signed, and what is for another application or another seller.
"""

from __future__ import annotations

import hashlib

from tollbridge_server.domain.evidence import EvidenceSource
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.provider import InboundNotification, Notification, NotificationRefused
from tollbridge_server.providers.alipay.answers import answer_of_notification
from tollbridge_server.providers.alipay.client import Client, wrong_key_advice
from tollbridge_server.providers.alipay.evidence import freeze_evidence, trade_evidence, unfreeze_evidence
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.signing import EnvelopeInvalid, notification_fields

MAX_EVENT_ID_LENGTH = 64
_SHOWN_LENGTH = 40
_SOURCE = EvidenceSource.NOTIFICATION
_TRADE = "trade_status_sync"
_FREEZE = "fund_auth_freeze"
_UNFREEZE = "fund_auth_unfreeze"
_KINDS = {
    _TRADE: frozenset({OperationKind.SALE, OperationKind.CAPTURE}),
    _FREEZE: frozenset({OperationKind.AUTHORIZE}),
    # Alipay also tells of a release that a final capture made, under that capture's number.
    _UNFREEZE: frozenset({OperationKind.CANCEL}),
}
_SELLER_FIELDS = {_TRADE: "seller_id", _FREEZE: "payee_user_id", _UNFREEZE: "payee_user_id"}


def read(inbound: InboundNotification, *, client: Client, merchant: Merchant) -> tuple[Notification, ...]:
    """Return the notification; nothing for a kind that says nothing of a payment.

    Raises NotificationRefused for one that is forged or for somebody else. The body alone counts: what stands in the
    query of our own URL is not Alipay's word.
    """
    try:
        posted = notification_fields(inbound.body)
    except EnvelopeInvalid as error:
        raise NotificationRefused(str(error)) from error
    if not client.is_authentic(posted):
        raise NotificationRefused(f"wrong signature; if Alipay sent it: {wrong_key_advice(client.identity)}")
    # From here on it is Alipay's word, so what came is worth to be shown; none of these ids is secret.
    if posted.get("app_id") != merchant.app_id:
        raise NotificationRefused(f"for another application: {_shown(posted, 'app_id')} came; check app_id")
    kind = posted.get("notify_type", "")
    seller_field = _SELLER_FIELDS.get(kind)
    if seller_field is None:
        return ()
    if posted.get(seller_field) != merchant.seller_id:
        raise NotificationRefused(f"for another seller: {_shown(posted, seller_field)} came; check seller_id")
    event_id = posted.get("notify_id", "")
    if not event_id:
        raise NotificationRefused("signed, but without a notify_id")
    if len(event_id) > MAX_EVENT_ID_LENGTH:
        event_id = hashlib.sha256(event_id.encode()).hexdigest()
    return (_notification(kind, event_id, posted),)


def _shown(posted: dict[str, str], name: str) -> str:
    return f"{name} {posted.get(name, '')[:_SHOWN_LENGTH]!r}"


def _notification(kind: str, event_id: str, posted: dict[str, str]) -> Notification:
    answer = answer_of_notification(posted)
    if kind == _TRADE:
        reference = answer.out_trade_no
        evidence = trade_evidence(answer, reference, _SOURCE)
    elif kind == _FREEZE:
        reference = answer.out_order_no
        evidence = freeze_evidence(answer, reference, _SOURCE)
    else:
        reference = answer.out_request_no
        evidence = unfreeze_evidence(answer, reference, _SOURCE)
    if not reference:
        raise NotificationRefused("signed, but without a reference")
    return Notification(event_id, reference, _KINDS[kind], evidence)
