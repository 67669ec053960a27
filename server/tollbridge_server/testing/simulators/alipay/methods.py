"""The gateway's methods that the Alipay simulator knows, by who sends them and what they do."""

from __future__ import annotations

CERTIFICATE_DOWNLOAD = "alipay.open.app.alipaycert.download"
BROWSER_METHODS = frozenset({"alipay.trade.page.pay", "alipay.trade.wap.pay"})
APP_METHODS = frozenset({"alipay.trade.app.pay", "alipay.fund.auth.order.app.freeze"})
QUESTIONS = frozenset(
    {
        "alipay.trade.query",
        "alipay.trade.fastpay.refund.query",
        "alipay.fund.auth.operation.detail.query",
        "alipay.data.dataservice.bill.downloadurl.query",
    }
)
METHODS = frozenset(
    {
        "alipay.trade.precreate",
        "alipay.trade.pay",
        "alipay.trade.close",
        "alipay.trade.cancel",
        "alipay.trade.refund",
        "alipay.fund.auth.order.freeze",
        "alipay.fund.auth.order.voucher.create",
        "alipay.fund.auth.order.unfreeze",
        "alipay.fund.auth.operation.cancel",
        CERTIFICATE_DOWNLOAD,
        *QUESTIONS,
        *BROWSER_METHODS,
        *APP_METHODS,
    }
)


def response_name(method: str) -> str:
    """Return the name of the node that answers a method."""
    return f"{method.replace('.', '_')}_response" if method in METHODS else "error_response"
