"""Asks WeChat Pay what became of an order, a refund or a cancel.

Refuses to take an error for an answer: a question that is refused leaves everything open, and only "not found" counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tollbridge_server.domain.evidence import (
    DeclineReason,
    Evidence,
    EvidenceSource,
    Failure,
    NextAction,
    NextActionKind,
    Outcome,
)
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import ChargeReference, Inquiry
from tollbridge_server.providers.transport import Silent, Unsent
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import Task
from tollbridge_server.providers.wechatpay.evidence import (
    given_back_evidence,
    order_evidence,
    reading,
    refusal_of,
    silence_of,
)
from tollbridge_server.providers.wechatpay.merchant import Merchant

SCANNED = "MICROPAY"
"""The trade type of a payment by a code that the payer showed: it can not be closed, only reversed."""

BEING_PAID = frozenset({"USERPAYING", "ACCEPT"})
"""States in which an order may be paid without anybody doing anything more."""

POLL_AFTER_S = 5
"""WeChat Pay asks for a question every five to ten seconds while the payer types the password."""

WAIT = NextAction(NextActionKind.WAIT, poll_after_s=POLL_AFTER_S)
"""What is to be done about a code that the payer showed: nobody can act on it but the payer."""


class Standing(Enum):
    """Where a charge stands for somebody who wants to cancel it."""

    UNKNOWN = "nobody knows"
    ABSENT = "there is no such order"
    OPEN = "the order waits for its payer"
    TAKEN = "the money was taken"
    ENDED = "nothing can be paid and nothing is held any more"


@dataclass(frozen=True, slots=True)
class Found:
    """A standing, and the evidence that it was read from.

    `is_scanned`: the payer showed a code. `is_being_paid`: and is typing the password. `app_id` is the order's app.
    """

    standing: Standing
    evidence: Evidence
    is_scanned: bool = False
    is_being_paid: bool = False
    app_id: str = ""


_STANDINGS = {
    Outcome.REQUIRES_ACTION: Standing.OPEN,
    Outcome.PENDING: Standing.OPEN,
    Outcome.SUCCEEDED: Standing.TAKEN,
    Outcome.CANCELED: Standing.ENDED,
    Outcome.DECLINED: Standing.ENDED,
}


async def find_charge(
    client: Client,
    merchant: Merchant,
    reference: str,
    source: EvidenceSource,
    *,
    method: MethodKind | None,
    transaction_id: str = "",
) -> Found:
    """Return where the order with our `reference` stands; asked by WeChat Pay's own number where that is known.

    `method` is what the order was made with, None where that is not known: WeChat Pay may name it only when it is paid.
    Only our reference can show that there is no order: a number that is not found leaves the question open.
    """
    own = client.identity.account_id
    if transaction_id:
        by_number = wire.query_by_transaction(transaction_id, mchid=merchant.mchid)
        found = found_in(await client.call(by_number), merchant, reference, source, method=method, account_id=own)
        if found.standing is not Standing.ABSENT:
            return found
    by_reference = wire.query(reference, mchid=merchant.mchid)
    return found_in(await client.call(by_reference), merchant, reference, source, method=method, account_id=own)


def found_in(
    answer: Answer | Unsent | Silent,
    merchant: Merchant,
    reference: str,
    source: EvidenceSource,
    *,
    method: MethodKind | None,
    account_id: str,
) -> Found:
    """Return where an answer that shows an order says that it stands; `account_id` is for the log."""
    if not isinstance(answer, Answer):
        return Found(Standing.UNKNOWN, silence_of(answer, source))
    if not answer.is_success:
        refused = refusal_of(answer, reading(answer, Task.QUERY, account_id=account_id), source)
        return Found(Standing.ABSENT if refused.absent else Standing.UNKNOWN, refused)
    evidence = order_evidence(answer, merchant, reference, source, account_id=account_id)
    standing = _STANDINGS.get(evidence.outcome, Standing.UNKNOWN)
    is_scanned = method is MethodKind.WECHAT_CODE or answer.text("trade_type") == SCANNED
    if is_scanned and evidence.outcome is Outcome.REQUIRES_ACTION:
        evidence = replace(evidence, next_action=WAIT)
    is_being_paid = answer.text("trade_state") in BEING_PAID
    return Found(standing, evidence, is_scanned, is_being_paid, answer.text("appid"))


async def ask_trade(client: Client, merchant: Merchant, inquiry: Inquiry) -> Evidence:
    """Return what WeChat Pay says of the order that `inquiry` is about."""
    reference, number = inquiry.request_reference, inquiry.provider_reference
    # The charge may be a later one than the order, after a change of the payment method.
    method = inquiry.charge.method if inquiry.charge.request_reference == reference else None
    source = EvidenceSource.QUERY
    return (await find_charge(client, merchant, reference, source, method=method, transaction_id=number)).evidence


async def ask_refund(client: Client, reference: str, charge_reference: str, source: EvidenceSource) -> Evidence:
    """Return what WeChat Pay says of the refund with our `reference`, of the order with our `charge_reference`."""
    own = client.identity.account_id
    answer = await client.call(wire.refund_query(reference))
    if not isinstance(answer, Answer):
        return silence_of(answer, source)
    if not answer.is_success:
        return refusal_of(answer, reading(answer, Task.QUERY, account_id=own), source)
    return given_back_evidence(answer, reference, charge_reference, source, account_id=own)


async def ask_cancel(client: Client, merchant: Merchant, charge: ChargeReference) -> Evidence:
    """Return what became of a cancel, which is to be seen in its charge only."""
    source = EvidenceSource.QUERY
    return cancel_evidence(
        await find_charge(client, merchant, charge.request_reference, source, method=charge.method), source
    )


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
