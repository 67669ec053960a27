"""The Alipay adapter: one short method an operation; refuses what this account's contract does not offer."""

from __future__ import annotations

from datetime import date

from tollbridge_server.domain.evidence import Evidence, EvidenceSource
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.bills import Bill, NoBill
from tollbridge_server.ports.provider import (
    CancelOrder,
    Capabilities,
    CaptureOrder,
    ChargeOrder,
    InboundNotification,
    Inquiry,
    Notification,
    NotificationReply,
    ProbeResult,
    RefundOrder,
    UnsupportedOperation,
)
from tollbridge_server.providers.alipay import bills, cancels, captures, charges, notifications, refunds
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.limits import require_references
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.money import CURRENCY
from tollbridge_server.providers.alipay.probe import probe
from tollbridge_server.providers.alipay.queries import ask_cancel, ask_capture, ask_charge

SEND_TIMEOUT_S = 20.0
BARCODE_TIME_TO_PAY_S = 90.0
"""Alipay's recipe is to ask for up to a minute whether the payer has confirmed, and then to cancel."""

CAPABILITIES = Capabilities(
    operations=frozenset(OperationKind),
    methods=frozenset(
        {
            MethodKind.ALIPAY_QR,
            MethodKind.ALIPAY_BARCODE,
            MethodKind.ALIPAY_PAGE,
            MethodKind.ALIPAY_WAP,
            MethodKind.ALIPAY_APP,
        }
    ),
    currencies=frozenset({CURRENCY}),
    # A reference is used up for good at Alipay; a refund is possible for a year, and after that nothing is sent again.
    key_lifetime_s=365 * 86400,
    not_found_grace_s=60.0,
    send_timeout_s=SEND_TIMEOUT_S,
    # Whether the cancel of an unknown trade keeps a late request from taking effect is nowhere promised.
    cancels_unsent=False,
    absence_ends_after_s=600.0,
    time_to_pay_s={MethodKind.ALIPAY_BARCODE: BARCODE_TIME_TO_PAY_S},
    checks_identity=True,
    has_bills=True,
)

_FREEZING = frozenset({OperationKind.AUTHORIZE, OperationKind.CAPTURE})


class AlipayAdapter:
    """Adapter of one application at Alipay."""

    def __init__(self, client: Client, merchant: Merchant) -> None:
        self._client = client
        self._merchant = merchant
        can_freeze = bool(merchant.preauth_product)
        operations = CAPABILITIES.operations if can_freeze else CAPABILITIES.operations - _FREEZING
        # Each capture is a trade of its own, and a refund is a refund of a trade.
        self._capabilities = replace(CAPABILITIES, operations=operations, refunds_captures=can_freeze)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def charge(self, order: ChargeOrder) -> Evidence:
        if order.method.kind not in CAPABILITIES.methods:
            raise UnsupportedOperation(f"Alipay takes no {order.method.kind}")
        self._require(order.kind, order.request_reference)
        return await charges.charge(self._client, self._merchant, order)

    async def capture(self, order: CaptureOrder) -> Evidence:
        self._require(OperationKind.CAPTURE, order.request_reference, order.charge.request_reference)
        return await captures.capture(self._client, self._merchant, order)

    async def cancel(self, order: CancelOrder) -> Evidence:
        self._require(OperationKind.CANCEL, order.request_reference, order.charge.request_reference)
        return await cancels.cancel(self._client, self._merchant, order)

    async def refund(self, order: RefundOrder) -> Evidence:
        captured = (order.capture.request_reference,) if order.capture else ()
        self._require(OperationKind.REFUND, order.request_reference, order.charge.request_reference, *captured)
        return await refunds.refund(self._client, order)

    async def query(self, inquiry: Inquiry) -> Evidence:
        require_references(inquiry.request_reference, inquiry.charge.request_reference)
        match inquiry.kind:
            case OperationKind.SALE | OperationKind.AUTHORIZE:
                return await ask_charge(self._client, inquiry)
            case OperationKind.CAPTURE:
                return await ask_capture(self._client, inquiry.request_reference, EvidenceSource.QUERY)
            case OperationKind.REFUND:
                return await refunds.ask(self._client, inquiry)
            case OperationKind.CANCEL:
                return await ask_cancel(self._client, inquiry)

    async def fetch_bill(self, day: date) -> Bill | NoBill:
        return await bills.fetch_bill(self._client, day)

    def read_notification(self, inbound: InboundNotification) -> tuple[Notification, ...]:
        return notifications.read(inbound, client=self._client, merchant=self._merchant)

    def notification_reply(self, *, accepted: bool) -> NotificationReply:
        return NotificationReply(200, b"success") if accepted else NotificationReply(400, b"fail")

    async def probe(self) -> ProbeResult:
        return await probe(self._client)

    async def close(self) -> None:
        await self._client.close()

    def _require(self, kind: OperationKind, *references: str) -> None:
        if kind not in self._capabilities.operations:
            raise UnsupportedOperation(f"without preauth_product this Alipay account has no {kind}")
        require_references(*references)
