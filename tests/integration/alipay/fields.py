"""The fields of every method's request: as long as they may be, and what is wrong with each. It refuses nothing.

A value of None stands for a field that is not sent.
"""

from __future__ import annotations

from typing import Any

from tests.conformance.alipay import SELLER_ID
from tests.integration.alipay.orders import code, frozen, refund, scanned, shown

SCAN, SHOW = "alipay.trade.pay", "alipay.trade.precreate"
PAGE, WAP, APP = "alipay.trade.page.pay", "alipay.trade.wap.pay", "alipay.trade.app.pay"
QUERY, CLOSE, CANCEL = "alipay.trade.query", "alipay.trade.close", "alipay.trade.cancel"
REFUND, REFUND_QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
FREEZE, VOUCHER = "alipay.fund.auth.order.freeze", "alipay.fund.auth.order.voucher.create"
APP_FREEZE, UNFREEZE = "alipay.fund.auth.order.app.freeze", "alipay.fund.auth.order.unfreeze"
FREEZE_CANCEL, FREEZE_QUERY = "alipay.fund.auth.operation.cancel", "alipay.fund.auth.operation.detail.query"

GOODS = {"goods_id": "g1", "goods_name": "Tea", "quantity": 2, "price": "5.00"}
ORDER: dict[str, Any] = {
    "subject": "s" * 256,
    "body": "b" * 128,
    "timeout_express": "15d",
    "seller_id": SELLER_ID,
    "passback_params": "p" * 512,
    "goods_detail": [GOODS] * 150,
    "extend_params": {"sys_service_provider_id": SELLER_ID},
    "discountable_amount": "8.00",
    "undiscountable_amount": "2.00",
    "store_id": "s" * 32,
    "terminal_id": "t" * 32,
    "operator_id": "o" * 28,
    "merchant_order_no": "m" * 32,
    "query_options": ["fund_bill_list"],
}
HELD: dict[str, Any] = {
    "order_title": "t" * 100,
    "payee_user_id": SELLER_ID,
    "payee_logon_id": "shop@example.com",
    "timeout_express": "15d",
    "pay_timeout": "360h",
    "extra_param": '{"category":"HOTEL"}',
    "enable_pay_channels": "[]",
    "disable_pay_channels": "[]",
}
OPERATION = {"out_order_no": "F1", "out_request_no": "F1"}
TRADE: dict[str, Any] = {"out_trade_no": "T1", "trade_no": "n" * 64}


def full(method: str) -> dict[str, Any]:
    """Return the content of a request with all its fields, as long as they may be."""
    contents: dict[str, dict[str, Any]] = {
        SHOW: shown("t" * 64, **ORDER, qr_code_timeout_express="21600m"),
        SCAN: scanned("t" * 64, **ORDER),
        PAGE: shown(
            product="FAST_INSTANT_TRADE_PAY",
            **ORDER,
            qr_pay_mode=4,
            qrcode_width="200",
            integration_type="ALIAPP",
            request_from_url="u" * 256,
            goods_type="1",
            invoice_info={},
        ),
        WAP: shown(product="QUICK_WAP_WAY", **ORDER, quit_url="q" * 400, auth_token="a"),
        APP: shown(product="QUICK_MSECURITY_PAY", **ORDER),
        QUERY: {**TRADE, "query_options": []},
        CLOSE: {**TRADE, "operator_id": "o" * 28},
        CANCEL: TRADE,
        REFUND: {
            **refund("r" * 63 + "-"),
            "refund_reason": "r" * 256,
            "refund_goods_detail": [{}],
            "refund_royalty_parameters": [{}],
            "query_options": ["deposit_back_info"],
        },
        REFUND_QUERY: {**TRADE, "out_request_no": "r" * 63 + "-", "query_options": []},
        FREEZE: frozen(**HELD, auth_code=code(), auth_code_type="bar_code"),
        VOUCHER: frozen(**HELD),
        APP_FREEZE: frozen(product="PREAUTH_PAY", **HELD),
        UNFREEZE: {
            "auth_no": "a" * 64,
            "out_request_no": "u" * 64,
            "amount": "1.00",
            "remark": "r" * 100,
            "extra_param": "{}",
        },
        FREEZE_CANCEL: {**OPERATION, "auth_no": "a" * 64, "operation_id": "i" * 64, "remark": "r" * 100},
        FREEZE_QUERY: {**OPERATION, "auth_no": "a" * 64, "operation_id": "i" * 64, "operation_type": "UNFREEZE"},
    }
    return contents[method]


TAKEN = {
    SHOW: "10000",
    SCAN: "10000",
    PAGE: "page",
    WAP: "page",
    APP: "WAIT_BUYER_PAY",
    QUERY: "ACQ.TRADE_NOT_EXIST",
    CLOSE: "ACQ.TRADE_NOT_EXIST",
    CANCEL: "10000",
    REFUND: "ACQ.TRADE_NOT_EXIST",
    REFUND_QUERY: "ACQ.TRADE_NOT_EXIST",
    FREEZE: "10000",
    VOUCHER: "10000",
    APP_FREEZE: "INIT",
    UNFREEZE: "AUTH_ORDER_NOT_EXIST",
    FREEZE_CANCEL: "AUTH_ORDER_NOT_EXIST",
    FREEZE_QUERY: "AUTH_ORDER_NOT_EXIST",
}
"""What follows when nothing is wrong with any field."""

OF_ORDERS: list[tuple[str, Any]] = [
    ("out_trade_no", None),
    ("out_trade_no", "t" * 65),
    ("out_trade_no", "T-1"),
    ("total_amount", None),
    ("total_amount", "0.00"),
    ("total_amount", "100000000.01"),
    ("total_amount", "1.001"),
    ("subject", None),
    ("subject", "s" * 257),
    ("subject", "a/b"),
    ("body", "b" * 129),
    ("body", ["b"]),
    ("product_code", "SOMETHING_ELSE"),
    ("timeout_express", "0m"),
    ("timeout_express", "1.5h"),
    ("timeout_express", "16d"),
    ("timeout_express", "361h"),
    ("timeout_express", "21601m"),
    ("timeout_express", "99999d"),
    ("timeout_express", "2c"),
    ("timeout_express", "000001m"),
    ("time_expire", "tomorrow"),
    ("time_expire", "2099-01-01"),
    ("seller_id", "2088" + "1" * 11),
    ("seller_id", "1" * 16),
    ("passback_params", "p" * 513),
    ("goods_detail", {}),
    ("goods_detail", ["tea"]),
    ("extend_params", "text"),
    ("extend_params", []),
    ("discountable_amount", "8.001"),
    ("discountable_amount", "100000000.01"),
    ("undiscountable_amount", "-1"),
    ("store_id", "s" * 33),
    ("terminal_id", "t" * 33),
    ("operator_id", "o" * 29),
    ("merchant_order_no", "m" * 33),
    ("query_options", "fund_bill_list"),
    ("query_options", [{}]),
]
OF_FREEZES: list[tuple[str, Any]] = [
    ("out_order_no", None),
    ("out_order_no", "f" * 65),
    ("out_order_no", "F-1"),
    ("out_request_no", None),
    ("out_request_no", "f" * 65),
    ("out_request_no", "F-1"),
    ("order_title", None),
    ("order_title", "t" * 101),
    ("order_title", "a=b"),
    ("amount", None),
    ("amount", "0"),
    ("product_code", None),
    ("payee_user_id", []),
    ("payee_logon_id", ["shop@example.com"]),
    ("timeout_express", "16d"),
    ("timeout_express", "1c"),
    ("pay_timeout", "16d"),
    ("extra_param", "HOTEL"),
    ("extra_param", "[]"),
    ("enable_pay_channels", []),
    ("disable_pay_channels", []),
]
OF_TRADES = [("out_trade_no", "T-1"), ("trade_no", "n" * 65)]
OF_OPERATIONS = [
    ("auth_no", "a" * 65),
    ("out_order_no", "F-1"),
    ("operation_id", "i" * 65),
    ("out_request_no", "f" * 65),
    ("out_request_no", "F-1"),
]
WRONG: list[tuple[str, str, Any]] = [
    *((SHOW, name, value) for name, value in OF_ORDERS),
    (SHOW, "qr_code_timeout_express", "junk"),
    (SHOW, "qr_code_timeout_express", "16d"),
    (SCAN, "body", "b" * 129),
    (SCAN, "scene", "wave_code"),
    (SCAN, "auth_code", None),
    (PAGE, "body", "b" * 129),
    (PAGE, "qr_pay_mode", "5"),
    (PAGE, "qrcode_width", []),
    (PAGE, "integration_type", "TELEGRAPH"),
    (PAGE, "request_from_url", "u" * 257),
    (PAGE, "goods_type", []),
    (PAGE, "invoice_info", "text"),
    (WAP, "body", "b" * 129),
    (WAP, "quit_url", None),
    (WAP, "quit_url", "q" * 401),
    (WAP, "auth_token", []),
    (APP, "body", "b" * 129),
    *((method, name, value) for method in (QUERY, CLOSE, CANCEL, REFUND, REFUND_QUERY) for name, value in OF_TRADES),
    (QUERY, "query_options", "all"),
    (CLOSE, "operator_id", "o" * 29),
    (REFUND, "refund_amount", None),
    (REFUND, "refund_amount", "0.001"),
    (REFUND, "out_request_no", "r" * 65),
    (REFUND, "refund_reason", "r" * 257),
    (REFUND, "refund_goods_detail", {}),
    (REFUND, "refund_royalty_parameters", ["x"]),
    (REFUND, "query_options", "all"),
    (REFUND_QUERY, "out_request_no", None),
    (REFUND_QUERY, "out_request_no", "r" * 65),
    (REFUND_QUERY, "query_options", "all"),
    *((VOUCHER, name, value) for name, value in OF_FREEZES),
    (FREEZE, "order_title", "t" * 101),
    (FREEZE, "auth_code", None),
    (FREEZE, "auth_code_type", "wave_code"),
    (APP_FREEZE, "order_title", "t" * 101),
    (APP_FREEZE, "product_code", "PRE_AUTH"),
    (UNFREEZE, "auth_no", None),
    (UNFREEZE, "auth_no", "a" * 65),
    (UNFREEZE, "out_request_no", None),
    (UNFREEZE, "out_request_no", "U-1"),
    (UNFREEZE, "amount", None),
    (UNFREEZE, "amount", "0.00"),
    (UNFREEZE, "remark", None),
    (UNFREEZE, "remark", "r" * 101),
    (UNFREEZE, "extra_param", "text"),
    *((method, name, value) for method in (FREEZE_CANCEL, FREEZE_QUERY) for name, value in OF_OPERATIONS),
    (FREEZE_CANCEL, "remark", "r" * 101),
    (FREEZE_QUERY, "operation_type", "MELT"),
]
"""A method, one of its fields, and a value that Alipay refuses there."""
