"""Refunds give back from the trade that took the money, once for one reference, and are not declined by guess."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import ChargeReference, Inquiry, RefundOrder

from tests.unit.providers.alipay.gateway import NO_TRADE, Gateway, Reply, adapting
from tests.unit.providers.alipay.orders import CAPTURE, FREEZE, cny, inquiry, refund

REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"

GIVEN = {"out_trade_no": "charge", "trade_no": "t1", "fund_change": "Y", "refund_fee": "10.00"}
REFUNDED = {
    "out_trade_no": "charge",
    "out_request_no": "refund",
    "trade_no": "t1",
    "refund_status": "REFUND_SUCCESS",
    "refund_amount": "10.00",
}
SILENT = Reply(raw=b"", status=502)
BUSY = {"code": "20000", "sub_code": "isp.unknow-error"}


async def refunded(answers: dict[str, Any], order: RefundOrder | None = None) -> tuple[Evidence, Gateway]:
    async with adapting() as (gateway, adapter):
        gateway.tell(answers)
        return await adapter.refund(order or refund(1000)), gateway


async def test_a_refund_counts_for_its_own_amount_and_not_for_the_sum() -> None:
    evidence, _ = await refunded({REFUND: {**GIVEN, "refund_fee": "50.00"}})
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(1000))


async def test_a_repeated_refund_is_the_same_refund() -> None:
    evidence, _ = await refunded({REFUND: {**GIVEN, "fund_change": "N"}, REFUND_QUERY: REFUNDED})
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(1000))


async def test_a_refund_that_alipay_has_taken_but_not_done_is_pending() -> None:
    evidence, _ = await refunded({REFUND: {**GIVEN, "fund_change": "N"}, REFUND_QUERY: {}})
    assert evidence.outcome is Outcome.PENDING


@pytest.mark.parametrize("answer", [{**GIVEN, "refund_fee": "9.99"}, {**GIVEN, "refund_fee": ""}])
async def test_a_sum_that_can_not_be_true_is_asked_about(answer: dict[str, str]) -> None:
    evidence, gateway = await refunded({REFUND: answer, REFUND_QUERY: REFUNDED})
    assert evidence.outcome is Outcome.SUCCEEDED
    assert gateway.methods == [REFUND, REFUND_QUERY]


async def test_a_refused_refund_is_declined_once_alipay_knows_none() -> None:
    refused = {"code": "40004", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH"}
    evidence, gateway = await refunded({REFUND: refused, REFUND_QUERY: {}})
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.BALANCE_INSUFFICIENT
    assert gateway.methods == [REFUND, REFUND_QUERY]


@pytest.mark.parametrize("code", ["ACQ.REASON_TRADE_REFUND_FEE_ERR", "ACQ.DISCORDANT_REPEAT_REQUEST"])
async def test_a_refusal_of_what_was_done_before_is_a_success(code: str) -> None:
    evidence, _ = await refunded({REFUND: {"code": "40004", "sub_code": code}, REFUND_QUERY: REFUNDED})
    assert evidence.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("found", [BUSY, SILENT, {**REFUNDED, "out_request_no": "other"}])
async def test_a_refused_refund_is_unknown_while_alipay_does_not_answer(found: Any) -> None:
    refused = {"code": "40004", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH"}
    evidence, _ = await refunded({REFUND: refused, REFUND_QUERY: found})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize("answer", [SILENT, BUSY, {**GIVEN, "out_trade_no": "other"}])
async def test_a_refund_without_an_answer_is_unknown(answer: Any) -> None:
    evidence, _ = await refunded({REFUND: answer})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ACQ.TRADE_HAS_CLOSE", DeclineReason.REFUND_NOT_POSSIBLE),
        ("ACQ.DISCORDANT_REPEAT_REQUEST", DeclineReason.DUPLICATE),
        ("ACQ.TRADE_NOT_EXIST", DeclineReason.REFUND_NOT_POSSIBLE),
    ],
)
async def test_a_refusal_that_the_query_confirms_is_a_decline(code: str, reason: DeclineReason) -> None:
    evidence, _ = await refunded({REFUND: {"code": "40004", "sub_code": code}, REFUND_QUERY: {}})
    assert evidence.failure is not None
    assert evidence.failure.reason is reason


async def test_a_refund_that_the_gateway_is_too_busy_for_goes_out_again() -> None:
    evidence, gateway = await refunded({REFUND: {"code": "40005", "sub_code": "isv.app-call-limited"}})
    assert (evidence.outcome, evidence.absent, evidence.failure) == (Outcome.UNKNOWN, False, None)
    assert gateway.methods == [REFUND]


# Which trade the money goes back from.


async def test_a_sale_is_given_back_from_its_own_trade() -> None:
    evidence, gateway = await refunded({REFUND: GIVEN})
    assert evidence.outcome is Outcome.SUCCEEDED
    assert gateway.last(REFUND).content == {
        "out_trade_no": "charge",
        "out_request_no": "refund",
        "refund_amount": "10.00",
        "refund_reason": "returned",
    }


@pytest.mark.parametrize("charge", [FREEZE, replace(FREEZE, method=MethodKind.ALIPAY_APP)])
async def test_a_capture_is_given_back_from_its_own_trade(charge: ChargeReference) -> None:
    order = refund(1000, charge=charge, capture=CAPTURE)
    evidence, gateway = await refunded({REFUND: {**GIVEN, "out_trade_no": "capture"}}, order)
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(1000))
    assert gateway.last(REFUND).content["out_trade_no"] == "capture"


async def test_a_refused_refund_of_a_capture_is_asked_for_where_it_was_sent() -> None:
    refused = {"code": "40004", "sub_code": "ACQ.REASON_TRADE_REFUND_FEE_ERR"}
    answers = {REFUND: refused, REFUND_QUERY: {**REFUNDED, "out_trade_no": "capture"}}
    evidence, gateway = await refunded(answers, refund(1000, charge=FREEZE, capture=CAPTURE))
    assert evidence.outcome is Outcome.SUCCEEDED
    assert gateway.last(REFUND_QUERY).content == {"out_trade_no": "capture", "out_request_no": "refund"}


async def test_a_refund_of_a_freeze_that_names_no_capture_is_declined_unsent() -> None:
    evidence, gateway = await refunded({}, refund(1000, charge=FREEZE))
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.REFUND_NOT_POSSIBLE
    assert "capture" in evidence.failure.provider_message
    assert gateway.methods == []


@pytest.mark.parametrize(("preauth", "declared"), [(True, True), (False, False)])
async def test_refunds_are_of_captures_where_the_account_captures(preauth: bool, declared: bool) -> None:
    async with adapting(preauth=preauth) as (_, adapter):
        assert adapter.capabilities.refunds_captures is declared


@pytest.mark.parametrize(
    ("asked", "trade"),
    [
        (inquiry(OperationKind.REFUND, reference="refund", fen=1000), "charge"),
        (inquiry(OperationKind.REFUND, reference="refund", fen=1000, charge=FREEZE, capture=CAPTURE), "capture"),
    ],
)
async def test_a_refund_is_asked_for_in_the_trade_that_took_the_money(asked: Inquiry, trade: str) -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(REFUND_QUERY, {**REFUNDED, "out_trade_no": trade})
        evidence = await adapter.query(asked)
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(1000))
    assert gateway.last(REFUND_QUERY).content == {"out_trade_no": trade, "out_request_no": "refund"}


async def test_a_refund_that_nobody_knows_is_absent() -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(REFUND_QUERY, NO_TRADE)
        evidence = await adapter.query(inquiry(OperationKind.REFUND, reference="refund", fen=1000))
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, True)


async def test_a_refund_that_names_no_capture_can_not_be_asked_for_and_is_not_called_absent() -> None:
    async with adapting() as (gateway, adapter):
        evidence = await adapter.query(inquiry(OperationKind.REFUND, reference="refund", fen=1000, charge=FREEZE))
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)
    assert gateway.methods == []
