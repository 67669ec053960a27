"""Cancels: asks first, then closes what is unpaid, releases what is frozen, and never gives back what was paid.

Refuses to call a cancel done because Alipay does not know the charge: a QR code or page that nobody has opened yet can
still be paid, unless its time is over or the account's settings say that Alipay ends it.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import CancelOrder
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import Task
from tollbridge_server.providers.alipay.evidence import (
    GIVEN_BACK,
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
# An answer without an action says that there was nothing to end.
_ENDED = {"close": _DONE, "refund": replace(_DONE, is_given_back=True, detail=GIVEN_BACK)}
_STILL_PAYABLE = "nothing to end yet; the code, page or order can be paid until its time is over"


async def cancel(client: Client, merchant: Merchant, order: CancelOrder) -> Evidence:
    """End the charge of `order`, if it is not paid."""
    found = await find_charge(client, order.charge, _REPLY)
    match found.standing:
        case Standing.UNPAID:
            return await _close(client, order)
        case Standing.HELD:
            return await _release(client, order, found)
        case Standing.UNCONFIRMED:
            # Alipay knows it, so nothing but Alipay's word ends it, whatever its time and the settings are.
            ended = await _end_freeze(client, order)
            return ended or Evidence(Outcome.PENDING, detail="the payer can confirm; Alipay has not ended it")
        case Standing.ABSENT:
            end = _end_freeze if order.charge.kind is OperationKind.AUTHORIZE else _end_trade
            ended = await end(client, order) or _without_end(merchant, order)
            # An answer came on the way, so that not all of it was unsent.
            return replace(ended, unsent=False)
        case _:
            return cancel_evidence(found, _REPLY)


async def _close(client: Client, order: CancelOrder) -> Evidence:
    reference = order.charge.request_reference
    answer = await client.call(wire.close(reference))
    if isinstance(answer, Answer) and answer.is_success:
        return _DONE if is_about(answer, reference) else unknown("the answer is about another trade")
    return replace(await _refused(client, order, answer), absent=False)


async def _release(client: Client, order: CancelOrder, found: Found) -> Evidence:
    if found.rest is None or not found.auth_no:
        return unknown("the freeze has no number")
    request = wire.unfreeze(auth_no=found.auth_no, reference=order.request_reference, amount=found.rest)
    answer = await client.call(request)
    if isinstance(answer, Answer) and answer.is_success:
        return unfreeze_evidence(answer, order.request_reference, _REPLY)
    return replace(await _refused(client, order, answer), absent=False)


async def _end_freeze(client: Client, order: CancelOrder) -> Evidence | None:
    """End a freeze that its payer has not confirmed; return None when Alipay had nothing to end.

    Alipay releases it where it is confirmed meanwhile.
    """
    reference = order.charge.request_reference
    answer = await client.call(wire.freeze_cancel(reference))
    if not isinstance(answer, Answer) or not answer.is_success:
        return _unless_absent(await _refused(client, order, answer))
    if answer.out_order_no != reference:
        return unknown("the answer is about another freeze")
    return _DONE if answer.action in ("close", "unfreeze") else None


async def _end_trade(client: Client, order: CancelOrder) -> Evidence | None:
    """End a trade that Alipay did not know a moment ago; return None when it had nothing to end."""
    reference = order.charge.request_reference
    for _ in range(MAX_CANCEL_TRIES):
        answer = await client.call(wire.cancel(reference))
        if not isinstance(answer, Answer) or not answer.is_success:
            return _unless_absent(await _refused(client, order, answer))
        if not is_about(answer, reference):
            return unknown("the answer is about another trade")
        if answer.retry_flag != "Y":
            return _ENDED.get(answer.action)
    return unknown("Alipay wants the cancel again")


def _without_end(merchant: Merchant, order: CancelOrder) -> Evidence:
    """Return what a cancel amounts to that found nothing to end: Alipay knows nothing of the charge.

    Every order carries its time to pay, after which it is refused. It is called absent all the same, so that the core
    goes on asking: clocks differ, and the time of a freeze in an app begins with the app's request.
    """
    # A page or an app's order is in the payer's hands alone, and a freeze's code is no trade: no cancel voids those.
    is_code = order.charge.kind is OperationKind.SALE and order.charge.method is MethodKind.ALIPAY_QR
    is_void = merchant.cancel_voids_unscanned and is_code
    if order.cause is CancelCause.EXPIRY or order.is_charge_over or is_void:
        return Evidence(Outcome.SUCCEEDED, absent=True)
    return Evidence(Outcome.PENDING, detail=_STILL_PAYABLE)


def _unless_absent(refused: Evidence) -> Evidence | None:
    return None if refused.absent else refused


async def _refused(client: Client, order: CancelOrder, result: Result) -> Evidence:
    """Return the refusal, or what the charge says where the payer or an earlier cancel was faster.

    It is absent when Alipay says that it does not know what should be ended.
    """
    if not isinstance(result, Answer):
        return silence_of(result)
    if not is_settled(result, Task.CANCEL):
        return refusal_of(result, Task.CANCEL, account_id=client.identity.account_id)
    found = await find_charge(client, order.charge, _REPLY)
    return replace(cancel_evidence(found, _REPLY), unsent=False, absent=False)
