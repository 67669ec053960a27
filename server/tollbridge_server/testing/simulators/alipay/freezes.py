"""Decides and books authorizations: an amount is frozen, paid from by trades, and released.

Refuses to release more than is still frozen. Alipay's codes of this product have no prefix.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount
from tollbridge_server.testing.simulators.alipay.book import (
    AUTHORIZED,
    ENDED,
    FINISHED,
    INIT,
    PREPARED,
    Freeze,
    Ledger,
    Release,
)
from tollbridge_server.testing.simulators.alipay.fields import Content, Refused, new_number, written_time, yuan
from tollbridge_server.testing.simulators.alipay.rules import TO_BE_CONFIRMED, refusal_of
from tollbridge_server.testing.simulators.alipay.trades import BUYER_ID, IN_PROCESS, Answer, post

_LIFETIME_S = 15 * 60
_FUNDS = {"BUYER_BALANCE_NOT_ENOUGH": "MONEY_NOT_ENOUGH", "BUYER_ENABLE_STATUS_FORBID": "PAYER_USER_STATUS_LIMIT"}


class Freezes:
    """What the back office does with authorizations."""

    def __init__(self, ledger: Ledger, now_us: Callable[[], int], pages_url: Callable[[], str]) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._pages_url = pages_url

    def prepare(self, account: AlipayAccount, content: Content, notify_url: str) -> Freeze:
        """Return an order that freezes an amount once the payer opens and confirms it."""
        reference, amount = content.number("out_order_no"), content.amount("amount")
        title, request = content.title("order_title", most=100), content.number("out_request_no")
        content.text("product_code", most=64, required=True)
        if content.text("payee_user_id") not in ("", account.seller_id):
            raise Refused("PAYEE_NOT_EXIST", "收款方不存在")
        known = self.current(account.account_id, reference)
        if known is not None:
            if known.amount != amount or known.title != title or known.out_request_no != request:
                raise Refused("UNIQUE_VIOLATION", "订单信息不一致")
            if known.state == ENDED:
                raise Refused("ORDER_ALREADY_CLOSED", "订单已关闭")
            return known
        freeze = Freeze(
            account=account.account_id,
            out_order_no=reference,
            out_request_no=request,
            auth_no="",
            operation_id="",
            state=PREPARED,
            amount=amount,
            paid=0,
            released=0,
            title=title,
            auth_code="",
            notify_url=notify_url,
            token=secrets.token_urlsafe(18),
            created_us=self._now_us(),
            expires_us=content.expiry_us(self._now_us(), otherwise_s=_LIFETIME_S),
            frozen_us=0,
        )
        self._ledger.put(freeze)
        return freeze

    def voucher(self, account: AlipayAccount, content: Content, notify_url: str) -> Answer:
        freeze = self.prepare(account, content, notify_url)
        if freeze.state not in (PREPARED, INIT):
            raise Refused("FREEZE_ALREADY_SUCCESS", "重复冻结")
        url = f"{self._pages_url()}/qr/{freeze.token}"
        return {
            "out_order_no": freeze.out_order_no,
            "out_request_no": freeze.out_request_no,
            "code_type": "QRCODE",
            "code_value": url,
            "code_url": url,
        }

    def freeze(self, account: AlipayAccount, content: Content, notify_url: str) -> Answer:
        """Freeze an amount with a code that the payer showed."""
        code = content.text("auth_code", most=64, required=True)
        content.choice("auth_code_type", "bar_code", "security_code")
        known = self.current(account.account_id, content.number("out_order_no"))
        refusal = refusal_of(code)
        if known is None and refusal:
            raise Refused(_FUNDS.get(refusal, refusal), "资金授权失败")
        freeze = self.prepare(account, content, notify_url)
        if freeze.state == PREPARED:
            if not self._ledger.use_code(code, account.account_id, freeze.out_order_no):
                raise Refused("PAYMENT_AUTH_CODE_INVALID", "支付授权码无效")
            freeze.auth_code = code
            self.open(freeze)
            if not code.endswith(TO_BE_CONFIRMED):
                self.settle(account, freeze)
        answer = self._shown(freeze)
        if freeze.state == INIT:
            answer |= {"code": IN_PROCESS, "msg": " order success pay inprocess"}
        return answer

    def query(self, account: AlipayAccount, content: Content) -> Answer:
        freeze = self._named(account, content)
        return {
            **self._shown(freeze),
            "order_status": freeze.state,
            "operation_type": content.choice("operation_type", "FREEZE", "UNFREEZE", "PAY"),
            "order_title": freeze.title,
            "total_freeze_amount": yuan(freeze.amount if freeze.frozen_us else 0),
            "total_pay_amount": yuan(freeze.paid),
            "rest_amount": yuan(freeze.rest),
            "gmt_create": written_time(freeze.created_us),
        }

    def cancel(self, account: AlipayAccount, content: Content) -> Answer:
        """End a freeze of unknown state."""
        freeze = self._named(account, content)
        answer = {
            "auth_no": freeze.auth_no,
            "out_order_no": freeze.out_order_no,
            "operation_id": freeze.operation_id,
            "out_request_no": freeze.out_request_no,
        }
        if freeze.state == INIT:
            self._end(freeze)
            return {**answer, "action": "close"}
        if freeze.state == AUTHORIZED and not freeze.paid:
            freeze.released, freeze.state = freeze.amount, FINISHED
            self._ledger.put(freeze)
            return {**answer, "action": "unfreeze"}
        if freeze.state == ENDED:
            return {**answer, "action": "close"}
        raise Refused("CANCEL_OPERATION_TIME_OUT", "不允许撤销")

    def unfreeze(self, account: AlipayAccount, content: Content) -> Answer:
        amount, number = content.amount("amount"), content.number("out_request_no")
        freeze = self._ledger.freeze_by_number(account.account_id, content.text("auth_no", most=64, required=True))
        if freeze is None:
            raise Refused("AUTH_ORDER_NOT_EXIST", "授权订单不存在")
        content.text("remark", most=100, required=True)
        known = self._ledger.release(account.account_id, number)
        if known is not None:
            if known.amount != amount:
                raise Refused("UNIQUE_VIOLATION", "订单信息不一致")
            return self._released(freeze, known)
        if freeze.state == FINISHED:
            raise Refused("ORDER_ALREADY_FINISH", "订单已完结")
        if freeze.state != AUTHORIZED:
            raise Refused("ILLEGAL_STATUS", "订单状态非法")
        if amount > freeze.rest:
            raise Refused("REQUEST_AMOUNT_EXCEED", "解冻金额超限")
        return self._released(freeze, self._release(account, freeze, number, amount))

    # The payer's part.

    def open(self, freeze: Freeze) -> None:
        """Let the payer open the order: only now Alipay knows it."""
        self._expire(freeze)
        if freeze.state == PREPARED:
            freeze.state = INIT
            freeze.auth_no, freeze.operation_id = new_number(self._now_us()), new_number(self._now_us())
            self._ledger.put(freeze)

    def settle(self, account: AlipayAccount, freeze: Freeze) -> None:
        """Let the payer confirm, if the order still waits for it."""
        self._expire(freeze)
        if freeze.state != INIT:
            return
        freeze.state, freeze.frozen_us = AUTHORIZED, self._now_us()
        self._ledger.put(freeze)
        self._notify(account, freeze, "fund_auth_freeze", freeze.out_request_no, freeze.operation_id, freeze.amount)

    def current(self, account_id: str, reference: str) -> Freeze | None:
        """Return a freeze as it is now."""
        freeze = self._ledger.freeze(account_id, reference)
        if freeze is not None:
            self._expire(freeze)
        return freeze

    def _named(self, account: AlipayAccount, content: Content) -> Freeze:
        auth_no, reference = content.text("auth_no", most=64), content.number("out_order_no", required=False)
        if auth_no:
            freeze = self._ledger.freeze_by_number(account.account_id, auth_no)
        else:
            freeze = self.current(account.account_id, reference)
        if freeze is None or not freeze.auth_no:
            raise Refused("AUTH_ORDER_NOT_EXIST", "授权订单不存在")
        return freeze

    def _expire(self, freeze: Freeze) -> None:
        if freeze.state in (INIT, PREPARED) and freeze.expires_us <= self._now_us():
            self._end(freeze)

    def _end(self, freeze: Freeze) -> None:
        freeze.state = ENDED
        self._ledger.put(freeze)

    def _release(self, account: AlipayAccount, freeze: Freeze, number: str, amount: int) -> Release:
        freeze.released += amount
        if not freeze.rest:
            freeze.state = FINISHED
        self._ledger.put(freeze)
        operation = new_number(self._now_us())
        release = Release(account.account_id, number, freeze.out_order_no, operation, amount, self._now_us())
        self._ledger.put(release)
        self._notify(account, freeze, "fund_auth_unfreeze", number, operation, amount)
        return release

    def _shown(self, freeze: Freeze) -> Answer:
        state = {INIT: "INIT", ENDED: "CLOSED"}.get(freeze.state, "SUCCESS")
        return {
            "auth_no": freeze.auth_no,
            "out_order_no": freeze.out_order_no,
            "operation_id": freeze.operation_id,
            "out_request_no": freeze.out_request_no,
            "amount": yuan(freeze.amount),
            "status": state,
            "payer_user_id": BUYER_ID,
            "gmt_trans": written_time(freeze.frozen_us or freeze.created_us),
        }

    def _released(self, freeze: Freeze, release: Release) -> Answer:
        return {
            "auth_no": freeze.auth_no,
            "out_order_no": freeze.out_order_no,
            "operation_id": release.operation_id,
            "out_request_no": release.out_request_no,
            "amount": yuan(release.amount),
            "status": "SUCCESS",
            "gmt_trans": written_time(release.created_us),
        }

    def _notify(
        self, account: AlipayAccount, freeze: Freeze, kind: str, request: str, operation: str, amount: int
    ) -> None:
        if not freeze.notify_url:
            return
        fields = {
            "notify_type": kind,
            "notify_id": secrets.token_hex(17),
            "app_id": account.app_id,
            "auth_app_id": account.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "sign_type": "RSA2",
            "auth_no": freeze.auth_no,
            "out_order_no": freeze.out_order_no,
            "operation_id": operation,
            "out_request_no": request,
            "operation_type": "FREEZE" if kind == "fund_auth_freeze" else "UNFREEZE",
            "amount": yuan(amount),
            "status": "SUCCESS",
            "gmt_create": written_time(freeze.created_us),
            "gmt_trans": written_time(self._now_us()),
            "payer_user_id": BUYER_ID,
            "payee_user_id": account.seller_id,
            "total_freeze_amount": yuan(freeze.amount),
            "total_unfreeze_amount": yuan(freeze.released),
            "total_pay_amount": yuan(freeze.paid),
            "rest_amount": yuan(freeze.rest),
        }
        post(self._ledger, account, fields, url=freeze.notify_url, now_us=self._now_us())
