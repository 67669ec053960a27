"""The sandbox adapter: one short method an operation, over whichever link reaches the acquirer."""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import (
    CancelOrder,
    Capabilities,
    CaptureOrder,
    ChargeOrder,
    InboundNotification,
    Inquiry,
    Notification,
    NotificationReply,
    RefundOrder,
    UnsupportedOperation,
)
from tollbridge_server.providers.sandbox import notifications, wire
from tollbridge_server.providers.sandbox.evidence import evidence_of
from tollbridge_server.providers.sandbox.link import SandboxLink
from tollbridge_server.providers.sandbox.wire import Request, Verb

CAPABILITIES = Capabilities(
    operations=frozenset(OperationKind),
    methods=frozenset(
        {
            MethodKind.CARD,
            MethodKind.ALIPAY_QR,
            MethodKind.WECHAT_NATIVE,
            MethodKind.ALIPAY_PAGE,
            MethodKind.ALIPAY_WAP,
            MethodKind.WECHAT_H5,
            MethodKind.PAYPAL,
            MethodKind.UNIONPAY,
        }
    ),
    checks_identity=True,  # It takes every identity for true.
    key_lifetime_s=7 * 86400,
    not_found_grace_s=5.0,
    send_timeout_s=20.0,
    cancels_unsent=True,
)


class SandboxAdapter:
    """Adapter of one account at the sandbox acquirer."""

    def __init__(self, link: SandboxLink, *, account_id: str, secret: bytes) -> None:
        self._link = link
        self._account_id = account_id
        self._secret = secret

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def charge(self, order: ChargeOrder) -> Evidence:
        if order.method.kind not in CAPABILITIES.methods:
            raise UnsupportedOperation(f"the sandbox takes no {order.method.kind}")
        return await self._send(Verb.CHARGE, wire.charge_request(order))

    async def capture(self, order: CaptureOrder) -> Evidence:
        return await self._send(Verb.CAPTURE, wire.capture_request(order))

    async def cancel(self, order: CancelOrder) -> Evidence:
        return await self._send(Verb.CANCEL, wire.cancel_request(order))

    async def refund(self, order: RefundOrder) -> Evidence:
        return await self._send(Verb.REFUND, wire.refund_request(order))

    async def query(self, inquiry: Inquiry) -> Evidence:
        result = await self._link.call(Verb.QUERY, wire.query_request(inquiry))
        return evidence_of(result, source=EvidenceSource.QUERY, reference=inquiry.request_reference)

    def read_notification(self, inbound: InboundNotification) -> tuple[Notification, ...]:
        return (notifications.read(inbound, account_id=self._account_id, secret=self._secret),)

    def notification_reply(self, *, accepted: bool) -> NotificationReply:
        return NotificationReply(200, b"ok") if accepted else NotificationReply(400, b"refused")

    async def close(self) -> None:
        await self._link.close()

    async def _send(self, verb: Verb, request: Request) -> Evidence:
        result = await self._link.call(verb, request)
        return evidence_of(result, source=EvidenceSource.REPLY, reference=request.reference)
