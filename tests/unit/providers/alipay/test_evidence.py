"""Only a signed answer about our reference, with a readable amount, is a success; the rest is what it proves."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Outcome
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.codes import Task
from tollbridge_server.providers.alipay.evidence import (
    freeze_evidence,
    is_settled,
    payment_evidence,
    refusal_of,
    silence_of,
    trade_evidence,
    unfreeze_evidence,
    waiting,
)
from tollbridge_server.providers.transport import Silent, Unsent

from tests.unit.providers.alipay.orders import cny

_Q = EvidenceSource.QUERY


def trade(status: str, **fields: str) -> Answer:
    given = {"out_trade_no": "charge", "trade_no": "t1", "total_amount": "88.88", **fields}
    return Answer(is_signed=True, code="10000", trade_status=status, **given)


def freeze(order_status: str = "", status: str = "", **fields: str) -> Answer:
    given = {"out_order_no": "charge", "auth_no": "a1", "amount": "88.88", "total_pay_amount": "0.00", **fields}
    return Answer(is_signed=True, code="10000", order_status=order_status, status=status, **given)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("WAIT_BUYER_PAY", Outcome.REQUIRES_ACTION),
        ("TRADE_SUCCESS", Outcome.SUCCEEDED),
        ("TRADE_FINISHED", Outcome.SUCCEEDED),
        ("TRADE_CLOSED", Outcome.CANCELED),
        ("TRADE_MOVED", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
    ],
)
def test_each_trade_status_is_an_outcome(status: str, outcome: Outcome) -> None:
    evidence = trade_evidence(trade(status), "charge", _Q)
    assert (evidence.outcome, evidence.source) == (outcome, _Q)
    assert evidence.amount == (cny(8888) if outcome is Outcome.SUCCEEDED else None)
    assert not evidence.absent


@pytest.mark.parametrize(
    "signs",
    [
        {"send_pay_date": "2026-01-02 15:04:05"},
        {"gmt_payment": "2026-01-02 15:04:05"},
        {"gmt_refund": "2026-01-02 15:04:05.123"},
        {"buyer_pay_amount": "88.88"},
        {"refund_fee": "88.88"},
    ],
)
def test_a_trade_that_was_given_back_is_not_called_unpaid(signs: dict[str, str]) -> None:
    said = trade_evidence(trade("TRADE_CLOSED", **signs), "charge", _Q)
    assert (said.outcome, said.is_given_back, said.provider_reference) == (Outcome.CANCELED, True, "t1")


def test_a_closed_trade_with_amounts_of_nothing_was_not_paid() -> None:
    closed = trade("TRADE_CLOSED", buyer_pay_amount="0.00", refund_fee="0.00")
    said = trade_evidence(closed, "charge", _Q)
    assert (said.outcome, said.is_given_back) == (Outcome.CANCELED, False)


@pytest.mark.parametrize(
    "fields", [{"out_trade_no": "other"}, {"total_amount": ""}, {"total_amount": "1e3"}, {"trade_no": ""}]
)
def test_a_success_that_is_not_ours_or_not_readable_proves_nothing(fields: dict[str, str]) -> None:
    assert trade_evidence(trade("TRADE_SUCCESS", **fields), "charge", _Q).outcome is Outcome.UNKNOWN
    assert payment_evidence(trade("", **fields), "charge").outcome is Outcome.UNKNOWN


def test_another_amount_is_handed_on_for_the_core_to_doubt() -> None:
    assert payment_evidence(trade("", total_amount="0.01"), "charge").amount == cny(1)


@pytest.mark.parametrize(
    ("order_status", "status", "paid", "outcome"),
    [
        ("INIT", "", "0.00", Outcome.REQUIRES_ACTION),
        ("AUTHORIZED", "SUCCESS", "0.00", Outcome.SUCCEEDED),
        ("FINISH", "SUCCESS", "30.00", Outcome.SUCCEEDED),
        ("FINISH", "SUCCESS", "0.00", Outcome.CANCELED),
        ("FINISH", "SUCCESS", "", Outcome.UNKNOWN),
        ("CLOSED", "CLOSED", "0.00", Outcome.CANCELED),
        ("", "INIT", "", Outcome.REQUIRES_ACTION),
        ("", "SUCCESS", "", Outcome.SUCCEEDED),
        ("", "CLOSED", "", Outcome.CANCELED),
        ("", "", "", Outcome.UNKNOWN),
        ("MELTED", "SUCCESS", "0.00", Outcome.UNKNOWN),
    ],
)
def test_each_freeze_status_is_an_outcome(order_status: str, status: str, paid: str, outcome: Outcome) -> None:
    evidence = freeze_evidence(freeze(order_status, status, total_pay_amount=paid), "charge", _Q)
    assert evidence.outcome is outcome
    assert evidence.amount == (cny(8888) if outcome is Outcome.SUCCEEDED else None)


@pytest.mark.parametrize("fields", [{"out_order_no": "other"}, {"amount": "x"}, {"auth_no": ""}])
def test_a_freeze_that_is_not_ours_or_not_readable_proves_nothing(fields: dict[str, str]) -> None:
    assert freeze_evidence(freeze("AUTHORIZED", **fields), "charge", _Q).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "reference", "outcome"),
    [
        ("SUCCESS", "cancel", Outcome.SUCCEEDED),
        ("INIT", "cancel", Outcome.PENDING),
        ("CLOSED", "cancel", Outcome.UNKNOWN),
        ("", "cancel", Outcome.UNKNOWN),
        ("SUCCESS", "other", Outcome.UNKNOWN),
    ],
)
def test_a_release_counts_when_it_is_ours_and_done(status: str, reference: str, outcome: Outcome) -> None:
    answer = freeze("", status, out_request_no=reference)
    assert unfreeze_evidence(answer, "cancel", _Q).outcome is outcome


def test_silence_says_whether_anything_was_sent() -> None:
    assert silence_of(Unsent("refused")).unsent
    assert not silence_of(Silent("timeout")).unsent


def refused(code: str, sub_code: str = "", *, is_signed: bool = True) -> Answer:
    return Answer(is_signed=is_signed, code=code, sub_code=sub_code, sub_msg="why")


def test_a_business_refusal_is_a_decline_in_both_words() -> None:
    evidence = refusal_of(refused("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH"), Task.CHARGE)
    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.provider_code, evidence.failure.provider_message) == (
        DeclineReason.INSUFFICIENT_FUNDS,
        "ACQ.BUYER_BALANCE_NOT_ENOUGH",
        "why",
    )


@pytest.mark.parametrize(
    "answer",
    [
        refused("20000", "isp.unknow-error"),
        refused("40004", "ACQ.SYSTEM_ERROR"),
        refused("40004", "ACQ.NEVER_SEEN"),
        refused("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", is_signed=False),
        refused("99999"),
    ],
)
def test_what_may_have_happened_is_unknown(answer: Answer) -> None:
    evidence = refusal_of(answer, Task.CHARGE)
    assert (evidence.outcome, evidence.absent, evidence.failure) == (Outcome.UNKNOWN, False, None)
    assert not is_settled(answer, Task.CHARGE)


def test_a_trade_that_is_not_known_is_absent() -> None:
    assert refusal_of(refused("40004", "ACQ.TRADE_NOT_EXIST"), Task.QUERY, _Q).absent


def test_an_unsigned_not_found_is_not_absence() -> None:
    assert not refusal_of(refused("40004", "ACQ.TRADE_NOT_EXIST", is_signed=False), Task.QUERY, _Q).absent


def test_asking_whether_a_query_tells_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert not is_settled(refused("40002", "isv.invalid-app-id"), Task.CHARGE)
    assert not is_settled(refused("40004", "ACQ.NEVER_SEEN"), Task.CHARGE)
    assert not caplog.records


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.REQUIRES_ACTION])
def test_only_a_payer_who_has_to_confirm_is_waited_for(outcome: Outcome) -> None:
    assert waiting(Evidence(outcome)) == Evidence(outcome)


def test_a_reference_with_a_history_is_settled_by_a_query() -> None:
    assert is_settled(refused("40004", "ACQ.TRADE_HAS_SUCCESS"), Task.CHARGE)
