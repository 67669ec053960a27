"""Orders for the Alipay simulator: what a merchant sends for each product. It refuses nothing."""

from __future__ import annotations

import itertools
from typing import Any

_codes = itertools.count(1)


def code(last_digits: str = "0000") -> str:
    """Return a payment code that was never shown before; its last digits decide."""
    return f"28{next(_codes):012d}{last_digits}"


def face_token(last_digits: str = "0000") -> str:
    """Return what a payer's face stands for that was never shown before; its last digits decide."""
    return f"fp{next(_codes):029d}{last_digits}"


def scanned(number: str = "T1", last_digits: str = "0000", **more: Any) -> dict[str, Any]:
    """Return the content of a sale by the payer's code."""
    shown = {"scene": "bar_code", "auth_code": code(last_digits), "product_code": "FACE_TO_FACE_PAYMENT"}
    return {"out_trade_no": number, "total_amount": "10.00", "subject": "Tea", **shown, **more}


def shown(number: str = "T1", product: str = "QR_CODE_OFFLINE", **more: Any) -> dict[str, Any]:
    """Return the content of a sale that the payer opens."""
    return {"out_trade_no": number, "total_amount": "10.00", "subject": "Tea", "product_code": product, **more}


def frozen(number: str = "F1", product: str = "PRE_AUTH", **more: Any) -> dict[str, Any]:
    """Return the content of a freeze, without what a code adds."""
    named = {"out_order_no": number, "out_request_no": number, "order_title": "Room"}
    return {**named, "amount": "10.00", "product_code": product, **more}


def refund(request: str = "R1", amount: str = "10.00", number: str = "T1") -> dict[str, Any]:
    """Return the content of a refund."""
    return {"out_trade_no": number, "out_request_no": request, "refund_amount": amount}
