"""Decides and books refunds, which are accepted first and concluded later, inside one transaction of the book.

Refuses what WeChat Pay refuses: more than is left, a wrong total, more than fifty, and a year after the payment.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tollbridge_server.testing.simulators.wechatpay import forms
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.documents import refund_document, refund_notice
from tollbridge_server.testing.simulators.wechatpay.replies import Refused, Reply, document, invalid_request
from tollbridge_server.testing.simulators.wechatpay.rows import (
    ABNORMAL,
    CLOSED,
    PROCESSING,
    REFUND,
    SUCCESS,
    Refund,
    Transaction,
)
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior, behavior_of
from tollbridge_server.testing.simulators.wechatpay.schema import check, param_error

MAX_REFUNDS = 50
_WINDOW_US = 365 * 86_400_000_000
_FATES = {Behavior.PENDING_FAILURE: ABNORMAL, Behavior.REFUND_CLOSED: CLOSED}


class Refunds:
    """What the back office does with refunds; `now_us` is its only clock."""

    def __init__(self, ledger: Ledger, now_us: Callable[[], int], *, settles_s: float) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._settles_us = int(settles_s * 1_000_000)

    def refund(self, account: WechatPayAccount, content: Mapping[str, Any]) -> Reply:
        """Accept a refund; the same number with the same content is the same refund."""
        check(content, forms.REFUND_FORM)
        number, written = content["out_refund_no"], orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
        known = self._ledger.refund(account.account_id, number)
        if known is not None:
            if known.request != written:
                raise invalid_request("退款单号已存在，但参数与首次请求不一致", tail=268435480)
            return document(refund_document(known))
        transaction = self._transaction(account, content)
        amount, behavior = content["amount"]["refund"], behavior_of(content["amount"]["refund"])
        if behavior is Behavior.DECLINED:
            raise Refused(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起", tail=268435481)
        if behavior is Behavior.RULE_LIMIT:
            raise Refused(403, "REQUEST_BLOCKED", "请求被拦截", tail=268435482)
        self._require_refundable(account, transaction, content["amount"]["total"], amount)
        entry = self._new(account, transaction, content, behavior)
        entry.request = written
        transaction.taken += amount
        transaction.trade_state = REFUND
        self._ledger.put(transaction)
        self._ledger.put_refund(entry)
        return document(refund_document(entry))

    def query(self, account: WechatPayAccount, number: str) -> Reply:
        entry = self._ledger.refund(account.account_id, number)
        if entry is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在", tail=268435483)
        return document(refund_document(entry))

    def settle_due(self, accounts: Mapping[str, WechatPayAccount]) -> None:
        """Conclude the refunds whose time has come, and notify."""
        for entry in self._ledger.settling_refunds(self._now_us()):
            entry.status, entry.settles_at_us = entry.fate, 0
            if entry.status == SUCCESS:
                entry.success_at_us = self._now_us()
            if entry.status == CLOSED:  # The money is the merchant's again.
                transaction = self._ledger.transaction(entry.account, entry.out_trade_no)
                if transaction is not None:
                    transaction.taken -= entry.refund
                    self._ledger.put(transaction)
            self._ledger.put_refund(entry)
            if entry.notify_url:
                account = accounts[entry.account]
                event_id, body = refund_notice(entry, account.mchid, now_us=self._now_us())
                self._ledger.outbox.post(event_id, entry.account, body, due_at_us=self._now_us(), url=entry.notify_url)

    def _transaction(self, account: WechatPayAccount, content: Mapping[str, Any]) -> Transaction:
        number, transaction_id = content.get("out_trade_no", ""), content.get("transaction_id", "")
        if not number and not transaction_id:
            raise param_error("商户订单号与微信支付订单号二选一", "/out_trade_no", "")
        entry = (
            self._ledger.transaction_by_id(account.account_id, transaction_id)
            if transaction_id
            else self._ledger.transaction(account.account_id, number)
        )
        if entry is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "订单不存在", tail=268435701)
        return entry

    def _require_refundable(self, account: WechatPayAccount, transaction: Transaction, total: int, amount: int) -> None:
        if not transaction.is_paid:
            raise invalid_request("订单未支付", tail=268435484)
        if total != transaction.total:
            raise invalid_request("订单金额不一致", tail=268435485)
        if transaction.taken + amount > transaction.total:
            raise invalid_request("退款金额大于可退金额", tail=268435486)
        if self._now_us() - transaction.paid_at_us > _WINDOW_US:
            raise invalid_request("订单已超过一年，不可退款", tail=268435487)
        if len(self._ledger.refunds_of(account.account_id, transaction.out_trade_no)) >= MAX_REFUNDS:
            raise invalid_request("部分退款次数超过50次", tail=268435488)

    def _new(
        self,
        account: WechatPayAccount,
        transaction: Transaction,
        content: Mapping[str, Any],
        behavior: Behavior | None,
    ) -> Refund:
        amount = content["amount"]["refund"]
        return Refund(
            account=account.account_id,
            out_refund_no=content["out_refund_no"],
            refund_id=f"50{secrets.randbelow(10**27):027d}",
            out_trade_no=transaction.out_trade_no,
            transaction_id=transaction.transaction_id,
            total=transaction.total,
            refund=amount,
            payer_total=transaction.payer_total,
            payer_refund=(2 * amount * transaction.payer_total + transaction.total) // (2 * transaction.total),
            status=PROCESSING,
            fate=_FATES.get(behavior, SUCCESS) if behavior else SUCCESS,
            notify_url=content.get("notify_url", ""),
            funds_account=content.get("funds_account", "AVAILABLE"),
            request="",
            settles_at_us=self._now_us() + self._settles_us,
            created_at_us=self._now_us(),
            success_at_us=0,
            behavior=behavior.value if behavior else "",
        )
