"""Decides and books authorizations: an amount is frozen, paid from by trades, and released.

Refuses to freeze for a payer who is not wanted, and to release more than is still frozen. Alipay's codes here have no
prefix.
"""

from __future__ import annotations

import secrets

from tollbridge_server.testing.simulators.alipay.book import (
    AUTHORIZED,
    ENDED,
    FINISHED,
    INIT,
    PREPARED,
    Freeze,
    Release,
)
from tollbridge_server.testing.simulators.alipay.fields import Refused, new_number, written_time, yuan
from tollbridge_server.testing.simulators.alipay.notices import Notices
from tollbridge_server.testing.simulators.alipay.payers import BUYER_ID, is_wanted_for_freeze
from tollbridge_server.testing.simulators.alipay.premises import Answer, Asked, Premises, in_process
from tollbridge_server.testing.simulators.alipay.rules import (
    BAR_CODE,
    CONCLUDES_S,
    conclusion_of,
    is_to_be_confirmed,
    refusal_of,
)
from tollbridge_server.testing.simulators.frame.decisions import APPROVE

_LIFETIME_S = 15 * 60
_FREEZE = "FREEZE"
_RESTRICTED = "PAYER_USER_STATUS_LIMIT"
"""Alipay publishes no code for a payer who is another one; it names this one where an account has to be certified."""
_FUNDS = {"BUYER_BALANCE_NOT_ENOUGH": "MONEY_NOT_ENOUGH", "BUYER_ENABLE_STATUS_FORBID": "PAYER_USER_STATUS_LIMIT"}


class Freezes:
    """What the back office does with authorizations."""

    def __init__(self, premises: Premises, notices: Notices) -> None:
        self._premises = premises
        self._ledger = premises.ledger
        self._now_us = premises.now_us
        self._notices = notices

    def prepare(self, asked: Asked) -> Freeze:
        """Return an order that freezes an amount once the payer opens and confirms it."""
        account, content = asked.account, asked.content
        reference, amount = content.number("out_order_no"), content.amount("amount")
        title, request = content.text("order_title"), content.number("out_request_no")
        payer_is_wanted = is_wanted_for_freeze(content)
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
            notify_url=asked.notify_url,
            token=secrets.token_urlsafe(18),
            created_us=self._now_us(),
            expires_us=content.end_us(self._now_us(), "timeout_express", "pay_timeout", otherwise_s=_LIFETIME_S),
            frozen_us=0,
            product=content.text("product_code"),
            behavior=asked.lasting,
            is_payer_wanted=payer_is_wanted,
        )
        self._ledger.put(freeze)
        return freeze

    def voucher(self, asked: Asked) -> Answer:
        freeze = self.prepare(asked)
        if freeze.state not in (PREPARED, INIT):
            raise Refused("FREEZE_ALREADY_SUCCESS", "重复冻结")
        url = self._premises.page_of(freeze.token)
        return {
            "out_order_no": freeze.out_order_no,
            "out_request_no": freeze.out_request_no,
            "code_type": "QRCODE",
            "code_value": url,
            "code_url": url,
        }

    def freeze(self, asked: Asked) -> Answer:
        """Freeze an amount with a code that the payer showed."""
        content = asked.content
        code, kind = content.text("auth_code"), content.text("auth_code_type") or BAR_CODE
        if self.current(asked.account.account_id, content.number("out_order_no")) is None:
            refused = refusal_of(code, kind) or ("" if is_wanted_for_freeze(content) else _RESTRICTED)
            if refused:
                raise Refused(_FUNDS.get(refused, refused), "资金授权失败")
        freeze = self.prepare(asked)
        if freeze.state == PREPARED:
            self._scanned(freeze, code)
        answer = self._shown(freeze)
        return in_process(answer) if freeze.state == INIT else answer

    def query(self, asked: Asked) -> Answer:
        freeze, content = self._named(asked), asked.content
        return {
            **self._shown(freeze),
            "order_status": freeze.state,
            "operation_type": content.text("operation_type") or _FREEZE,
            "order_title": freeze.title,
            "total_freeze_amount": yuan(freeze.amount if freeze.frozen_us else 0),
            "total_pay_amount": yuan(freeze.paid),
            "rest_amount": yuan(freeze.rest),
            "gmt_create": written_time(freeze.created_us),
        }

    def cancel(self, asked: Asked) -> Answer:
        """End a freeze of unknown state."""
        freeze = self._named(asked)
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

    def unfreeze(self, asked: Asked) -> Answer:
        account, content = asked.account, asked.content
        amount, number = content.amount("amount"), content.number("out_request_no")
        freeze = self._ledger.freeze_by_number(account.account_id, content.text("auth_no"))
        if freeze is None:
            raise Refused("AUTH_ORDER_NOT_EXIST", "授权订单不存在")
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
        return self._released(freeze, self._release(freeze, number, amount))

    # The payer's part.

    def open(self, freeze: Freeze) -> None:
        """Let the payer open the order: only now Alipay knows it."""
        self.catch_up(freeze)
        if freeze.state == PREPARED:
            freeze.state = INIT
            freeze.auth_no, freeze.operation_id = new_number(self._now_us()), new_number(self._now_us())
            self._ledger.put(freeze)

    def settle(self, freeze: Freeze) -> None:
        """Let the payer confirm, if the order still waits for it."""
        self.catch_up(freeze)
        if freeze.state == INIT and freeze.is_payer_wanted:
            self._take(freeze)

    def catch_up(self, freeze: Freeze) -> None:
        """Let what the passing of time brings happen to a freeze: its payer has decided, or its time is over."""
        now_us = self._now_us()
        if freeze.state == INIT and 0 < freeze.concludes_us <= now_us:
            if freeze.conclusion == APPROVE:
                self._take(freeze)
            else:
                self._end(freeze)
        elif freeze.state in (INIT, PREPARED) and freeze.expires_us <= now_us:
            self._end(freeze)

    def catch_up_all(self) -> None:
        """Let what the passing of time brings happen to every freeze that waits."""
        for freeze in self._ledger.due_freezes(self._now_us()):
            self.catch_up(freeze)

    def current(self, account_id: str, reference: str) -> Freeze | None:
        """Return a freeze as it is now."""
        freeze = self._ledger.freeze(account_id, reference)
        if freeze is not None:
            self.catch_up(freeze)
        return freeze

    def _scanned(self, freeze: Freeze, code: str) -> None:
        """Let the payer of a code confirm: at once, after a while, or on the page. Raises Refused."""
        if not self._ledger.once.use_code(code, freeze.account, freeze.out_order_no):
            raise Refused("PAYMENT_AUTH_CODE_INVALID", "支付授权码无效")
        freeze.auth_code, freeze.conclusion = code, conclusion_of(code)
        freeze.concludes_us = self._premises.later_us(CONCLUDES_S) if freeze.conclusion else 0
        self.open(freeze)
        if not is_to_be_confirmed(code):
            self.settle(freeze)

    def _named(self, asked: Asked) -> Freeze:
        account, content = asked.account, asked.content
        auth_no = content.text("auth_no")
        reference = content.number("out_order_no", required=not auth_no)
        operation = content.text("operation_id")
        request = content.number("out_request_no", required=not operation)
        if auth_no:
            freeze = self._ledger.freeze_by_number(account.account_id, auth_no)
            if freeze is not None:
                self.catch_up(freeze)
        else:
            freeze = self.current(account.account_id, reference)
        if freeze is None or not freeze.auth_no:
            raise Refused("AUTH_ORDER_NOT_EXIST", "授权订单不存在")
        is_another = operation not in ("", freeze.operation_id) or request not in ("", freeze.out_request_no)
        if is_another and content.text("operation_type") in ("", _FREEZE):
            raise Refused("AUTH_OPERATION_NOT_EXIST", "授权明细不存在")
        return freeze

    def _take(self, freeze: Freeze) -> None:
        freeze.state, freeze.frozen_us = AUTHORIZED, self._now_us()
        self._ledger.put(freeze)
        self._notices.of_freeze(freeze)

    def _end(self, freeze: Freeze) -> None:
        freeze.state = ENDED
        self._ledger.put(freeze)

    def _release(self, freeze: Freeze, number: str, amount: int) -> Release:
        freeze.released += amount
        if not freeze.rest:
            freeze.state = FINISHED
        self._ledger.put(freeze)
        operation = new_number(self._now_us())
        release = Release(freeze.account, number, freeze.out_order_no, operation, amount, self._now_us())
        self._ledger.put(release)
        self._notices.of_release(freeze, request=number, operation=operation, amount=amount)
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
