"""Asks WeChat Pay what became of an order, a refund or a cancel.

Refuses to take an error for an answer: a question that is refused leaves everything open, and only "not found" counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome
from tollbridge_server.providers.transport import Silent, Unsent
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import Task
from tollbridge_server.providers.wechatpay.evidence import refund_evidence, refusal_of, silence_of, trade_evidence
from tollbridge_server.providers.wechatpay.merchant import Merchant

SCANNED = "MICROPAY"
"""The trade type of a payment by a code that the payer showed: it can not be closed, only reversed."""

BEING_PAID = frozenset({"USERPAYING", "ACCEPT"})
"""States in which an order may be paid without anybody doing anything more."""


class Standing(Enum):
    """Where a charge stands for somebody who wants to cancel it."""

    UNKNOWN = "nobody knows"
    ABSENT = "there is no such order"
    OPEN = "the order waits for its payer"
    TAKEN = "the money was taken"
    ENDED = "nothing can be paid and nothing is held any more"


@dataclass(frozen=True, slots=True)
class Found:
    """A standing, the evidence that it was read from, whether the payer showed a code, and is typing the password."""

    standing: Standing
    evidence: Evidence
    is_scanned: bool = False
    is_being_paid: bool = False


_STANDINGS = {
    Outcome.REQUIRES_ACTION: Standing.OPEN,
    Outcome.PENDING: Standing.OPEN,
    Outcome.SUCCEEDED: Standing.TAKEN,
    Outcome.CANCELED: Standing.ENDED,
    Outcome.DECLINED: Standing.ENDED,
}


async def find_charge(
    client: Client, merchant: Merchant, reference: str, source: EvidenceSource, *, transaction_id: str = ""
) -> Found:
    """Return where the order with our `reference` stands; asked by WeChat Pay's own number where that is known.

    Only our reference can show that there is no order: a number that is not found leaves the question open.
    """
    if transaction_id:
        by_number = wire.query_by_transaction(transaction_id, mchid=merchant.mchid)
        found = _found(await client.call(by_number), reference, source)
        if found.standing is not Standing.ABSENT:
            return found
    return _found(await client.call(wire.query(reference, mchid=merchant.mchid)), reference, source)


def _found(answer: Answer | Unsent | Silent, reference: str, source: EvidenceSource) -> Found:
    if not isinstance(answer, Answer):
        return Found(Standing.UNKNOWN, silence_of(answer, source))
    if not answer.is_success:
        refused = refusal_of(answer, Task.QUERY, source)
        return Found(Standing.ABSENT if refused.absent else Standing.UNKNOWN, refused)
    evidence = trade_evidence(answer, reference, source)
    standing = _STANDINGS.get(evidence.outcome, Standing.UNKNOWN)
    is_being_paid = answer.text("trade_state") in BEING_PAID
    return Found(standing, evidence, answer.text("trade_type") == SCANNED, is_being_paid)


async def ask_trade(
    client: Client, merchant: Merchant, reference: str, source: EvidenceSource, *, transaction_id: str = ""
) -> Evidence:
    """Return what WeChat Pay says of the order with our `reference`, whose own number is `transaction_id` if known."""
    return (await find_charge(client, merchant, reference, source, transaction_id=transaction_id)).evidence


async def ask_refund(client: Client, reference: str, source: EvidenceSource) -> Evidence:
    """Return what WeChat Pay says of the refund with our `reference`."""
    answer = await client.call(wire.refund_query(reference))
    if not isinstance(answer, Answer):
        return silence_of(answer, source)
    if not answer.is_success:
        return refusal_of(answer, Task.QUERY, source)
    return refund_evidence(answer, reference, source)


async def ask_cancel(client: Client, merchant: Merchant, charge_reference: str) -> Evidence:
    """Return what became of a cancel, which is to be seen in its charge only."""
    found = await find_charge(client, merchant, charge_reference, EvidenceSource.QUERY)
    return cancel_evidence(found, EvidenceSource.QUERY)


def cancel_evidence(found: Found, source: EvidenceSource) -> Evidence:
    """Return what a charge's standing says of the cancel that was sent for it.

    A charge that stands as before did not see the cancel: absent, so that it may be sent again.
    """
    match found.standing:
        case Standing.ENDED:
            return Evidence(Outcome.SUCCEEDED, source)
        case Standing.TAKEN:
            failure = Failure(DeclineReason.CANCEL_NOT_POSSIBLE, provider_message="the payer has paid; refund it")
            return Evidence(Outcome.DECLINED, source, failure=failure)
        case Standing.UNKNOWN:
            return Evidence(Outcome.UNKNOWN, source, unsent=found.evidence.unsent, detail=found.evidence.detail)
        case _:
            return Evidence(Outcome.UNKNOWN, source, absent=True, detail=found.standing.value)
