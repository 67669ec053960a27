"""Asks Alipay what became of a trade, a freeze, a refund or a cancel.

Refuses to take an error for an answer: a question that is refused leaves everything open, and only "not found" counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.ports.provider import Inquiry
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import Task
from tollbridge_server.providers.alipay.evidence import (
    Result,
    amount_in,
    freeze_evidence,
    is_about,
    refusal_of,
    silence_of,
    trade_evidence,
    unknown,
)
from tollbridge_server.providers.alipay.merchant import Merchant

_REFUNDED = "REFUND_SUCCESS"


async def ask_trade(client: Client, reference: str, source: EvidenceSource) -> Evidence:
    """Return what Alipay says of the trade with our `reference`."""
    answer = await client.call(wire.query(reference))
    return _unless_answered(answer, source) or trade_evidence(_answered(answer), reference, source)


async def ask_freeze(client: Client, reference: str, source: EvidenceSource) -> Evidence:
    """Return what Alipay says of the freeze with our `reference`."""
    answer = await client.call(wire.freeze_query(reference))
    return _unless_answered(answer, source) or freeze_evidence(_answered(answer), reference, source)


async def ask_refund(
    client: Client, *, charge_reference: str, refund_reference: str, source: EvidenceSource
) -> Evidence:
    """Return what Alipay says of one refund; an answer without a status is how it says that it knows none."""
    request = wire.refund_query(charge_reference=charge_reference, refund_reference=refund_reference)
    result = await client.call(request)
    silent = _unless_answered(result, source)
    if silent is not None:
        return silent
    answer = _answered(result)
    if not answer.refund_status and not answer.refund_amount:
        return Evidence(Outcome.UNKNOWN, source, absent=True)
    if not is_about(answer, charge_reference) or answer.out_request_no != refund_reference:
        return unknown("the answer is about another refund", source)
    amount = amount_in(answer.refund_amount)
    if answer.refund_status != _REFUNDED or amount is None:
        return unknown(f"refund status {answer.refund_status[:32]!r}", source)
    return Evidence(Outcome.SUCCEEDED, source, provider_reference=answer.trade_no, amount=amount)


class Standing(Enum):
    """Where a charge stands for somebody who wants to cancel it."""

    UNKNOWN = "nobody knows"
    ABSENT = "neither a trade nor a freeze is there"
    UNPAID = "a trade waits for its payer"
    UNCONFIRMED = "a freeze waits for its payer"
    HELD = "an amount is frozen"
    TAKEN = "the money was taken"
    ENDED = "nothing can be paid and nothing is held any more"


@dataclass(frozen=True, slots=True)
class Found:
    """A standing, the evidence that it was read from, and what releasing a freeze needs."""

    standing: Standing
    evidence: Evidence
    auth_no: str = ""
    rest: Money | None = None


_OF_A_TRADE = {
    "WAIT_BUYER_PAY": Standing.UNPAID,
    "TRADE_SUCCESS": Standing.TAKEN,
    "TRADE_FINISHED": Standing.TAKEN,
    # Closed after a payment means given back in full; either way nobody holds the payer's money.
    "TRADE_CLOSED": Standing.ENDED,
}


async def find_charge(client: Client, merchant: Merchant, reference: str, source: EvidenceSource) -> Found:
    """Return where the charge with our `reference` stands; orders do not tell a sale from a freeze."""
    result = await client.call(wire.query(reference))
    silent = _unless_answered(result, source)
    if silent is None:
        answer = _answered(result)
        standing = _OF_A_TRADE.get(answer.trade_status, Standing.UNKNOWN)
        about = is_about(answer, reference)
        return Found(standing if about else Standing.UNKNOWN, trade_evidence(answer, reference, source))
    if not silent.absent:
        return Found(Standing.UNKNOWN, silent)
    if not merchant.preauth_product:
        return Found(Standing.ABSENT, silent)
    return await _find_freeze(client, reference, source)


async def _find_freeze(client: Client, reference: str, source: EvidenceSource) -> Found:
    result = await client.call(wire.freeze_query(reference))
    silent = _unless_answered(result, source)
    if silent is not None:
        return Found(Standing.ABSENT if silent.absent else Standing.UNKNOWN, silent)
    answer = _answered(result)
    evidence = freeze_evidence(answer, reference, source)
    if answer.out_order_no != reference:
        return Found(Standing.UNKNOWN, evidence)
    rest, paid = amount_in(answer.rest_amount), amount_in(answer.total_pay_amount)
    match answer.order_status:
        case "INIT":
            return Found(Standing.UNCONFIRMED, evidence)
        case "CLOSED":
            return Found(Standing.ENDED, evidence)
        case "AUTHORIZED" if rest is not None and rest.amount_minor > 0:
            return Found(Standing.HELD, evidence, answer.auth_no, rest)
        case "FINISH" if paid is not None and paid != amount_in(answer.total_freeze_amount):
            return Found(Standing.ENDED, evidence)
        case "FINISH" if paid is not None:
            return Found(Standing.TAKEN, evidence)
        case _:
            return Found(Standing.UNKNOWN, unknown("the freeze can not be read", source))


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


async def ask_cancel(client: Client, merchant: Merchant, inquiry: Inquiry) -> Evidence:
    """Return what became of a cancel, which is to be seen in its charge only."""
    found = await find_charge(client, merchant, inquiry.charge.request_reference, EvidenceSource.QUERY)
    return cancel_evidence(found, EvidenceSource.QUERY)


def _unless_answered(result: Result, source: EvidenceSource) -> Evidence | None:
    """Return why a question has no answer, or None when it has one."""
    if not isinstance(result, Answer):
        return silence_of(result, source)
    return None if result.is_success else refusal_of(result, Task.QUERY, source)


def _answered(result: Result) -> Answer:
    if not isinstance(result, Answer):
        raise TypeError("silence has no fields")
    return result
