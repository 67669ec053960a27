"""Asks Alipay what became of a trade, a freeze, a refund or a cancel.

Refuses to take an error for an answer: a question that is refused leaves everything open, and only "not found" counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import ChargeReference, Inquiry
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
    waiting,
)

_REFUNDED = "REFUND_SUCCESS"


async def ask_trade(client: Client, reference: str, source: EvidenceSource) -> Evidence:
    """Return what Alipay says of the trade with our `reference`."""
    answer = await client.call(wire.query(reference))
    return _unless_answered(client, answer, source) or trade_evidence(_answered(answer), reference, source)


async def ask_freeze(client: Client, reference: str, source: EvidenceSource) -> Evidence:
    """Return what Alipay says of the freeze with our `reference`."""
    answer = await client.call(wire.freeze_query(reference))
    return _unless_answered(client, answer, source) or freeze_evidence(_answered(answer), reference, source)


async def ask_charge(client: Client, inquiry: Inquiry) -> Evidence:
    """Return what became of a sale or an authorization."""
    ask = ask_freeze if inquiry.kind is OperationKind.AUTHORIZE else ask_trade
    found = await ask(client, inquiry.request_reference, EvidenceSource.QUERY)
    # The payment may have gone on with another method, which says nothing of this attempt's.
    is_own_method = inquiry.charge.request_reference == inquiry.request_reference
    is_scanned = is_own_method and inquiry.charge.method is MethodKind.ALIPAY_BARCODE
    return waiting(found) if is_scanned else found


async def ask_capture(client: Client, reference: str, source: EvidenceSource) -> Evidence:
    """Return what became of a capture; one that is not paid yet is on its way, since no payer has to act."""
    found = await ask_trade(client, reference, source)
    return replace(found, outcome=Outcome.PENDING) if found.outcome is Outcome.REQUIRES_ACTION else found


async def ask_refund(client: Client, *, trade: str, refund_reference: str, source: EvidenceSource) -> Evidence:
    """Return what Alipay says of one refund; an answer without a status is how it says that it knows none."""
    request = wire.refund_query(trade=trade, refund_reference=refund_reference)
    result = await client.call(request)
    silent = _unless_answered(client, result, source)
    if silent is not None:
        return silent
    answer = _answered(result)
    if not answer.refund_status and not answer.refund_amount:
        return Evidence(Outcome.UNKNOWN, source, absent=True)
    if not is_about(answer, trade) or answer.out_request_no != refund_reference:
        return unknown("the answer is about another refund", source)
    amount = amount_in(answer.refund_amount)
    if answer.refund_status != _REFUNDED or amount is None:
        return unknown(f"refund status {answer.refund_status[:32]!r}", source)
    return Evidence(Outcome.SUCCEEDED, source, provider_reference=answer.trade_no, amount=amount)


class Standing(Enum):
    """Where a charge stands for somebody who wants to cancel it."""

    UNKNOWN = "nobody knows"
    ABSENT = "Alipay knows nothing of it"
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


async def find_charge(client: Client, charge: ChargeReference, source: EvidenceSource) -> Found:
    """Return where a charge stands: a sale is a trade, an authorization a freeze."""
    find = _find_freeze if charge.kind is OperationKind.AUTHORIZE else _find_trade
    return await find(client, charge.request_reference, source)


async def _find_trade(client: Client, reference: str, source: EvidenceSource) -> Found:
    result = await client.call(wire.query(reference))
    silent = _unless_answered(client, result, source)
    if silent is not None:
        return Found(Standing.ABSENT if silent.absent else Standing.UNKNOWN, silent)
    answer = _answered(result)
    standing = _OF_A_TRADE.get(answer.trade_status, Standing.UNKNOWN)
    about = is_about(answer, reference)
    return Found(standing if about else Standing.UNKNOWN, trade_evidence(answer, reference, source))


async def _find_freeze(client: Client, reference: str, source: EvidenceSource) -> Found:
    result = await client.call(wire.freeze_query(reference))
    silent = _unless_answered(client, result, source)
    if silent is not None:
        return Found(Standing.ABSENT if silent.absent else Standing.UNKNOWN, silent)
    answer = _answered(result)
    evidence = freeze_evidence(answer, reference, source)
    if answer.out_order_no != reference:
        return Found(Standing.UNKNOWN, evidence)
    rest, paid = amount_in(answer.rest_amount), amount_in(answer.total_pay_amount)
    frozen = amount_in(answer.total_freeze_amount)
    match answer.order_status:
        case "INIT":
            return Found(Standing.UNCONFIRMED, evidence)
        case "CLOSED":
            return Found(Standing.ENDED, evidence)
        case "AUTHORIZED" if rest is not None and rest.amount_minor > 0:
            return Found(Standing.HELD, evidence, answer.auth_no, rest)
        case "FINISH" if paid is not None and frozen is not None:
            return Found(Standing.TAKEN if paid == frozen else Standing.ENDED, evidence)
        case _:
            return Found(Standing.UNKNOWN, unknown("the freeze can not be read", source))


def cancel_evidence(found: Found, source: EvidenceSource) -> Evidence:
    """Return what a charge's standing says of the cancel that was sent for it.

    A charge that stands as before did not see the cancel: absent, so that it may be sent again.
    """
    match found.standing:
        case Standing.ENDED:
            said = found.evidence
            return Evidence(Outcome.SUCCEEDED, source, is_given_back=said.is_given_back, detail=said.detail)
        case Standing.TAKEN:
            failure = Failure(DeclineReason.CANCEL_NOT_POSSIBLE, provider_message="the payer has paid; refund it")
            return Evidence(Outcome.DECLINED, source, failure=failure)
        case Standing.UNKNOWN:
            return Evidence(Outcome.UNKNOWN, source, unsent=found.evidence.unsent, detail=found.evidence.detail)
        case _:
            return Evidence(Outcome.UNKNOWN, source, absent=True, detail=found.standing.value)


async def ask_cancel(client: Client, inquiry: Inquiry) -> Evidence:
    """Return what became of a cancel, which is to be seen in its charge only."""
    found = await find_charge(client, inquiry.charge, EvidenceSource.QUERY)
    return cancel_evidence(found, EvidenceSource.QUERY)


def _unless_answered(client: Client, result: Result, source: EvidenceSource) -> Evidence | None:
    """Return why a question has no answer, or None when it has one."""
    if not isinstance(result, Answer):
        return silence_of(result, source)
    if result.is_success:
        return None
    return refusal_of(result, Task.QUERY, source, account_id=client.identity.account_id)


def _answered(result: Result) -> Answer:
    if not isinstance(result, Answer):
        raise TypeError("silence has no fields")
    return result
