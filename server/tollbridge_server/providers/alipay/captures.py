"""Captures: pays from a freeze, after asking for the freeze's number and payer, which the payment must repeat.

Refuses to call a capture declined before Alipay has said that it knows no payment under its reference: an earlier
sending may have used up the freeze, and then a repeat is answered as if there was nothing to take.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import CaptureOrder
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import IN_PROCESS, Task
from tollbridge_server.providers.alipay.evidence import (
    is_about,
    is_settled,
    payment_evidence,
    refusal_of,
    silence_of,
    unknown,
)
from tollbridge_server.providers.alipay.limits import refusal_of_amount
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.queries import ask_capture

_REPLY = EvidenceSource.REPLY


async def capture(client: Client, merchant: Merchant, order: CaptureOrder) -> Evidence:
    """Take `order.amount` of its freeze."""
    refused = refusal_of_amount(order.amount)
    if refused is not None:
        return refused
    freeze = await _freeze_of(client, merchant, order)
    if isinstance(freeze, Evidence):
        return freeze
    reference = order.request_reference
    answer = await client.call(wire.capture(order, freeze))
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if answer.is_success:
        return payment_evidence(answer, reference)
    if answer.is_signed and answer.code == IN_PROCESS and is_about(answer, reference):
        return Evidence(Outcome.PENDING, provider_reference=answer.trade_no)
    return await _refused(client, reference, answer)


async def _freeze_of(client: Client, merchant: Merchant, order: CaptureOrder) -> wire.Freeze | Evidence:
    answer = await client.call(wire.freeze_query(order.charge.request_reference))
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if not answer.is_success:
        evidence = refusal_of(answer, Task.QUERY, account_id=client.identity.account_id)
        return await _without_freeze(client, order) if evidence.absent else evidence
    payer = answer.payer_user_id or answer.payer_open_id
    if answer.out_order_no != order.charge.request_reference or not answer.auth_no or not payer:
        return unknown("the freeze can not be read")
    return wire.Freeze(
        auth_no=answer.auth_no,
        product_code=merchant.freeze_product(order.charge.method),
        payee_id=merchant.seller_id,
        payer_id=answer.payer_user_id,
        payer_open_id=answer.payer_open_id,
    )


async def _without_freeze(client: Client, order: CaptureOrder) -> Evidence:
    """Return what Alipay says of the capture itself, when it does not know the freeze."""
    found = await ask_capture(client, order.request_reference, _REPLY)
    # Where it does not know the capture either, nothing is proven: an earlier sending may still be on its way, and we
    # know of a freeze that Alipay denies. So it is not called absent here: the resolver asks when no request can be on
    # its way any more, and only that answer has the same capture sent once more.
    return replace(found, unsent=False, absent=False, detail=found.detail or "Alipay knows no such freeze")


async def _refused(client: Client, reference: str, answer: Answer) -> Evidence:
    refusal = refusal_of(answer, Task.CAPTURE, account_id=client.identity.account_id)
    if refusal.outcome is not Outcome.DECLINED and not is_settled(answer, Task.CAPTURE):
        return replace(refusal, absent=False)
    found = await ask_capture(client, reference, _REPLY)
    if refusal.outcome is Outcome.DECLINED and (found.absent or found.outcome is Outcome.CANCELED):
        return refusal
    return replace(found, unsent=False, absent=False)
