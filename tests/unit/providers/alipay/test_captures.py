"""A capture pays from a freeze, once for one reference, and is not declined for what an earlier one did."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace

from tests.unit.providers.alipay.gateway import NO_FREEZE, NO_TRADE, Gateway, adapting
from tests.unit.providers.alipay.orders import (
    FREEZE,
    capture,
    cny,
)
from tests.unit.providers.alipay.said import (
    BUSY,
    CAPTURED,
    FREEZE_QUERY,
    HELD,
    PAY,
    QUERY,
    SILENT,
)


async def captured(answers: dict[str, Any], *, fen: int = 300) -> tuple[Evidence, Gateway]:
    async with adapting() as (gateway, adapter):
        gateway.tell(answers)
        return await adapter.capture(capture(fen, is_final=True)), gateway


async def test_a_capture_pays_from_the_freeze_of_its_payer() -> None:
    evidence, gateway = await captured({FREEZE_QUERY: HELD, PAY: CAPTURED})
    assert (evidence.outcome, evidence.amount, evidence.provider_reference) == (Outcome.SUCCEEDED, cny(300), "t2")
    content = gateway.last(PAY).content
    assert (content["auth_no"], content["buyer_id"]) == ("a1", "2088000000000002")


async def test_a_capture_in_process_is_pending() -> None:
    evidence, _ = await captured({FREEZE_QUERY: HELD, PAY: {**CAPTURED, "code": "10003"}})
    assert (evidence.outcome, evidence.provider_reference) == (Outcome.PENDING, "t2")


async def test_a_refused_capture_is_declined_once_alipay_knows_no_payment() -> None:
    refused = {"code": "40004", "sub_code": "ACQ.AUTH_AMOUNT_NOT_ENOUGH"}
    evidence, gateway = await captured({FREEZE_QUERY: HELD, PAY: refused, QUERY: NO_TRADE})
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.AMOUNT_INVALID
    assert gateway.last(QUERY).content == {"out_trade_no": "capture"}


async def test_a_repeat_that_finds_the_freeze_used_up_by_itself_has_succeeded() -> None:
    refused = {"code": "40004", "sub_code": "ACQ.AUTH_ORDER_HAS_FINISHED"}
    found = {**CAPTURED, "trade_status": "TRADE_SUCCESS"}
    evidence, _ = await captured({FREEZE_QUERY: HELD, PAY: refused, QUERY: found})
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(300))


@pytest.mark.parametrize("found", [BUSY, SILENT])
async def test_a_refused_capture_is_unknown_while_alipay_does_not_answer(found: Any) -> None:
    refused = {"code": "40004", "sub_code": "ACQ.AUTH_ORDER_HAS_FINISHED"}
    evidence, _ = await captured({FREEZE_QUERY: HELD, PAY: refused, QUERY: found})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize("answer", [SILENT, BUSY, {**CAPTURED, "out_trade_no": "other"}])
async def test_a_capture_without_an_answer_is_unknown(answer: Any) -> None:
    evidence, _ = await captured({FREEZE_QUERY: HELD, PAY: answer})
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize("freeze", [BUSY, SILENT, {**HELD, "payer_user_id": ""}, {**HELD, "out_order_no": "other"}])
async def test_nothing_is_captured_without_knowing_the_freeze(freeze: Any) -> None:
    evidence, gateway = await captured({FREEZE_QUERY: freeze})
    assert evidence.outcome is Outcome.UNKNOWN
    assert gateway.methods == [FREEZE_QUERY]


@pytest.mark.parametrize("found", [NO_TRADE, BUSY, SILENT])
async def test_a_capture_of_a_freeze_that_alipay_denies_is_neither_declined_nor_absent(found: Any) -> None:
    evidence, gateway = await captured({FREEZE_QUERY: NO_FREEZE, QUERY: found})
    assert (evidence.outcome, evidence.absent, evidence.unsent) == (Outcome.UNKNOWN, False, False)
    assert gateway.methods == [FREEZE_QUERY, QUERY]


@pytest.mark.parametrize(
    ("status", "outcome"), [("TRADE_SUCCESS", Outcome.SUCCEEDED), ("WAIT_BUYER_PAY", Outcome.PENDING)]
)
async def test_a_capture_that_was_made_counts_though_alipay_denies_its_freeze(status: str, outcome: Outcome) -> None:
    evidence, _ = await captured({FREEZE_QUERY: NO_FREEZE, QUERY: {**CAPTURED, "trade_status": status}})
    assert evidence.outcome is outcome


async def test_a_refused_capture_that_is_on_its_way_is_pending() -> None:
    refused = {"code": "40004", "sub_code": "ACQ.AUTH_ORDER_HAS_FINISHED"}
    found = {**CAPTURED, "trade_status": "WAIT_BUYER_PAY"}
    evidence, _ = await captured({FREEZE_QUERY: HELD, PAY: refused, QUERY: found})
    assert evidence.outcome is Outcome.PENDING


@pytest.mark.parametrize(
    ("method", "product"),
    [
        (MethodKind.ALIPAY_APP, "PREAUTH_PAY"),
        (MethodKind.ALIPAY_QR, "PRE_AUTH"),
        (MethodKind.ALIPAY_BARCODE, "PRE_AUTH"),
    ],
)
async def test_a_capture_repeats_the_product_of_its_freeze(method: MethodKind, product: str) -> None:
    async with adapting() as (gateway, adapter):
        gateway.tell({FREEZE_QUERY: HELD, PAY: CAPTURED})
        await adapter.capture(capture(300, charge=replace(FREEZE, method=method)))
    assert gateway.last(PAY).content["product_code"] == product


async def test_a_capture_of_everything_is_asked_for_under_its_own_reference() -> None:
    everything = {**CAPTURED, "total_amount": "88.88"}
    evidence, gateway = await captured({FREEZE_QUERY: HELD, PAY: everything}, fen=8888)
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(8888))
    assert gateway.last(PAY).content["out_trade_no"] == "capture"
    assert "notify_url" in gateway.last(PAY).parameters
