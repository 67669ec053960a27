"""Decides and books how trades begin, inside one transaction of the book: a code, a page, an app's order, a capture.

Refuses what Alipay refuses: another content under a known number, a code that was used, a payer who is not wanted, and
a capture of another product than its freeze.
"""

from __future__ import annotations

import secrets

from tollbridge_server.providers.alipay.money import money_of
from tollbridge_server.testing.simulators.alipay.book import (
    AUTHORIZED,
    CLOSED,
    FINISHED,
    PREPARED,
    WAITING,
    Freeze,
    Trade,
)
from tollbridge_server.testing.simulators.alipay.fields import Refused, new_number, written_time, yuan
from tollbridge_server.testing.simulators.alipay.forms import ONLINE_FREEZES, PRODUCTS
from tollbridge_server.testing.simulators.alipay.payers import BUYER_ID, BUYER_LOGON_ID, is_wanted
from tollbridge_server.testing.simulators.alipay.premises import Answer, Asked, Premises, in_process, refusal
from tollbridge_server.testing.simulators.alipay.rules import (
    BAR_CODE,
    CONCLUDES_S,
    Behavior,
    conclusion_of,
    is_to_be_confirmed,
    refusal_of,
)
from tollbridge_server.testing.simulators.alipay.trades import Trades

_SHOP_LIFETIME_S = 3 * 3600
_ONLINE_LIFETIME_S = 15 * 86400
_CODE = "alipay.trade.precreate"
_DECLINED = "BUYER_BALANCE_NOT_ENOUGH"
"""How a code is declined whose trade waits for another one."""


class Charges:
    """What the back office does with orders to pay."""

    def __init__(self, premises: Premises, trades: Trades) -> None:
        self._premises = premises
        self._ledger = premises.ledger
        self._now_us = premises.now_us
        self._trades = trades

    def prepare(self, method: str, asked: Asked) -> Trade:
        """Return what may become a trade when the payer opens it: a code, a page, or an app's order."""
        content = asked.content
        reference = content.number("out_trade_no")
        product = content.text("product_code") or PRODUCTS[method][0]
        amount, subject = content.amount("total_amount"), content.text("subject")
        _require_accountable(asked, amount)
        payer_is_wanted = is_wanted(content)
        quit_url = content.text("quit_url") if method == "alipay.trade.wap.pay" else ""
        known = self._trades.current(asked.account.account_id, reference)
        if known is not None:
            _require_same(known, amount=amount, subject=subject)
            if known.paid_us:
                raise Refused("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
            return known
        periods = ("timeout_express", "qr_code_timeout_express") if method == _CODE else ("timeout_express",)
        expires_us = content.expiry_us(self._now_us(), *periods, otherwise_s=_ONLINE_LIFETIME_S)
        trade = self._new(asked, reference, amount, subject, product, expires_us)
        trade.return_url, trade.quit_url = asked.return_url, quit_url
        trade.token = secrets.token_urlsafe(18)
        trade.is_payer_wanted = payer_is_wanted
        self._ledger.put(trade)
        return trade

    def precreate(self, asked: Asked) -> Answer:
        trade = self.prepare(_CODE, asked)
        # The real code is https://qr.alipay.com/…, which only Alipay's own app opens; this one opens in a browser.
        return {"out_trade_no": trade.out_trade_no, "qr_code": self._premises.page_of(trade.token)}

    def pay(self, asked: Asked) -> Answer:
        """Charge a code that the payer showed, or pay from a freeze."""
        content = asked.content
        if content.text("auth_no"):
            return self._capture(asked)
        reference = content.number("out_trade_no")
        product = content.text("product_code") or PRODUCTS["alipay.trade.pay"][0]
        code = content.text("auth_code")
        amount, subject = content.amount("total_amount"), content.text("subject")
        _require_accountable(asked, amount)
        payer_is_wanted = is_wanted(content)
        known = self._trades.current(asked.account.account_id, reference)
        if known is not None:
            _require_same(known, amount=amount, subject=subject)
            if known.paid_us:
                return _paid(known)
            if not known.declined:
                return _to_be_confirmed(known)
            if known.auth_code == code:
                return refusal(f"ACQ.{known.declined}", "交易支付失败")
        expires_us = known.expires_us if known else self._shop_expiry_us(asked)
        self._use(asked, code, reference, payer_is_wanted=payer_is_wanted)
        trade = known or self._new(asked, reference, amount, subject, product, expires_us)
        trade.auth_code, trade.declined = code, ""
        trade.token = trade.token or secrets.token_urlsafe(18)
        trade.trade_no, trade.state = trade.trade_no or new_number(self._now_us()), WAITING
        return self._scanned(asked, trade)

    def _shop_expiry_us(self, asked: Asked) -> int:
        return asked.content.expiry_us(self._now_us(), "timeout_express", otherwise_s=_SHOP_LIFETIME_S)

    def _use(self, asked: Asked, code: str, reference: str, *, payer_is_wanted: bool) -> None:
        """Take a code for an order. Raises Refused."""
        kind = asked.content.text("scene") or BAR_CODE
        refused = "" if asked.behavior is Behavior.DECLINED_WAITING else refusal_of(code, kind)
        if refused:
            raise Refused(f"ACQ.{refused}", "交易支付失败")
        if not payer_is_wanted:
            raise Refused("ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT", "买家身份信息与商户指定的不一致")
        if not self._ledger.once.use_code(code, asked.account.account_id, reference):
            raise Refused("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款")

    def _scanned(self, asked: Asked, trade: Trade) -> Answer:
        """Decline, let wait, or take what a code pays for."""
        if asked.behavior is Behavior.DECLINED_WAITING:
            trade.declined = _DECLINED
            self._ledger.put(trade)
            return refusal(f"ACQ.{_DECLINED}", "买家余额不足")
        if is_to_be_confirmed(trade.auth_code):
            trade.conclusion = conclusion_of(trade.auth_code)
            trade.concludes_us = self._premises.later_us(CONCLUDES_S) if trade.conclusion else 0
            self._ledger.put(trade)
            return _to_be_confirmed(trade)
        self._trades.settle(trade)
        return _paid(trade)

    def _capture(self, asked: Asked) -> Answer:
        content, account_id = asked.content, asked.account.account_id
        reference, amount = content.number("out_trade_no"), content.amount("total_amount")
        subject, product = content.text("subject"), content.text("product_code")
        _require_accountable(asked, amount)
        known = self._trades.current(account_id, reference)
        if known is not None:
            _require_same(known, amount=amount, subject=subject)
            return _paid(known)
        freeze = self._ledger.freeze_by_number(account_id, content.text("auth_no"))
        if freeze is None:
            raise Refused("ACQ.AUTH_NO_ERROR", "授权号不存在")
        _require_capturable(asked, freeze, product, amount)
        trade = self._new(asked, reference, amount, subject, product, 0)
        trade.auth_no = freeze.auth_no
        trade.trade_no, trade.state = new_number(self._now_us()), WAITING
        freeze.paid += amount
        if content.text("auth_confirm_mode") == "COMPLETE" and freeze.rest:
            freeze.released += freeze.rest
        if not freeze.rest:
            freeze.state = FINISHED
        self._ledger.put(freeze)
        self._trades.settle(trade)
        return _paid(trade)

    def _new(self, asked: Asked, reference: str, amount: int, subject: str, product: str, expires_us: int) -> Trade:
        return Trade(
            account=asked.account.account_id,
            out_trade_no=reference,
            trade_no="",
            state=PREPARED,
            amount=amount,
            refunded=0,
            subject=subject,
            product=product,
            auth_code="",
            auth_no="",
            notify_url=asked.notify_url,
            return_url="",
            token="",
            created_us=self._now_us(),
            expires_us=expires_us,
            paid_us=0,
            closed_us=0,
            behavior=asked.lasting,
            body=asked.content.text("body"),
            passback_params=asked.content.text("passback_params"),
            store_id=asked.content.text("store_id"),
            terminal_id=asked.content.text("terminal_id"),
        )


def _require_same(trade: Trade, *, amount: int, subject: str) -> None:
    if trade.state == CLOSED:
        raise Refused("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if trade.amount != amount or trade.subject != subject:
        raise Refused("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")


def _require_accountable(asked: Asked, amount: int) -> None:
    """Refuse an order for somebody else's account, or of parts that are not its total."""
    content = asked.content
    if content.text("seller_id") not in ("", asked.account.seller_id):
        raise Refused("ACQ.SELLER_NOT_EXIST", "卖家不存在")
    parts = [content.text(name) for name in ("discountable_amount", "undiscountable_amount")]
    if all(parts) and sum(money_of(part).amount_minor for part in parts) != amount:
        raise content.wrong("undiscountable_amount")


def _require_capturable(asked: Asked, freeze: Freeze, product: str, amount: int) -> None:
    if freeze.state != AUTHORIZED:
        code = "AUTH_ORDER_HAS_FINISHED" if freeze.state == FINISHED else "AUTH_ORDER_NOT_PAID"
        raise Refused(f"ACQ.{code}", "授权订单状态不允许转支付")
    family = ONLINE_FREEZES if freeze.product in ONLINE_FREEZES else (freeze.product,)
    if product not in family:
        raise Refused("ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT", "产品码与授权时的产品码不一致")
    if amount > freeze.rest:
        raise Refused("ACQ.AUTH_AMOUNT_NOT_ENOUGH", "授权金额不足")
    if asked.content.text("buyer_id") not in ("", BUYER_ID):
        raise Refused("ACQ.PAYER_UNMATCHED", "付款人不匹配")


def _paid(trade: Trade) -> Answer:
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_logon_id": BUYER_LOGON_ID,
        "buyer_user_id": BUYER_ID,
        "total_amount": yuan(trade.amount),
        "receipt_amount": yuan(trade.amount),
        "buyer_pay_amount": yuan(trade.amount),
        "point_amount": "0.00",
        "invoice_amount": yuan(trade.amount),
        "gmt_payment": written_time(trade.paid_us),
        "fund_bill_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": yuan(trade.amount)}],
    }


def _to_be_confirmed(trade: Trade) -> Answer:
    return in_process(
        {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_user_id": BUYER_ID,
            "total_amount": yuan(trade.amount),
            "receipt_amount": "0.00",
            "buyer_pay_amount": "0.00",
            "point_amount": "0.00",
            "invoice_amount": "0.00",
        }
    )
