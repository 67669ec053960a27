"""Refunds: gives money back from the trade that took it, which is the charge's own or that of its whole capture.

Refuses to read the amount of a refund from the sum of all refunds, and to call one declined before Alipay has said
that it knows none under its reference.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import ChargeReference, Inquiry, RefundOrder
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import Task, names_no_trade
from tollbridge_server.providers.alipay.evidence import (
    amount_in,
    is_about,
    is_settled,
    refusal_of,
    silence_of,
    unknown,
)
from tollbridge_server.providers.alipay.limits import refusal_of_amount
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.queries import ask_refund

_REPLY = EvidenceSource.REPLY


async def refund(client: Client, merchant: Merchant, order: RefundOrder) -> Evidence:
    """Give back `order.amount`."""
    refused = refusal_of_amount(order.amount)
    if refused is not None:
        return refused
    trade, *others = _trades(merchant, order.charge)
    answer = await client.call(wire.refund(order, trade=trade))
    for other in others:
        if not (isinstance(answer, Answer) and answer.is_signed and names_no_trade(answer.sub_code)):
            break
        trade, answer = other, await client.call(wire.refund(order, trade=other))
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if answer.is_success:
        return await _given_back(client, order, answer, trade)
    return await _refused(client, order, answer, trade)


async def ask(client: Client, merchant: Merchant, inquiry: Inquiry) -> Evidence:
    """Return what became of a refund."""
    found = Evidence(Outcome.UNKNOWN, EvidenceSource.QUERY, absent=True)
    for trade in _trades(merchant, inquiry.charge):
        found = await ask_refund(
            client, charge_reference=trade, refund_reference=inquiry.request_reference, source=EvidenceSource.QUERY
        )
        if not found.absent:
            break
    return found


def _trades(merchant: Merchant, charge: ChargeReference) -> tuple[str, ...]:
    """Return the trades that may have taken the money of `charge`: orders do not tell a sale from a freeze."""
    own = charge.request_reference
    return (own, wire.whole_capture(charge)) if merchant.preauth_product else (own,)


async def _given_back(client: Client, order: RefundOrder, answer: Answer, trade: str) -> Evidence:
    """Return what a success says; its only amount is the sum of all refunds of the trade."""
    if not is_about(answer, trade):
        return unknown("the answer is about another trade")
    total = amount_in(answer.refund_fee)
    if answer.fund_change == "Y" and total is not None and total.amount_minor >= order.amount.amount_minor:
        # Alipay gives back exactly what was asked for, or nothing.
        return Evidence(Outcome.SUCCEEDED, provider_reference=answer.trade_no, amount=order.amount)
    found = await _ask(client, order, trade)
    if found.absent:
        return Evidence(Outcome.PENDING, detail=f"accepted with fund_change {answer.fund_change[:8]!r}, not done yet")
    return replace(found, unsent=False)


async def _refused(client: Client, order: RefundOrder, answer: Answer, trade: str) -> Evidence:
    refusal = refusal_of(answer, Task.REFUND)
    if refusal.outcome is not Outcome.DECLINED and not is_settled(answer, Task.REFUND):
        return replace(refusal, absent=False)
    found = await _ask(client, order, trade)
    if refusal.outcome is Outcome.DECLINED and found.absent:
        return refusal
    return replace(found, unsent=False, absent=False)


async def _ask(client: Client, order: RefundOrder, trade: str) -> Evidence:
    return await ask_refund(client, charge_reference=trade, refund_reference=order.request_reference, source=_REPLY)
