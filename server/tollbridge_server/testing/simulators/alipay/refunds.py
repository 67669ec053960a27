"""Decides and books refunds of trades, inside one transaction of the book.

Refuses more than was paid, another amount under a known number, and refunds of a trade that is finished.
"""

from __future__ import annotations

from tollbridge_server.testing.simulators.alipay.book import PAID, PAID_FOR_GOOD, Trade
from tollbridge_server.testing.simulators.alipay.fields import Refused, yuan
from tollbridge_server.testing.simulators.alipay.payers import BUYER_ID
from tollbridge_server.testing.simulators.alipay.premises import Answer, Asked, Premises, refusal
from tollbridge_server.testing.simulators.alipay.rules import Behavior
from tollbridge_server.testing.simulators.alipay.trades import Trades

_FINISHED = ("ACQ.TRADE_HAS_FINISHED", "交易已经完结")


class Refunds:
    """What the back office does with refunds."""

    def __init__(self, premises: Premises, trades: Trades) -> None:
        self._ledger = premises.ledger
        self._trades = trades

    def refund(self, asked: Asked) -> Answer:
        content, account_id = asked.content, asked.account.account_id
        amount = content.amount("refund_amount")
        trade = self._trades.named(asked)
        number = content.text("out_request_no") or trade.out_trade_no
        known = self._ledger.refund(account_id, trade.out_trade_no, number)
        if known is not None:
            if known.amount != amount:
                raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST", "同一笔退款单号的退款金额不一致")
            return _refunded(trade, is_change=False)
        if asked.behavior is Behavior.FINISHED and trade.state == PAID:
            trade.state = PAID_FOR_GOOD
            self._ledger.put(trade)
            return refusal(*_FINISHED)
        self._require_refundable(asked, trade, amount)
        self._trades.give_back(trade, number, amount, behavior=asked.lasting)
        return _refunded(trade, is_change=True)

    def query(self, asked: Asked) -> Answer:
        trade = self._trades.named(asked)
        number = asked.content.text("out_request_no")
        answer = {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no, "out_request_no": number}
        refund = self._ledger.refund(asked.account.account_id, trade.out_trade_no, number)
        if refund is None:
            return answer
        return {
            **answer,
            "total_amount": yuan(trade.amount),
            "refund_amount": yuan(refund.amount),
            "refund_status": "REFUND_SUCCESS",
        }

    def _require_refundable(self, asked: Asked, trade: Trade, amount: int) -> None:
        if not trade.paid_us:
            raise Refused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if trade.state == PAID_FOR_GOOD:
            raise Refused(*_FINISHED)
        if trade.refunded + amount > trade.amount:
            message = "退款金额超限"
            raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR", message, refund_fee="0.00", send_back_fee="0.00")
        if not asked.content.text("out_request_no") and amount != trade.amount:
            raise Refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额与订单金额不一致")
        if asked.behavior is Behavior.SELLER_BALANCE:
            raise Refused("ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户余额不足")


def _refunded(trade: Trade, *, is_change: bool) -> Answer:
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_user_id": BUYER_ID,
        "fund_change": "Y" if is_change else "N",
        "refund_fee": yuan(trade.refunded),
    }
