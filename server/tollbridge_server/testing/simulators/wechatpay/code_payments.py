"""Decides and books payments by a code that the payer showed, inside one transaction of the book.

Refuses a code that paid something else, and a reversal that comes too soon, too late, or while the payer types.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.documents import reply_about
from tollbridge_server.testing.simulators.wechatpay.orders import new_transaction
from tollbridge_server.testing.simulators.wechatpay.payments import Payments
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.replies import (
    Refused,
    Reply,
    document,
    error,
    invalid_request,
    no_such_order,
)
from tollbridge_server.testing.simulators.wechatpay.requests import require_detail, require_merchant, require_same
from tollbridge_server.testing.simulators.wechatpay.rows import MICROPAY, REVOKED, USERPAYING, Transaction
from tollbridge_server.testing.simulators.wechatpay.rules import STILL_TYPING, TYPING, TYPING_202, Behavior, refusal_of

_REVERSE_WINDOW_US = 7 * 86_400_000_000


class CodePayments:
    """What the back office does with a payer's code."""

    def __init__(self, ledger: Ledger, premises: Premises, payments: Payments) -> None:
        self._ledger = ledger
        self._premises = premises
        self._payments = payments

    def pay(self, account: WechatPayAccount, content: Mapping[str, Any], behavior: Behavior | None) -> Reply:
        """Charge a code that the payer showed."""
        require_merchant(account, content)
        require_detail(content)
        code = content["payer"]["auth_code"]
        known = self._ledger.transaction(account.account_id, content["out_trade_no"])
        if known is not None:
            require_same(known, content, MICROPAY)
            return _charged(known, account)
        refusal = refusal_of(behavior)
        if refusal is not None:
            raise refusal
        if not self._ledger.once.use_code(code, account.account_id, content["out_trade_no"]):
            raise invalid_request("每个二维码仅限使用一次，请刷新再试", tail=268435464)
        entry = new_transaction(account, content, MICROPAY, behavior, now_us=self._premises.now_us())
        if behavior in TYPING:
            self._let_type(entry, is_forever=behavior is Behavior.USERPAYING_FOREVER)
        else:
            self._payments.take(entry)
        self._ledger.put(entry)
        return _charged(entry, account)

    def reverse(
        self, account: WechatPayAccount, number: str, content: Mapping[str, Any], behavior: Behavior | None
    ) -> Reply:
        """End a payment by a scanned code; what was paid goes back, also what is paid while the reverse is on its way.

        While the payer types, the order stays as it is: the same reverse is to be sent again.
        """
        require_merchant(account, content)
        entry = self._ledger.transaction(account.account_id, number)
        if entry is None:
            raise no_such_order()
        if entry.trade_type != MICROPAY:
            raise invalid_request("该订单不是付款码支付订单")
        now_us = self._premises.now_us()
        age_us = now_us - entry.created_at_us
        soonest_us = self._premises.hastened_us(self._premises.practice.reverse_after_s)
        if entry.trade_state != REVOKED and age_us < soonest_us:
            raise Refused(403, "RULE_LIMIT", "支付15秒后才可撤销", tail=268435461)
        if age_us > _REVERSE_WINDOW_US:
            raise invalid_request("订单超过7天，不可撤销，请使用退款")
        if entry.taken:
            raise invalid_request("订单已退款，不可撤销")
        if entry.trade_state == USERPAYING and (behavior in STILL_TYPING or now_us < entry.settles_at_us):
            return _typing()
        if behavior is Behavior.PAID_AT_CLOSE:
            self._payments.settle(account, entry, is_paid=True)
        entry.trade_state, entry.settles_at_us = REVOKED, 0
        self._ledger.put(entry)
        return document({"appid": content["appid"], "mchid": account.mchid, "out_trade_no": number})

    def _let_type(self, entry: Transaction, *, is_forever: bool) -> None:
        """Let the payer's phone ask for the password: the page for it stays as long as the order does."""
        entry.trade_state = USERPAYING
        entry.token, entry.token_expires_at_us = secrets.token_urlsafe(18), entry.time_expire_us
        if not is_forever:
            entry.settles_at_us = self._premises.later_us(self._premises.practice.userpaying_s)


def _charged(entry: Transaction, account: WechatPayAccount) -> Reply:
    if entry.trade_state == USERPAYING and entry.behavior in TYPING_202:
        return _typing()
    return reply_about(entry, account.mchid)


def _typing() -> Reply:
    return error(202, "USERPAYING", "需要用户输入支付密码")
