"""A charge becomes a code, a page, an app's order or a payment; one effect for one reference."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from tollbridge_server.domain.evidence import DeclineReason, NextActionKind, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.providers.alipay import CAPABILITIES

from tests.unit.providers.alipay.gateway import APP_ID, adapting, merchant
from tests.unit.providers.alipay.orders import (
    barcode,
    charge,
    cny,
)
from tests.unit.providers.alipay.said import (
    FOUND,
    FREEZE_QUERY,
    FROZEN,
    HAS_SUCCESS,
    HELD,
    ORDER_FREEZE,
    PAID,
    PAY,
    PRECREATE,
    QUERY,
    VOUCHER,
    charged,
)


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


async def test_a_scanned_code_is_charged_as_the_contracts_product_and_ends_with_its_payment() -> None:
    async with adapting(merchant(barcode_product="OFFLINE_PAYMENT")) as (gateway, adapter):
        gateway.answer(PAY, PAID)
        await adapter.charge(charge(barcode(), lifetime_s=90))
    content = gateway.last(PAY).content
    assert (content["product_code"], content["time_expire"]) == ("OFFLINE_PAYMENT", "2026-01-02 15:01:30")


def test_the_payer_of_a_scanned_code_has_a_minute_and_a_half() -> None:
    assert CAPABILITIES.time_to_pay_s == {MethodKind.ALIPAY_BARCODE: 90}


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
    evidence, _ = await charged(charge(barcode(), kind=OperationKind.AUTHORIZE), {ORDER_FREEZE: FROZEN})
    assert (evidence.outcome, evidence.amount, evidence.provider_reference) == (Outcome.SUCCEEDED, cny(8888), "a1")


@pytest.mark.parametrize("answer", [{**FROZEN, "status": "INIT"}, {**FROZEN, "code": "10003"}])
async def test_a_freeze_that_the_payer_confirms_is_waited_for(answer: dict[str, str]) -> None:
    evidence, _ = await charged(charge(barcode(), kind=OperationKind.AUTHORIZE), {ORDER_FREEZE: answer})
    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.WAIT


async def test_a_freeze_that_was_made_before_is_found() -> None:
    again = {"code": "40004", "sub_code": "FREEZE_ALREADY_SUCCESS"}
    evidence, _ = await charged(
        charge(barcode(), kind=OperationKind.AUTHORIZE), {ORDER_FREEZE: again, FREEZE_QUERY: HELD}
    )
    assert (evidence.outcome, evidence.provider_reference) == (Outcome.SUCCEEDED, "a1")


async def test_a_code_for_a_freeze_is_shown() -> None:
    answer = {"out_order_no": "charge", "code_value": "https://qr.alipay.com/fd1"}
    evidence, _ = await charged(charge(MethodKind.ALIPAY_QR, kind=OperationKind.AUTHORIZE), {VOUCHER: answer})
    assert evidence.next_action is not None
    assert evidence.next_action.payload == answer["code_value"]


async def test_an_app_freezes_by_order_string() -> None:
    evidence, _ = await charged(charge(MethodKind.ALIPAY_APP, kind=OperationKind.AUTHORIZE), {})
    assert evidence.next_action is not None
    order_string = dict(parse_qsl(dict(evidence.next_action.fields)["order_string"]))
    assert order_string["method"] == "alipay.fund.auth.order.app.freeze"
    assert json.loads(order_string["biz_content"])["product_code"] == "PREAUTH_PAY"


@pytest.mark.parametrize(
    ("method", "called", "answer"),
    [
        (barcode(), ORDER_FREEZE, FROZEN),
        (PaymentMethod(MethodKind.ALIPAY_QR), VOUCHER, {"out_order_no": "charge", "code_value": "x"}),
    ],
)
async def test_a_freeze_by_code_is_of_the_product_in_person(
    method: PaymentMethod, called: str, answer: dict[str, str]
) -> None:
    _, gateway = await charged(charge(method, kind=OperationKind.AUTHORIZE), {called: answer})
    assert gateway.last(called).content["product_code"] == "PRE_AUTH"


@pytest.mark.parametrize("kind", [MethodKind.ALIPAY_PAGE, MethodKind.ALIPAY_WAP])
async def test_a_browser_can_not_freeze(kind: MethodKind) -> None:
    evidence, gateway = await charged(charge(kind, kind=OperationKind.AUTHORIZE), {})
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.NOT_PERMITTED
    assert gateway.methods == []
