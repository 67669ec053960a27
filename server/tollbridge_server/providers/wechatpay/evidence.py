"""What an answer of WeChat Pay amounts to as evidence about one reference of ours.

Refuses to see a success in an answer that is about another reference or another merchant, has no readable amount, or
is not signed. States that are not in the tables are UNKNOWN.
"""

from __future__ import annotations

import logging

from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome, RetryAdvice
from tollbridge_server.providers.transport import Silent, Unsent
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.codes import Reading, Task, reading_of
from tollbridge_server.providers.wechatpay.merchant import Merchant

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
    # The money has left the merchant and did not reach the payer, and a second refund would pay twice.
    "ABNORMAL": Outcome.PENDING,
}
_ABNORMAL = (
    "ABNORMAL: the money did not reach the payer; direct it with the abnormal-refund action (异常退款处理) in the "
    "transaction centre (交易中心) of the merchant platform, and never with a second refund"
)


def unknown(detail: str, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of an answer that proves nothing."""
    return Evidence(Outcome.UNKNOWN, source, detail=detail)


def silence_of(result: Unsent | Silent, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of no answer."""
    return Evidence(Outcome.UNKNOWN, source, unsent=isinstance(result, Unsent), detail=result.reason)


def reading(answer: Answer, task: Task, *, account_id: str) -> Reading:
    """Return what an error means to `task`; `account_id` is for the log."""
    return reading_of(
        task,
        status=answer.status,
        code=answer.code,
        message=answer.text("message"),
        field=answer.wrong_field,
        account_id=account_id,
    )


def refusal_of(answer: Answer, read: Reading, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    """Return the evidence of an answer that is no success, and was read as `read`."""
    detail = "" if read.failure else f"HTTP {answer.status} {answer.code[:64]!r}"
    return Evidence(read.outcome, source, failure=read.failure, absent=read.is_absent, detail=detail)


def order_evidence(
    answer: Answer, merchant: Merchant, reference: str, source: EvidenceSource, *, account_id: str
) -> Evidence:
    """Return what a signed answer to a request of ours says of the charge `reference`, if it is this merchant's.

    `account_id` is for the log, here and in what follows.
    """
    if answer.text("mchid") != merchant.mchid:
        return unknown("the answer is about another merchant's order", source)
    app_id = answer.text("appid")
    if app_id and not merchant.owns(app_id):
        told = "wechatpay: an order is of app %.32r; add it to more_app_ids if it is this account's"
        logger.error(told, app_id, extra=_about(reference, account_id))
        return unknown("the answer is about another app's order", source)
    return trade_evidence(answer, reference, source, account_id=account_id)


def trade_evidence(answer: Answer, reference: str, source: EvidenceSource, *, account_id: str) -> Evidence:
    """Return what a signed answer or notification with an order says of the charge `reference`."""
    if answer.text("out_trade_no") != reference:
        return unknown("the answer is about another order", source)
    state, number = answer.text("trade_state"), answer.text("transaction_id")
    outcome = _TRADE_OUTCOMES.get(state)
    if outcome is None:
        logger.warning("wechatpay: trade state %.32r is not known", state, extra=_about(reference, account_id))
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


def given_back_evidence(
    answer: Answer, reference: str, charge_reference: str, source: EvidenceSource, *, account_id: str
) -> Evidence:
    """Return what a signed answer says of the refund `reference`, if it is one of the order `charge_reference`."""
    if answer.text("out_trade_no") != charge_reference:
        return unknown("the answer is about a refund of another order", source)
    return refund_evidence(answer, reference, source, account_id=account_id)


def refund_evidence(answer: Answer, reference: str, source: EvidenceSource, *, account_id: str) -> Evidence:
    """Return what a signed answer or notification says of the refund `reference`."""
    if answer.text("out_refund_no") != reference:
        return unknown("the answer is about another refund", source)
    state, number = answer.text("status"), answer.text("refund_id")
    outcome = _REFUND_OUTCOMES.get(state)
    if outcome is None:
        logger.warning("wechatpay: refund status %.32r is not known", state, extra=_about(reference, account_id))
        return unknown(f"refund status {state[:32]!r}", source)
    if state == "ABNORMAL":
        # Our number names the refund: WeChat Pay's has 29 digits, which the log sweeps away as a card's.
        logger.error("wechatpay: refund %s is %s", reference, _ABNORMAL, extra=_about(reference, account_id))
        return Evidence(outcome, source, number, needs_person=True, detail=_ABNORMAL)
    if outcome is Outcome.DECLINED:
        message = "WeChat Pay closed the refund; the money is still the merchant's"
        failure = Failure(DeclineReason.REFUND_NOT_POSSIBLE, state, message, retry=RetryAdvice.LATER)
        return Evidence(outcome, source, number, failure=failure)
    amount = answer.amount("refund")
    if outcome is Outcome.SUCCEEDED and (amount is None or not number):
        return unknown("refunded, but without a readable amount or number", source)
    return Evidence(outcome, source, number, amount if outcome is Outcome.SUCCEEDED else None)


def _about(reference: str, account_id: str) -> dict[str, str]:
    """Return the fields of a log line with which a person finds what it is about."""
    return {"provider_account_id": account_id, "request_reference": reference}
