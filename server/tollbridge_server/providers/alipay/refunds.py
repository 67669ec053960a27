"""Refunds: gives money back from the trade that took it, which is a sale's own or that of a capture.

Refuses to read the amount of a refund from the sum of all refunds, and to call one declined before Alipay has said
that it knows none under its reference.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Outcome, RetryAdvice
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import CaptureReference, ChargeReference, Inquiry, RefundOrder
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import Task
from tollbridge_server.providers.alipay.evidence import amount_in, is_about, refusal_of, silence_of, unknown
from tollbridge_server.providers.alipay.limits import declined, refusal_of_amount
from tollbridge_server.providers.alipay.queries import ask_refund

_REPLY = EvidenceSource.REPLY


async def refund(client: Client, order: RefundOrder) -> Evidence:
    """Give back `order.amount`."""
    refused = refusal_of_amount(order.amount)
    if refused is not None:
        return refused
    trade = _trade_of(order.charge, order.capture)
    if not trade:
        message = "Alipay gives back what one capture took, and this refund names no capture"
        return declined(DeclineReason.REFUND_NOT_POSSIBLE, RetryAdvice.NEVER, message)
    answer = await client.call(wire.refund(order, trade=trade))
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if answer.is_success:
        return await _given_back(client, order, answer, trade)
    return await _refused(client, order, answer, trade)


async def ask(client: Client, inquiry: Inquiry) -> Evidence:
    """Return what became of a refund."""
    trade = _trade_of(inquiry.charge, inquiry.capture)
    if not trade:
        # Nobody can be asked, which is no proof that nothing was given back.
        return unknown("the refund names no capture", EvidenceSource.QUERY)
    return await ask_refund(
        client, trade=trade, refund_reference=inquiry.request_reference, source=EvidenceSource.QUERY
    )


def _trade_of(charge: ChargeReference, capture: CaptureReference | None) -> str:
    """Return the trade that took the money, or nothing: a freeze took none itself."""
    if capture is not None:
        return capture.request_reference
    return charge.request_reference if charge.kind is OperationKind.SALE else ""


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
    refusal = refusal_of(answer, Task.REFUND, account_id=client.identity.account_id)
    if refusal.outcome is not Outcome.DECLINED:
        return replace(refusal, absent=False)
    found = await _ask(client, order, trade)
    return refusal if found.absent else replace(found, unsent=False)


async def _ask(client: Client, order: RefundOrder, trade: str) -> Evidence:
    return await ask_refund(client, trade=trade, refund_reference=order.request_reference, source=_REPLY)
