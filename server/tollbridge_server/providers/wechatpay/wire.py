"""Requests to API v3 as pure builders: verb, path as it is signed, and body.

Refuses nothing itself: the same order gives the same bytes each time, so that a request that is sent again is the same
request to WeChat Pay. Our request reference is `out_trade_no` of an order, and `out_refund_no` of a refund.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import orjson

from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import ChargeOrder, RefundOrder
from tollbridge_server.providers.wechatpay.merchant import Merchant

ORDERS = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"
BILLS = "/v3/bill/tradebill"

_CHINA = timezone(timedelta(hours=8))
_MAX_DESCRIPTION_LENGTH = 127
_MAX_REASON_BYTES = 80
_H5_TYPES = {"WECHAT_H5_TYPE_IOS": "iOS", "WECHAT_H5_TYPE_ANDROID": "Android"}
_PRODUCTS = {
    MethodKind.WECHAT_NATIVE: "native",
    MethodKind.WECHAT_JSAPI: "jsapi",
    MethodKind.WECHAT_H5: "h5",
    MethodKind.WECHAT_APP: "app",
    MethodKind.WECHAT_CODE: "codepay",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` holds the query too, as it is signed and sent.

    `sealed_for` is the serial or id of the key with which personal data in the body is encrypted.
    """

    verb: str
    path: str
    body: bytes = field(default=b"", repr=False)
    sealed_for: str = ""


def china_time(at_us: int) -> str:
    """Return a time (microseconds since the epoch) as WeChat Pay writes times: RFC 3339, whole seconds, +08:00."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(_CHINA).isoformat(timespec="seconds")


def app_of(order: ChargeOrder, merchant: Merchant) -> str:
    """Return the app that the order is made for: the caller's choice, else the account's own."""
    return order.method.parameter("app_id") or merchant.app_id


def order(order: ChargeOrder, merchant: Merchant) -> Request:
    """Return the request that opens an order with the product of the order's method."""
    kind = order.method.kind
    content: dict[str, Any] = {
        "appid": app_of(order, merchant),
        "mchid": merchant.mchid,
        "description": _description(order),
        "out_trade_no": order.request_reference,
    }
    if kind is not MethodKind.WECHAT_CODE:
        content["notify_url"] = merchant.notify_url
        if order.expires_at_us:
            content["time_expire"] = china_time(order.expires_at_us)
    content["amount"] = {"total": order.amount.amount_minor, "currency": order.amount.currency}
    match kind:
        case MethodKind.WECHAT_JSAPI:
            content["payer"] = {"openid": order.method.parameter("open_id")}
        case MethodKind.WECHAT_CODE:
            content["payer"] = {"auth_code": order.method.parameter("auth_code")}
            content["scene_info"] = _shop(order)
        case MethodKind.WECHAT_H5:
            content["scene_info"] = _browser(order)
    return _post(f"{ORDERS}/{_PRODUCTS[kind]}", content)


def query(reference: str, *, mchid: str) -> Request:
    """Return the question about the order with our reference."""
    return Request("GET", f"{ORDERS}/out-trade-no/{_quoted(reference)}?mchid={_quoted(mchid)}")


def query_by_transaction(transaction_id: str, *, mchid: str) -> Request:
    """Return the question about the order with WeChat Pay's number."""
    return Request("GET", f"{ORDERS}/id/{_quoted(transaction_id)}?mchid={_quoted(mchid)}")


def close(reference: str, *, mchid: str) -> Request:
    """Return the request to close an order that is not paid."""
    return _post(f"{ORDERS}/out-trade-no/{_quoted(reference)}/close", {"mchid": mchid})


def reverse(reference: str, *, app_id: str, mchid: str) -> Request:
    """Return the request to end a payment by a scanned code; WeChat Pay gives back what was paid meanwhile."""
    return _post(f"{ORDERS}/out-trade-no/{_quoted(reference)}/reverse", {"appid": app_id, "mchid": mchid})


def refund(order: RefundOrder, merchant: Merchant) -> Request:
    """Return the request for a refund; the same reference again is the same refund."""
    content: dict[str, Any] = {
        "out_trade_no": order.charge.request_reference,
        "out_refund_no": order.request_reference,
        "notify_url": merchant.notify_url,
        "amount": {
            "refund": order.amount.amount_minor,
            "total": order.charge.amount.amount_minor,
            "currency": order.amount.currency,
        },
    }
    reason = order.reason.encode()[:_MAX_REASON_BYTES].decode("utf-8", "ignore")
    if reason:
        content["reason"] = reason
    return _post(REFUNDS, content)


def refund_query(reference: str) -> Request:
    """Return the question about the refund with our reference."""
    return Request("GET", f"{REFUNDS}/{_quoted(reference)}")


def bill(day: date) -> Request:
    """Return the question where the list of the payments and refunds of `day` is, gzipped."""
    return Request("GET", f"{BILLS}?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP")


def _description(order: ChargeOrder) -> str:
    text = order.details.description.strip() or order.merchant_reference or order.request_reference
    return text[:_MAX_DESCRIPTION_LENGTH]


def _shop(order: ChargeOrder) -> dict[str, Any]:
    method = order.method
    scene: dict[str, Any] = {"store_info": {"id": method.parameter("point_of_sale.store_id")}}
    if method.parameter("point_of_sale.terminal_id"):
        scene["device_id"] = method.parameter("point_of_sale.terminal_id")
    if order.details.customer is not None and order.details.customer.ip_address:
        scene["device_ip"] = order.details.customer.ip_address
    return scene


def _browser(order: ChargeOrder) -> dict[str, Any]:
    method, customer = order.method, order.details.customer
    page = {"type": _H5_TYPES.get(method.parameter("type"), "Wap")}
    for name in ("app_name", "app_url", "bundle_id", "package_name"):
        if method.parameter(name):
            page[name] = method.parameter(name)
    return {"payer_client_ip": customer.ip_address if customer else "", "h5_info": page}


def _post(path: str, content: dict[str, Any]) -> Request:
    return Request("POST", path, orjson.dumps(content))


def _quoted(text: str) -> str:
    return quote(text, safe="")
