"""Writes transactions and refunds as WeChat Pay shows them: in answers, and in the sealed part of notifications."""

from __future__ import annotations

import secrets
from typing import Any

import orjson

from tollbridge_server.testing.simulators.wechatpay import times
from tollbridge_server.testing.simulators.wechatpay.replies import Reply, document
from tollbridge_server.testing.simulators.wechatpay.rows import (
    ABNORMAL,
    CLOSED,
    MICROPAY,
    NOTPAY,
    PAYERROR,
    PROCESSING,
    REFUND,
    REVOKED,
    SUCCESS,
    USERPAYING,
    Refund,
    Transaction,
)
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior

_DESCRIPTIONS = {
    SUCCESS: "支付成功",
    REFUND: "转入退款",
    NOTPAY: "订单未支付",
    CLOSED: "订单已关闭",
    REVOKED: "已撤销",
    USERPAYING: "用户支付中",
    PAYERROR: "支付失败",
}
_SUMMARIES = {SUCCESS: "退款成功", ABNORMAL: "退款异常", CLOSED: "退款关闭"}
_COUPON_STOCK = "9367600"


def transaction_document(entry: Transaction, mchid: str) -> dict[str, Any]:
    """Return a transaction as a query shows it; what only a payment has is missing before."""
    content: dict[str, Any] = {
        "amount": {"currency": "CNY", "total": entry.total},
        "appid": entry.appid,
        "mchid": mchid,
        "out_trade_no": entry.out_trade_no,
        "promotion_detail": [],
        "trade_state": entry.trade_state,
        "trade_state_desc": _DESCRIPTIONS[entry.trade_state],
    }
    if entry.trade_type == MICROPAY or entry.paid_at_us:
        content["trade_type"] = entry.trade_type
    if entry.paid_at_us and entry.trade_state != REVOKED:
        wrong = 1 if entry.behavior == Behavior.WRONG_AMOUNT else 0
        content["amount"] = {
            "currency": "CNY",
            "payer_currency": "CNY",
            "payer_total": entry.payer_total,
            "total": entry.total + wrong,
        }
        content |= {
            "attach": entry.attach,
            "bank_type": entry.bank_type,
            "payer": {"openid": entry.openid},
            "promotion_detail": _promotion(entry),
            "success_time": times.written(entry.paid_at_us),
            "transaction_id": entry.transaction_id,
        }
    return content


def refund_document(entry: Refund) -> dict[str, Any]:
    """Return a refund as the answer to a request or a query shows it."""
    content: dict[str, Any] = {
        "amount": {
            **_refund_amount(entry),
            "currency": "CNY",
            "discount_refund": entry.refund - entry.payer_refund,
            "from": [],
            "refund_fee": 0,
            "settlement_refund": entry.payer_refund,
            "settlement_total": entry.payer_total,
        },
        "channel": entry.channel,
        "create_time": times.written(entry.created_at_us),
        "funds_account": entry.funds_account,
        "out_refund_no": entry.out_refund_no,
        "out_trade_no": entry.out_trade_no,
        "promotion_detail": [],
        "refund_id": entry.refund_id,
        "status": entry.status,
        "transaction_id": entry.transaction_id,
        "user_received_account": entry.received,
    }
    if entry.success_at_us:
        content["success_time"] = times.written(entry.success_at_us)
    return content


def reply_about(entry: Transaction, mchid: str) -> Reply:
    """Return the answer to a query."""
    return document(transaction_document(entry, mchid))


def transaction_notice(entry: Transaction, mchid: str, *, now_us: int) -> tuple[str, bytes]:
    """Return id and content of the notification of a payment, its resource not sealed yet."""
    plain = transaction_document(entry, mchid)
    return _notice("TRANSACTION.SUCCESS", "transaction", "支付成功", plain, now_us)


def refund_notice(entry: Refund, mchid: str, *, now_us: int) -> tuple[str, bytes]:
    """Return id and content of the notification of a refund's end, its resource not sealed yet."""
    plain: dict[str, Any] = {
        "mchid": mchid,
        "out_trade_no": entry.out_trade_no,
        "transaction_id": entry.transaction_id,
        "out_refund_no": entry.out_refund_no,
        "refund_id": entry.refund_id,
        "refund_status": entry.status,
        "user_received_account": entry.received,
        "amount": _refund_amount(entry),
    }
    if entry.status == SUCCESS:
        plain["success_time"] = times.written(entry.success_at_us)
    return _notice(f"REFUND.{entry.status}", "refund", _SUMMARIES[entry.status], plain, now_us)


def _notice(event_type: str, original_type: str, summary: str, plain: dict[str, Any], now_us: int) -> tuple[str, bytes]:
    event_id = f"EV-{times.moment(now_us):%Y%m%d%H%M%S}{secrets.randbelow(10**8):08}"
    content = {
        "id": event_id,
        "create_time": times.written(now_us),
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": summary,
        "resource": {"original_type": original_type, "plain": plain},
    }
    return event_id, orjson.dumps(content)


def _refund_amount(entry: Refund) -> dict[str, int]:
    is_wrong = entry.behavior == Behavior.WRONG_AMOUNT and entry.status != PROCESSING
    return {
        "total": entry.total,
        "refund": entry.refund + (1 if is_wrong else 0),
        "payer_total": entry.payer_total,
        "payer_refund": entry.payer_refund,
    }


def _promotion(entry: Transaction) -> list[dict[str, Any]]:
    amount = entry.total - entry.payer_total
    if not amount:
        return []
    contribution = {"wechatpay_contribute": amount, "merchant_contribute": 0, "other_contribute": 0}
    return [
        {
            "coupon_id": f"{entry.transaction_id[-10:]}",
            "name": "优惠券",
            "scope": "GLOBAL",
            "type": "CASH",
            "amount": amount,
            "stock_id": _COUPON_STOCK,
            **contribution,
            "currency": "CNY",
            "goods_detail": [],
        }
    ]
