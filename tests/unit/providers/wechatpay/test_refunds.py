"""A refund is what WeChat Pay says of it, and refused only when WeChat Pay knows none."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Outcome, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind

from tests.unit.providers.wechatpay.desk import (
    NO_REFUND,
    REFERENCE,
    REFUND,
    REFUNDS,
    Desk,
    disconnect_after,
    inquiry,
    refund_order,
    refunded,
    refusal,
)
from tests.unit.providers.wechatpay.platform import Reply

ASKED = f"{REFUNDS}/{REFUND}"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCESS", Outcome.SUCCEEDED),
        ("PROCESSING", Outcome.PENDING),
        ("CLOSED", Outcome.DECLINED),
        ("ABNORMAL", Outcome.PENDING),
        ("BRAND_NEW_STATUS", Outcome.UNKNOWN),
    ],
)
async def test_each_status_of_a_refund_is_an_outcome(desk: Desk, status: str, outcome: Outcome) -> None:
    desk.platform.answer(REFUNDS, refunded(status))
    desk.platform.answer(f"{REFUNDS}/{REFUND}", refunded(status))

    answered = await desk.adapter.refund(refund_order())
    asked = await desk.adapter.query(inquiry(OperationKind.REFUND, REFUND))

    assert (answered.outcome, asked.outcome) == (outcome, outcome)
    assert (answered.amount == Money(300, "CNY")) == (outcome is Outcome.SUCCEEDED)
    sent = desk.body(REFUNDS)
    assert sent["amount"] == {"refund": 300, "total": 1000, "currency": "CNY"}
    assert (sent["out_trade_no"], sent["out_refund_no"]) == (REFERENCE, REFUND)
    assert len(sent["reason"].encode()) <= 80


async def test_a_refused_refund_is_declined_when_the_query_finds_none(desk: Desk) -> None:
    desk.platform.answer(REFUNDS, refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(f"{REFUNDS}/{REFUND}", NO_REFUND)

    evidence = await desk.adapter.refund(refund_order())

    assert evidence.failure is not None
    assert (evidence.outcome, evidence.failure.reason) == (Outcome.DECLINED, DeclineReason.BALANCE_INSUFFICIENT)


async def test_a_refused_refund_that_was_made_before_is_what_it_is(desk: Desk) -> None:
    desk.platform.answer(REFUNDS, refusal(400, "INVALID_REQUEST"))
    desk.platform.answer(f"{REFUNDS}/{REFUND}", refunded("PROCESSING"))

    assert (await desk.adapter.refund(refund_order())).outcome is Outcome.PENDING


async def test_a_throttled_refund_is_never_called_refused(desk: Desk) -> None:
    desk.platform.answer(REFUNDS, refusal(429, "FREQUENCY_LIMITED"))

    assert (await desk.adapter.refund(refund_order())).outcome is Outcome.UNKNOWN


async def test_a_refund_of_another_number_proves_nothing(desk: Desk) -> None:
    desk.platform.answer(REFUNDS, refunded("SUCCESS", out_refund_no="c" * 32))

    assert (await desk.adapter.refund(refund_order())).outcome is Outcome.UNKNOWN


async def test_a_refund_of_another_order_proves_nothing(desk: Desk) -> None:
    for other in ({"out_trade_no": "c" * 32}, {"out_trade_no": ""}):
        desk.platform.answer(REFUNDS, refunded("SUCCESS", **other))
        desk.platform.answer(ASKED, refunded("SUCCESS", **other))

        assert (await desk.adapter.refund(refund_order())).outcome is Outcome.UNKNOWN
        assert (await desk.adapter.query(inquiry(OperationKind.REFUND, REFUND))).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", ["SUCCESS", "PROCESSING", "CLOSED", "ABNORMAL"])
async def test_only_a_refund_that_did_not_arrive_needs_a_person_who_is_told_where(desk: Desk, status: str) -> None:
    desk.platform.answer(REFUNDS, refunded(status))
    desk.platform.answer(ASKED, refunded(status))

    for evidence in (
        await desk.adapter.refund(refund_order()),
        await desk.adapter.query(inquiry(OperationKind.REFUND, REFUND)),
    ):
        assert evidence.needs_person is (status == "ABNORMAL")
        assert ("abnormal-refund action" in evidence.detail) is (status == "ABNORMAL")


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "SIGN_ERROR"), (403, "NO_AUTH"), (400, "APPID_MCHID_NOT_MATCH"), (404, "MCH_NOT_EXISTS")],
)
@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (refunded("PROCESSING"), Outcome.PENDING),
        (refunded("SUCCESS"), Outcome.SUCCEEDED),
        (NO_REFUND, Outcome.DECLINED),
        (refusal(401, "SIGN_ERROR"), Outcome.UNKNOWN),
    ],
    ids=["accepted before", "made before", "none", "nobody can ask"],
)
async def test_a_refund_that_our_settings_keep_out_is_asked_for_before_it_is_declined(
    desk: Desk, status: int, code: str, found: Reply, outcome: Outcome
) -> None:
    desk.platform.answer(REFUNDS, refusal(status, code))
    desk.platform.answer(ASKED, found)

    evidence = await desk.adapter.refund(refund_order())

    assert (evidence.outcome, evidence.unsent, evidence.absent) == (outcome, False, False)
    if evidence.failure is not None:
        assert evidence.failure.reason is DeclineReason.PROVIDER_CONFIGURATION


async def test_a_refund_was_sent_though_the_question_after_it_was_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.platform.answer(REFUNDS, refusal(403, "NOT_ENOUGH"))
    disconnect_after(monkeypatch, 1)

    evidence = await desk.adapter.refund(refund_order())

    assert (evidence.outcome, evidence.unsent) == (Outcome.UNKNOWN, False)


async def test_a_refund_is_not_kept_waiting_by_a_payer_who_types(desk: Desk) -> None:
    desk.platform.answer(REFUNDS, refusal(400, "USERPAYING"))

    assert (await desk.adapter.refund(refund_order())).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("message", "reason", "retry"),
    [
        ("退款金额大于可退金额", DeclineReason.AMOUNT_INVALID, RetryAdvice.CORRECTED_DATA),
        ("refund_fee大于可退金额", DeclineReason.AMOUNT_INVALID, RetryAdvice.CORRECTED_DATA),
        ("订单已全额退款", DeclineReason.AMOUNT_INVALID, RetryAdvice.CORRECTED_DATA),
        ("同一笔订单多次退款的请求需间隔1分钟", DeclineReason.REFUND_NOT_POSSIBLE, RetryAdvice.LATER),
        ("请求过于频繁，请稍后再试", DeclineReason.REFUND_NOT_POSSIBLE, RetryAdvice.LATER),
        ("订单未支付", DeclineReason.REFUND_NOT_POSSIBLE, RetryAdvice.NEVER),
        ("订单已超过一年，不可退款", DeclineReason.REFUND_NOT_POSSIBLE, RetryAdvice.NEVER),
        ("部分退款次数超过50次", DeclineReason.REFUND_NOT_POSSIBLE, RetryAdvice.NEVER),
    ],
)
async def test_a_refund_that_breaks_a_rule_says_which(
    desk: Desk, message: str, reason: DeclineReason, retry: RetryAdvice
) -> None:
    desk.platform.answer(REFUNDS, refusal(400, "INVALID_REQUEST", message=message))
    desk.platform.answer(ASKED, NO_REFUND)

    evidence = await desk.adapter.refund(refund_order())

    assert evidence.failure is not None
    assert (evidence.outcome, evidence.failure.reason, evidence.failure.retry) == (Outcome.DECLINED, reason, retry)
