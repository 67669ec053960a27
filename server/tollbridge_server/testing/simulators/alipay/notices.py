"""Posts what happened to trades and freezes: to the address in the order's request, and nowhere where it named none."""

from __future__ import annotations

import secrets

import orjson

from tollbridge_server.testing.simulators.alipay.book import Freeze, Refund, Trade
from tollbridge_server.testing.simulators.alipay.fields import told_back, written_time, yuan
from tollbridge_server.testing.simulators.alipay.payers import BUYER_ID
from tollbridge_server.testing.simulators.alipay.premises import Premises
from tollbridge_server.testing.simulators.alipay.rules import LATE_S, Behavior
from tollbridge_server.testing.simulators.frame.outbox import COPIES


class Notices:
    """Writes notifications into the outbox; time and signature are added at each sending."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    def of_payment(self, trade: Trade) -> None:
        """Tell that a trade was paid."""
        self._post(trade.account, trade.notify_url, self._trade(trade), trade.behavior)

    def of_refund(self, trade: Trade, refund: Refund, *, behavior: str) -> None:
        """Tell of a refund, where the contract has that: of the last one as the end of its trade."""
        given_back = {
            "refund_fee": yuan(trade.refunded),
            "gmt_refund": f"{written_time(refund.created_us)}.{refund.created_us // 1000 % 1000:03d}",
            "out_biz_no": refund.out_request_no,
        }
        if self._tells_all(trade.account):
            self._post(trade.account, trade.notify_url, self._trade(trade) | given_back, behavior or trade.behavior)

    def of_expiry(self, trade: Trade) -> None:
        """Tell that the time to pay a trade is over, where the contract has that."""
        if trade.trade_no and self._tells_all(trade.account):
            self._post(trade.account, trade.notify_url, self._trade(trade), trade.behavior)

    def of_freeze(self, freeze: Freeze) -> None:
        """Tell that an amount was frozen."""
        kind, request, operation = "fund_auth_freeze", freeze.out_request_no, freeze.operation_id
        self._post(freeze.account, freeze.notify_url, self._freeze(freeze, kind, request, operation), freeze.behavior)

    def of_release(self, freeze: Freeze, *, request: str, operation: str, amount: int) -> None:
        """Tell that a part of what was frozen was released."""
        fields = self._freeze(freeze, "fund_auth_unfreeze", request, operation) | {"amount": yuan(amount)}
        self._post(freeze.account, freeze.notify_url, fields, freeze.behavior)

    def _tells_all(self, account_id: str) -> bool:
        account = self._premises.accounts.get(account_id)
        return account is not None and account.notifies_all

    def _trade(self, trade: Trade) -> dict[str, str]:
        reported = yuan(_reported(trade.amount, trade.behavior))
        paid = {
            "receipt_amount": reported,
            "buyer_pay_amount": reported,
            "invoice_amount": reported,
            "point_amount": "0.00",
            "gmt_payment": written_time(trade.paid_us),
            "fund_bill_list": orjson.dumps([{"amount": reported, "fundChannel": "ALIPAYACCOUNT"}]).decode(),
        }
        closed = {"gmt_close": written_time(trade.closed_us)}
        return {
            "notify_type": "trade_status_sync",
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "trade_status": trade.state,
            "total_amount": reported,
            "subject": trade.subject,
            "buyer_id": BUYER_ID,
            "gmt_create": written_time(trade.created_us),
            **told_back(body=trade.body, passback_params=trade.passback_params),
            **(paid if trade.paid_us else {}),
            **(closed if trade.closed_us else {}),
        }

    def _freeze(self, freeze: Freeze, kind: str, request: str, operation: str) -> dict[str, str]:
        reported = yuan(_reported(freeze.amount, freeze.behavior))
        return {
            "notify_type": kind,
            "auth_no": freeze.auth_no,
            "out_order_no": freeze.out_order_no,
            "operation_id": operation,
            "out_request_no": request,
            "operation_type": "FREEZE" if kind == "fund_auth_freeze" else "UNFREEZE",
            "amount": reported,
            "status": "SUCCESS",
            "gmt_create": written_time(freeze.created_us),
            "gmt_trans": written_time(self._premises.now_us()),
            "payer_user_id": BUYER_ID,
            "total_freeze_amount": reported,
            "total_unfreeze_amount": yuan(freeze.released),
            "total_pay_amount": yuan(freeze.paid),
            "rest_amount": yuan(freeze.rest),
        }

    def _post(self, account_id: str, url: str, fields: dict[str, str], behavior: str) -> None:
        account = self._premises.accounts.get(account_id)
        if account is None or not url:
            return
        event_id = secrets.token_hex(17)
        seller = "seller_id" if fields["notify_type"] == "trade_status_sync" else "payee_user_id"
        body = orjson.dumps(
            {
                "notify_id": event_id,
                "app_id": account.app_id,
                "auth_app_id": account.app_id,
                "charset": "utf-8",
                "version": "1.0",
                "sign_type": "RSA2",
                seller: account.seller_id,
                **fields,
            }
        )
        post, now_us = self._premises.ledger.outbox.post, self._premises.now_us()
        for _ in range(COPIES if behavior == Behavior.DUPLICATE_NOTIFICATIONS else 1):
            post(event_id, account_id, body, due_at_us=now_us, url=url)
        if behavior == Behavior.REORDERED_NOTIFICATIONS:
            post(event_id, account_id, body, due_at_us=self._premises.later_us(LATE_S), url=url)


def _reported(amount: int, behavior: str) -> int:
    """Return the amount in fen that Alipay speaks of: another one than that of the order if that was armed."""
    return amount + 1 if behavior == Behavior.WRONG_AMOUNT else amount
