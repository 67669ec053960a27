"""Cancels: asks first, then closes what is unpaid, reverses what a code was shown for, and never what was paid.

Refuses to call a cancel done because WeChat Pay does not know the order, unless the order's own time to pay is over.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.operation import CancelCause
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import CancelOrder
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import USER_PAYING
from tollbridge_server.providers.wechatpay.evidence import silence_of, unknown
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.queries import Standing, cancel_evidence, find_charge

_REPLY = EvidenceSource.REPLY
_DONE = Evidence(Outcome.SUCCEEDED)


async def cancel(client: Client, merchant: Merchant, order: CancelOrder) -> Evidence:
    """End the charge of `order`, if it is not paid."""
    reference = order.charge.request_reference
    found = await find_charge(client, merchant, reference, _REPLY)
    if found.standing is Standing.ABSENT and (order.cause is CancelCause.EXPIRY or order.is_charge_over):
        return _DONE  # Every order carries its time to pay, so one that comes late can not be paid any more.
    if found.standing is not Standing.OPEN:
        return cancel_evidence(found, _REPLY)
    if found.is_scanned:
        answer = await client.call(wire.reverse(reference, app_id=merchant.app_id, mchid=merchant.mchid))
    else:
        answer = await client.call(wire.close(reference, mchid=merchant.mchid))
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if answer.is_success:
        return _DONE
    if answer.code in USER_PAYING:
        return unknown("the payer is typing the password; it is to be canceled again")
    # Whatever the reason: only the order itself tells whether the payer or an earlier cancel was faster.
    again = cancel_evidence(await find_charge(client, merchant, reference, _REPLY), _REPLY)
    if again.outcome is Outcome.UNKNOWN:
        return unknown(f"HTTP {answer.status} {answer.code[:64]!r}")
    return replace(again, unsent=False, absent=False)
