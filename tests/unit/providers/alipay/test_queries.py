"""Each operation is asked for where it is, and an answer that is none fails nothing."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import NextActionKind, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import ChargeReference, Inquiry

from tests.unit.providers.alipay.gateway import ACCOUNT_ID, NO_TRADE, adapting
from tests.unit.providers.alipay.orders import (
    FREEZE,
    SCANNED,
    SCANNED_FREEZE,
    barcode,
    cancel,
    capture,
    charge,
    inquiry,
    refund,
)
from tests.unit.providers.alipay.said import (
    CAPTURED,
    CLOSE,
    FREEZE_QUERY,
    HELD,
    PAY,
    PRECREATE,
    QUERY,
    WAITING,
)

REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"


@pytest.mark.parametrize(
    ("asked", "method", "name"),
    [
        (inquiry(OperationKind.SALE), QUERY, "charge"),
        (inquiry(OperationKind.CAPTURE, reference="capture", fen=300, charge=FREEZE), QUERY, "capture"),
        (inquiry(OperationKind.CAPTURE, reference="capture", charge=FREEZE), QUERY, "capture"),
        (inquiry(OperationKind.AUTHORIZE, charge=FREEZE), FREEZE_QUERY, "charge"),
        (inquiry(OperationKind.AUTHORIZE), FREEZE_QUERY, "charge"),
    ],
)
async def test_each_operation_is_asked_for_where_it_is(asked: Inquiry, method: str, name: str) -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(method, NO_TRADE)
        evidence = await adapter.query(asked)
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, True)
    assert gateway.methods == [method]
    assert name in (gateway.last(method).content.get("out_trade_no"), gateway.last(method).content.get("out_order_no"))


async def test_a_capture_that_is_not_paid_yet_is_pending_and_nobodys_action() -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(QUERY, {**CAPTURED, "trade_status": "WAIT_BUYER_PAY"})
        evidence = await adapter.query(inquiry(OperationKind.CAPTURE, reference="capture", charge=FREEZE))
    assert (evidence.outcome, evidence.next_action) == (Outcome.PENDING, None)


@pytest.mark.parametrize(
    ("kind", "charge_", "method", "answer"),
    [
        (OperationKind.SALE, SCANNED, QUERY, WAITING),
        (OperationKind.AUTHORIZE, SCANNED_FREEZE, FREEZE_QUERY, {**HELD, "order_status": "INIT"}),
    ],
)
async def test_a_scanned_code_whose_answer_was_lost_says_that_it_waits(
    kind: OperationKind, charge_: ChargeReference, method: str, answer: dict[str, str]
) -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(method, answer)
        evidence = await adapter.query(inquiry(kind, charge=charge_))
    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert (evidence.next_action.kind, evidence.next_action.poll_after_s) == (NextActionKind.WAIT, 5)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(inquiry(OperationKind.SALE), id="a code that was shown"),
        pytest.param(
            inquiry(OperationKind.SALE, charge=replace(SCANNED, request_reference="later")),
            id="an earlier attempt of a payment that was scanned later",
        ),
    ],
)
async def test_what_was_not_scanned_keeps_the_action_that_its_payer_has(asked: Inquiry) -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(QUERY, WAITING)
        evidence = await adapter.query(asked)
    assert (evidence.outcome, evidence.next_action) == (Outcome.REQUIRES_ACTION, None)


@pytest.mark.parametrize("task", ["charge", "scan", "capture", "cancel", "refund", "query"])
async def test_a_refusal_by_configuration_is_logged_once_with_the_account(
    task: str, caplog: pytest.LogCaptureFixture
) -> None:
    refused = {"code": "40002", "sub_code": "isv.invalid-signature"}
    async with adapting() as (gateway, adapter):
        gateway.tell(dict.fromkeys((PAY, PRECREATE, CLOSE, REFUND, REFUND_QUERY), refused))
        gateway.tell({FREEZE_QUERY: HELD, QUERY: WAITING if task == "cancel" else refused})
        match task:
            case "charge":
                await adapter.charge(charge(MethodKind.ALIPAY_QR))
            case "scan":
                await adapter.charge(charge(barcode()))
            case "capture":
                await adapter.capture(capture(300))
            case "cancel":
                await adapter.cancel(cancel())
            case "refund":
                await adapter.refund(refund())
            case _:
                await adapter.query(inquiry(OperationKind.SALE))
    (record,) = [each for each in caplog.records if f"alipay {task}:" in each.message]
    assert "private_key" in record.message
    assert {vars(each)["provider_account_id"] for each in caplog.records} == {ACCOUNT_ID}


async def test_a_question_that_is_refused_fails_nothing() -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(QUERY, {"code": "40006", "sub_code": "isv.insufficient-isv-permissions"})
        evidence = await adapter.query(inquiry(OperationKind.SALE))
    assert (evidence.outcome, evidence.absent, evidence.failure) == (Outcome.UNKNOWN, False, None)
