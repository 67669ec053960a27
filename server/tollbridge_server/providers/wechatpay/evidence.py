"""What an answer of WeChat Pay amounts to as evidence about one reference of ours.

Refuses to see a success in an answer that is about another reference, has no readable amount, or is not signed.
States that are not in the tables are UNKNOWN.
"""

from __future__ import annotations

import logging

from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome, RetryAdvice
from tollbridge_server.providers.transport import Silent, Unsent
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.codes import Reading, Task, reading_of

logger = logging.getLogger(__name__)

Result = Answer | Unsent | Silent

_TRADE_OUTCOMES = {
    "NOTPAY": Outcome.REQUIRES_ACTION,
    "USERPAYING": Outcome.REQUIRES_ACTION,
    "ACCEPT": Outcome.PENDING,
    "SUCCESS": Outcome.SUCCEEDED,
    "REFUND": Outcome.SUCCEEDED,  # Paid, and a refund was asked for, be it of a part only.
    "CLOSED": Outcome.CANCELED,
    "REVOKED": Outcome.CANCELED,
    "PAYERROR": Outcome.DECLINED,
}
_REFUND_OUTCOMES = {
    "PROCESSING": Outcome.PENDING,
    "SUCCESS": Outcome.SUCCEEDED,
    "CLOSED": Outcome.DECLINED,
    # The money has left the merchant and did not reach the payer; somebody has to direct it in WeChat Pay's console,
    # and a second refund would pay twice.
    "ABNORMAL": Outcome.PENDING,
}


def unknown(detail: str, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of an answer that proves nothing."""
    return Evidence(Outcome.UNKNOWN, source, detail=detail)


def silence_of(result: Unsent | Silent, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of no answer."""
    return Evidence(Outcome.UNKNOWN, source, unsent=isinstance(result, Unsent), detail=result.reason)


def reading(answer: Answer, task: Task) -> Reading:
    """Return what an error means to `task`."""
    return reading_of(task, status=answer.status, code=answer.code, message=answer.text("message"))


def refusal_of(answer: Answer, task: Task, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of an answer that is no success."""
    read = reading(answer, task)
    detail = "" if read.failure else f"HTTP {answer.status} {answer.code[:64]!r}"
    return Evidence(read.outcome, source, failure=read.failure, absent=read.is_absent, detail=detail)


def trade_evidence(answer: Answer, reference: str, source: EvidenceSource) -> Evidence:
    """Return what a signed answer or notification with an order says of the charge `reference`."""
    if answer.text("out_trade_no") != reference:
        return unknown("the answer is about another order", source)
    state, number = answer.text("trade_state"), answer.text("transaction_id")
    outcome = _TRADE_OUTCOMES.get(state)
    if outcome is None:
        logger.warning("wechatpay: trade state %.32r is not known", state)
        return unknown(f"trade state {state[:32]!r}", source)
    if outcome is Outcome.DECLINED:
        failure = Failure(
            DeclineReason.GENERIC_DECLINE, state, answer.text("trade_state_desc")[:256], retry=RetryAdvice.OTHER_METHOD
        )
        return Evidence(outcome, source, number, failure=failure)
    if outcome is not Outcome.SUCCEEDED:
        return Evidence(outcome, source, number)
    amount = answer.amount("total")  # What the payer paid may be less: WeChat Pay's coupons pay the rest.
    if amount is None or not number:
        return unknown("paid, but without a readable amount or number", source)
    return Evidence(outcome, source, number, amount)


def refund_evidence(answer: Answer, reference: str, source: EvidenceSource) -> Evidence:
    """Return what a signed answer or notification says of the refund `reference`."""
    if answer.text("out_refund_no") != reference:
        return unknown("the answer is about another refund", source)
    state, number = answer.text("status"), answer.text("refund_id")
    outcome = _REFUND_OUTCOMES.get(state)
    if outcome is None:
        logger.warning("wechatpay: refund status %.32r is not known", state)
        return unknown(f"refund status {state[:32]!r}", source)
    if state == "ABNORMAL":
        logger.error("wechatpay: refund %s is ABNORMAL; direct it in the merchant console", number[:64])
        return Evidence(outcome, source, number, detail="ABNORMAL: to be directed in the merchant console")
    if outcome is Outcome.DECLINED:
        message = "WeChat Pay closed the refund; the money is still the merchant's"
        failure = Failure(DeclineReason.REFUND_NOT_POSSIBLE, state, message, retry=RetryAdvice.LATER)
        return Evidence(outcome, source, number, failure=failure)
    amount = answer.amount("refund")
    if outcome is Outcome.SUCCEEDED and (amount is None or not number):
        return unknown("refunded, but without a readable amount or number", source)
    return Evidence(outcome, source, number, amount if outcome is Outcome.SUCCEEDED else None)
