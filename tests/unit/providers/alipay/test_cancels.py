"""A cancel asks first, ends what is unpaid or frozen, never gives back a payment, and never guesses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import CancelOrder, ChargeReference

from tests.unit.providers.alipay.gateway import NO_FREEZE, NO_TRADE, Gateway, Reply, adapting
from tests.unit.providers.alipay.orders import CHARGE, FREEZE, SCANNED, SCANNED_FREEZE, cancel, inquiry

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
    answers: dict[str, Any], order: CancelOrder | None = None, *, voids: bool = False
) -> tuple[Evidence, Gateway]:
    async with adapting(cancel_voids_unscanned=voids) as (gateway, adapter):
        gateway.tell(answers)
        return await adapter.cancel(order or cancel()), gateway


async def unfrozen(answers: dict[str, Any]) -> tuple[Evidence, Gateway]:
    return await canceled(answers, cancel(charge=FREEZE))


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
    evidence, gateway = await unfrozen({FREEZE_QUERY: HELD, UNFREEZE: UNLOCKED})
    assert evidence.outcome is Outcome.SUCCEEDED
    assert gateway.last(UNFREEZE).content["amount"] == "58.88"


async def test_a_release_on_its_way_is_pending() -> None:
    evidence, _ = await unfrozen({FREEZE_QUERY: HELD, UNFREEZE: {**UNLOCKED, "status": "INIT"}})
    assert evidence.outcome is Outcome.PENDING


@pytest.mark.parametrize("answer", [SILENT, BUSY, {"code": "40004", "sub_code": "BIZ_ERROR"}, NO_FREEZE])
async def test_a_release_without_an_answer_is_unknown(answer: Any) -> None:
    evidence, _ = await unfrozen({FREEZE_QUERY: HELD, UNFREEZE: answer})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (TAKEN, Outcome.DECLINED),
        (RELEASED, Outcome.SUCCEEDED),
        ({**RELEASED, "total_freeze_amount": ""}, Outcome.UNKNOWN),
        ({**TAKEN, "total_freeze_amount": "x"}, Outcome.UNKNOWN),
        ({**TAKEN, "total_pay_amount": ""}, Outcome.UNKNOWN),
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
    evidence, gateway = await unfrozen({FREEZE_QUERY: found})
    assert (evidence.outcome, evidence.absent) == (outcome, False)
    assert gateway.methods == [FREEZE_QUERY]


@pytest.mark.parametrize("action", ["close", "unfreeze"])
async def test_a_freeze_that_waits_for_its_payer_is_ended(action: str) -> None:
    done = {"out_order_no": "charge", "action": action}
    evidence, _ = await unfrozen({FREEZE_QUERY: UNCONFIRMED, FREEZE_CANCEL: done})
    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, False)


@pytest.mark.parametrize("cause", CancelCause)
@pytest.mark.parametrize("ended", [{"out_order_no": "charge"}, NO_FREEZE])
async def test_a_freeze_that_alipay_knows_and_does_not_end_stays_open_whatever_else_is_true(
    cause: CancelCause, ended: dict[str, str]
) -> None:
    order = cancel(cause, charge=FREEZE, is_charge_over=True)
    evidence, _ = await canceled({FREEZE_QUERY: UNCONFIRMED, FREEZE_CANCEL: ended}, order, voids=True)
    assert (evidence.outcome, evidence.absent) == (Outcome.PENDING, False)


async def test_a_trade_that_can_not_be_closed_stays_open_whatever_else_is_true() -> None:
    order = cancel(CancelCause.EXPIRY, is_charge_over=True)
    evidence, _ = await canceled({QUERY: UNPAID, CLOSE: NO_TRADE}, order, voids=True)
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize(("action", "is_given_back"), [("close", False), ("refund", True)])
async def test_a_trade_that_appears_with_the_cancel_is_ended_by_it(action: str, *, is_given_back: bool) -> None:
    evidence, _ = await canceled({QUERY: NO_TRADE, CANCEL: {**ABOUT, "retry_flag": "N", "action": action}})
    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, False)
    assert evidence.is_given_back is is_given_back


async def test_a_trade_that_was_paid_and_given_back_needs_no_cancel_and_is_called_so() -> None:
    evidence, gateway = await canceled({QUERY: {**CLOSED, "send_pay_date": "2026-01-02 15:04:05"}})
    assert (evidence.outcome, evidence.is_given_back) == (Outcome.SUCCEEDED, True)
    assert gateway.methods == [QUERY]


@pytest.mark.parametrize("action", ["close", "unfreeze"])
async def test_a_freeze_that_appears_with_the_cancel_is_ended_by_it(action: str) -> None:
    evidence, _ = await unfrozen({FREEZE_QUERY: NO_FREEZE, FREEZE_CANCEL: {"out_order_no": "charge", "action": action}})
    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, False)


NO_TRADE_TO_END = {QUERY: NO_TRADE, CANCEL: {**ABOUT, "retry_flag": "N"}}
NO_FREEZE_TO_END = {FREEZE_QUERY: NO_FREEZE, FREEZE_CANCEL: NO_FREEZE}
CHARGES = [
    pytest.param(CHARGE, NO_TRADE_TO_END, id="a trade"),
    pytest.param(CHARGE, {QUERY: NO_TRADE, CANCEL: NO_TRADE}, id="a trade that can not be canceled"),
    pytest.param(FREEZE, NO_FREEZE_TO_END, id="a freeze"),
    pytest.param(FREEZE, {**NO_FREEZE_TO_END, FREEZE_CANCEL: {"out_order_no": "charge"}}, id="a freeze, politely"),
    pytest.param(SCANNED, NO_TRADE_TO_END, id="a scanned code"),
    pytest.param(SCANNED_FREEZE, NO_FREEZE_TO_END, id="a scanned code's freeze"),
]


@pytest.mark.parametrize(("charge", "answers"), CHARGES)
async def test_what_nobody_has_opened_can_still_be_paid(charge: ChargeReference, answers: dict[str, Any]) -> None:
    evidence, gateway = await canceled(answers, cancel(charge=charge))
    assert (evidence.outcome, evidence.absent) == (Outcome.PENDING, False)
    assert gateway.methods == list(answers), "a sale is no freeze, and a freeze no sale"


@pytest.mark.parametrize(("charge", "answers"), CHARGES)
async def test_what_nobody_opened_in_its_time_is_over_and_watched(
    charge: ChargeReference, answers: dict[str, Any]
) -> None:
    evidence, _ = await canceled(answers, cancel(CancelCause.EXPIRY, charge=charge))
    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, True)


@pytest.mark.parametrize(("charge", "answers"), CHARGES)
async def test_what_will_not_begin_any_more_is_over_and_watched(
    charge: ChargeReference, answers: dict[str, Any]
) -> None:
    evidence, _ = await canceled(answers, cancel(CancelCause.NOT_PROCESSED, charge=charge, is_charge_over=True))
    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, True)


async def test_an_account_may_take_alipays_answer_for_the_end_of_what_was_shown() -> None:
    evidence, _ = await canceled(NO_TRADE_TO_END, voids=True)
    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, True)


async def test_no_setting_makes_a_scanned_code_one_that_was_shown() -> None:
    evidence, _ = await canceled(NO_TRADE_TO_END, cancel(charge=SCANNED), voids=True)
    assert evidence.outcome is Outcome.PENDING


async def test_a_cancel_that_alipay_wants_again_is_sent_again_once() -> None:
    again = {**ABOUT, "retry_flag": "Y"}
    evidence, gateway = await canceled(
        {QUERY: NO_TRADE, CANCEL: (again, {**ABOUT, "retry_flag": "N", "action": "close"})}
    )
    assert evidence.outcome is Outcome.SUCCEEDED
    evidence, gateway = await canceled({QUERY: NO_TRADE, CANCEL: again}, cancel(CancelCause.EXPIRY))
    assert evidence.outcome is Outcome.UNKNOWN
    assert gateway.methods == [QUERY, CANCEL, CANCEL]


@pytest.mark.parametrize("answer", [SILENT, BUSY, {"out_trade_no": "other", "retry_flag": "N", "action": "close"}])
async def test_a_cancel_without_an_answer_is_unknown(answer: Any) -> None:
    evidence, _ = await canceled({QUERY: NO_TRADE, CANCEL: answer}, cancel(CancelCause.EXPIRY))
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize("answer", [SILENT, BUSY, {"out_order_no": "other", "action": "close"}])
async def test_an_end_of_a_freeze_without_an_answer_is_unknown(answer: Any) -> None:
    order = cancel(CancelCause.EXPIRY, charge=FREEZE)
    evidence, _ = await canceled({FREEZE_QUERY: NO_FREEZE, FREEZE_CANCEL: answer}, order)
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


async def test_a_cancel_that_comes_too_late_is_declined() -> None:
    late = {"code": "40004", "sub_code": "ACQ.TRADE_CANCEL_TIME_OUT"}
    evidence, _ = await canceled({QUERY: NO_TRADE, CANCEL: late})
    assert evidence.outcome is Outcome.DECLINED


@pytest.mark.parametrize(
    ("charge", "found", "outcome", "absent"),
    [
        (CHARGE, CLOSED, Outcome.SUCCEEDED, False),
        (CHARGE, GIVEN_BACK, Outcome.SUCCEEDED, False),
        (CHARGE, PAID, Outcome.DECLINED, False),
        (CHARGE, UNPAID, Outcome.UNKNOWN, True),
        (CHARGE, NO_TRADE, Outcome.UNKNOWN, True),
        (CHARGE, BUSY, Outcome.UNKNOWN, False),
        (FREEZE, HELD, Outcome.UNKNOWN, True),
        (FREEZE, UNCONFIRMED, Outcome.UNKNOWN, True),
        (FREEZE, RELEASED, Outcome.SUCCEEDED, False),
        (FREEZE, {**RELEASED, "total_freeze_amount": ""}, Outcome.UNKNOWN, False),
        (FREEZE, NO_FREEZE, Outcome.UNKNOWN, True),
        (FREEZE, BUSY, Outcome.UNKNOWN, False),
    ],
)
async def test_what_became_of_a_cancel_is_seen_in_its_charge(
    charge: ChargeReference, found: dict[str, Any], outcome: Outcome, absent: bool
) -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(QUERY if charge is CHARGE else FREEZE_QUERY, found)
        evidence = await adapter.query(inquiry(OperationKind.CANCEL, reference="cancel", charge=charge))
    assert (evidence.outcome, evidence.absent) == (outcome, absent)


@pytest.mark.parametrize("method", [MethodKind.ALIPAY_PAGE, MethodKind.ALIPAY_WAP, MethodKind.ALIPAY_APP])
async def test_no_setting_voids_what_is_in_the_payers_hands(method: MethodKind) -> None:
    in_hand = replace(CHARGE, method=method)
    evidence, _ = await canceled(NO_TRADE_TO_END, cancel(charge=in_hand), voids=True)
    assert evidence.outcome is Outcome.PENDING


async def test_no_setting_voids_the_code_of_a_freeze() -> None:
    nothing = {"out_order_no": "charge"}
    evidence, _ = await canceled({FREEZE_QUERY: NO_FREEZE, FREEZE_CANCEL: nothing}, cancel(charge=FREEZE), voids=True)
    assert evidence.outcome is Outcome.PENDING
