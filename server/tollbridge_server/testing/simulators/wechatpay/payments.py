"""The payer's part, and what the passing of time does to an order, inside one transaction of the book.

Refuses to let anybody pay what is paid or closed, or whose time is over.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from tollbridge_server.testing.simulators.frame.outbox import COPIES
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.documents import transaction_notice
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.rows import (
    CLOSED,
    MICROPAY,
    NOTPAY,
    PAYERROR,
    SUCCESS,
    USERPAYING,
    Transaction,
)
from tollbridge_server.testing.simulators.wechatpay.rules import COUPON_TENTHS, TYPING_FAILS, Behavior

_OPEN = (NOTPAY, USERPAYING)
_PAYER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


class Payments:
    """What payers and clocks do with orders."""

    def __init__(self, ledger: Ledger, premises: Premises) -> None:
        self._ledger = ledger
        self._premises = premises

    def settle(self, account: WechatPayAccount, entry: Transaction, *, is_paid: bool) -> None:
        """Let the payer pay, or give up, if the order still waits and its time is not over."""
        is_late = 0 < entry.time_expire_us <= self._premises.now_us()
        if entry.trade_state not in _OPEN or (is_paid and is_late):
            return
        if is_paid:
            self.take(entry)
        elif entry.trade_type == MICROPAY:
            entry.trade_state, entry.settles_at_us = PAYERROR, 0
        self._ledger.put(entry)
        if is_paid and entry.notify_url:
            self._notify(account, entry)

    def settle_due(self, accounts: Mapping[str, WechatPayAccount]) -> None:
        """Conclude what payers have typed by now, and close the orders that nobody has paid for days."""
        for entry in self._ledger.settling(self._premises.now_us()):
            if entry.trade_type == MICROPAY:
                self.settle(accounts[entry.account], entry, is_paid=entry.behavior not in TYPING_FAILS)
            if entry.trade_state in _OPEN and entry.trade_type != MICROPAY:
                entry.trade_state = CLOSED
            entry.settles_at_us = 0  # Whatever became of it: what was due is not due again.
            self._ledger.put(entry)

    def may_be_paid(self, entry: Transaction) -> bool:
        """Whether the code or page that was handed out still leads to a payment."""
        return entry.trade_state in _OPEN and self._premises.now_us() < payable_until_us(entry)

    def take(self, entry: Transaction) -> None:
        """Take the payer's money; a coupon pays a part of it."""
        is_coupon = entry.behavior == Behavior.COUPON
        entry.payer_total = entry.total - (entry.total * COUPON_TENTHS // 10 if is_coupon else 0)
        entry.trade_state, entry.settles_at_us, entry.paid_at_us = SUCCESS, 0, self._premises.now_us()
        entry.transaction_id = f"42000{secrets.randbelow(10**23):023d}"
        entry.bank_type, entry.openid = "OTHERS", entry.openid or _PAYER

    def _notify(self, account: WechatPayAccount, entry: Transaction) -> None:
        now_us = self._premises.now_us()
        event_id, body = transaction_notice(entry, account.mchid, now_us=now_us)
        self._ledger.notify(
            event_id, entry.account, body, url=entry.notify_url, due_us=due_us(entry.behavior, self._premises)
        )


def payable_until_us(entry: Transaction) -> int:
    """Return when the time to pay is over: that of the code or page, or that of the order."""
    return min(entry.token_expires_at_us, entry.time_expire_us)


def due_us(behavior: str, premises: Premises) -> list[int]:
    """Return when the notification of a success is sent: once and at once, unless a behavior wants it otherwise."""
    now_us = premises.now_us()
    match behavior:
        case Behavior.DUPLICATE_NOTIFICATIONS:
            return [now_us] * COPIES
        case Behavior.REORDERED_NOTIFICATIONS:
            return [now_us, premises.later_us(premises.practice.late_by_s)]
        case _:
            return [now_us]
