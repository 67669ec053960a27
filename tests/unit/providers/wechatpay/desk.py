"""An adapter that talks to a platform on loopback, and the orders and answers of its tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.order import Customer, PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import ChargeOrder, ChargeReference, Inquiry, RefundOrder
from tollbridge_server.providers.transport import Silent, Unsent
from tollbridge_server.providers.wechatpay.adapter import WechatPayAdapter
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.wire import Request

from tests.unit.providers.wechatpay.keys import NOW_S
from tests.unit.providers.wechatpay.platform import APP_ID, MCHID, Platform, Reply, json_reply

REFERENCE = "a" * 32
REFUND = "b" * 32
ORDERS = "/v3/pay/transactions"
QUERY = f"{ORDERS}/out-trade-no/{REFERENCE}?mchid={MCHID}"
CLOSE = f"{ORDERS}/out-trade-no/{REFERENCE}/close"
REVERSE = f"{ORDERS}/out-trade-no/{REFERENCE}/reverse"
REFUNDS = "/v3/refund/domestic/refunds"
NUMBER = "4200000000202601020000000001"
BY_NUMBER = f"{ORDERS}/id/{NUMBER}?mchid={MCHID}"
OTHER_APP_ID = "wx0000000000000002"
CNY_10 = Money(1000, "CNY")
CHARGE = ChargeReference(REFERENCE, NUMBER, CNY_10, kind=OperationKind.SALE, method=MethodKind.WECHAT_NATIVE)
SCANNED = replace(CHARGE, method=MethodKind.WECHAT_CODE)
ABSENT = Reply(b'{"code":"ORDER_NOT_EXIST","message":"none"}', status=404, key=None)
NO_REFUND = Reply(b'{"code":"RESOURCE_NOT_EXISTS","message":"none"}', status=404, key=None)
DONE = Reply(b"", status=204)


class Desk:
    """An adapter and the platform that it talks to."""

    def __init__(self, platform: Platform, adapter: WechatPayAdapter) -> None:
        self.platform, self.adapter = platform, adapter

    def body(self, path: str) -> dict[str, Any]:
        [sent] = [each.body for each in self.platform.received if each.path == path]
        content: dict[str, Any] = orjson.loads(sent)
        return content


def disconnect_after(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """Let nothing leave any more after so many calls."""
    call, left = Client.call, [None] * calls

    async def called(client: Client, request: Request) -> Answer | Unsent | Silent:
        if not left:
            return Unsent("refused")
        left.pop()
        return await call(client, request)

    monkeypatch.setattr(Client, "call", called)


def order(kind: MethodKind = MethodKind.WECHAT_NATIVE, amount: Money = CNY_10, **parameters: str) -> ChargeOrder:
    customer = Customer(ip_address="203.0.113.7")
    return ChargeOrder(
        request_reference=REFERENCE,
        kind=OperationKind.SALE,
        amount=amount,
        method=PaymentMethod(kind, parameters=tuple((name.replace("__", "."), v) for name, v in parameters.items())),
        payment_id="pay_1",
        merchant_reference="order-1",
        details=PaymentDetails(
            description="测试商品", return_url="https://shop.example.com/back?order=1", customer=customer
        ),
        created_at_us=NOW_S * 1_000_000,
        expires_at_us=(NOW_S + 600) * 1_000_000,
    )


def code_order() -> ChargeOrder:
    return order(MethodKind.WECHAT_CODE, auth_code="134567890123456789", point_of_sale__store_id="S1")


def trade(state: str, **more: Any) -> Reply:
    paid = {"transaction_id": NUMBER, "amount": {"total": 1000, "payer_total": 900, "currency": "CNY"}}
    return json_reply({"out_trade_no": REFERENCE, "mchid": MCHID, "trade_state": state, **paid, **more})


def refusal(status: int, code: str, **more: Any) -> Reply:
    return Reply(orjson.dumps({"code": code, "message": "no", **more}), status=status, key=None)


def reversed_order(**more: Any) -> Reply:
    return json_reply({"appid": APP_ID, "mchid": MCHID, "out_trade_no": REFERENCE, **more})


def refunded(status: str, **more: Any) -> Reply:
    amount = {"refund": 300, "total": 1000, "currency": "CNY"}
    about = {"out_refund_no": REFUND, "out_trade_no": REFERENCE, "refund_id": "5030000"}
    return json_reply({**about, "status": status, "amount": amount, **more})


def refund_order(amount_minor: int = 300) -> RefundOrder:
    return RefundOrder(REFUND, CHARGE, Money(amount_minor, "CNY"), "zurückgegeben" * 10)


def inquiry(kind: OperationKind, reference: str, charge: ChargeReference = CHARGE) -> Inquiry:
    return Inquiry(kind, reference, "", charge, CNY_10)
