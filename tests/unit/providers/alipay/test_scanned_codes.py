"""A scanned code is declined only when nobody can confirm it any more, and says when its payer has to."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.domain.evidence import DeclineReason, NextActionKind, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind

from tests.unit.providers.alipay.gateway import NO_FREEZE, NO_TRADE
from tests.unit.providers.alipay.orders import (
    barcode,
    charge,
    cny,
)
from tests.unit.providers.alipay.said import (
    BUSY,
    CLOSE,
    FOUND,
    FREEZE_CANCEL,
    FREEZE_QUERY,
    HELD,
    ORDER_FREEZE,
    PAID,
    PAY,
    POOR,
    PRECREATE,
    QUERY,
    SILENT,
    WAITING,
    charged,
)


async def test_a_decline_has_alipays_words() -> None:
    evidence, gateway = await charged(charge(barcode()), {PAY: POOR, QUERY: NO_TRADE})
    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.provider_code) == (
        DeclineReason.INSUFFICIENT_FUNDS,
        "ACQ.BUYER_BALANCE_NOT_ENOUGH",
    )
    assert gateway.methods == [PAY, QUERY]


CLOSED = {**PAID, "trade_status": "TRADE_CLOSED"}
STATUS_ERROR = {"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}


async def test_a_refused_code_that_its_payer_could_still_confirm_is_closed_before_it_is_declined() -> None:
    answers = {PAY: POOR, QUERY: (WAITING, CLOSED), CLOSE: {"out_trade_no": "charge"}}
    evidence, gateway = await charged(charge(barcode()), answers)
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.INSUFFICIENT_FUNDS
    assert gateway.methods == [PAY, QUERY, CLOSE, QUERY]


async def test_a_refused_code_that_was_closed_already_is_declined() -> None:
    evidence, _ = await charged(charge(barcode()), {PAY: POOR, QUERY: CLOSED})
    assert evidence.outcome is Outcome.DECLINED


@pytest.mark.parametrize("found", [FOUND, (WAITING, FOUND)])
async def test_a_refused_code_that_was_paid_all_the_same_is_a_payment(found: Any) -> None:
    evidence, _ = await charged(charge(barcode()), {PAY: POOR, QUERY: found, CLOSE: STATUS_ERROR})
    assert (evidence.outcome, evidence.amount, evidence.failure) == (Outcome.SUCCEEDED, cny(8888), None)


@pytest.mark.parametrize("found", [BUSY, SILENT, (WAITING, WAITING), (WAITING, SILENT), (WAITING, BUSY)])
@pytest.mark.parametrize("closed", [SILENT, BUSY, STATUS_ERROR])
async def test_a_refused_code_is_unknown_as_long_as_it_may_be_paid(found: Any, closed: Any) -> None:
    evidence, _ = await charged(charge(barcode()), {PAY: POOR, QUERY: found, CLOSE: closed})
    assert (evidence.outcome, evidence.absent, evidence.unsent) == (Outcome.UNKNOWN, False, False)
    assert evidence.failure is None


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ((NO_FREEZE,), Outcome.DECLINED),
        (("INIT", "CLOSED"), Outcome.DECLINED),
        (("INIT", "INIT"), Outcome.UNKNOWN),
        (("INIT", "AUTHORIZED"), Outcome.SUCCEEDED),
        (("AUTHORIZED",), Outcome.SUCCEEDED),
    ],
)
async def test_a_refused_freeze_is_declined_when_nobody_can_confirm_it(found: Any, outcome: Outcome) -> None:
    poor = {"code": "40004", "sub_code": "MONEY_NOT_ENOUGH"}
    states = tuple({**HELD, "order_status": each} if isinstance(each, str) else each for each in found)
    answers = {ORDER_FREEZE: poor, FREEZE_QUERY: states, FREEZE_CANCEL: {"out_order_no": "charge", "action": "close"}}
    evidence, gateway = await charged(charge(barcode(), kind=OperationKind.AUTHORIZE), answers)
    assert evidence.outcome is outcome
    assert (FREEZE_CANCEL in gateway.methods) is (found[0] == "INIT")


@pytest.mark.parametrize("code", ["40002", "40005"])
async def test_a_code_that_the_gateway_turned_away_was_never_charged(code: str) -> None:
    evidence, gateway = await charged(charge(barcode()), {PAY: {"code": code, "sub_code": "isv.x"}})
    assert evidence.outcome is Outcome.DECLINED
    assert gateway.methods == [PAY]


async def test_a_qr_code_that_the_gateway_is_too_busy_for_is_asked_for_again() -> None:
    evidence, _ = await charged(charge(MethodKind.ALIPAY_QR), {PRECREATE: {"code": "40005", "sub_code": "isv.x"}})
    assert (evidence.outcome, evidence.absent, evidence.failure) == (Outcome.UNKNOWN, False, None)


async def test_a_repeated_code_whose_payer_has_to_confirm_is_waited_for() -> None:
    again = {"code": "40004", "sub_code": "ACQ.CONTEXT_INCONSISTENT"}
    evidence, _ = await charged(charge(barcode()), {PAY: again, QUERY: WAITING})
    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.WAIT


@pytest.mark.parametrize("answer", [SILENT, BUSY, NO_TRADE, {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}])
async def test_a_charge_without_an_answer_is_unknown_and_never_absent(answer: Any) -> None:
    evidence, _ = await charged(charge(barcode()), {PAY: answer})
    assert (evidence.outcome, evidence.absent, evidence.unsent) == (Outcome.UNKNOWN, False, False)
