"""A cancel asks first, ends what is unpaid or frozen, never gives back a payment, and never guesses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome
from tollbridge_server.domain.operation import CancelCause, OperationKind

from tests.unit.providers.alipay.gateway import NO_FREEZE, NO_TRADE, Gateway, Reply, adapting
from tests.unit.providers.alipay.orders import cancel, inquiry

QUERY = "alipay.trade.query"
CLOSE = "alipay.trade.close"
CANCEL = "alipay.trade.cancel"
FREEZE_QUERY = "alipay.fund.auth.operation.detail.query"
FREEZE_CANCEL = "alipay.fund.auth.operation.cancel"
UNFREEZE = "alipay.fund.auth.order.unfreeze"

UNPAID = {"out_trade_no": "charge", "trade_no": "t1", "trade_status": "WAIT_BUYER_PAY", "total_amount": "88.88"}
PAID = {**UNPAID, "trade_status": "TRADE_SUCCESS"}
CLOSED = {**UNPAID, "trade_status": "TRADE_CLOSED"}
GIVEN_BACK = {**CLOSED, "send_pay_date": "2026-01-02 15:04:05"}
HELD = {
    "out_order_no": "charge",
    "auth_no": "a1",
    "order_status": "AUTHORIZED",
    "amount": "88.88",
    "total_freeze_amount": "88.88",
    "total_pay_amount": "30.00",
    "rest_amount": "58.88",
}
UNCONFIRMED = {**HELD, "order_status": "INIT", "total_pay_amount": "0.00", "rest_amount": "0.00"}
TAKEN = {**HELD, "order_status": "FINISH", "total_pay_amount": "88.88", "rest_amount": "0.00"}
RELEASED = {**HELD, "order_status": "FINISH", "rest_amount": "0.00"}
FREEZE_CLOSED = {**UNCONFIRMED, "order_status": "CLOSED"}
ABOUT = {"out_trade_no": "charge"}
UNLOCKED = {"out_order_no": "charge", "out_request_no": "cancel", "status": "SUCCESS", "auth_no": "a1"}
SILENT = Reply(raw=b"", status=502)
BUSY = {"code": "20000", "sub_code": "isp.unknow-error"}


async def canceled(
    answers: dict[str, Any], *, cause: CancelCause = CancelCause.CALLER, preauth: bool = True, voids: bool = False
) -> tuple[Evidence, Gateway]:
    async with adapting(preauth=preauth, cancel_voids_unscanned=voids) as (gateway, adapter):
        for method, replies in answers.items():
            gateway.answer(method, *(replies if isinstance(replies, tuple) else (replies,)))
        return await adapter.cancel(cancel(cause)), gateway


async def test_an_unpaid_trade_is_closed_after_it_was_asked_for() -> None:
    evidence, gateway = await canceled({QUERY: UNPAID, CLOSE: ABOUT})
    assert evidence.outcome is Outcome.SUCCEEDED
    assert gateway.methods == [QUERY, CLOSE]


@pytest.mark.parametrize("status", ["TRADE_SUCCESS", "TRADE_FINISHED"])
async def test_a_paid_trade_is_left_alone(status: str) -> None:
    evidence, gateway = await canceled({QUERY: {**PAID, "trade_status": status}})
    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.CANCEL_NOT_POSSIBLE
    assert gateway.methods == [QUERY]


@pytest.mark.parametrize("found", [CLOSED, GIVEN_BACK])
async def test_a_trade_that_is_closed_already_needs_no_more(found: dict[str, str]) -> None:
    evidence, gateway = await canceled({QUERY: found})
    assert evidence.outcome is Outcome.SUCCEEDED
    assert gateway.methods == [QUERY]


@pytest.mark.parametrize("found", [BUSY, SILENT, {**UNPAID, "out_trade_no": "other"}, {**UNPAID, "trade_status": "X"}])
async def test_nothing_is_ended_on_a_question_without_an_answer(found: Any) -> None:
    evidence, gateway = await canceled({QUERY: found})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)
    assert gateway.methods == [QUERY]


async def test_a_payer_who_was_faster_than_the_close_has_paid() -> None:
    refused = {"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}
    evidence, _ = await canceled({QUERY: (UNPAID, PAID), CLOSE: refused})
    assert evidence.outcome is Outcome.DECLINED


async def test_a_close_that_was_done_before_is_done() -> None:
    evidence, _ = await canceled({QUERY: (UNPAID, CLOSED), CLOSE: {"code": "40004", "sub_code": "ACQ.TRADE_HAS_CLOSE"}})
    assert evidence.outcome is Outcome.SUCCEEDED


async def test_a_close_that_is_refused_while_the_trade_still_waits_may_be_sent_again() -> None:
    refused = {"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}
    evidence, _ = await canceled({QUERY: UNPAID, CLOSE: refused})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize("answer", [SILENT, BUSY, {"out_trade_no": "other"}])
async def test_a_close_without_an_answer_is_unknown(answer: Any) -> None:
    evidence, _ = await canceled({QUERY: UNPAID, CLOSE: answer})
    assert (evidence.outcome, evidence.unsent) == (Outcome.UNKNOWN, False)


async def test_a_held_amount_is_released_with_what_is_left_of_it() -> None:
    evidence, gateway = await canceled({QUERY: NO_TRADE, FREEZE_QUERY: HELD, UNFREEZE: UNLOCKED})
    assert evidence.outcome is Outcome.SUCCEEDED
    assert gateway.last(UNFREEZE).content["amount"] == "58.88"


async def test_a_release_on_its_way_is_pending() -> None:
    evidence, _ = await canceled({QUERY: NO_TRADE, FREEZE_QUERY: HELD, UNFREEZE: {**UNLOCKED, "status": "INIT"}})
    assert evidence.outcome is Outcome.PENDING


@pytest.mark.parametrize("answer", [SILENT, BUSY, {"code": "40004", "sub_code": "BIZ_ERROR"}])
async def test_a_release_without_an_answer_is_unknown(answer: Any) -> None:
    evidence, _ = await canceled({QUERY: NO_TRADE, FREEZE_QUERY: HELD, UNFREEZE: answer})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (TAKEN, Outcome.DECLINED),
        (RELEASED, Outcome.SUCCEEDED),
        (FREEZE_CLOSED, Outcome.SUCCEEDED),
        ({**HELD, "rest_amount": "0.00"}, Outcome.UNKNOWN),
        ({**HELD, "auth_no": ""}, Outcome.UNKNOWN),
        ({**HELD, "out_order_no": "other"}, Outcome.UNKNOWN),
        ({**HELD, "order_status": "X"}, Outcome.UNKNOWN),
        (BUSY, Outcome.UNKNOWN),
        (SILENT, Outcome.UNKNOWN),
    ],
)
async def test_a_freeze_that_holds_nothing_is_not_released(found: Any, outcome: Outcome) -> None:
    evidence, gateway = await canceled({QUERY: NO_TRADE, FREEZE_QUERY: found})
    assert evidence.outcome is outcome
    assert gateway.methods == [QUERY, FREEZE_QUERY]


@pytest.mark.parametrize("action", ["close", "unfreeze"])
async def test_a_freeze_that_waits_for_its_payer_is_ended(action: str) -> None:
    done = {"out_order_no": "charge", "action": action}
    evidence, _ = await canceled({QUERY: NO_TRADE, FREEZE_QUERY: UNCONFIRMED, FREEZE_CANCEL: done})
    assert evidence.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("action", ["close", "refund"])
async def test_a_trade_that_appears_with_the_cancel_is_ended_by_it(action: str) -> None:
    evidence, _ = await canceled(
        {QUERY: NO_TRADE, CANCEL: {**ABOUT, "retry_flag": "N", "action": action}}, preauth=False
    )
    assert evidence.outcome is Outcome.SUCCEEDED


NOTHING_THERE = {QUERY: NO_TRADE, CANCEL: {**ABOUT, "retry_flag": "N"}}


async def test_a_code_that_nobody_has_opened_can_still_be_paid() -> None:
    evidence, gateway = await canceled(NOTHING_THERE, preauth=False)
    assert evidence.outcome is Outcome.PENDING
    assert gateway.methods == [QUERY, CANCEL]


async def test_a_code_whose_time_is_over_can_not() -> None:
    evidence, _ = await canceled(NOTHING_THERE, preauth=False, cause=CancelCause.EXPIRY)
    assert evidence.outcome is Outcome.SUCCEEDED


async def test_a_code_that_nobody_was_given_can_not() -> None:
    async with adapting(preauth=False) as (gateway, adapter):
        for method, reply in NOTHING_THERE.items():
            gateway.answer(method, *(reply if isinstance(reply, tuple) else (reply,)))
        evidence = await adapter.cancel(replace(cancel(CancelCause.NOT_PROCESSED), is_charge_over=True))
    assert evidence.outcome is Outcome.SUCCEEDED


async def test_an_account_may_take_alipays_answer_for_the_end() -> None:
    evidence, _ = await canceled(NOTHING_THERE, preauth=False, voids=True)
    assert evidence.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(("voids", "outcome"), [(False, Outcome.PENDING), (True, Outcome.SUCCEEDED)])
async def test_what_is_neither_trade_nor_freeze_is_ended_as_both(voids: bool, outcome: Outcome) -> None:
    answers = {**NOTHING_THERE, FREEZE_QUERY: NO_FREEZE, FREEZE_CANCEL: NO_FREEZE}
    evidence, gateway = await canceled(answers, voids=voids)
    assert evidence.outcome is outcome
    assert gateway.methods == [QUERY, FREEZE_QUERY, CANCEL, FREEZE_CANCEL]


async def test_a_cancel_that_alipay_wants_again_is_sent_again_once() -> None:
    again = {**ABOUT, "retry_flag": "Y"}
    evidence, gateway = await canceled(
        {QUERY: NO_TRADE, CANCEL: (again, {**ABOUT, "retry_flag": "N", "action": "close"})}, preauth=False
    )
    assert evidence.outcome is Outcome.SUCCEEDED
    evidence, gateway = await canceled({QUERY: NO_TRADE, CANCEL: again}, preauth=False)
    assert evidence.outcome is Outcome.UNKNOWN
    assert gateway.methods == [QUERY, CANCEL, CANCEL]


@pytest.mark.parametrize("answer", [SILENT, BUSY, {"out_trade_no": "other", "retry_flag": "N", "action": "close"}])
async def test_a_cancel_without_an_answer_is_unknown(answer: Any) -> None:
    evidence, _ = await canceled({QUERY: NO_TRADE, CANCEL: answer}, preauth=False)
    assert evidence.outcome is Outcome.UNKNOWN


async def test_a_cancel_that_comes_too_late_is_declined() -> None:
    late = {"code": "40004", "sub_code": "ACQ.TRADE_CANCEL_TIME_OUT"}
    evidence, _ = await canceled({QUERY: NO_TRADE, CANCEL: late}, preauth=False)
    assert evidence.outcome is Outcome.DECLINED


@pytest.mark.parametrize(
    ("answers", "outcome", "absent"),
    [
        ({QUERY: CLOSED}, Outcome.SUCCEEDED, False),
        ({QUERY: GIVEN_BACK}, Outcome.SUCCEEDED, False),
        ({QUERY: PAID}, Outcome.DECLINED, False),
        ({QUERY: UNPAID}, Outcome.UNKNOWN, True),
        ({QUERY: NO_TRADE, FREEZE_QUERY: HELD}, Outcome.UNKNOWN, True),
        ({QUERY: NO_TRADE, FREEZE_QUERY: RELEASED}, Outcome.SUCCEEDED, False),
        ({QUERY: NO_TRADE, FREEZE_QUERY: NO_FREEZE}, Outcome.UNKNOWN, True),
        ({QUERY: BUSY}, Outcome.UNKNOWN, False),
    ],
)
async def test_what_became_of_a_cancel_is_seen_in_its_charge(
    answers: dict[str, Any], outcome: Outcome, absent: bool
) -> None:
    async with adapting() as (gateway, adapter):
        for method, reply in answers.items():
            gateway.answer(method, reply)
        evidence = await adapter.query(inquiry(OperationKind.CANCEL, reference="cancel"))
    assert (evidence.outcome, evidence.absent) == (outcome, absent)
