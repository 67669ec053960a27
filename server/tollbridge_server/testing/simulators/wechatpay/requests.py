"""Reads what a merchant sent, and checks what orders and refunds have in common.

Refuses what is no JSON object, a merchant or an app that is not the signer's, and an address that can not be notified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.replies import Refused
from tollbridge_server.testing.simulators.wechatpay.rows import CLOSED, MICROPAY, REVOKED, Transaction
from tollbridge_server.testing.simulators.wechatpay.schema import param_error

_HERE = ("127.0.0.1", "localhost")
_MOST_DETAIL_BYTES = 6144


def read_object(body: bytes) -> Mapping[str, Any]:
    """Return the object in a body, without members that are null, which say as much as none. Raises Refused."""
    try:
        content = orjson.loads(body)
        orjson.dumps(content)  # What is nested too deeply to be written again is not kept either.
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        raise param_error("不是合法的JSON", "", "") from None
    if not isinstance(content, dict):
        raise param_error("不是JSON对象", "", "")
    return {name: _without_nulls(value) for name, value in content.items() if value is not None}


def written(content: Mapping[str, Any]) -> str:
    """Return a request as it is kept, to compare a repetition with."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def require_merchant(account: WechatPayAccount, content: Mapping[str, Any]) -> None:
    """Refuse another merchant than the signer, and an app that is none of the merchant's."""
    if content["mchid"] != account.mchid:
        raise param_error("商户号与签名不一致", "/mchid", content["mchid"])
    if content["appid"] not in account.app_ids:
        raise Refused(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配", tail=268435457)


def require_notify_url(url: str) -> None:
    """Refuse an address that WeChat Pay does not notify."""
    try:
        parts = urlsplit(url)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        raise param_error("通知地址不合法", "/notify_url", url) from None
    is_here = parts.hostname in _HERE  # The real one takes https and public hosts only.
    is_web = parts.scheme == "https" or (parts.scheme == "http" and is_here)
    if not is_web or parts.query or not parts.hostname or not is_port:
        raise param_error("通知地址不合法", "/notify_url", url)


def require_detail(content: Mapping[str, Any]) -> None:
    """Refuse goods that take more room than WeChat Pay gives them."""
    if len(orjson.dumps(content.get("detail"))) > _MOST_DETAIL_BYTES:
        raise param_error(f"映射到字段“优惠功能”规则校验失败，字节数大于最大值 {_MOST_DETAIL_BYTES}", "/detail", "")


def require_same(known: Transaction, content: Mapping[str, Any], trade_type: str) -> None:
    """Refuse a known number with another content or product, or of an order that is over."""
    if known.trade_type != MICROPAY and known.is_paid:
        raise Refused(403, "OUT_TRADE_NO_USED", "商户订单号重复", tail=268449538)
    if known.trade_state in (CLOSED, REVOKED):
        raise Refused(400, "ORDER_CLOSED", "订单已关闭", tail=268435702)
    if known.request != written(content) or known.trade_type != trade_type:
        raise Refused(403, "OUT_TRADE_NO_USED", "请求重入时，参数与首次请求时不一致", tail=268498688)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
