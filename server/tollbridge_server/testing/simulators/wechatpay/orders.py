"""Decides and books orders that a payer pays later, inside one transaction of the book.

Refuses what WeChat Pay refuses: another content under a known number, an app that is not the merchant's, an order that
is open for too long, a close of what is paid.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from tollbridge_server.testing.simulators.wechatpay import times
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.documents import reply_about
from tollbridge_server.testing.simulators.wechatpay.payments import Payments
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.replies import (
    NO_CONTENT,
    Reply,
    document,
    error,
    invalid_request,
    no_such_order,
)
from tollbridge_server.testing.simulators.wechatpay.requests import (
    require_detail,
    require_merchant,
    require_notify_url,
    require_same,
    written,
)
from tollbridge_server.testing.simulators.wechatpay.rows import CLOSED, MICROPAY, NOTPAY, Transaction
from tollbridge_server.testing.simulators.wechatpay.rules import FOREIGN_OPENID_SUFFIX, Behavior, refusal_of
from tollbridge_server.testing.simulators.wechatpay.schema import param_error

PRODUCTS = {"native": "NATIVE", "jsapi": "JSAPI", "app": "APP", "h5": "MWEB"}
"""The trade_type by the last part of an order's path."""

_SECOND_US = 1_000_000
_PREPAID_LIFETIME_US = 2 * 3600 * _SECOND_US
_PAGE_LIFETIME_US = 300 * _SECOND_US
_DEFAULT_LIFETIME_US = 7 * 86400 * _SECOND_US
_SHORTEST_US = 60 * _SECOND_US


class Orders:
    """What the back office does with orders."""

    def __init__(self, ledger: Ledger, premises: Premises, payments: Payments) -> None:
        self._ledger = ledger
        self._premises = premises
        self._payments = payments

    def open(
        self, account: WechatPayAccount, product: str, content: Mapping[str, Any], behavior: Behavior | None
    ) -> Reply:
        """Open an order, or hand out a new code for one that is open with the same content."""
        require_merchant(account, content)
        require_notify_url(content["notify_url"])
        require_detail(content)
        openid = content["payer"]["openid"] if product == "jsapi" else ""
        if openid.endswith(FOREIGN_OPENID_SUFFIX):
            raise param_error("openid与appid不匹配", "/payer/openid", openid)
        refusal = refusal_of(behavior)
        if refusal is not None:
            raise refusal
        known = self._ledger.transaction(account.account_id, content["out_trade_no"])
        if known is not None:
            require_same(known, content, PRODUCTS[product])
        entry = known or self._new(account, content, PRODUCTS[product], behavior, openid)
        # A new code takes the place of the one before, which can not be paid any more.
        entry.prepay_id, entry.token = f"wx{secrets.randbelow(10**34):034d}", secrets.token_urlsafe(18)
        lifetime_us = _PAGE_LIFETIME_US if product == "h5" else _PREPAID_LIFETIME_US
        entry.token_expires_at_us = self._premises.now_us() + lifetime_us
        self._ledger.put(entry)
        # The real addresses are weixin://… and https://wx.tenpay.com/…; these ones open in any browser.
        match product:
            case "native":
                return document({"code_url": page_url(entry, self._premises.pages_url)})
            case "h5":
                return document({"h5_url": page_url(entry, self._premises.pages_url)})
            case _:
                return document({"prepay_id": entry.prepay_id})

    def query(self, account: WechatPayAccount, *, number: str = "", transaction_id: str = "", mchid: str) -> Reply:
        """Show an order under either number."""
        if mchid != account.mchid:
            raise param_error("商户号与签名不一致", "/mchid", mchid, "query")
        if transaction_id:
            entry = self._ledger.transaction_by_id(account.account_id, transaction_id)
        else:
            entry = self._ledger.transaction(account.account_id, number)
        if entry is None:
            raise no_such_order()
        return reply_about(entry, account.mchid)

    def close(
        self, account: WechatPayAccount, number: str, content: Mapping[str, Any], behavior: Behavior | None
    ) -> Reply:
        """Close an order that is not paid; closing it again changes nothing."""
        require_merchant(account, {"appid": account.app_ids[0], **content})
        entry = self._ledger.transaction(account.account_id, number)
        if entry is None:
            raise no_such_order()
        if entry.trade_type == MICROPAY:
            raise invalid_request("付款码支付订单不支持关单，请使用撤销", tail=268449641)
        if Behavior.PAID_AT_CLOSE in (entry.behavior, behavior) and entry.trade_state == NOTPAY:
            self._payments.settle(account, entry, is_paid=True)
        if entry.is_paid:
            # Answered and not raised: what has just been paid stays paid.
            return error(400, "ORDER_PAID", "订单已支付", tail=268449538)
        entry.trade_state, entry.settles_at_us = CLOSED, 0
        self._ledger.put(entry)
        return NO_CONTENT

    def _new(
        self,
        account: WechatPayAccount,
        content: Mapping[str, Any],
        trade_type: str,
        behavior: Behavior | None,
        openid: str,
    ) -> Transaction:
        now_us, practice = self._premises.now_us(), self._premises.practice
        entry = new_transaction(account, content, trade_type, behavior, now_us=now_us)
        entry.openid, entry.notify_url = openid, content["notify_url"]
        if "time_expire" in content:
            wanted_us = times.read(content["time_expire"])
            if wanted_us > now_us + practice.longest_order_s * _SECOND_US:
                raise param_error("映射到时间字段“交易结束时间”规则校验失败，超出最长有效期", "/time_expire", "")
            entry.time_expire_us = max(wanted_us, now_us + _SHORTEST_US)
        entry.settles_at_us = max(now_us + int(practice.closes_after_s * _SECOND_US), entry.time_expire_us)
        return entry


def new_transaction(
    account: WechatPayAccount,
    content: Mapping[str, Any],
    trade_type: str,
    behavior: Behavior | None,
    *,
    now_us: int,
) -> Transaction:
    """Return an order that nobody has paid, as it was asked for."""
    return Transaction(
        account=account.account_id,
        out_trade_no=content["out_trade_no"],
        appid=content["appid"],
        transaction_id="",
        trade_type=trade_type,
        trade_state=NOTPAY,
        description=content["description"],
        attach=content.get("attach", ""),
        notify_url="",
        total=content["amount"]["total"],
        payer_total=0,
        taken=0,
        openid="",
        bank_type="",
        request=written(content),
        prepay_id="",
        token="",
        token_expires_at_us=0,
        time_expire_us=now_us + _DEFAULT_LIFETIME_US,
        settles_at_us=0,
        created_at_us=now_us,
        paid_at_us=0,
        behavior=behavior.value if behavior else "",
    )


def page_url(entry: Transaction, pages_url: str) -> str:
    """Return where the payer's page of an order is; empty when it has none."""
    if not entry.token:
        return ""
    match entry.trade_type:
        case "NATIVE":
            return f"{pages_url}/qr/{entry.token}"
        case "MWEB":
            return f"{pages_url}/h5/{entry.token}?prepay_id={entry.prepay_id}"
        case "MICROPAY":
            return f"{pages_url}/code/{entry.token}"
        case _:
            return f"{pages_url}/pay/prepay/{entry.prepay_id}"
