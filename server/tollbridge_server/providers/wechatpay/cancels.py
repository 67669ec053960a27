"""Cancels: asks first, then closes what is unpaid, reverses what a code was shown for, and never what was paid.

Refuses to call a cancel done because WeChat Pay does not know the order, unless the order can not begin any more.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.operation import CancelCause
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import CancelOrder
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import Task
from tollbridge_server.providers.wechatpay.evidence import reading, silence_of, unknown
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.queries import Found, Standing, cancel_evidence, find_charge

_REPLY = EvidenceSource.REPLY


async def cancel(client: Client, merchant: Merchant, order: CancelOrder) -> Evidence:
    """End the charge of `order`, if it is not paid."""
    charge = order.charge
    found = await find_charge(client, merchant, charge.request_reference, _REPLY, method=charge.method)
    if found.standing is Standing.ABSENT and _is_over(order):
        return Evidence(Outcome.SUCCEEDED, absent=True)
    if found.standing is Standing.OPEN:
        found = await end(client, merchant, charge.request_reference, found)
    return cancel_evidence(found, _REPLY)


async def end(client: Client, merchant: Merchant, reference: str, found: Found) -> Found:
    """Close or reverse the open order that was `found`; return where it stands then: ENDED if WeChat Pay confirms it.

    A reverse gives back what was paid meanwhile. The standing is UNKNOWN wherever it is to be tried again.
    """
    answer = await client.call(_ending(merchant, reference, found))
    if not isinstance(answer, Answer):
        return Found(Standing.UNKNOWN, silence_of(answer))
    if answer.is_success:
        if answer.text("out_trade_no") not in ("", reference):
            return Found(Standing.UNKNOWN, unknown("the answer is about another order"))
        return replace(found, standing=Standing.ENDED, evidence=Evidence(Outcome.CANCELED), is_being_paid=False)
    read = reading(answer, Task.CANCEL, account_id=client.identity.account_id)
    if read.outcome is Outcome.PENDING:
        return Found(Standing.UNKNOWN, unknown("the payer is typing the password; it is to be canceled again"))
    # Whatever the reason: only the order itself tells whether the payer or an earlier cancel was faster.
    method = MethodKind.WECHAT_CODE if found.is_scanned else None
    again = await find_charge(client, merchant, reference, _REPLY, method=method)
    if again.standing in (Standing.TAKEN, Standing.ENDED):
        return again
    return Found(Standing.UNKNOWN, unknown(f"HTTP {answer.status} {answer.code[:64]!r}"))


def _ending(merchant: Merchant, reference: str, found: Found) -> wire.Request:
    if found.is_scanned:
        # An order of another app of the merchant's is reversed for that app.
        return wire.reverse(reference, app_id=found.app_id or merchant.app_id, mchid=merchant.mchid)
    return wire.close(reference, mchid=merchant.mchid)


def _is_over(order: CancelOrder) -> bool:
    """Whether an order that WeChat Pay does not know can not be paid any more, as far as anybody can tell.

    Orders carry their time to pay, so that one which arrives after it finds no payer; WeChat Pay would give it a last
    minute, with a code that nobody was shown. An order for a code that the payer showed carries none, and could be
    paid whenever it arrives: only that no request of it is on its way any more ends it.
    """
    is_expired = order.cause is CancelCause.EXPIRY and order.charge.method is not MethodKind.WECHAT_CODE
    return is_expired or order.is_charge_over
