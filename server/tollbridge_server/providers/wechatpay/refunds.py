"""Refunds: accepted first, done later; refuses to call one declined before WeChat Pay has said that it knows none."""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import RefundOrder
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import Task
from tollbridge_server.providers.wechatpay.evidence import given_back_evidence, reading, refusal_of, silence_of
from tollbridge_server.providers.wechatpay.limits import refusal_of_amount
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.queries import ask_refund

_REPLY = EvidenceSource.REPLY


async def refund(client: Client, merchant: Merchant, order: RefundOrder) -> Evidence:
    """Give back `order.amount`."""
    refused = refusal_of_amount(order.amount)
    if refused is not None:
        return refused
    reference, charge_reference = order.request_reference, order.charge.request_reference
    own = client.identity.account_id
    answer = await client.call(wire.refund(order, merchant))
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if answer.is_success:
        return given_back_evidence(answer, reference, charge_reference, _REPLY, account_id=own)
    read = reading(answer, Task.REFUND, account_id=own)
    refusal = refusal_of(answer, read)
    if not read.is_doubtful:
        return refusal
    found = await ask_refund(client, reference, charge_reference, _REPLY)
    if refusal.outcome is Outcome.DECLINED and found.absent:
        return refusal
    return replace(found, unsent=False, absent=False)
