"""Requests to Alipay's gateway as pure builders: which method, with which business fields.

Refuses nothing itself: the same order gives the same fields each time, so that a request that is sent again is the
same request to Alipay. Our request reference is `out_trade_no` of a trade, that of a capture too, and `out_request_no`
of everything else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

import orjson

from tollbridge_server.domain.money import Money
from tollbridge_server.domain.order import Identity
from tollbridge_server.domain.payment_method import PaymentMethod
from tollbridge_server.ports.provider import CaptureOrder, ChargeOrder, RefundOrder
from tollbridge_server.providers.alipay.money import yuan_of

QR_LIFETIME_S = 2 * 3600
"""Alipay's QR codes can be scanned for two hours at the most."""

_CHINA = timezone(timedelta(hours=8))
_NOT_IN_A_SUBJECT = re.compile(r"[/=&\x00-\x1f\x7f]+")
_MAX_SUBJECT_LENGTH = 256
_MAX_TITLE_LENGTH = 100
_MAX_FREEZE_MINUTES = 15 * 24 * 60
_MAX_MOBILE_LENGTH = 20

NATIONAL_ID = "NATIONAL_ID"
DOCUMENT_TYPES = {NATIONAL_ID: "IDENTITY_CARD", "PASSPORT": "PASSPORT"}
"""The contract's identity documents that Alipay can compare with those of the payer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the gateway's method and the business fields as JSON. `is_notified` asks for notifications."""

    method: str
    content: bytes = field(repr=False)
    is_notified: bool = False
    return_url: str = field(default="", repr=False)


def china_time(at_us: int) -> str:
    """Return a time (microseconds since the epoch) as Alipay writes times: whole seconds, GMT+8."""
    whole_s = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    return whole_s.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")


def subject_of(order: ChargeOrder | CaptureOrder) -> str:
    """Return what the payer reads: the description, else the merchant's reference, without what Alipay forbids."""
    for text in (order.details.description, order.merchant_reference):
        subject = _NOT_IN_A_SUBJECT.sub(" ", text).strip()
        if subject:
            return subject[:_MAX_SUBJECT_LENGTH]
    return order.request_reference


def precreate(order: ChargeOrder, *, product_code: str) -> Request:
    """Return the request for a QR code that the payer scans."""
    return _request("alipay.trade.precreate", {**_trade(order), "product_code": product_code}, is_notified=True)


def pay_with_code(order: ChargeOrder, *, product_code: str) -> Request:
    """Return the request to charge the code (or face token) that the payer showed."""
    content = {
        **_trade(order),
        **_scanned_code(order.method, code_name="auth_code", kind_name="scene"),
        "product_code": product_code,
        "store_id": order.method.parameter("point_of_sale.store_id"),
        "terminal_id": order.method.parameter("point_of_sale.terminal_id"),
        "operator_id": order.method.parameter("point_of_sale.operator_id"),
    }
    return _request("alipay.trade.pay", content, is_notified=True)


def page_pay(order: ChargeOrder) -> Request:
    """Return the request that the payer's browser on a computer takes to the gateway."""
    content = {**_trade(order), "product_code": "FAST_INSTANT_TRADE_PAY"}
    return _request("alipay.trade.page.pay", content, is_notified=True, return_url=order.details.return_url)


def wap_pay(order: ChargeOrder) -> Request:
    """Return the request that the payer's mobile browser takes to the gateway."""
    content = {
        **_trade(order),
        "product_code": "QUICK_WAP_WAY",
        "quit_url": order.method.parameter("quit_url") or order.details.return_url,
    }
    return _request("alipay.trade.wap.pay", content, is_notified=True, return_url=order.details.return_url)


def app_pay(order: ChargeOrder) -> Request:
    """Return the request that the merchant's app hands to Alipay's SDK."""
    return _request("alipay.trade.app.pay", {**_trade(order), "product_code": "QUICK_MSECURITY_PAY"}, is_notified=True)


def query(reference: str) -> Request:
    """Return the question about the trade with our reference."""
    return _request("alipay.trade.query", {"out_trade_no": reference})


def close(reference: str) -> Request:
    """Return the request to close a trade that is not paid."""
    return _request("alipay.trade.close", {"out_trade_no": reference})


def cancel(reference: str) -> Request:
    """Return the request to end a trade of unknown state; Alipay gives back what was paid."""
    return _request("alipay.trade.cancel", {"out_trade_no": reference})


def refund(order: RefundOrder, *, trade: str) -> Request:
    """Return the request for a refund of `trade`; the same reference and amount again is the same refund."""
    content = {
        "out_trade_no": trade,
        "out_request_no": order.request_reference,
        "refund_amount": yuan_of(order.amount),
        "refund_reason": order.reason[:256],
    }
    return _request("alipay.trade.refund", content)


def refund_query(*, trade: str, refund_reference: str) -> Request:
    """Return the question about one refund of `trade`."""
    content = {"out_trade_no": trade, "out_request_no": refund_reference}
    return _request("alipay.trade.fastpay.refund.query", content)


def freeze_with_code(order: ChargeOrder, *, product_code: str, payee_id: str, category: str) -> Request:
    """Return the request to freeze an amount with the code that the payer showed."""
    content = {
        **_freeze(order, product_code=product_code, payee_id=payee_id, category=category),
        **_scanned_code(order.method, code_name="auth_code", kind_name="auth_code_type"),
    }
    return _request("alipay.fund.auth.order.freeze", content, is_notified=True)


def freeze_by_qr(order: ChargeOrder, *, product_code: str, payee_id: str, category: str) -> Request:
    """Return the request for a QR code; the payer who scans it has the amount frozen."""
    content = _freeze(order, product_code=product_code, payee_id=payee_id, category=category)
    return _request("alipay.fund.auth.order.voucher.create", content, is_notified=True)


def freeze_in_app(order: ChargeOrder, *, product_code: str, payee_id: str, category: str) -> Request:
    """Return the request to freeze an amount that the merchant's app hands to Alipay's SDK."""
    content = _freeze(order, product_code=product_code, payee_id=payee_id, category=category)
    return _request("alipay.fund.auth.order.app.freeze", content, is_notified=True)


@dataclass(frozen=True, slots=True)
class Freeze:
    """What a capture must know of the freeze: its number, its contracted product, and both sides of the money."""

    auth_no: str
    product_code: str
    payee_id: str
    payer_id: str = field(default="", repr=False)
    payer_open_id: str = field(default="", repr=False)


def capture(order: CaptureOrder, freeze: Freeze) -> Request:
    """Return the request to pay from a freeze; the final capture releases the rest."""
    content = {
        "out_trade_no": order.request_reference,
        "total_amount": yuan_of(order.amount),
        "subject": subject_of(order),
        "product_code": freeze.product_code,
        "auth_no": freeze.auth_no,
        "auth_confirm_mode": "COMPLETE" if order.is_final else "NOT_COMPLETE",
        "seller_id": freeze.payee_id,
        "buyer_id": freeze.payer_id,
        "buyer_open_id": "" if freeze.payer_id else freeze.payer_open_id,
    }
    return _request("alipay.trade.pay", content, is_notified=True)


def unfreeze(*, auth_no: str, reference: str, amount: Money) -> Request:
    """Return the request to release `amount` of a freeze."""
    content = {"auth_no": auth_no, "out_request_no": reference, "amount": yuan_of(amount), "remark": "canceled"}
    return _request("alipay.fund.auth.order.unfreeze", content, is_notified=True)


def freeze_cancel(reference: str) -> Request:
    """Return the request to end a freeze of unknown state."""
    content = {"out_order_no": reference, "out_request_no": reference, "remark": "canceled"}
    return _request("alipay.fund.auth.operation.cancel", content)


def freeze_query(reference: str) -> Request:
    """Return the question about a freeze."""
    content = {"out_order_no": reference, "out_request_no": reference, "operation_type": "FREEZE"}
    return _request("alipay.fund.auth.operation.detail.query", content)


def certificate_download(number: str) -> Request:
    """Return the request for a certificate that Alipay signs with since a re-issue."""
    return _request("alipay.open.app.alipaycert.download", {"alipay_cert_sn": number})


def bill_download(day: date) -> Request:
    """Return the request for the address of the bill of a day's transactions (China's days)."""
    return _request(
        "alipay.data.dataservice.bill.downloadurl.query", {"bill_type": "trade", "bill_date": day.isoformat()}
    )


def _trade(order: ChargeOrder) -> dict[str, object]:
    return {
        "out_trade_no": order.request_reference,
        "total_amount": yuan_of(order.amount),
        "subject": subject_of(order),
        "time_expire": china_time(order.expires_at_us) if order.expires_at_us else "",
        "ext_user_info": _wanted_payer(order),
    }


def _wanted_payer(order: ChargeOrder) -> dict[str, str]:
    """Return whom Alipay has to compare its payer with; empty when anybody may pay.

    `need_check_info` has Alipay refuse a payer who differs in anything that is given. `fix_buyer` asks for the same of
    the document and the name together, and is an error without all three of them (the SDK's ExtUserInfo says so).
    """
    identity = order.identity
    if identity is None:
        return {}
    is_whole = bool(identity.type and identity.number and identity.name)
    mobile = order.details.customer.phone if order.details.customer and names_payer(identity) else ""
    payer = {
        "name": identity.name,
        "cert_type": DOCUMENT_TYPES.get(identity.type, ""),
        "cert_no": identity.number,
        "min_age": str(identity.min_age) if identity.min_age else "",
        "mobile": mobile if len(mobile) <= _MAX_MOBILE_LENGTH else "",
        "need_check_info": "T",
        "fix_buyer": "T" if is_whole else "",
    }
    return {name: value for name, value in payer.items() if value}


def names_payer(identity: Identity) -> bool:
    """Whether an identity is somebody's: an age alone is nobody's secret."""
    return bool(identity.name or identity.number)


def is_checked_by_freezes(identity: Identity) -> bool:
    """Whether a freeze can be asked for with this identity: it knows a national identity card with its name alone."""
    is_whole = bool(identity.number and identity.name)
    return is_whole and identity.type == NATIONAL_ID and not identity.min_age


def _identity_parameters(identity: Identity | None) -> str:
    """Return the name and number as one hash, with which Alipay compares its payer before it freezes an amount."""
    if identity is None:
        return ""
    digest = hashlib.sha256(f"{identity.name}{identity.number}".encode()).hexdigest()
    return orjson.dumps({"identity_hash": digest}).decode()


def _freeze(order: ChargeOrder, *, product_code: str, payee_id: str, category: str) -> dict[str, str]:
    # The life of an unused freeze is given as minutes from its creation.
    minutes = (order.expires_at_us - order.created_at_us) // 60_000_000 if order.expires_at_us else 0
    return {
        "out_order_no": order.request_reference,
        "out_request_no": order.request_reference,
        "order_title": subject_of(order)[:_MAX_TITLE_LENGTH],
        "amount": yuan_of(order.amount),
        "product_code": product_code,
        "payee_user_id": payee_id,
        "timeout_express": f"{min(max(minutes, 1), _MAX_FREEZE_MINUTES)}m" if order.expires_at_us else "",
        "identity_params": _identity_parameters(order.identity),
        "extra_param": orjson.dumps({"category": category}).decode() if category else "",
    }


def _scanned_code(method: PaymentMethod, *, code_name: str, kind_name: str) -> dict[str, str]:
    code = method.parameter("auth_code")
    # A face token is told from a code on a screen by its first letters.
    return {code_name: code, kind_name: "security_code" if code.startswith("fp") else "bar_code"}


def _request(method: str, content: Mapping[str, object], *, is_notified: bool = False, return_url: str = "") -> Request:
    given = {name: value for name, value in content.items() if value}
    return Request(method, orjson.dumps(given), is_notified=is_notified, return_url=return_url)
