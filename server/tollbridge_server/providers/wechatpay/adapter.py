"""The WeChat Pay adapter: one short method an operation; refuses what WeChat Pay does not know, such as captures."""

from __future__ import annotations

from datetime import date

from tollbridge_server.domain.evidence import Evidence, EvidenceSource
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
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
from tollbridge_server.providers.wechatpay import bills, cancels, charges, notifications, queries, refunds
from tollbridge_server.providers.wechatpay.answers import CURRENCY
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.limits import require_references
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.probe import probe

SEND_TIMEOUT_S = 20.0

CAPABILITIES = Capabilities(
    operations=frozenset({OperationKind.SALE, OperationKind.CANCEL, OperationKind.REFUND}),
    methods=frozenset(
        {
            MethodKind.WECHAT_NATIVE,
            MethodKind.WECHAT_JSAPI,
            MethodKind.WECHAT_H5,
            MethodKind.WECHAT_APP,
            MethodKind.WECHAT_CODE,
        }
    ),
    currencies=frozenset({CURRENCY}),
    # A reference is used up for good at WeChat Pay; a refund is possible for a year, and then nothing is sent again.
    key_lifetime_s=365 * 86400,
    not_found_grace_s=60.0,
    send_timeout_s=SEND_TIMEOUT_S,
    cancels_unsent=False,
    absence_ends_after_s=600.0,
    # WeChat Pay's word: ask for half a minute or a little more, then reverse; no time to pay goes with a shown code.
    time_to_pay_s={MethodKind.WECHAT_CODE: 60.0},
    has_bills=True,
)
_QUERY = EvidenceSource.QUERY


class WechatPayAdapter:
    """Adapter of one merchant at WeChat Pay."""

    def __init__(self, client: Client, merchant: Merchant) -> None:
        self._client = client
        self._merchant = merchant

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def charge(self, order: ChargeOrder) -> Evidence:
        if order.method.kind not in CAPABILITIES.methods or order.kind is not OperationKind.SALE:
            raise UnsupportedOperation(f"WeChat Pay takes no {order.kind} by {order.method.kind}")
        require_references(order.request_reference)
        return await charges.charge(self._client, self._merchant, order)

    async def capture(self, order: CaptureOrder) -> Evidence:
        raise UnsupportedOperation(f"WeChat Pay knows no authorizations, so {order.request_reference} captures nothing")

    async def cancel(self, order: CancelOrder) -> Evidence:
        require_references(order.charge.request_reference)
        return await cancels.cancel(self._client, self._merchant, order)

    async def refund(self, order: RefundOrder) -> Evidence:
        require_references(order.request_reference, order.charge.request_reference)
        return await refunds.refund(self._client, self._merchant, order)

    async def query(self, inquiry: Inquiry) -> Evidence:
        require_references(inquiry.request_reference, inquiry.charge.request_reference)
        match inquiry.kind:
            case OperationKind.SALE:
                return await queries.ask_trade(self._client, self._merchant, inquiry)
            case OperationKind.REFUND:
                reference, charge_reference = inquiry.request_reference, inquiry.charge.request_reference
                return await queries.ask_refund(self._client, reference, charge_reference, _QUERY)
            case OperationKind.CANCEL:
                return await queries.ask_cancel(self._client, self._merchant, inquiry.charge)
            case other:
                raise UnsupportedOperation(f"WeChat Pay knows no {other}")

    async def fetch_bill(self, day: date) -> Bill | NoBill:
        return await bills.fetch_bill(self._client, day)

    async def warm(self) -> None:
        """Fetch the platform certificates, so that the first notification can be verified."""
        await self._client.keys.warm()

    def read_notification(self, inbound: InboundNotification) -> tuple[Notification, ...]:
        return notifications.read(inbound, client=self._client, merchant=self._merchant)

    def notification_reply(self, *, accepted: bool) -> NotificationReply:
        return notifications.reply(accepted=accepted)

    async def probe(self) -> ProbeResult:
        return await probe(self._client)

    async def close(self) -> None:
        await self._client.close()
