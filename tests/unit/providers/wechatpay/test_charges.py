"""What each charge asks WeChat Pay, and what its answers amount to; the other side signs on loopback."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, NextActionKind, Outcome, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import CaptureOrder, ChargeOrder, UnsupportedOperation
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.adapter import CAPABILITIES
from tollbridge_server.providers.wechatpay.signing import invocation_text

from tests.unit.providers.wechatpay.desk import (
    ABSENT,
    CHARGE,
    CNY_10,
    NUMBER,
    ORDERS,
    QUERY,
    REFERENCE,
    REFUND,
    Desk,
    code_order,
    order,
    refusal,
    trade,
)
from tests.unit.providers.wechatpay.keys import MERCHANT, NOW_S
from tests.unit.providers.wechatpay.platform import APP_ID, MCHID, Reply, json_reply


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
    assert (evidence.next_action.sdk, given["appId"], given["signType"]) == ("wechat_pay.jsapi", APP_ID, "RSA")
    assert given["package"] == "prepay_id=wx201410272009395522657a690389285100"
    text = invocation_text(APP_ID, timestamp=given["timeStamp"], nonce=given["nonceStr"], package=given["package"])
    assert is_signed(MERCHANT.public_key(), text, given["paySign"])
    assert desk.body(f"{ORDERS}/jsapi")["payer"] == {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}


async def test_an_app_gets_parameters_with_our_signature_over_the_bare_number(desk: Desk) -> None:
    desk.platform.answer(f"{ORDERS}/app", json_reply({"prepay_id": "wx2014"}))

    evidence = await desk.adapter.charge(order(MethodKind.WECHAT_APP, app_id="wx0000000000000002"))

    assert evidence.next_action is not None
    given = dict(evidence.next_action.fields)
    assert evidence.next_action.sdk == "wechat_pay.app"
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


def test_a_shown_code_has_a_minute_to_be_paid_and_other_methods_the_time_of_the_payment() -> None:
    assert dict(CAPABILITIES.time_to_pay_s) == {MethodKind.WECHAT_CODE: 60}


@pytest.mark.parametrize(
    ("field", "reason", "retry"),
    [
        ("/payer/openid", DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA),
        ("/description", DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA),
        ("/amount/total", DeclineReason.AMOUNT_INVALID, RetryAdvice.CORRECTED_DATA),
        ("/notify_url", DeclineReason.PROVIDER_CONFIGURATION, RetryAdvice.AFTER_OPERATOR),
        ("/mchid", DeclineReason.PROVIDER_CONFIGURATION, RetryAdvice.AFTER_OPERATOR),
    ],
)
async def test_a_field_that_is_wrong_is_named_and_says_who_can_correct_it(
    desk: Desk, field: str, reason: DeclineReason, retry: RetryAdvice
) -> None:
    detail = {"field": field, "value": "o-secret", "issue": "no", "location": "body"}
    desk.platform.answer(f"{ORDERS}/jsapi", refusal(400, "PARAM_ERROR", detail=detail))
    desk.platform.answer(QUERY, ABSENT)

    evidence = await desk.adapter.charge(order(MethodKind.WECHAT_JSAPI, open_id="o-secret"))

    assert evidence.failure is not None
    assert (evidence.failure.reason, evidence.failure.retry) == (reason, retry)
    assert evidence.failure.provider_message == f"/body{field}: no", "the value may be the payer's, and stays out"


@pytest.mark.parametrize(
    "detail",
    [
        None,
        "text",
        {"location": "uri_template", "value": ""},
        {"field": "/payer/openid", "location": "header"},
        {"field": "/payer/openid"},
        {"field": 7, "location": "body"},
        {"field": "", "location": "body"},
        {"field": "/payer/openid", "location": ""},
    ],
)
async def test_a_wrong_field_that_is_not_the_caller_s_is_for_the_operator(desk: Desk, detail: object) -> None:
    desk.platform.answer(f"{ORDERS}/native", refusal(400, "PARAM_ERROR", detail=detail))
    desk.platform.answer(QUERY, ABSENT)

    evidence = await desk.adapter.charge(order())

    assert evidence.failure is not None
    assert evidence.failure.reason is DeclineReason.PROVIDER_CONFIGURATION
    assert "//" not in evidence.failure.provider_message


@pytest.mark.parametrize("foreign", [{"mchid": "1900000002"}, {"mchid": ""}, {"appid": "wx0000000000000003"}])
async def test_a_payment_of_somebody_else_s_is_not_ours(desk: Desk, foreign: dict[str, str]) -> None:
    desk.platform.answer(f"{ORDERS}/codepay", trade("SUCCESS", trade_type="MICROPAY", **foreign))

    assert (await desk.adapter.charge(code_order())).outcome is Outcome.UNKNOWN
