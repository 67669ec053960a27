"""Cancels: asks first, then closes what is unpaid, releases what is frozen, and never gives back what was paid.

Refuses to call a cancel done because Alipay does not know the trade: a QR code or page that nobody has opened yet can
still be paid, unless its time is over or the account's settings say that Alipay ends it.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.operation import CancelCause
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import CancelOrder
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import Task
from tollbridge_server.providers.alipay.evidence import (
    Result,
    is_about,
    is_settled,
    refusal_of,
    silence_of,
    unfreeze_evidence,
    unknown,
)
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.queries import Found, Standing, cancel_evidence, find_charge

MAX_CANCEL_TRIES = 2
_REPLY = EvidenceSource.REPLY
_DONE = Evidence(Outcome.SUCCEEDED)


async def cancel(client: Client, merchant: Merchant, order: CancelOrder) -> Evidence:
    """End the charge of `order`, if it is not paid."""
    reference = order.charge.request_reference
    found = await find_charge(client, merchant, reference, _REPLY)
    match found.standing:
        case Standing.UNPAID:
            answer = await client.call(wire.close(reference))
            if isinstance(answer, Answer) and answer.is_success:
                return _DONE if is_about(answer, reference) else unknown("the answer is about another trade")
            return await _refused(client, merchant, reference, answer)
        case Standing.HELD:
            return await _release(client, merchant, order, found)
        case Standing.UNCONFIRMED:
            return await _end_freeze(client, merchant, order)
        case Standing.ABSENT:
            ended = await _end_absent(client, merchant, order)
            # An answer came on the way, so that not all of it was unsent.
            return replace(ended, unsent=False, absent=False)
        case _:
            return cancel_evidence(found, _REPLY)


async def _release(client: Client, merchant: Merchant, order: CancelOrder, found: Found) -> Evidence:
    if found.rest is None or not found.auth_no:
        return unknown("the freeze has no number")
    request = wire.unfreeze(auth_no=found.auth_no, reference=order.request_reference, amount=found.rest)
    answer = await client.call(request)
    if isinstance(answer, Answer) and answer.is_success:
        return unfreeze_evidence(answer, order.request_reference, _REPLY)
    return await _refused(client, merchant, order.charge.request_reference, answer)


async def _end_freeze(client: Client, merchant: Merchant, order: CancelOrder) -> Evidence:
    """End a freeze that its payer has not confirmed; Alipay releases it where it is confirmed meanwhile."""
    reference = order.charge.request_reference
    answer = await client.call(wire.freeze_cancel(reference))
    if isinstance(answer, Answer) and answer.is_success:
        if answer.out_order_no != reference:
            return unknown("the answer is about another freeze")
        return _DONE if answer.action in ("close", "unfreeze") else _still_payable(merchant, order)
    return await _refused(client, merchant, reference, answer)


async def _end_absent(client: Client, merchant: Merchant, order: CancelOrder) -> Evidence:
    """Cancel what Alipay does not know: it was never sent, it got lost, or nobody has opened it yet."""
    reference = order.charge.request_reference
    for _ in range(MAX_CANCEL_TRIES):
        answer = await client.call(wire.cancel(reference))
        if not isinstance(answer, Answer) or not answer.is_success:
            return await _refused(client, merchant, reference, answer)
        if not is_about(answer, reference):
            return unknown("the answer is about another trade")
        if answer.retry_flag != "Y":
            break
    else:
        return unknown("Alipay wants the cancel again")
    if answer.action in ("close", "refund"):
        return _DONE
    if not merchant.preauth_product:
        return _still_payable(merchant, order)
    ended = await _end_freeze(client, merchant, order)
    # Alipay knows no such freeze either: then it is a code or a page that nobody has opened.
    return _still_payable(merchant, order) if ended.absent else ended


def _still_payable(merchant: Merchant, order: CancelOrder) -> Evidence:
    """Return the evidence of a cancel that found nothing to end.

    Every order carries its time to pay, so that after it nobody can open the code or page any more.
    """
    if order.cause is CancelCause.EXPIRY or order.is_charge_over or merchant.cancel_voids_unscanned:
        return _DONE
    return Evidence(Outcome.PENDING, detail="no trade yet; the code or page can be opened until its time is over")


async def _refused(client: Client, merchant: Merchant, reference: str, result: Result) -> Evidence:
    """Return the refusal, or what the charge says where the payer or an earlier cancel was faster."""
    if not isinstance(result, Answer):
        return silence_of(result)
    if not is_settled(result, Task.CANCEL):
        return refusal_of(result, Task.CANCEL)
    found = await find_charge(client, merchant, reference, _REPLY)
    return replace(cancel_evidence(found, _REPLY), unsent=False, absent=False)
