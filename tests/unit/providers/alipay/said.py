"""What Alipay says in the tests of charges and captures: the methods that are called, and its answers."""

from __future__ import annotations

from typing import Any

from tollbridge_server.domain.evidence import Evidence
from tollbridge_server.ports.provider import ChargeOrder

from tests.unit.providers.alipay.gateway import Gateway, Reply, adapting

PAY = "alipay.trade.pay"
PRECREATE = "alipay.trade.precreate"
QUERY = "alipay.trade.query"
CLOSE = "alipay.trade.close"
FREEZE_CANCEL = "alipay.fund.auth.operation.cancel"
ORDER_FREEZE = "alipay.fund.auth.order.freeze"
VOUCHER = "alipay.fund.auth.order.voucher.create"
FREEZE_QUERY = "alipay.fund.auth.operation.detail.query"

PAID = {"out_trade_no": "charge", "trade_no": "t1", "total_amount": "88.88"}
FOUND = {**PAID, "trade_status": "TRADE_SUCCESS"}
FROZEN = {"out_order_no": "charge", "auth_no": "a1", "amount": "88.88", "status": "SUCCESS"}
HELD = {**FROZEN, "order_status": "AUTHORIZED", "payer_user_id": "2088000000000002", "total_pay_amount": "0.00"}
CAPTURED = {"out_trade_no": "capture", "trade_no": "t2", "total_amount": "3.00"}
SILENT = Reply(raw=b"", status=502)
BUSY = {"code": "20000", "sub_code": "isp.unknow-error"}
POOR = {"code": "40004", "sub_code": "ACQ.BUYER_BALANCE_NOT_ENOUGH"}
HAS_SUCCESS = {"code": "40004", "sub_code": "ACQ.TRADE_HAS_SUCCESS"}
WAITING = {**PAID, "trade_status": "WAIT_BUYER_PAY"}


async def charged(order: ChargeOrder, answers: dict[str, Any]) -> tuple[Evidence, Gateway]:
    """Return what became of a charge to which Alipay gives these answers."""
    async with adapting() as (gateway, adapter):
        gateway.tell(answers)
        return await adapter.charge(order), gateway
