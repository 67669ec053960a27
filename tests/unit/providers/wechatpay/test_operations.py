"""What each operation asks WeChat Pay, and what its answers amount to; the other side signs on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, NextActionKind, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import Customer, PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import (
    CancelOrder,
    CaptureOrder,
    ChargeOrder,
    ChargeReference,
    Inquiry,
    RefundOrder,
    UnsupportedOperation,
)
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.adapter import CAPABILITIES, WechatPayAdapter
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.signing import invocation_text

from tests.unit.providers.wechatpay.keys import MERCHANT, NOW_S
from tests.unit.providers.wechatpay.platform import APP_ID, MCHID, Platform, Reply, json_reply, serving_client

REFERENCE = "a" * 32
REFUND = "b" * 32
ORDERS = "/v3/pay/transactions"
QUERY = f"{ORDERS}/out-trade-no/{REFERENCE}?mchid={MCHID}"
CLOSE = f"{ORDERS}/out-trade-no/{REFERENCE}/close"
REVERSE = f"{ORDERS}/out-trade-no/{REFERENCE}/reverse"
REFUNDS = "/v3/refund/domestic/refunds"
NUMBER = "4200000000202601020000000001"
BY_NUMBER = f"{ORDERS}/id/{NUMBER}?mchid={MCHID}"
CNY_10 = Money(1000, "CNY")
CHARGE = ChargeReference(REFERENCE, NUMBER, CNY_10, kind=OperationKind.SALE, method=MethodKind.WECHAT_NATIVE)
ABSENT = Reply(b'{"code":"ORDER_NOT_EXIST","message":"none"}', status=404, key=None)
NO_REFUND = Reply(b'{"code":"RESOURCE_NOT_EXISTS","message":"none"}', status=404, key=None)
DONE = Reply(b"", status=204)


class Desk:
    """An adapter and the platform that it talks to."""

    def __init__(self, platform: Platform, adapter: WechatPayAdapter) -> None:
        self.platform, self.adapter = platform, adapter

    def body(self, path: str) -> dict[str, Any]:
        [sent] = [each.body for each in self.platform.received if each.path == path]
        content: dict[str, Any] = orjson.loads(sent)
        return content


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    merchant = Merchant(MCHID, APP_ID, "https://shop.example.com/wechat", frozenset({"wx0000000000000002"}))
    async with serving_client() as (platform, client):
        yield Desk(platform, WechatPayAdapter(client, merchant))


def order(kind: MethodKind = MethodKind.WECHAT_NATIVE, amount: Money = CNY_10, **parameters: str) -> ChargeOrder:
    customer = Customer(ip_address="203.0.113.7")
    return ChargeOrder(
        request_reference=REFERENCE,
        kind=OperationKind.SALE,
        amount=amount,
        method=PaymentMethod(kind, parameters=tuple((name.replace("__", "."), v) for name, v in parameters.items())),
        payment_id="pay_1",
        merchant_reference="order-1",
        details=PaymentDetails(
            description="测试商品", return_url="https://shop.example.com/back?order=1", customer=customer
        ),
        created_at_us=NOW_S * 1_000_000,
        expires_at_us=(NOW_S + 600) * 1_000_000,
    )


def code_order() -> ChargeOrder:
    return order(MethodKind.WECHAT_CODE, auth_code="134567890123456789", point_of_sale__store_id="S1")


def trade(state: str, **more: Any) -> Reply:
    paid = {"transaction_id": NUMBER, "amount": {"total": 1000, "payer_total": 900, "currency": "CNY"}}
    return json_reply({"out_trade_no": REFERENCE, "mchid": MCHID, "trade_state": state, **paid, **more})


def refusal(status: int, code: str) -> Reply:
    return Reply(orjson.dumps({"code": code, "message": "no"}), status=status, key=None)


def refunded(status: str, **more: Any) -> Reply:
    amount = {"refund": 300, "total": 1000, "currency": "CNY"}
    return json_reply({"out_refund_no": REFUND, "refund_id": "5030000", "status": status, "amount": amount, **more})


def refund_order(amount_minor: int = 300) -> RefundOrder:
    return RefundOrder(REFUND, CHARGE, Money(amount_minor, "CNY"), "zurückgegeben" * 10)


def inquiry(kind: OperationKind, reference: str) -> Inquiry:
    return Inquiry(kind, reference, "", CHARGE, CNY_10)


# Charges.


async def test_a_qr_code_is_asked_for_and_shown_until_its_time_is_over(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/native", json_reply({"code_url": "weixin://wxpay/bizpayurl/up?pr=1"}))

    evidence = await desk.adapter.charge(order())

    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.SHOW_QR
    assert evidence.next_action.payload == "weixin://wxpay/bizpayurl/up?pr=1"
    assert evidence.next_action.expires_at_us == (NOW_S + 600) * 1_000_000
    sent = desk.body(f"{ORDERS}/native")
    assert sent["amount"] == {"total": 1000, "currency": "CNY"}
    assert (sent["appid"], sent["mchid"], sent["out_trade_no"]) == (APP_ID, MCHID, REFERENCE)
    assert sent["notify_url"] == "https://shop.example.com/wechat"
    assert sent["time_expire"].endswith("+08:00")


async def test_the_same_order_is_sent_as_the_same_bytes(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/native", json_reply({"code_url": "weixin://x"}))
    for _ in range(2):
        await desk.adapter.charge(order())

    first, second = [each.body for each in desk.platform.received if each.path == f"{ORDERS}/native"]
    assert first == second


async def test_a_page_leads_back_to_the_shop_and_lives_for_five_minutes(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/h5", json_reply({"h5_url": "https://wx.tenpay.com/x?prepay_id=wx1"}))

    evidence = await desk.adapter.charge(order(MethodKind.WECHAT_H5, type="WECHAT_H5_TYPE_IOS", app_name="Tea"))

    assert evidence.next_action is not None
    assert evidence.next_action.url == (
        "https://wx.tenpay.com/x?prepay_id=wx1&redirect_url=https%3A%2F%2Fshop.example.com%2Fback%3Forder%3D1"
    )
    assert evidence.next_action.expires_at_us == (NOW_S + 300) * 1_000_000
    scene = desk.body(f"{ORDERS}/h5")["scene_info"]
    assert scene == {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "iOS", "app_name": "Tea"}}


async def test_wechat_itself_gets_parameters_with_our_signature(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/jsapi", json_reply({"prepay_id": "wx201410272009395522657a690389285100"}))

    evidence = await desk.adapter.charge(order(MethodKind.WECHAT_JSAPI, open_id="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"))

    assert evidence.next_action is not None
    given = dict(evidence.next_action.fields)
    assert (evidence.next_action.sdk, given["appId"], given["signType"]) == ("wechatpay.jsapi", APP_ID, "RSA")
    assert given["package"] == "prepay_id=wx201410272009395522657a690389285100"
    text = invocation_text(APP_ID, timestamp=given["timeStamp"], nonce=given["nonceStr"], package=given["package"])
    assert is_signed(MERCHANT.public_key(), text, given["paySign"])
    assert desk.body(f"{ORDERS}/jsapi")["payer"] == {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}


async def test_an_app_gets_parameters_with_our_signature_over_the_bare_number(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/app", json_reply({"prepay_id": "wx2014"}))

    evidence = await desk.adapter.charge(order(MethodKind.WECHAT_APP, app_id="wx0000000000000002"))

    assert evidence.next_action is not None
    given = dict(evidence.next_action.fields)
    assert (given["appid"], given["partnerid"], given["package"]) == ("wx0000000000000002", MCHID, "Sign=WXPay")
    text = invocation_text(
        "wx0000000000000002", timestamp=given["timestamp"], nonce=given["noncestr"], package="wx2014"
    )
    assert is_signed(MERCHANT.public_key(), text, given["sign"])


async def test_a_scanned_code_is_paid_at_once(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", trade("SUCCESS", trade_type="MICROPAY"))

    evidence = await desk.adapter.charge(code_order())

    assert (evidence.outcome, evidence.amount, evidence.provider_reference) == (Outcome.SUCCEEDED, CNY_10, NUMBER)
    sent = desk.body(f"{ORDERS}/codepay")
    assert sent["payer"] == {"auth_code": "134567890123456789"}
    assert sent["scene_info"] == {"store_info": {"id": "S1"}, "device_ip": "203.0.113.7"}
    assert "notify_url" not in sent


@pytest.mark.parametrize(
    "answer", [trade("USERPAYING", trade_type="MICROPAY"), refusal(202, "USERPAYING"), refusal(202, "USER_PAYING")]
)
async def test_a_payer_who_has_to_type_the_password_is_waited_for(desk: Desk, answer: Reply) -> None:
    signed = Reply(answer.body, status=answer.status)
    desk.platform.answer(f"{ORDERS}/codepay", signed)

    evidence = await desk.adapter.charge(code_order())

    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.WAIT


async def test_a_refused_order_is_declined_when_the_query_finds_none(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, ABSENT)

    evidence = await desk.adapter.charge(code_order())

    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.INSUFFICIENT_FUNDS


async def test_a_refused_order_that_was_paid_all_the_same_is_paid(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "OUT_TRADE_NO_USED"))
    desk.platform.answer(QUERY, trade("SUCCESS", trade_type="MICROPAY"))

    assert (await desk.adapter.charge(code_order())).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("status", "code"), [(429, "FREQUENCY_LIMITED"), (403, "TRADE_ERROR"), (400, "INVALID_REQUEST")]
)
async def test_a_refused_order_whose_payer_types_the_password_may_still_be_paid(
    desk: Desk, status: int, code: str
) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(status, code))
    desk.platform.answer(QUERY, trade("USERPAYING", trade_type="MICROPAY"))

    evidence = await desk.adapter.charge(code_order())

    assert evidence.outcome is Outcome.REQUIRES_ACTION
    assert evidence.next_action is not None
    assert evidence.next_action.kind is NextActionKind.WAIT


async def test_a_refused_order_that_its_code_did_not_pay_is_declined(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "NOT_ENOUGH"))
    desk.platform.answer(QUERY, trade("NOTPAY", trade_type="MICROPAY"))

    assert (await desk.adapter.charge(code_order())).outcome is Outcome.DECLINED


async def test_a_refused_order_stays_open_while_the_query_is_silent(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", refusal(403, "TRADE_ERROR"))
    desk.platform.answer(QUERY, refusal(500, "SYSTEM_ERROR"))

    evidence = await desk.adapter.charge(code_order())

    assert (evidence.outcome, evidence.unsent, evidence.absent) == (Outcome.UNKNOWN, False, False)


@pytest.mark.parametrize("code", ["SYSTEM_ERROR", "BANK_ERROR", "BRAND_NEW_CODE"])
async def test_an_error_that_proves_nothing_leaves_the_charge_open(desk: Desk, code: str) -> None:
    desk.platform.answer(f"{ORDERS}/native", refusal(500, code))

    evidence = await desk.adapter.charge(order())

    assert (evidence.outcome, evidence.unsent) == (Outcome.UNKNOWN, False)
    assert code in evidence.detail


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (order(amount=Money(1000, "EUR")), DeclineReason.CURRENCY_NOT_SUPPORTED),
        (order(amount=Money(0, "CNY")), DeclineReason.AMOUNT_INVALID),
        (order(MethodKind.WECHAT_APP, app_id="wxforeign"), DeclineReason.PROVIDER_CONFIGURATION),
        (order(MethodKind.WECHAT_CODE, auth_code="134567890123456789"), DeclineReason.NOT_PERMITTED),
    ],
)
async def test_what_can_not_be_asked_is_declined_before_anything_is_sent(
    desk: Desk, asked: ChargeOrder, reason: DeclineReason
) -> None:
    evidence = await desk.adapter.charge(asked)

    assert evidence.failure is not None
    assert (evidence.outcome, evidence.failure.reason) == (Outcome.DECLINED, reason)
    assert desk.platform.received == []


async def test_an_answer_without_anything_to_act_on_is_unknown(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/native", json_reply({"prepay_id": "wx1"}))

    assert (await desk.adapter.charge(order())).outcome is Outcome.UNKNOWN


async def test_what_wechat_pay_does_not_know_raises(desk: Desk) -> None:
    with pytest.raises(UnsupportedOperation):
        await desk.adapter.capture(CaptureOrder(REFUND, CHARGE, CNY_10, is_final=True))
    with pytest.raises(UnsupportedOperation):
        await desk.adapter.charge(order(MethodKind.CARD))
    assert OperationKind.AUTHORIZE not in CAPABILITIES.operations


# Questions.


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("NOTPAY", Outcome.REQUIRES_ACTION),
        ("USERPAYING", Outcome.REQUIRES_ACTION),
        ("ACCEPT", Outcome.PENDING),
        ("SUCCESS", Outcome.SUCCEEDED),
        ("REFUND", Outcome.SUCCEEDED),
        ("CLOSED", Outcome.CANCELED),
        ("REVOKED", Outcome.CANCELED),
        ("PAYERROR", Outcome.DECLINED),
        ("BRAND_NEW_STATE", Outcome.UNKNOWN),
    ],
)
async def test_each_state_of_an_order_is_an_outcome(desk: Desk, state: str, outcome: Outcome) -> None:
    desk.platform.answer(QUERY, trade(state))

    evidence = await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))

    assert (evidence.outcome, evidence.source) == (outcome, EvidenceSource.QUERY)


@pytest.mark.parametrize(
    "answer",
    [
        trade("SUCCESS", out_trade_no="c" * 32),
        trade("SUCCESS", amount={"total": "1000", "currency": "CNY"}),
        trade("SUCCESS", amount={"total": 1000, "currency": "USD"}),
        trade("SUCCESS", amount={"total": True, "currency": "CNY"}),
        trade("SUCCESS", transaction_id=""),
    ],
)
async def test_a_success_that_is_not_ours_or_not_readable_is_unknown(desk: Desk, answer: Reply) -> None:
    desk.platform.answer(QUERY, answer)

    assert (await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))).outcome is Outcome.UNKNOWN


async def test_a_transaction_whose_number_is_known_is_asked_for_by_it(desk: Desk) -> None:
    desk.platform.answer(BY_NUMBER, trade("SUCCESS"))

    evidence = await desk.adapter.query(Inquiry(OperationKind.SALE, REFERENCE, NUMBER, CHARGE, CNY_10))

    assert evidence.outcome is Outcome.SUCCEEDED
    assert desk.platform.paths[-1] == BY_NUMBER


@pytest.mark.parametrize(
    ("answers", "outcome", "is_absent"),
    [
        ({"BY_NUMBER": ABSENT, "QUERY": trade("SUCCESS")}, Outcome.SUCCEEDED, False),
        ({"BY_NUMBER": ABSENT, "QUERY": ABSENT}, Outcome.UNKNOWN, True),
        ({"BY_NUMBER": trade("SUCCESS", out_trade_no="c" * 32)}, Outcome.UNKNOWN, False),
    ],
)
async def test_only_our_reference_shows_that_there_is_no_order(
    desk: Desk, answers: dict[str, Reply], outcome: Outcome, is_absent: bool
) -> None:
    for path, answer in answers.items():
        desk.platform.answer({"BY_NUMBER": BY_NUMBER, "QUERY": QUERY}[path], answer)

    evidence = await desk.adapter.query(Inquiry(OperationKind.SALE, REFERENCE, NUMBER, CHARGE, CNY_10))

    assert (evidence.outcome, evidence.absent) == (outcome, is_absent)


async def test_an_order_that_is_not_there_is_absent(desk: Desk) -> None:
    desk.platform.answer(QUERY, ABSENT)

    evidence = await desk.adapter.query(inquiry(OperationKind.SALE, REFERENCE))

    assert (evidence.outcome, evidence.absent) == (Outcome.UNKNOWN, True)


# Cancels.


async def cancel(desk: Desk, cause: CancelCause = CancelCause.CALLER) -> Evidence:
    return await desk.adapter.cancel(CancelOrder(REFUND, CHARGE, cause))


async def test_an_open_order_is_asked_about_and_then_closed(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("NOTPAY", trade_type="NATIVE"))
    desk.platform.answer(CLOSE, DONE)

    assert (await cancel(desk)).outcome is Outcome.SUCCEEDED
    assert desk.platform.paths[-2:] == [QUERY, CLOSE]
    assert desk.body(CLOSE) == {"mchid": MCHID}


async def test_a_scanned_code_is_reversed_and_not_closed(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("USERPAYING", trade_type="MICROPAY"))
    desk.platform.answer(REVERSE, json_reply({"appid": APP_ID, "mchid": MCHID, "out_trade_no": REFERENCE}))

    assert (await cancel(desk)).outcome is Outcome.SUCCEEDED
    assert desk.body(REVERSE) == {"appid": APP_ID, "mchid": MCHID}


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

    assert (await cancel(desk, CancelCause.EXPIRY)).outcome is Outcome.SUCCEEDED
    early = await cancel(desk)
    assert (early.outcome, early.absent) == (Outcome.UNKNOWN, True)


async def test_what_became_of_a_cancel_is_seen_in_its_order(desk: Desk) -> None:
    desk.platform.answer(QUERY, trade("CLOSED"), trade("SUCCESS"), trade("NOTPAY"))

    found = [await desk.adapter.query(inquiry(OperationKind.CANCEL, REFUND)) for _ in range(3)]

    assert [each.outcome for each in found] == [Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.UNKNOWN]
    assert found[2].absent, "an open order has not seen the cancel, so that it may be sent again"


# Refunds.


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
