"""The fields of every method's request, with their lengths and forms; what lies between fields the business decides.

Refuses nothing by itself. Where bills are made, their requests are checked too, since these have codes of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from tollbridge_server.providers.alipay.money import MAX_FEN, AmountUnreadable, is_payable, money_of
from tollbridge_server.testing.simulators.alipay.fields import NUMBER, UNTIL_MIDNIGHT, period_s, read_time
from tollbridge_server.testing.simulators.alipay.rules import CODE_KINDS
from tollbridge_server.testing.simulators.alipay.schema import Kind, Rule

ONLINE_FREEZES = ("PREAUTH_PAY", "PRE_AUTH_ONLINE")
"""What a freeze in an app is contracted as, and a capture from it; every other freeze is a PRE_AUTH."""

PRODUCTS: Mapping[str, tuple[str, ...]] = {
    "alipay.trade.precreate": ("QR_CODE_OFFLINE", "FACE_TO_FACE_PAYMENT"),
    "alipay.trade.page.pay": ("FAST_INSTANT_TRADE_PAY",),
    "alipay.trade.wap.pay": ("QUICK_WAP_WAY", "QUICK_WAP_PAY"),
    "alipay.trade.app.pay": ("QUICK_MSECURITY_PAY",),
    "alipay.trade.pay": ("FACE_TO_FACE_PAYMENT", "OFFLINE_PAYMENT"),
}
"""The product codes of each method's sales; the first is meant where none is given."""

_SELLER = re.compile(r"2088[0-9]{12}", re.ASCII)
_QUANTITY = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_MOST_GOODS = 150


def _text(most: int = 0, *, required: bool = False) -> Rule:
    return Rule(most=most, required=required)


def _choice(*allowed: str, required: bool = False) -> Rule:
    return Rule(required=required, is_sound=allowed.__contains__)


def _number(*, required: bool = False) -> Rule:
    return Rule(required=required, is_sound=lambda text: NUMBER.fullmatch(text) is not None)


def _title(most: int) -> Rule:
    return Rule(most=most, required=True, is_sound=lambda text: not set("/=&") & set(text))


def _several(entry: Rule, *, most: int = 0) -> Rule:
    return Rule(Kind.LIST, entry=entry, most=most)


def _object(fields: Mapping[str, Rule] | None = None) -> Rule:
    return Rule(Kind.OBJECT, fields=fields or {})


def _is_payable(text: str) -> bool:
    try:
        return is_payable(money_of(text))
    except AmountUnreadable:
        return False


def _is_sum(text: str) -> bool:
    try:
        return money_of(text).amount_minor <= MAX_FEN
    except AmountUnreadable:
        return False


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except ValueError:
        return False


_AMOUNT = Rule(required=True, is_sound=_is_payable)
_PART = Rule(is_sound=_is_sum)
_PERIOD = Rule(is_sound=lambda text: period_s(text) is not None)
_PERIOD_OR_DAY = Rule(is_sound=lambda text: text == UNTIL_MIDNIGHT or period_s(text) is not None)
_JSON = Rule(is_sound=_is_json_object)
_OPTIONS = _several(_text())
_OBJECTS = _several(_object())
_GOODS = {
    "goods_id": _text(required=True),
    "goods_name": _text(required=True),
    "quantity": Rule(required=True, is_sound=lambda text: _QUANTITY.fullmatch(text) is not None),
    "price": Rule(required=True, is_sound=_is_sum),
}
_TRADE = {"out_trade_no": _number(), "trade_no": _text(64)}
_ORDER: Mapping[str, Rule] = {
    "out_trade_no": _number(required=True),
    "total_amount": _AMOUNT,
    "subject": _title(256),
    "body": _text(128),
    "product_code": _text(64),
    "timeout_express": _PERIOD_OR_DAY,
    "time_expire": Rule(is_sound=lambda text: read_time(text) is not None),
    "seller_id": Rule(is_sound=lambda text: _SELLER.fullmatch(text) is not None),
    "passback_params": _text(512),
    "goods_detail": _several(_object(_GOODS), most=_MOST_GOODS),
    "extend_params": _object(),
    "discountable_amount": _PART,
    "undiscountable_amount": _PART,
    "store_id": _text(32),
    "terminal_id": _text(32),
    "operator_id": _text(28),
    "merchant_order_no": _text(32),
    "query_options": _OPTIONS,
}
_CAPTURE: Mapping[str, Rule] = {
    **_ORDER,
    "product_code": _text(64, required=True),
    "auth_no": _text(64, required=True),
    "auth_confirm_mode": _choice("NOT_COMPLETE", "COMPLETE"),
    "buyer_id": _text(28),
    "buyer_open_id": _text(128),
}
_FREEZE: Mapping[str, Rule] = {
    "out_order_no": _number(required=True),
    "out_request_no": _number(required=True),
    "order_title": _title(100),
    "amount": _AMOUNT,
    "payee_user_id": _text(),
    "payee_logon_id": _text(),
    "timeout_express": _PERIOD,
    "pay_timeout": _PERIOD,
    "extra_param": _JSON,
    "enable_pay_channels": _text(),
    "disable_pay_channels": _text(),
}
_IN_PERSON_FREEZE = {**_FREEZE, "product_code": _choice("PRE_AUTH", required=True)}
_OPERATION = {
    "auth_no": _text(64),
    "out_order_no": _number(),
    "operation_id": _text(64),
    "out_request_no": _number(),
}


def _sale(method: str, **more: Rule) -> Mapping[str, Rule]:
    return {**_ORDER, "product_code": _choice(*PRODUCTS[method]), **more}


_FORMS: Mapping[str, Mapping[str, Rule]] = {
    "alipay.trade.precreate": _sale("alipay.trade.precreate", qr_code_timeout_express=_PERIOD_OR_DAY),
    "alipay.trade.pay": _sale("alipay.trade.pay", scene=_choice(*CODE_KINDS), auth_code=_text(required=True)),
    "alipay.trade.page.pay": _sale(
        "alipay.trade.page.pay",
        qr_pay_mode=_choice("0", "1", "2", "3", "4"),
        qrcode_width=_text(),
        integration_type=_choice("PCWEB", "ALIAPP"),
        request_from_url=_text(256),
        goods_type=_text(),
        invoice_info=_object(),
    ),
    "alipay.trade.wap.pay": _sale("alipay.trade.wap.pay", quit_url=_text(400, required=True), auth_token=_text()),
    "alipay.trade.app.pay": _sale("alipay.trade.app.pay"),
    "alipay.trade.query": {**_TRADE, "query_options": _OPTIONS},
    "alipay.trade.close": {**_TRADE, "operator_id": _text(28)},
    "alipay.trade.cancel": _TRADE,
    "alipay.trade.refund": {
        **_TRADE,
        "refund_amount": _AMOUNT,
        "out_request_no": _text(64),
        "refund_reason": _text(256),
        "refund_goods_detail": _OBJECTS,
        "refund_royalty_parameters": _OBJECTS,
        "query_options": _OPTIONS,
    },
    "alipay.trade.fastpay.refund.query": {
        **_TRADE,
        "out_request_no": _text(64, required=True),
        "query_options": _OPTIONS,
    },
    "alipay.fund.auth.order.app.freeze": {**_FREEZE, "product_code": _choice(*ONLINE_FREEZES, required=True)},
    "alipay.fund.auth.order.voucher.create": _IN_PERSON_FREEZE,
    "alipay.fund.auth.order.freeze": {
        **_IN_PERSON_FREEZE,
        "auth_code": _text(required=True),
        "auth_code_type": _choice(*CODE_KINDS),
    },
    "alipay.fund.auth.order.unfreeze": {
        "auth_no": _text(64, required=True),
        "out_request_no": _number(required=True),
        "amount": _AMOUNT,
        "remark": _text(100, required=True),
        "extra_param": _JSON,
    },
    "alipay.fund.auth.operation.cancel": {**_OPERATION, "remark": _text(100)},
    "alipay.fund.auth.operation.detail.query": {
        **_OPERATION,
        "operation_type": _choice("FREEZE", "UNFREEZE", "PAY"),
    },
}


def form_of(method: str, members: Mapping[str, Any]) -> Mapping[str, Rule]:
    """Return the rules of a request's fields; a payment from a freeze is told from a sale by the freeze's number."""
    if method == "alipay.trade.pay" and members.get("auth_no"):
        return _CAPTURE
    return _FORMS.get(method, {})
