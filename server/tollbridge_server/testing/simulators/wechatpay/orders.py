"""Decides and books orders and payments by a scanned code, inside one transaction of the book.

Refuses what WeChat Pay refuses: another content under a known number, an app that is not the merchant's, a code that
paid something else, a close of what is paid.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from tollbridge_server.testing.simulators.wechatpay import forms, times
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.documents import reply_about, transaction_notice
from tollbridge_server.testing.simulators.wechatpay.replies import (
    NO_CONTENT,
    Refused,
    Reply,
    document,
    error,
    invalid_request,
    no_such_order,
)
from tollbridge_server.testing.simulators.wechatpay.rows import (
    CLOSED,
    MICROPAY,
    NOTPAY,
    PAYERROR,
    REVOKED,
    SUCCESS,
    USERPAYING,
    Transaction,
)
from tollbridge_server.testing.simulators.wechatpay.rules import (
    COUPON_TENTHS,
    FOREIGN_OPENID_SUFFIX,
    REVERSE_AFTER_S,
    USERPAYING_S,
    Behavior,
    behavior_of,
    behavior_of_code,
    refusal_of,
)
from tollbridge_server.testing.simulators.wechatpay.schema import check, param_error

PRODUCTS = {"native": "NATIVE", "jsapi": "JSAPI", "app": "APP", "h5": "MWEB"}
"""The trade_type by the last part of an order's path."""

_SECOND_US = 1_000_000
_PREPAID_LIFETIME_US = 2 * 3600 * _SECOND_US
_PAGE_LIFETIME_US = 300 * _SECOND_US
_DEFAULT_LIFETIME_US = 7 * 86400 * _SECOND_US
_SHORTEST_US = 60 * _SECOND_US
_REVERSE_WINDOW_US = 7 * 86400 * _SECOND_US
_PAYER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
_TYPING = frozenset(
    {
        Behavior.USERPAYING,
        Behavior.USERPAYING_FAILURE,
        Behavior.USERPAYING_202,
        Behavior.USERPAYING_202_FAILURE,
        Behavior.USERPAYING_FOREVER,
    }
)
_TYPING_FAILS = frozenset({Behavior.USERPAYING_FAILURE, Behavior.USERPAYING_202_FAILURE})
_TYPING_202 = frozenset({Behavior.USERPAYING_202, Behavior.USERPAYING_202_FAILURE})


class Orders:
    """What the back office does with orders; `now_us` is its only clock."""

    def __init__(self, ledger: Ledger, now_us: Callable[[], int], pages_url: Callable[[], str]) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._pages_url = pages_url

    def open(self, account: WechatPayAccount, product: str, content: Mapping[str, Any]) -> Reply:
        """Open an order, or hand out a new code for one that is open with the same content."""
        check(content, forms.ORDER_FORMS[product])
        _require_merchant(account, content)
        _require_notify_url(content["notify_url"])
        openid = content.get("payer", {}).get("openid", "")
        if openid.endswith(FOREIGN_OPENID_SUFFIX):
            raise param_error("openid与appid不匹配", "/payer/openid", openid)
        behavior = behavior_of(content["amount"]["total"])
        refusal = refusal_of(behavior)
        if refusal is not None:
            raise refusal
        known = self._ledger.transaction(account.account_id, content["out_trade_no"])
        entry = known or self._new(account, content, PRODUCTS[product], behavior)
        if known is not None:
            _require_same(known, content)
        now_us = self._now_us()
        # A new code takes the place of the one before, which can not be paid any more.
        entry.prepay_id, entry.token = f"wx{secrets.randbelow(10**34):034d}", secrets.token_urlsafe(18)
        entry.token_expires_at_us = now_us + (_PAGE_LIFETIME_US if product == "h5" else _PREPAID_LIFETIME_US)
        self._ledger.put(entry)
        # The real addresses are weixin://… and https://wx.tenpay.com/…; these ones open in any browser.
        match product:
            case "native":
                return document({"code_url": f"{self._pages_url()}/qr/{entry.token}"})
            case "h5":
                return document({"h5_url": f"{self._pages_url()}/h5/{entry.token}?prepay_id={entry.prepay_id}"})
            case _:
                return document({"prepay_id": entry.prepay_id})

    def pay(self, account: WechatPayAccount, content: Mapping[str, Any]) -> Reply:
        """Charge a code that the payer showed."""
        check(content, forms.CODEPAY_FORM)
        _require_merchant(account, content)
        code = content["payer"]["auth_code"]
        behavior = behavior_of_code(code) or behavior_of(content["amount"]["total"])
        known = self._ledger.transaction(account.account_id, content["out_trade_no"])
        if known is not None:
            _require_same(known, content)
            return self._charged(known, account)
        refusal = refusal_of(behavior)
        if refusal is not None:
            raise refusal
        if not self._ledger.use_code(code, account.account_id, content["out_trade_no"]):
            raise invalid_request("每个二维码仅限使用一次，请刷新再试", tail=268435464)
        entry = self._new(account, content, MICROPAY, behavior)
        if behavior in _TYPING:
            entry.trade_state = USERPAYING
            if behavior is not Behavior.USERPAYING_FOREVER:
                entry.settles_at_us = self._now_us() + int(USERPAYING_S * _SECOND_US)
        else:
            self._pay(entry)
        self._ledger.put(entry)
        return self._charged(entry, account)

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

    def close(self, account: WechatPayAccount, number: str, content: Mapping[str, Any]) -> Reply:
        check(content, forms.CLOSE_FORM)
        _require_merchant(account, {"appid": account.app_ids[0], **content})
        entry = self._known(account, number)
        if entry.trade_type == MICROPAY:
            raise invalid_request("付款码支付订单不支持关单，请使用撤销", tail=268449641)
        if entry.behavior == Behavior.PAID_AT_CLOSE and entry.trade_state == NOTPAY:
            self.settle(account, entry, is_paid=True)
        if entry.is_paid:
            # Answered and not raised: what has just been paid stays paid.
            return error(400, "ORDER_PAID", "订单已支付", tail=268449538)
        entry.trade_state = CLOSED
        self._ledger.put(entry)
        return NO_CONTENT

    def reverse(self, account: WechatPayAccount, number: str, content: Mapping[str, Any]) -> Reply:
        """End a payment by a scanned code; what was paid goes back."""
        check(content, forms.REVERSE_FORM)
        _require_merchant(account, content)
        entry = self._known(account, number)
        if entry.trade_type != MICROPAY:
            raise invalid_request("该订单不是付款码支付订单")
        age_us = self._now_us() - entry.created_at_us
        if entry.trade_state != REVOKED and age_us < REVERSE_AFTER_S * _SECOND_US:
            raise Refused(403, "RULE_LIMIT", "支付15秒后才可撤销", tail=268435461)
        if age_us > _REVERSE_WINDOW_US:
            raise invalid_request("订单超过7天，不可撤销，请使用退款")
        if entry.taken:
            raise invalid_request("订单已退款，不可撤销")
        entry.trade_state, entry.settles_at_us = REVOKED, 0
        self._ledger.put(entry)
        return document({"appid": content["appid"], "mchid": account.mchid, "out_trade_no": number})

    # The payer's part.

    def settle(self, account: WechatPayAccount, entry: Transaction, *, is_paid: bool) -> None:
        """Let the payer pay, or give up, if the order still waits and its time is not over."""
        is_late = 0 < entry.time_expire_us <= self._now_us()
        if entry.trade_state not in (NOTPAY, USERPAYING) or (is_paid and is_late):
            return
        if is_paid:
            self._pay(entry)
        elif entry.trade_type == MICROPAY:
            entry.trade_state, entry.settles_at_us = PAYERROR, 0
        self._ledger.put(entry)
        if is_paid and entry.notify_url:
            self._notify(account, entry)

    def settle_due(self, accounts: Mapping[str, WechatPayAccount]) -> None:
        """Conclude the payments whose payer has typed the password by now."""
        for entry in self._ledger.settling(self._now_us()):
            account = accounts[entry.account]
            self.settle(account, entry, is_paid=Behavior(entry.behavior) not in _TYPING_FAILS)

    def may_be_paid(self, entry: Transaction) -> bool:
        """Whether the code or page that was handed out still leads to a payment."""
        return entry.trade_state in (NOTPAY, USERPAYING) and self._now_us() < entry.token_expires_at_us

    def _pay(self, entry: Transaction) -> None:
        is_coupon = entry.behavior == Behavior.COUPON
        entry.payer_total = entry.total - (entry.total * COUPON_TENTHS // 10 if is_coupon else 0)
        entry.trade_state, entry.settles_at_us, entry.paid_at_us = SUCCESS, 0, self._now_us()
        entry.transaction_id = f"42000{secrets.randbelow(10**23):023d}"
        entry.bank_type, entry.openid = "OTHERS", entry.openid or _PAYER

    def _notify(self, account: WechatPayAccount, entry: Transaction) -> None:
        copies = 3 if entry.behavior == Behavior.DUPLICATE_NOTIFICATIONS else 1
        event_id, body = transaction_notice(entry, account.mchid, now_us=self._now_us())
        for _ in range(copies):
            self._ledger.outbox.post(event_id, account.account_id, body, due_at_us=self._now_us(), url=entry.notify_url)

    def _charged(self, entry: Transaction, account: WechatPayAccount) -> Reply:
        if entry.trade_state == USERPAYING and Behavior(entry.behavior) in _TYPING_202:
            return error(202, "USERPAYING", "需要用户输入支付密码")
        return reply_about(entry, account.mchid)

    def _known(self, account: WechatPayAccount, number: str) -> Transaction:
        entry = self._ledger.transaction(account.account_id, number)
        if entry is None:
            raise no_such_order()
        return entry

    def _new(
        self, account: WechatPayAccount, content: Mapping[str, Any], trade_type: str, behavior: Behavior | None
    ) -> Transaction:
        now_us = self._now_us()
        wanted_us = times.read(content["time_expire"]) if content.get("time_expire") else now_us + _DEFAULT_LIFETIME_US
        return Transaction(
            account=account.account_id,
            out_trade_no=content["out_trade_no"],
            appid=content["appid"],
            transaction_id="",
            trade_type=trade_type,
            trade_state=NOTPAY,
            description=content["description"],
            attach=content.get("attach", ""),
            notify_url=content.get("notify_url", ""),
            total=content["amount"]["total"],
            payer_total=0,
            taken=0,
            openid=content.get("payer", {}).get("openid", ""),
            bank_type="",
            request=_written(content),
            prepay_id="",
            token="",
            token_expires_at_us=0,
            time_expire_us=max(wanted_us, now_us + _SHORTEST_US),
            settles_at_us=0,
            created_at_us=now_us,
            paid_at_us=0,
            behavior=behavior.value if behavior else "",
        )


def _require_merchant(account: WechatPayAccount, content: Mapping[str, Any]) -> None:
    if content["mchid"] != account.mchid:
        raise param_error("商户号与签名不一致", "/mchid", content["mchid"])
    if content["appid"] not in account.app_ids:
        raise Refused(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配", tail=268435457)


def _require_notify_url(url: str) -> None:
    parts = urlsplit(url)
    is_here = parts.hostname in ("127.0.0.1", "localhost")  # The real one takes https and public hosts only.
    if (parts.scheme != "https" and not is_here) or parts.query or not parts.hostname:
        raise param_error("通知地址不合法", "/notify_url", url)


def _require_same(known: Transaction, content: Mapping[str, Any]) -> None:
    if known.trade_type != MICROPAY and known.is_paid:
        raise Refused(403, "OUT_TRADE_NO_USED", "商户订单号重复", tail=268449538)
    if known.trade_state in (CLOSED, REVOKED):
        raise Refused(400, "ORDER_CLOSED", "订单已关闭", tail=268435702)
    if known.request != _written(content):
        raise Refused(403, "OUT_TRADE_NO_USED", "请求重入时，参数与首次请求时不一致", tail=268498688)


def _written(content: Mapping[str, Any]) -> str:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
