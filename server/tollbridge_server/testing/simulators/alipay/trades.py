"""Decides and books what concerns trades, inside one transaction of the book; `now_us` is its only clock.

Refuses what Alipay refuses: another content under a known number, more refunds than were paid, a code that was used.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import orjson

from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount
from tollbridge_server.testing.simulators.alipay.book import (
    AUTHORIZED,
    CLOSED,
    FINISHED,
    PAID,
    PREPARED,
    WAITING,
    Freeze,
    Ledger,
    Refund,
    Trade,
)
from tollbridge_server.testing.simulators.alipay.fields import Content, Refused, new_number, written_time, yuan
from tollbridge_server.testing.simulators.alipay.rules import TO_BE_CONFIRMED, refusal_of

BUYER_ID = "2088000000000002"
IN_PROCESS = "10003"
Answer = dict[str, Any]

_QR_LIFETIME_S = 2 * 3600
_SHOP_LIFETIME_S = 3 * 3600
_ONLINE_LIFETIME_S = 15 * 86400
_CANCEL_WINDOW_US = 24 * 3600 * 1_000_000
_PRODUCTS = {
    "alipay.trade.precreate": ("QR_CODE_OFFLINE", "FACE_TO_FACE_PAYMENT"),
    "alipay.trade.page.pay": ("FAST_INSTANT_TRADE_PAY",),
    "alipay.trade.wap.pay": ("QUICK_WAP_WAY", "QUICK_WAP_PAY"),
    "alipay.trade.app.pay": ("QUICK_MSECURITY_PAY",),
}


class Trades:
    """What the back office does with trades."""

    def __init__(self, ledger: Ledger, now_us: Callable[[], int], pages_url: Callable[[], str]) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._pages_url = pages_url

    def prepare(
        self, account: AlipayAccount, method: str, content: Content, *, notify_url: str, return_url: str = ""
    ) -> Trade:
        """Return what may become a trade when the payer opens it: a code, a page, or an app's order."""
        reference = content.number("out_trade_no")
        product = content.choice("product_code", *_PRODUCTS[method])
        amount, subject = content.amount("total_amount"), content.title("subject", most=256)
        if method == "alipay.trade.wap.pay":
            content.text("quit_url", most=400, required=True)
        known = self.current(account.account_id, reference)
        if known is not None:
            self._require_same(known, amount=amount, subject=subject)
            if known.state == PAID:
                raise Refused("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
            return known
        expires_us = content.expiry_us(self._now_us(), otherwise_s=_ONLINE_LIFETIME_S)
        trade = self._new(account, reference, amount, subject, product, expires_us)
        trade.notify_url, trade.return_url, trade.token = notify_url, return_url, secrets.token_urlsafe(18)
        self._ledger.put(trade)
        return trade

    def precreate(self, account: AlipayAccount, content: Content, notify_url: str) -> Answer:
        trade = self.prepare(account, "alipay.trade.precreate", content, notify_url=notify_url)
        # The real code is https://qr.alipay.com/…, which only Alipay's own app opens; this one opens in a browser.
        return {"out_trade_no": trade.out_trade_no, "qr_code": f"{self._pages_url()}/qr/{trade.token}"}

    def pay(self, account: AlipayAccount, content: Content, notify_url: str) -> Answer:
        """Charge a code that the payer showed, or pay from a freeze."""
        if content.text("auth_no"):
            return self._capture(account, content, notify_url)
        reference = content.number("out_trade_no")
        content.choice("scene", "bar_code", "security_code")
        content.choice("product_code", "FACE_TO_FACE_PAYMENT", "OFFLINE_PAYMENT")
        code = content.text("auth_code", most=64, required=True)
        amount, subject = content.amount("total_amount"), content.title("subject", most=256)
        known = self.current(account.account_id, reference)
        if known is not None:
            self._require_same(known, amount=amount, subject=subject)
            return self._paid(known) if known.state == PAID else self._to_be_confirmed(known)
        expires_us = content.expiry_us(self._now_us(), otherwise_s=_SHOP_LIFETIME_S)
        refusal = refusal_of(code)
        if refusal:
            raise Refused(f"ACQ.{refusal}", "交易支付失败")
        if not self._ledger.use_code(code, account.account_id, reference):
            raise Refused("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款")
        trade = self._new(account, reference, amount, subject, "FACE_TO_FACE_PAYMENT", expires_us)
        trade.notify_url, trade.auth_code, trade.token = notify_url, code, secrets.token_urlsafe(18)
        trade.trade_no, trade.state = new_number(self._now_us()), WAITING
        if code.endswith(TO_BE_CONFIRMED):
            self._ledger.put(trade)
            return self._to_be_confirmed(trade)
        self.settle(account, trade)
        return self._paid(trade)

    def query(self, account: AlipayAccount, content: Content) -> Answer:
        trade = self._named(account, content)
        answer = {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "trade_status": trade.state,
            "total_amount": yuan(trade.amount),
            "buyer_logon_id": "tes***@example.com",
            "buyer_user_id": BUYER_ID,
            "buyer_pay_amount": yuan(trade.amount if trade.paid_us else 0),
            "receipt_amount": yuan(trade.amount if trade.paid_us else 0),
            "point_amount": "0.00",
            "invoice_amount": yuan(trade.amount if trade.paid_us else 0),
        }
        return {**answer, "send_pay_date": written_time(trade.paid_us)} if trade.paid_us else answer

    def close(self, account: AlipayAccount, content: Content) -> Answer:
        trade = self._named(account, content)
        if trade.state != WAITING:
            raise Refused("ACQ.REASON_TRADE_STATUS_INVALID", "交易状态异常")
        self._end(trade)
        return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}

    def cancel(self, account: AlipayAccount, content: Content) -> Answer:
        """End a trade of unknown state; what was paid goes back."""
        reference = content.number("out_trade_no", required=False)
        trade = self._find(account, content)
        if trade is None and not reference:
            raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
        answer: Answer = {"out_trade_no": reference, "retry_flag": "N"}
        if trade is None or not trade.trade_no:
            if trade is not None and trade.state == PREPARED:
                # Nothing says that the code is void, and nobody can open it any more.
                self._end(trade)
            return answer
        answer |= {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}
        if trade.state == WAITING:
            self._end(trade)
            return {**answer, "action": "close"}
        if trade.paid_us and trade.state == PAID:
            if trade.refunded:
                raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
            if self._now_us() - trade.paid_us > _CANCEL_WINDOW_US:
                raise Refused("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
            self._give_back(account, trade, f"cancel_{trade.out_trade_no}"[:64], trade.amount)
            return {**answer, "action": "refund"}
        return {**answer, "action": "close"}

    def refund(self, account: AlipayAccount, content: Content) -> Answer:
        amount = content.amount("refund_amount")
        trade = self._named(account, content)
        number = content.number("out_request_no", required=False) or trade.out_trade_no
        known = self._ledger.refund(account.account_id, trade.out_trade_no, number)
        if known is not None:
            if known.amount != amount:
                raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST", "同一笔退款单号的退款金额不一致")
            return self._refunded(trade, is_change=False)
        if not trade.paid_us:
            raise Refused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if trade.refunded + amount > trade.amount:
            message = "退款金额超限"
            raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR", message, refund_fee="0.00", send_back_fee="0.00")
        if not content.text("out_request_no") and amount != trade.amount:
            raise Refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额与订单金额不一致")
        self._give_back(account, trade, number, amount)
        return self._refunded(trade, is_change=True)

    def refund_query(self, account: AlipayAccount, content: Content) -> Answer:
        trade = self._named(account, content)
        number = content.number("out_request_no")
        answer = {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no, "out_request_no": number}
        refund = self._ledger.refund(account.account_id, trade.out_trade_no, number)
        if refund is None:
            return answer
        return {
            **answer,
            "total_amount": yuan(trade.amount),
            "refund_amount": yuan(refund.amount),
            "refund_status": "REFUND_SUCCESS",
        }

    # The payer's part.

    def open(self, trade: Trade) -> None:
        """Let the payer open a code or page: only now there is a trade."""
        self._expire(trade)
        if trade.state == PREPARED:
            is_code = trade.product in ("QR_CODE_OFFLINE", "FACE_TO_FACE_PAYMENT")
            if is_code and self._now_us() > trade.created_us + _QR_LIFETIME_S * 1_000_000:
                return
            trade.state, trade.trade_no = WAITING, new_number(self._now_us())
            self._ledger.put(trade)

    def settle(self, account: AlipayAccount, trade: Trade) -> None:
        """Let the payer's money arrive, if the trade still waits for it."""
        self._expire(trade)
        if trade.state != WAITING:
            return
        trade.state, trade.paid_us = PAID, self._now_us()
        self._ledger.put(trade)
        self.notify(account, trade)

    def expire_due(self) -> None:
        """Close what nobody paid in time."""
        for trade in self._ledger.overdue_trades(self._now_us()):
            self._expire(trade)

    def current(self, account_id: str, reference: str) -> Trade | None:
        """Return a trade as it is now."""
        trade = self._ledger.trade(account_id, reference)
        if trade is not None:
            self._expire(trade)
        return trade

    def notify(self, account: AlipayAccount, trade: Trade) -> None:
        """Post what happened to a trade, where its request named an address."""
        if not trade.notify_url:
            return
        fields = {
            "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(17),
            "app_id": account.app_id,
            "auth_app_id": account.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "sign_type": "RSA2",
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "trade_status": trade.state,
            "total_amount": yuan(trade.amount),
            "receipt_amount": yuan(trade.amount),
            "buyer_pay_amount": yuan(trade.amount),
            "invoice_amount": yuan(trade.amount),
            "point_amount": "0.00",
            "subject": trade.subject,
            "buyer_id": BUYER_ID,
            "seller_id": account.seller_id,
            "gmt_create": written_time(trade.created_us),
            "gmt_payment": written_time(trade.paid_us),
            "fund_bill_list": orjson.dumps([{"amount": yuan(trade.amount), "fundChannel": "ALIPAYACCOUNT"}]).decode(),
        }
        post(self._ledger, account, fields, url=trade.notify_url, now_us=self._now_us())

    def _capture(self, account: AlipayAccount, content: Content, notify_url: str) -> Answer:
        reference, amount = content.number("out_trade_no"), content.amount("total_amount")
        subject = content.title("subject", most=256)
        content.text("product_code", most=64, required=True)
        known = self.current(account.account_id, reference)
        if known is not None:
            self._require_same(known, amount=amount, subject=subject)
            return self._paid(known)
        freeze = self._ledger.freeze_by_number(account.account_id, content.text("auth_no", most=64))
        if freeze is None:
            raise Refused("ACQ.AUTH_NO_ERROR", "授权号不存在")
        self._require_capturable(account, freeze, content, amount)
        trade = self._new(account, reference, amount, subject, content.text("product_code"), 0)
        trade.auth_no, trade.notify_url = freeze.auth_no, notify_url
        trade.trade_no, trade.state = new_number(self._now_us()), WAITING
        freeze.paid += amount
        if content.choice("auth_confirm_mode", "NOT_COMPLETE", "COMPLETE") == "COMPLETE" and freeze.rest:
            freeze.released += freeze.rest
        if not freeze.rest:
            freeze.state = FINISHED
        self._ledger.put(freeze)
        self.settle(account, trade)
        return self._paid(trade)

    def _require_capturable(self, account: AlipayAccount, freeze: Freeze, content: Content, amount: int) -> None:
        if freeze.state != AUTHORIZED:
            code = "AUTH_ORDER_HAS_FINISHED" if freeze.state == FINISHED else "AUTH_ORDER_NOT_PAID"
            raise Refused(f"ACQ.{code}", "授权订单状态不允许转支付")
        if amount > freeze.rest:
            raise Refused("ACQ.AUTH_AMOUNT_NOT_ENOUGH", "授权金额不足")
        if content.text("buyer_id") not in ("", BUYER_ID):
            raise Refused("ACQ.PAYER_UNMATCHED", "付款人不匹配")
        if content.text("seller_id") not in ("", account.seller_id):
            raise Refused("ACQ.SELLER_NOT_EXIST", "卖家不存在")

    def _give_back(self, account: AlipayAccount, trade: Trade, number: str, amount: int) -> None:
        trade.refunded += amount
        if trade.refunded == trade.amount:
            trade.state, trade.closed_us = CLOSED, self._now_us()
        self._ledger.put(trade)
        self._ledger.put(Refund(account.account_id, trade.out_trade_no, number, amount, self._now_us()))

    def _named(self, account: AlipayAccount, content: Content) -> Trade:
        """Return the trade that a request names; a code that nobody has opened is none."""
        trade = self._find(account, content)
        if trade is None or not trade.trade_no:
            raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade

    def _find(self, account: AlipayAccount, content: Content) -> Trade | None:
        trade_no = content.text("trade_no", most=64)
        reference = content.number("out_trade_no", required=not trade_no)
        if trade_no:  # It wins where both are given.
            trade = self._ledger.trade_by_number(account.account_id, trade_no)
            if trade is not None:
                self._expire(trade)
            return trade
        return self.current(account.account_id, reference)

    def _expire(self, trade: Trade) -> None:
        if trade.state in (WAITING, PREPARED) and 0 < trade.expires_us <= self._now_us():
            self._end(trade)

    def _end(self, trade: Trade) -> None:
        trade.state, trade.closed_us = CLOSED, self._now_us()
        self._ledger.put(trade)

    def _require_same(self, trade: Trade, *, amount: int, subject: str) -> None:
        if trade.state == CLOSED:
            raise Refused("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        if trade.amount != amount or trade.subject != subject:
            raise Refused("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")

    def _new(
        self, account: AlipayAccount, reference: str, amount: int, subject: str, product: str, expires_us: int
    ) -> Trade:
        return Trade(
            account=account.account_id,
            out_trade_no=reference,
            trade_no="",
            state=PREPARED,
            amount=amount,
            refunded=0,
            subject=subject,
            product=product,
            auth_code="",
            auth_no="",
            notify_url="",
            return_url="",
            token="",
            created_us=self._now_us(),
            expires_us=expires_us,
            paid_us=0,
            closed_us=0,
        )

    def _paid(self, trade: Trade) -> Answer:
        return {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_logon_id": "tes***@example.com",
            "buyer_user_id": BUYER_ID,
            "total_amount": yuan(trade.amount),
            "receipt_amount": yuan(trade.amount),
            "buyer_pay_amount": yuan(trade.amount),
            "point_amount": "0.00",
            "invoice_amount": yuan(trade.amount),
            "gmt_payment": written_time(trade.paid_us),
            "fund_bill_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": yuan(trade.amount)}],
        }

    def _to_be_confirmed(self, trade: Trade) -> Answer:
        return {
            "code": IN_PROCESS,
            "msg": " order success pay inprocess",
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_user_id": BUYER_ID,
            "total_amount": yuan(trade.amount),
            "receipt_amount": "0.00",
            "buyer_pay_amount": "0.00",
            "point_amount": "0.00",
            "invoice_amount": "0.00",
        }

    def _refunded(self, trade: Trade, *, is_change: bool) -> Answer:
        return {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_user_id": BUYER_ID,
            "fund_change": "Y" if is_change else "N",
            "refund_fee": yuan(trade.refunded),
        }


def post(ledger: Ledger, account: AlipayAccount, fields: dict[str, str], *, url: str, now_us: int) -> None:
    """Let a notification wait; its time and its signature are added at each sending."""
    ledger.outbox.post(fields["notify_id"], account.account_id, orjson.dumps(fields), due_at_us=now_us, url=url)
