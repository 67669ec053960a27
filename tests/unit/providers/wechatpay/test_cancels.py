"""What is open is closed or reversed, what was paid is not, and what never came ends when it can not come."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.ports.provider import CancelOrder, ChargeReference

from tests.unit.providers.wechatpay.desk import (
    ABSENT,
    CHARGE,
    CLOSE,
    DONE,
    OTHER_APP_ID,
    QUERY,
    REFUND,
    REVERSE,
    SCANNED,
    Desk,
    inquiry,
    refusal,
    reversed_order,
    trade,
)
from tests.unit.providers.wechatpay.platform import APP_ID, MCHID, Reply


async def cancel(
    desk: Desk, cause: CancelCause = CancelCause.CALLER, charge: ChargeReference = CHARGE, *, is_over: bool = False
) -> Evidence:
    return await desk.adapter.cancel(CancelOrder(REFUND, charge, cause, is_charge_over=is_over))


async def test_an_open_order_is_asked_about_and_then_closed(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("NOTPAY", trade_type="NATIVE"))
    desk.platform.answer(CLOSE, DONE)

    evidence = await cancel(desk)

    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, False)
    assert desk.platform.paths[-2:] == [QUERY, CLOSE]
    assert desk.body(CLOSE) == {"mchid": MCHID}


async def test_a_scanned_code_is_reversed_and_not_closed(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("USERPAYING", trade_type="MICROPAY"))
    desk.platform.answer(REVERSE, reversed_order())

    assert (await cancel(desk)).outcome is Outcome.SUCCEEDED
    assert desk.body(REVERSE) == {"appid": APP_ID, "mchid": MCHID}


@pytest.mark.parametrize("state", ["NOTPAY", "USERPAYING"])
async def test_a_charge_by_code_is_reversed_though_the_answer_names_no_type(desk: Desk, state: str) -> None:
    desk.platform.answer(QUERY, trade(state))
    desk.platform.answer(REVERSE, reversed_order())

    assert (await cancel(desk, charge=SCANNED)).outcome is Outcome.SUCCEEDED
    assert CLOSE not in desk.platform.paths


async def test_a_code_is_reversed_for_the_app_of_its_order(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("NOTPAY", appid=OTHER_APP_ID))
    desk.platform.answer(REVERSE, reversed_order(appid=OTHER_APP_ID))

    await cancel(desk, charge=SCANNED)

    assert desk.body(REVERSE)["appid"] == OTHER_APP_ID


@pytest.mark.parametrize("answer", [refusal(202, "USERPAYING"), reversed_order(out_trade_no="c" * 32)])
async def test_a_reverse_that_is_not_confirmed_is_to_be_tried_again(desk: Desk, answer: Reply) -> None:
    desk.platform.answer(QUERY, trade("USERPAYING"))
    desk.platform.answer(REVERSE, Reply(answer.body, status=answer.status))

    evidence = await cancel(desk, charge=SCANNED)

    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)
    assert desk.platform.paths[-1] == REVERSE


async def test_what_was_paid_is_neither_closed_nor_reversed(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("SUCCESS", trade_type="MICROPAY"))

    evidence = await cancel(desk)

    assert evidence.failure is not None
    assert (evidence.outcome, evidence.failure.reason) == (Outcome.DECLINED, DeclineReason.CANCEL_NOT_POSSIBLE)
    assert desk.platform.paths[-1] == QUERY


@pytest.mark.parametrize(
    ("refused", "after", "outcome"),
    [
        (refusal(400, "ORDER_PAID"), trade("SUCCESS"), Outcome.DECLINED),
        (refusal(401, "SIGN_ERROR"), trade("CLOSED"), Outcome.SUCCEEDED),
        (refusal(404, "ORDERNOTEXIST"), trade("NOTPAY"), Outcome.UNKNOWN),
        (refusal(400, "BRAND_NEW_CODE"), trade("NOTPAY"), Outcome.UNKNOWN),
        (refusal(403, "TRADE_ERROR"), trade("SUCCESS"), Outcome.DECLINED),
        (refusal(400, "ORDER_CLOSED"), trade("CLOSED"), Outcome.SUCCEEDED),
        (refusal(403, "RULE_LIMIT"), trade("NOTPAY"), Outcome.UNKNOWN),
        (refusal(500, "SYSTEM_ERROR"), trade("NOTPAY"), Outcome.UNKNOWN),
    ],
)
async def test_after_a_refused_close_only_the_order_tells(
    desk: Desk, refused: Reply, after: Reply, outcome: Outcome
) -> None:
    desk.platform.answer(QUERY, trade("NOTPAY"), after)
    desk.platform.answer(CLOSE, refused)

    evidence = await cancel(desk)

    assert (evidence.outcome, evidence.unsent, evidence.absent) == (outcome, False, False)


async def test_an_order_that_never_came_ends_with_its_time_and_not_before(desk: Desk) -> None:
    desk.platform.answer(QUERY, ABSENT)

    late, early = await cancel(desk, CancelCause.EXPIRY), await cancel(desk)

    assert (late.outcome, late.absent) == (Outcome.SUCCEEDED, True)
    assert (early.outcome, early.absent) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize("cause", list(CancelCause))
async def test_a_code_that_never_came_ends_only_when_none_of_its_requests_can_come(
    desk: Desk, cause: CancelCause
) -> None:
    desk.platform.answer(QUERY, ABSENT)

    open_still = await cancel(desk, cause, SCANNED)
    over = await cancel(desk, cause, SCANNED, is_over=True)

    assert (open_still.outcome, open_still.absent) == (Outcome.UNKNOWN, True)
    assert (over.outcome, over.absent) == (Outcome.SUCCEEDED, True)


async def test_an_order_that_never_came_ends_when_none_of_its_requests_can_come(desk: Desk) -> None:
    desk.platform.answer(QUERY, ABSENT)

    evidence = await cancel(desk, CancelCause.NOT_PROCESSED, is_over=True)

    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, True)


@pytest.mark.parametrize(
    ("status", "code", "setting"),
    [
        (401, "SIGN_ERROR", "serial_no"),
        (403, "NO_AUTH", "mchid"),
        (400, "APPID_MCHID_NOT_MATCH", "app_id"),
        (404, "MCH_NOT_EXISTS", "mchid"),
    ],
)
async def test_a_cancel_that_our_settings_keep_out_stays_open_and_the_log_names_the_setting(
    desk: Desk, caplog: pytest.LogCaptureFixture, status: int, code: str, setting: str
) -> None:
    desk.platform.answer(QUERY, trade("NOTPAY"))
    desk.platform.answer(CLOSE, refusal(status, code))

    evidence = await cancel(desk)

    assert (evidence.outcome, evidence.failure, evidence.absent) == (Outcome.UNKNOWN, None, False)
    [told] = [text for one in caplog.records if "cancel" in (text := one.getMessage())]
    assert code in told
    assert setting in told


async def test_what_became_of_a_cancel_is_seen_in_its_order(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("CLOSED"), trade("SUCCESS"), trade("NOTPAY"))

    found = [await desk.adapter.query(inquiry(OperationKind.CANCEL, REFUND)) for _ in range(3)]

    assert [each.outcome for each in found] == [Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.UNKNOWN]
    assert found[2].absent, "an open order has not seen the cancel, so that it may be sent again"
