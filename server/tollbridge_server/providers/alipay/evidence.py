"""What an answer of Alipay amounts to as evidence about one reference of ours.

Refuses to see a success in an answer that is about another reference, has no readable amount, or is not signed.
Statuses that are not in the tables are UNKNOWN.
"""

from __future__ import annotations

import logging
import re

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, NextAction, NextActionKind, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.values import replace
from tollbridge_server.providers.alipay import codes
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.codes import Task, reading_of
from tollbridge_server.providers.alipay.money import AmountUnreadable, money_of
from tollbridge_server.providers.transport import Silent, Unsent

logger = logging.getLogger(__name__)

GIVEN_BACK = "the payer had paid, and Alipay has given all of it back"
POLL_AFTER_S = 5
"""Alipay recommends the first question after five seconds."""

_LONG_NUMBER = re.compile(r"[0-9]{12,}", re.ASCII)

Result = Answer | Unsent | Silent

_TRADE_OUTCOMES = {
    "WAIT_BUYER_PAY": Outcome.REQUIRES_ACTION,
    "TRADE_SUCCESS": Outcome.SUCCEEDED,
    "TRADE_FINISHED": Outcome.SUCCEEDED,
    "TRADE_CLOSED": Outcome.CANCELED,
}
_FREEZE_OUTCOMES = {
    "INIT": Outcome.REQUIRES_ACTION,
    "AUTHORIZED": Outcome.SUCCEEDED,
    "FINISH": Outcome.SUCCEEDED,
    "CLOSED": Outcome.CANCELED,
}
_OPERATION_OUTCOMES = {
    "INIT": Outcome.PENDING,
    "SUCCESS": Outcome.SUCCEEDED,
    "CLOSED": Outcome.CANCELED,
}


def unknown(detail: str, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of an answer that proves nothing."""
    return Evidence(Outcome.UNKNOWN, source, detail=detail)


def silence_of(result: Unsent | Silent, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of no answer."""
    return Evidence(Outcome.UNKNOWN, source, unsent=isinstance(result, Unsent), detail=result.reason)


def refusal_of(
    answer: Answer, task: Task, source: EvidenceSource = EvidenceSource.REPLY, *, account_id: str = ""
) -> Evidence:
    """Return the evidence of an answer that is no success; `account_id` is for the log."""
    # Alipay repeats in its messages what was sent, a payer's code for example.
    told = _LONG_NUMBER.sub("…", answer.sub_msg)
    reading = reading_of(
        task,
        code=answer.code,
        sub_code=answer.sub_code,
        sub_message=told,
        is_signed=answer.is_signed,
        account_id=account_id,
    )
    detail = "" if reading.failure else f"code {answer.code[:16]!r} {answer.sub_code[:64]!r}"
    return Evidence(reading.outcome, source, failure=reading.failure, absent=reading.is_absent, detail=detail)


def is_settled(answer: Answer, task: Task) -> bool:
    """Whether the answer says that a query tells what became of the request."""
    return codes.is_settled(task, code=answer.code, sub_code=answer.sub_code, is_signed=answer.is_signed)


def waiting(evidence: Evidence) -> Evidence:
    """Return the evidence of a scanned code, saying that its payer confirms on the telephone where that is so."""
    if evidence.outcome is not Outcome.REQUIRES_ACTION:
        return evidence
    return replace(evidence, next_action=NextAction(NextActionKind.WAIT, poll_after_s=POLL_AFTER_S))


def is_about(answer: Answer, reference: str) -> bool:
    """Whether a signed answer names the trade that was asked for: a signature alone does not say of what it speaks."""
    return answer.out_trade_no == reference


def amount_in(yuan: str) -> Money | None:
    """Return the amount in an answer's field, or None when it is none."""
    try:
        return money_of(yuan)
    except AmountUnreadable:
        return None


def trade_evidence(answer: Answer, reference: str, source: EvidenceSource) -> Evidence:
    """Return what a signed answer or notification with a trade's status says of the charge or capture `reference`."""
    if not is_about(answer, reference):
        return unknown("the answer is about another trade", source)
    outcome = _TRADE_OUTCOMES.get(answer.trade_status, Outcome.UNKNOWN)
    if outcome is Outcome.UNKNOWN:
        logger.warning("alipay: trade status %.32r is not known", answer.trade_status)
        return unknown(f"trade status {answer.trade_status[:32]!r}", source)
    if outcome is Outcome.CANCELED and was_paid(answer):
        return Evidence(outcome, source, answer.trade_no, is_given_back=True, detail=GIVEN_BACK)
    if outcome is Outcome.SUCCEEDED:
        return _paid(answer, source)
    return Evidence(outcome, source, provider_reference=answer.trade_no)


def was_paid(answer: Answer) -> bool:
    """Whether a closed trade shows signs of a payment (then it was given back)."""
    if answer.send_pay_date or answer.gmt_payment or answer.gmt_refund:
        return True
    return any(
        amount is not None and amount.amount_minor > 0
        for amount in (amount_in(answer.buyer_pay_amount), amount_in(answer.refund_fee))
    )


def payment_evidence(answer: Answer, reference: str) -> Evidence:
    """Return what the success of alipay.trade.pay says: it has no status, its code is the word."""
    if not is_about(answer, reference):
        return unknown("the answer is about another trade")
    return _paid(answer, EvidenceSource.REPLY)


def freeze_evidence(answer: Answer, reference: str, source: EvidenceSource) -> Evidence:
    """Return what an answer or a notification about a freeze says of the authorization `reference`."""
    if answer.out_order_no != reference:
        return unknown("the answer is about another freeze", source)
    if answer.order_status:
        outcome = _FREEZE_OUTCOMES.get(answer.order_status, Outcome.UNKNOWN)
    else:
        outcome = _OPERATION_OUTCOMES.get(answer.status, Outcome.UNKNOWN)
        outcome = Outcome.REQUIRES_ACTION if outcome is Outcome.PENDING else outcome
    if answer.order_status == "FINISH":
        paid = amount_in(answer.total_pay_amount)
        if paid is None:
            return unknown("the freeze is over, and nothing says whether it was paid from", source)
        outcome = Outcome.SUCCEEDED if paid.amount_minor else Outcome.CANCELED
    if outcome is Outcome.UNKNOWN:
        logger.warning("alipay: freeze status %.32r %.32r is not known", answer.order_status, answer.status)
        return unknown(f"freeze status {answer.order_status[:32]!r} {answer.status[:32]!r}", source)
    if outcome is not Outcome.SUCCEEDED:
        return Evidence(outcome, source, provider_reference=answer.auth_no)
    amount = amount_in(answer.amount)
    if amount is None or not answer.auth_no:
        return unknown("frozen, but without a readable amount or number", source)
    return Evidence(Outcome.SUCCEEDED, source, provider_reference=answer.auth_no, amount=amount)


def unfreeze_evidence(answer: Answer, reference: str, source: EvidenceSource) -> Evidence:
    """Return what an answer or a notification about a release says of the cancel `reference`."""
    if answer.out_request_no != reference:
        return unknown("the answer is about another release", source)
    if answer.out_order_no == reference:
        return unknown("a release under the freeze's own number says nothing of the freeze", source)
    outcome = _OPERATION_OUTCOMES.get(answer.status, Outcome.UNKNOWN)
    if outcome is Outcome.CANCELED:
        # A closed release released nothing; the freeze has to be asked for.
        return unknown("the release was closed", source)
    return Evidence(outcome, source, provider_reference=answer.auth_no, detail=f"status {answer.status[:32]!r}")


def _paid(answer: Answer, source: EvidenceSource) -> Evidence:
    amount = amount_in(answer.total_amount)
    if amount is None or not answer.trade_no:
        return unknown("paid, but without a readable amount or number", source)
    return Evidence(Outcome.SUCCEEDED, source, provider_reference=answer.trade_no, amount=amount)
