"""What each question asks WeChat Pay, and what its answers amount to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tollbridge_server.domain.evidence import EvidenceSource, NextAction, NextActionKind, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.provider import Inquiry

from tests.unit.providers.wechatpay.desk import (
    ABSENT,
    BY_NUMBER,
    CHARGE,
    CNY_10,
    NUMBER,
    OTHER_APP_ID,
    QUERY,
    REFERENCE,
    SCANNED,
    Desk,
    inquiry,
    refusal,
    trade,
)
from tests.unit.providers.wechatpay.platform import APP_ID, Reply

WAIT = NextAction(NextActionKind.WAIT, poll_after_s=5)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("NOTPAY", Outcome.REQUIRES_ACTION),
        ("USERPAYING", Outcome.REQUIRES_ACTION),
        ("ACCEPT", Outcome.PENDING),
        ("SUCCESS", Outcome.SUCCEEDED),
        ("REFUND", Outcome.SUCCEEDED),
        ("CLOSED", Outcome.CANCELED),
        ("REVOKED", Outcome.CANCELED),
        ("PAYERROR", Outcome.DECLINED),
        ("BRAND_NEW_STATE", Outcome.UNKNOWN),
    ],
)
async def test_each_state_of_an_order_is_an_outcome(desk: Desk, state: str, outcome: Outcome) -> None:
    desk.platform.answer(QUERY, trade(state))

    evidence = await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))

    assert (evidence.outcome, evidence.source) == (outcome, EvidenceSource.QUERY)


@pytest.mark.parametrize(
    "answer",
    [
        trade("SUCCESS", out_trade_no="c" * 32),
        trade("SUCCESS", amount={"total": "1000", "currency": "CNY"}),
        trade("SUCCESS", amount={"total": 1000, "currency": "USD"}),
        trade("SUCCESS", amount={"total": True, "currency": "CNY"}),
        trade("SUCCESS", transaction_id=""),
        trade("SUCCESS", mchid="1900000002"),
        trade("SUCCESS", mchid=None),
        trade("SUCCESS", appid="wx0000000000000003"),
    ],
)
async def test_a_success_that_is_not_ours_or_not_readable_is_unknown(desk: Desk, answer: Reply) -> None:
    desk.platform.answer(QUERY, answer)

    assert (await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))).outcome is Outcome.UNKNOWN


async def test_a_transaction_whose_number_is_known_is_asked_for_by_it(desk: Desk) -> None:
    desk.platform.answer(BY_NUMBER, trade("SUCCESS"))

    evidence = await desk.adapter.query(Inquiry(OperationKind.SALE, REFERENCE, NUMBER, CHARGE, CNY_10))

    assert evidence.outcome is Outcome.SUCCEEDED
    assert desk.platform.paths[-1] == BY_NUMBER


@pytest.mark.parametrize(
    ("answers", "outcome", "is_absent"),
    [
        ({"BY_NUMBER": ABSENT, "QUERY": trade("SUCCESS")}, Outcome.SUCCEEDED, False),
        ({"BY_NUMBER": ABSENT, "QUERY": ABSENT}, Outcome.UNKNOWN, True),
        ({"BY_NUMBER": trade("SUCCESS", out_trade_no="c" * 32)}, Outcome.UNKNOWN, False),
    ],
)
async def test_only_our_reference_shows_that_there_is_no_order(
    desk: Desk, answers: dict[str, Reply], outcome: Outcome, is_absent: bool
) -> None:
    for path, answer in answers.items():
        desk.platform.answer({"BY_NUMBER": BY_NUMBER, "QUERY": QUERY}[path], answer)

    evidence = await desk.adapter.query(Inquiry(OperationKind.SALE, REFERENCE, NUMBER, CHARGE, CNY_10))

    assert (evidence.outcome, evidence.absent) == (outcome, is_absent)


async def test_an_order_that_is_not_there_is_absent(desk: Desk) -> None:
    desk.platform.answer(QUERY, ABSENT)

    evidence = await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))

    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize("app_id", [APP_ID, OTHER_APP_ID])
async def test_an_order_of_any_app_of_the_merchant_s_is_ours(desk: Desk, app_id: str) -> None:
    desk.platform.answer(QUERY, trade("SUCCESS", appid=app_id))

    assert (await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))).outcome is Outcome.SUCCEEDED


async def test_an_order_of_an_app_that_is_not_configured_names_the_setting(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.platform.answer(QUERY, trade("SUCCESS", appid="wx0000000000000003"))

    await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))

    assert "more_app_ids" in caplog.text


@pytest.mark.parametrize("state", ["NOTPAY", "USERPAYING"])
async def test_a_code_whose_answer_was_lost_is_waited_for(desk: Desk, state: str) -> None:
    desk.platform.answer(QUERY, trade(state))

    evidence = await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE, SCANNED))

    assert (evidence.outcome, evidence.next_action) == (Outcome.REQUIRES_ACTION, WAIT)


@pytest.mark.parametrize("state", ["SUCCESS", "ACCEPT", "REVOKED", "PAYERROR"])
async def test_a_code_that_was_decided_is_not_waited_for(desk: Desk, state: str) -> None:
    desk.platform.answer(QUERY, trade(state))

    assert (await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE, SCANNED))).next_action is None


async def test_a_code_that_a_payer_has_to_scan_is_not_waited_for_but_asked_for_again(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("NOTPAY"))

    evidence = await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))

    assert (evidence.outcome, evidence.next_action) == (Outcome.REQUIRES_ACTION, None)


async def test_an_earlier_order_than_the_charge_is_what_wechat_pay_says_that_it_is(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("NOTPAY"), trade("NOTPAY", trade_type="MICROPAY"))
    later = replace(SCANNED, request_reference="c" * 32)

    found = [await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE, later)) for _ in range(2)]

    assert [each.next_action for each in found] == [None, WAIT]


@pytest.mark.parametrize("code", ["USERPAYING", "USER_PAYING"])
async def test_a_question_is_not_answered_by_a_payer_who_types(desk: Desk, code: str) -> None:
    desk.platform.answer(QUERY, refusal(400, code))

    assert (await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))).outcome is Outcome.UNKNOWN
