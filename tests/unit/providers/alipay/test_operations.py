"""Charges, captures and refunds: one effect for one reference, and no decline of what may have happened."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, NextActionKind, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.order import Identity
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import ChargeOrder, UnsupportedOperation

from tests.unit.providers.alipay.gateway import APP_ID, NO_FREEZE, NO_TRADE, Gateway, Reply, adapting
from tests.unit.providers.alipay.orders import barcode, capture, charge, cny, inquiry, refund

PAY = "alipay.trade.pay"
PRECREATE = "alipay.trade.precreate"
QUERY = "alipay.trade.query"
REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"
FREEZE = "alipay.fund.auth.order.freeze"
VOUCHER = "alipay.fund.auth.order.voucher.create"
FREEZE_QUERY = "alipay.fund.auth.operation.detail.query"

PAID = {"out_trade_no": "charge", "trade_no": "t1", "total_amount": "88.88"}
FOUND = {**PAID, "trade_status": "TRADE_SUCCESS"}
FROZEN = {"out_order_no": "charge", "auth_no": "a1", "amount": "88.88", "status": "SUCCESS"}
HELD = {**FROZEN, "order_status": "AUTHORIZED", "payer_user_id": "2088000000000002", "total_pay_amount": "0.00"}
CAPTURED = {"out_trade_no": "capture", "trade_no": "t2", "total_amount": "3.00"}
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
POOR = {"code": "40004", "sub_code": "ACQ.BUYER_BALANCE_NOT_ENOUGH"}
HAS_SUCCESS = {"code": "40004", "sub_code": "ACQ.TRADE_HAS_SUCCESS"}


async def charged(order: ChargeOrder, answers: dict[str, Any]) -> tuple[Evidence, Gateway]:
    async with adapting() as (gateway, adapter):
        told(gateway, answers)
        return await adapter.charge(order), gateway


def told(gateway: Gateway, answers: dict[str, Any]) -> None:
    for method, replies in answers.items():
        gateway.answer(method, *(replies if isinstance(replies, tuple) else (replies,)))


# Charges.


async def test_a_qr_code_is_shown_for_as_long_as_it_can_be_scanned() -> None:
    answer = {"out_trade_no": "charge", "qr_code": "https://qr.alipay.com/bax0"}
    evidence, _ = await charged(charge(MethodKind.ALIPAY_QR, lifetime_s=86400), {PRECREATE: answer})
    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert (evidence.next_action.kind, evidence.next_action.payload) == (NextActionKind.SHOW_QR, answer["qr_code"])
    assert evidence.next_action.expires_at_us == 1_767_337_445_000_000 + 7_200_000_000


@pytest.mark.parametrize("answer", [{"out_trade_no": "charge"}, {"out_trade_no": "other", "qr_code": "x"}])
async def test_a_qr_code_that_is_not_there_or_not_ours_is_not_shown(answer: dict[str, str]) -> None:
    evidence, _ = await charged(charge(MethodKind.ALIPAY_QR), {PRECREATE: answer})
    assert (evidence.outcome, evidence.next_action) == (Outcome.UNKNOWN, None)


async def test_a_qr_code_that_was_paid_meanwhile_is_a_success() -> None:
    evidence, _ = await charged(charge(MethodKind.ALIPAY_QR), {PRECREATE: HAS_SUCCESS, QUERY: FOUND})
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(8888))


async def test_a_scanned_code_pays_at_once() -> None:
    evidence, _ = await charged(charge(barcode()), {PAY: PAID})
    assert (evidence.outcome, evidence.amount, evidence.provider_reference) == (Outcome.SUCCEEDED, cny(8888), "t1")


async def test_a_payer_who_must_confirm_is_waited_for() -> None:
    evidence, _ = await charged(
        charge(barcode()), {PAY: {**PAID, "code": "10003", "msg": " order success pay inprocess"}}
    )
    assert (evidence.outcome, evidence.provider_reference) == (Outcome.REQUIRES_ACTION, "t1")
    assert evidence.next_action is not None
    assert (evidence.next_action.kind, evidence.next_action.poll_after_s) == (NextActionKind.WAIT, 5)


async def test_a_decline_has_alipays_words() -> None:
    evidence, _ = await charged(charge(barcode()), {PAY: POOR})
    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.provider_code) == (
        DeclineReason.INSUFFICIENT_FUNDS,
        "ACQ.BUYER_BALANCE_NOT_ENOUGH",
    )


@pytest.mark.parametrize("answer", [SILENT, BUSY, NO_TRADE, {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}])
async def test_a_charge_without_an_answer_is_unknown_and_never_absent(answer: Any) -> None:
    evidence, _ = await charged(charge(barcode()), {PAY: answer})
    assert (evidence.outcome, evidence.absent, evidence.unsent) == (Outcome.UNKNOWN, False, False)


@pytest.mark.parametrize(
    ("kind", "method", "product"),
    [
        (MethodKind.ALIPAY_PAGE, "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        (MethodKind.ALIPAY_WAP, "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    ],
)
async def test_a_page_is_opened_by_the_payer_and_not_by_us(kind: MethodKind, method: str, product: str) -> None:
    evidence, gateway = await charged(charge(kind), {})
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.REDIRECT
    url = urlsplit(evidence.next_action.url)
    parameters = dict(parse_qsl(url.query))
    assert url.path == "/gateway.do"
    assert (parameters["method"], parameters["app_id"]) == (method, APP_ID)
    assert product in parameters["biz_content"]
    assert gateway.methods == []


async def test_an_app_gets_a_signed_order_string() -> None:
    evidence, gateway = await charged(charge(MethodKind.ALIPAY_APP), {})
    assert evidence.next_action is not None
    assert (evidence.next_action.kind, evidence.next_action.sdk) == (NextActionKind.SDK_PARAMETERS, "alipay.app")
    ((name, order_string),) = evidence.next_action.fields
    assert name == "order_string"
    assert dict(parse_qsl(order_string))["method"] == "alipay.trade.app.pay"
    assert order_string.rpartition("&")[2].startswith("sign=")
    assert gateway.methods == []


async def test_a_code_freezes_at_once() -> None:
    evidence, _ = await charged(charge(barcode(), kind=OperationKind.AUTHORIZE), {FREEZE: FROZEN})
    assert (evidence.outcome, evidence.amount, evidence.provider_reference) == (Outcome.SUCCEEDED, cny(8888), "a1")


@pytest.mark.parametrize("answer", [{**FROZEN, "status": "INIT"}, {**FROZEN, "code": "10003"}])
async def test_a_freeze_that_the_payer_confirms_is_waited_for(answer: dict[str, str]) -> None:
    evidence, _ = await charged(charge(barcode(), kind=OperationKind.AUTHORIZE), {FREEZE: answer})
    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.WAIT


async def test_a_freeze_that_was_made_before_is_found() -> None:
    again = {"code": "40004", "sub_code": "FREEZE_ALREADY_SUCCESS"}
    evidence, _ = await charged(charge(barcode(), kind=OperationKind.AUTHORIZE), {FREEZE: again, FREEZE_QUERY: HELD})
    assert (evidence.outcome, evidence.provider_reference) == (Outcome.SUCCEEDED, "a1")


async def test_a_code_for_a_freeze_is_shown() -> None:
    answer = {"out_order_no": "charge", "code_value": "https://qr.alipay.com/fd1"}
    evidence, _ = await charged(charge(MethodKind.ALIPAY_QR, kind=OperationKind.AUTHORIZE), {VOUCHER: answer})
    assert evidence.next_action is not None
    assert evidence.next_action.payload == answer["code_value"]


async def test_an_app_freezes_by_order_string() -> None:
    evidence, _ = await charged(charge(MethodKind.ALIPAY_APP, kind=OperationKind.AUTHORIZE), {})
    assert evidence.next_action is not None
    assert "alipay.fund.auth.order.app.freeze" in dict(evidence.next_action.fields)["order_string"]


@pytest.mark.parametrize("kind", [MethodKind.ALIPAY_PAGE, MethodKind.ALIPAY_WAP])
async def test_a_browser_can_not_freeze(kind: MethodKind) -> None:
    evidence, gateway = await charged(charge(kind, kind=OperationKind.AUTHORIZE), {})
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.NOT_PERMITTED
    assert gateway.methods == []


# What is never sent.


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (Money(100, "EUR"), DeclineReason.CURRENCY_NOT_SUPPORTED),
        (cny(0), DeclineReason.AMOUNT_INVALID),
        (cny(10_000_000_001), DeclineReason.AMOUNT_INVALID),
    ],
)
async def test_an_amount_that_alipay_does_not_take_is_declined_unsent(amount: Money, reason: DeclineReason) -> None:
    async with adapting() as (gateway, adapter):
        order = charge(barcode(), amount=amount)
        for evidence in (
            await adapter.charge(order),
            await adapter.capture(type(capture(1))("c", capture(1).charge, amount, False)),
            await adapter.refund(type(refund())("r", refund().charge, amount, "")),
        ):
            assert evidence.failure is not None
            assert evidence.failure.reason is reason
        assert gateway.methods == []


@pytest.mark.parametrize(
    ("kind", "document"), [(OperationKind.SALE, "OTHER"), (OperationKind.AUTHORIZE, "NATIONAL_ID")]
)
async def test_an_identity_that_alipay_would_not_check_is_declined_unsent(kind: OperationKind, document: str) -> None:
    order = charge(barcode(), kind=kind, identity=Identity(document, "110101199003070000", "Li Ming"))
    evidence, gateway = await charged(order, {})
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.NOT_PERMITTED
    assert gateway.methods == []


@pytest.mark.parametrize("kind", [MethodKind.ALIPAY_PAGE, MethodKind.ALIPAY_WAP, MethodKind.ALIPAY_APP])
async def test_an_identity_that_the_payers_device_could_read_is_declined_unsent(kind: MethodKind) -> None:
    order = charge(kind, identity=Identity("NATIONAL_ID", "110101199003070000", "Li Ming"))
    evidence, gateway = await charged(order, {})
    assert evidence.failure is not None
    assert "aes_key" in evidence.failure.provider_message
    assert (evidence.next_action, gateway.methods) == (None, [])


@pytest.mark.parametrize("reference", ["", "a-b", "a" * 61, "书"])
async def test_a_reference_that_alipay_does_not_take_raises(reference: str) -> None:
    async with adapting() as (gateway, adapter):
        for call in (
            adapter.charge(charge(barcode(), reference=reference)),
            adapter.capture(capture(1, reference=reference)),
            adapter.refund(refund(reference=reference)),
            adapter.query(inquiry(OperationKind.SALE, reference=reference)),
        ):
            with pytest.raises(UnsupportedOperation):
                await call
        assert gateway.methods == []


async def test_other_methods_and_freezes_without_a_contract_raise() -> None:
    async with adapting(preauth=False) as (gateway, adapter):
        for call in (
            adapter.charge(charge(MethodKind.WECHAT_NATIVE)),
            adapter.charge(charge(barcode(), kind=OperationKind.AUTHORIZE)),
            adapter.capture(capture(1)),
        ):
            with pytest.raises(UnsupportedOperation):
                await call
        assert gateway.methods == []


# Captures.


async def captured(answers: dict[str, Any], *, fen: int = 300) -> tuple[Evidence, Gateway]:
    async with adapting() as (gateway, adapter):
        told(gateway, answers)
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


@pytest.mark.parametrize(
    ("freeze", "outcome"),
    [
        (NO_FREEZE, Outcome.DECLINED),
        (BUSY, Outcome.UNKNOWN),
        (SILENT, Outcome.UNKNOWN),
        ({**HELD, "payer_user_id": ""}, Outcome.UNKNOWN),
        ({**HELD, "out_order_no": "other"}, Outcome.UNKNOWN),
    ],
)
async def test_nothing_is_captured_without_knowing_the_freeze(freeze: Any, outcome: Outcome) -> None:
    evidence, gateway = await captured({FREEZE_QUERY: freeze})
    assert evidence.outcome is outcome
    assert gateway.methods == [FREEZE_QUERY]


# Refunds.


async def refunded(answers: dict[str, Any], *, preauth: bool = False) -> tuple[Evidence, Gateway]:
    async with adapting(preauth=preauth) as (gateway, adapter):
        told(gateway, answers)
        return await adapter.refund(refund(1000)), gateway


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


async def test_a_refund_finds_the_trade_of_a_whole_capture() -> None:
    answers = {REFUND: (NO_TRADE, {**GIVEN, "out_trade_no": "charge_all"})}
    evidence, gateway = await refunded(answers, preauth=True)
    assert evidence.outcome is Outcome.SUCCEEDED
    assert [each.content["out_trade_no"] for each in gateway.received] == ["charge", "charge_all"]


async def test_a_refund_of_a_trade_that_nobody_knows_is_declined() -> None:
    evidence, _ = await refunded({REFUND: NO_TRADE, REFUND_QUERY: NO_TRADE}, preauth=True)
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.REFUND_NOT_POSSIBLE


# Questions.


@pytest.mark.parametrize(
    ("kind", "reference", "fen", "method", "name"),
    [
        (OperationKind.SALE, "charge", 8888, QUERY, "charge"),
        (OperationKind.CAPTURE, "capture", 300, QUERY, "capture"),
        (OperationKind.CAPTURE, "capture", 8888, QUERY, "charge_all"),
        (OperationKind.AUTHORIZE, "charge", 8888, FREEZE_QUERY, "charge"),
        (OperationKind.REFUND, "refund", 1000, REFUND_QUERY, "charge"),
    ],
)
async def test_each_operation_is_asked_for_where_it_is(
    kind: OperationKind, reference: str, fen: int, method: str, name: str
) -> None:
    async with adapting(preauth=kind is not OperationKind.REFUND) as (gateway, adapter):
        gateway.answer(method, NO_TRADE)
        evidence = await adapter.query(inquiry(kind, reference=reference, fen=fen))
    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, True)
    assert name in (gateway.last(method).content.get("out_trade_no"), gateway.last(method).content.get("out_order_no"))


async def test_a_refund_of_a_whole_capture_is_found() -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(REFUND_QUERY, NO_TRADE, {**REFUNDED, "out_trade_no": "charge_all"})
        evidence = await adapter.query(inquiry(OperationKind.REFUND, reference="refund", fen=1000))
    assert (evidence.outcome, evidence.amount) == (Outcome.SUCCEEDED, cny(1000))


async def test_a_question_that_is_refused_fails_nothing() -> None:
    async with adapting() as (gateway, adapter):
        gateway.answer(QUERY, {"code": "40006", "sub_code": "isv.insufficient-isv-permissions"})
        evidence = await adapter.query(inquiry(OperationKind.SALE))
    assert (evidence.outcome, evidence.absent, evidence.failure) == (Outcome.UNKNOWN, False, None)
