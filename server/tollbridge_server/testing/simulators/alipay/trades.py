"""Decides and books the life of trades, inside one transaction of the book: asked for, closed, canceled, paid, over.

Refuses what Alipay refuses: to close what is paid, and to know a code or page that nobody has opened.
"""

from __future__ import annotations

from tollbridge_server.testing.simulators.alipay.book import (
    CLOSED,
    PAID,
    PAID_FOR_GOOD,
    PREPARED,
    WAITING,
    Refund,
    Trade,
)
from tollbridge_server.testing.simulators.alipay.fields import Refused, new_number, told_back, written_time, yuan
from tollbridge_server.testing.simulators.alipay.notices import Notices
from tollbridge_server.testing.simulators.alipay.payers import BUYER_ID, BUYER_LOGON_ID
from tollbridge_server.testing.simulators.alipay.premises import Answer, Asked, Premises, refusal
from tollbridge_server.testing.simulators.alipay.rules import Behavior
from tollbridge_server.testing.simulators.frame.decisions import APPROVE

_QR_LIFETIME_US = 2 * 3600 * 1_000_000
_CANCEL_WINDOW_US = 24 * 3600 * 1_000_000
_QR_PRODUCTS = ("QR_CODE_OFFLINE", "FACE_TO_FACE_PAYMENT")


class Trades:
    """What the back office does with trades that are there."""

    def __init__(self, premises: Premises, notices: Notices) -> None:
        self._ledger = premises.ledger
        self._now_us = premises.now_us
        self._notices = notices

    def query(self, asked: Asked) -> Answer:
        trade = self.named(asked)
        paid = yuan(trade.amount if trade.paid_us else 0)
        answer = {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "trade_status": trade.state,
            "total_amount": yuan(trade.amount),
            "buyer_logon_id": BUYER_LOGON_ID,
            "buyer_user_id": BUYER_ID,
            "buyer_pay_amount": paid,
            "receipt_amount": paid,
            "point_amount": "0.00",
            "invoice_amount": paid,
            **told_back(store_id=trade.store_id, terminal_id=trade.terminal_id, passback_params=trade.passback_params),
        }
        return {**answer, "send_pay_date": written_time(trade.paid_us)} if trade.paid_us else answer

    def close(self, asked: Asked) -> Answer:
        trade = self.named(asked)
        if trade.state == WAITING and _is_paid_meanwhile(asked, trade):
            self.settle(trade)
            if trade.paid_us:
                return refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if trade.state != WAITING:
            raise Refused("ACQ.REASON_TRADE_STATUS_INVALID", "交易状态异常")
        self.end(trade)
        return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}

    def cancel(self, asked: Asked) -> Answer:
        """End a trade of unknown state; what was paid goes back."""
        reference = asked.content.number("out_trade_no", required=False)
        trade = self.find(asked)
        if trade is None and not reference:
            raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
        if asked.behavior is Behavior.RETRY_FLAG:
            return {"out_trade_no": trade.out_trade_no if trade else reference, "retry_flag": "Y"}
        if trade is not None and trade.state in (PREPARED, WAITING) and _is_paid_meanwhile(asked, trade):
            self.open(trade)
            self.settle(trade)
        if trade is None or not trade.trade_no:
            if trade is not None and trade.state == PREPARED:
                # Nothing says that the code is void, and nobody can open it any more.
                self.end(trade)
            return {"out_trade_no": reference, "retry_flag": "N"}
        answer = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no, "retry_flag": "N"}
        if trade.state == WAITING:
            self.end(trade)
        elif trade.state != CLOSED:
            self._undo(asked, trade)
            return {**answer, "action": "refund"}
        return {**answer, "action": "close"}

    def give_back(self, trade: Trade, number: str, amount: int, *, behavior: str = "") -> None:
        """Book a refund that is allowed."""
        trade.refunded += amount
        if trade.refunded == trade.amount:
            trade.state, trade.closed_us = CLOSED, self._now_us()
        self._ledger.put(trade)
        refund = Refund(trade.account, trade.out_trade_no, number, amount, self._now_us())
        self._ledger.put(refund)
        self._notices.of_refund(trade, refund, behavior=behavior)

    def named(self, asked: Asked) -> Trade:
        """Return the trade that a request names; a code that nobody has opened is none. Raises Refused."""
        trade = self.find(asked)
        if trade is None or not trade.trade_no:
            raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade

    def find(self, asked: Asked) -> Trade | None:
        """Return what a request names, by Alipay's number where both are given."""
        account_id, trade_no = asked.account.account_id, asked.content.text("trade_no", most=64)
        reference = asked.content.number("out_trade_no", required=not trade_no)
        if not trade_no:
            return self.current(account_id, reference)
        trade = self._ledger.trade_by_number(account_id, trade_no)
        if trade is not None:
            self.catch_up(trade)
        return trade

    def current(self, account_id: str, reference: str) -> Trade | None:
        """Return a trade as it is now."""
        trade = self._ledger.trade(account_id, reference)
        if trade is not None:
            self.catch_up(trade)
        return trade

    # The payer's part.

    def open(self, trade: Trade) -> None:
        """Let the payer scan a code, or log in on a page: only now there is a trade."""
        self.catch_up(trade)
        if trade.state != PREPARED or (is_code(trade) and self._now_us() > trade.created_us + _QR_LIFETIME_US):
            return
        trade.state, trade.trade_no = WAITING, new_number(self._now_us())
        self._ledger.put(trade)

    def settle(self, trade: Trade) -> None:
        """Let the payer's money arrive, if the trade still waits for it, and for this payer."""
        self.catch_up(trade)
        if trade.state == WAITING and trade.is_payer_wanted:
            self._pay(trade)

    def end(self, trade: Trade) -> None:
        """Close a trade."""
        trade.state, trade.closed_us = CLOSED, self._now_us()
        self._ledger.put(trade)

    def catch_up(self, trade: Trade) -> None:
        """Let what the passing of time brings happen to a trade: its payer has decided, or its time is over."""
        now_us = self._now_us()
        if trade.state == WAITING and 0 < trade.concludes_us <= now_us:
            if trade.conclusion == APPROVE:
                self._pay(trade)
            else:
                self.end(trade)
        elif trade.state in (WAITING, PREPARED) and 0 < trade.expires_us <= now_us:
            self.end(trade)
            self._notices.of_expiry(trade)

    def catch_up_all(self) -> None:
        """Let what the passing of time brings happen to every trade that waits."""
        for trade in self._ledger.due_trades(self._now_us()):
            self.catch_up(trade)

    def _pay(self, trade: Trade) -> None:
        trade.state = PAID_FOR_GOOD if trade.behavior == Behavior.FINISHED else PAID
        trade.paid_us = self._now_us()
        self._ledger.put(trade)
        self._notices.of_payment(trade)

    def _undo(self, asked: Asked, trade: Trade) -> None:
        """Give all of a paid trade back. Raises Refused."""
        if trade.state != PAID:
            raise Refused("ACQ.CANCEL_NOT_ALLOWED", "交易不允许撤销")
        if trade.refunded:
            raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
        if self._now_us() - trade.paid_us > _CANCEL_WINDOW_US:
            raise Refused("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
        if asked.behavior is Behavior.SELLER_BALANCE:
            raise Refused("ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户余额不足")
        self.give_back(trade, f"cancel_{trade.out_trade_no}"[:64], trade.amount, behavior=asked.lasting)


def is_code(trade: Trade) -> bool:
    """Whether a trade is opened by scanning a code, which takes no log-in."""
    return trade.product in _QR_PRODUCTS and not trade.auth_code


def _is_paid_meanwhile(asked: Asked, trade: Trade) -> bool:
    return Behavior.PAID_AT_CLOSE in (asked.behavior, trade.behavior)
