"""Decides and books refunds, which are accepted first and concluded later, inside one transaction of the book.

Refuses what WeChat Pay refuses: more than is left, a wrong total, more than fifty, one too soon after another, and one
a year after the payment.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.documents import refund_document, refund_notice
from tollbridge_server.testing.simulators.wechatpay.payments import due_us
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.replies import Refused, Reply, document, invalid_request
from tollbridge_server.testing.simulators.wechatpay.requests import require_notify_url, written
from tollbridge_server.testing.simulators.wechatpay.rows import (
    ABNORMAL,
    CLOSED,
    ORIGINAL,
    PROCESSING,
    REFUND,
    SUCCESS,
    Refund,
    Transaction,
)
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior, refusal_of_refund
from tollbridge_server.testing.simulators.wechatpay.schema import param_error

MAX_REFUNDS = 50
_WINDOW_US = 365 * 86_400_000_000
_FATES = {Behavior.PENDING_FAILURE: ABNORMAL, Behavior.REFUND_CLOSED: CLOSED}
_RECEIVED = "支付用户零钱"


class Refunds:
    """What the back office does with refunds."""

    def __init__(self, ledger: Ledger, premises: Premises) -> None:
        self._ledger = ledger
        self._premises = premises

    def refund(self, account: WechatPayAccount, content: Mapping[str, Any], behavior: Behavior | None) -> Reply:
        """Accept a refund; the same number with the same content is the same refund."""
        if "notify_url" in content:
            require_notify_url(content["notify_url"])
        known = self._ledger.refund(account.account_id, content["out_refund_no"])
        if known is not None:
            if known.request != written(content):
                raise invalid_request("退款单号已存在，但参数与首次请求不一致", tail=268435480)
            return document(refund_document(known))
        transaction = self._transaction(account, content)
        refusal = refusal_of_refund(behavior)
        if refusal is not None:
            raise refusal
        amount = content["amount"]["refund"]
        self._require_refundable(account, transaction, content["amount"]["total"], amount)
        entry = self._new(account, transaction, content, behavior)
        transaction.taken += amount
        if not self._premises.practice.shows_refunds_late:
            transaction.trade_state = REFUND
        self._ledger.put(transaction)
        self._ledger.put_refund(entry)
        accepted = document(refund_document(entry))
        if behavior is not Behavior.REORDERED_NOTIFICATIONS:
            return accepted
        self._conclude(account, entry)
        return replace(accepted, follows_notice=True)

    def query(self, account: WechatPayAccount, number: str) -> Reply:
        """Show a refund."""
        entry = self._ledger.refund(account.account_id, number)
        if entry is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在", tail=268435483)
        return document(refund_document(entry))

    def settle_due(self, accounts: Mapping[str, WechatPayAccount]) -> None:
        """Conclude the refunds whose time has come, and notify."""
        for entry in self._ledger.settling_refunds(self._premises.now_us()):
            self._conclude(accounts[entry.account], entry)

    def _conclude(self, account: WechatPayAccount, entry: Refund) -> None:
        """Let a refund become what it becomes, and notify whoever gave an address for that."""
        now_us = self._premises.now_us()
        entry.status, entry.settles_at_us = entry.fate, 0
        transaction = self._ledger.transaction(entry.account, entry.out_trade_no)
        if transaction is not None and entry.status == CLOSED:  # The money is the merchant's again.
            transaction.taken -= entry.refund
            self._ledger.put(transaction)
        if entry.status == SUCCESS:
            entry.success_at_us = now_us
            if transaction is not None and transaction.trade_state == SUCCESS:
                transaction.trade_state = REFUND
                self._ledger.put(transaction)
        self._ledger.put_refund(entry)
        if not entry.notify_url:
            return
        event_id, body = refund_notice(entry, account.mchid, now_us=now_us)
        times = due_us(entry.behavior, self._premises)
        self._ledger.notify(event_id, entry.account, body, url=entry.notify_url, due_us=times)

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
        now_us = self._premises.now_us()
        if not transaction.is_paid:
            raise invalid_request("订单未支付", tail=268435484)
        if total != transaction.total:
            raise invalid_request("订单金额不一致", tail=268435485)
        if transaction.taken + amount > transaction.total:
            raise invalid_request("退款金额大于可退金额", tail=268435486)
        if now_us - transaction.paid_at_us > _WINDOW_US:
            raise invalid_request("订单已超过一年，不可退款", tail=268435487)
        before = self._ledger.refunds_of(account.account_id, transaction.out_trade_no)
        if len(before) >= MAX_REFUNDS:
            raise invalid_request("部分退款次数超过50次", tail=268435488)
        pause_us = self._premises.hastened_us(self._premises.practice.refund_pause_s)
        if before and now_us - before[-1].created_at_us < pause_us:
            raise Refused(429, "FREQUENCY_LIMITED", "频率限制，同一笔订单多次退款的请求需相隔1分钟", tail=268435489)

    def _new(
        self,
        account: WechatPayAccount,
        transaction: Transaction,
        content: Mapping[str, Any],
        behavior: Behavior | None,
    ) -> Refund:
        amount, now_us = content["amount"]["refund"], self._premises.now_us()
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
            request=written(content),
            settles_at_us=self._premises.later_us(self._premises.practice.refund_settles_s),
            created_at_us=now_us,
            success_at_us=0,
            behavior=behavior.value if behavior else "",
            channel=ORIGINAL,
            received=_RECEIVED,
        )
