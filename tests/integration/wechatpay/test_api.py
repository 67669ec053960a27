"""The WeChat Pay simulator refuses what WeChat Pay refuses, in its words, and signs what it says."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.certificates import read_list
from tollbridge_server.providers.wechatpay.encryption import CiphertextInvalid
from tollbridge_server.providers.wechatpay.signing import read_seal
from tollbridge_server.testing.simulators.wechatpay import (
    Behavior,
)

from tests.conformance.alipay import key_of
from tests.conformance.wechatpay import API_V3_KEY, APP_ID, MCHID
from tests.integration.wechatpay.desk import NUMBER, ORDERS, REFUNDS, WAIT_S, Desk, code_order, opened, order, refund

# Authorization.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mchid": "1900000999"}, "商户证书序列号有误"),
        ({"serial_no": "00" * 20}, "商户证书序列号有误"),
        ({"age_s": 301}, "不得超过5分钟"),
        ({"age_s": -301}, "不得超过5分钟"),
        ({"signature": "bm90IGEgc2lnbmF0dXJl"}, "签名错误"),
    ],
)
async def test_a_request_that_is_not_authentic_is_refused_with_the_reason(
    desk: Desk, changes: dict[str, Any], message: str
) -> None:
    answer = await desk.call("POST", f"{ORDERS}/native", order(desk), **changes)

    assert (answer.status, answer.json["code"]) == (401, "SIGN_ERROR")
    assert message in answer.json["message"]
    assert "wechatpay-signature" not in answer.headers
    assert "request-id" not in answer.headers


@pytest.mark.parametrize(
    ("header", "message"),
    [("", "认证类型不正确"), ("Bearer token", "认证类型不正确"), ("WECHATPAY2-SHA256-RSA2048 mchid=1", "值格式错误")],
)
async def test_a_header_of_another_form_is_refused(desk: Desk, header: str, message: str) -> None:
    answer = await desk.send(
        "GET", "/v3/certificates", b"", {"Authorization": header, "Accept": "*/*", "User-Agent": "test"}
    )

    assert answer.status == 401
    assert message in answer.json["message"]


async def test_a_body_that_was_changed_on_its_way_is_refused_with_what_was_signed(desk: Desk) -> None:
    body = orjson.dumps(order(desk))
    headers = desk.headers("POST", f"{ORDERS}/native", body)

    answer = await desk.send("POST", f"{ORDERS}/native", body.replace(b"1000", b"1001"), headers)

    assert answer.json["detail"]["detail"] == {"issue": "sign not match"}
    shown = answer.json["detail"]["sign_information"]
    assert shown["sign_message_length"] == len(body) + len(f"POST\n{ORDERS}/native\n") + 10 + 1 + 32 + 1 + 1
    assert shown["truncated_sign_message"].endswith(body.decode()[:8] + "\n")


async def test_certificates_ask_for_the_headers_first_and_orders_for_the_signature(desk: Desk) -> None:
    bare = {"Authorization": "x", "Accept": "", "User-Agent": ""}

    certificates = await desk.send("GET", "/v3/certificates", b"", bare)
    orders = await desk.send("POST", f"{ORDERS}/native", b"{}", bare)

    assert (certificates.status, orders.status) == (400, 401)


async def test_the_list_of_certificates_opens_with_the_key_of_the_merchant_alone(desk: Desk) -> None:
    answer = await desk.call("GET", "/v3/certificates")

    [found] = read_list(answer.body, api_v3_key=API_V3_KEY.encode())
    assert found.serial == answer.headers["wechatpay-serial"]
    with pytest.raises(ValueError, match=r"\w"):
        read_list(answer.body, api_v3_key=API_V3_KEY[::-1].encode())


# Orders.


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"appid": "wx9999999999999999"}, 400, "APPID_MCHID_NOT_MATCH"),
        ({"mchid": "1900000009"}, 400, "PARAM_ERROR"),
        ({"description": None}, 400, "PARAM_ERROR"),
        ({"description": "x" * 128}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "short"}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "a b c d e f"}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 0}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": "1000"}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 10.5}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1000, "currency": "USD"}}, 400, "PARAM_ERROR"),
        ({"notify_url": "http://shop.example.com/x"}, 400, "PARAM_ERROR"),
        ({"notify_url": "https://shop.example.com/x?a=b"}, 400, "PARAM_ERROR"),
        ({"time_expire": "tomorrow"}, 400, "PARAM_ERROR"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_booked(
    desk: Desk, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await desk.call("POST", f"{ORDERS}/native", order(desk, **changes))

    assert (answer.status, answer.json["code"]) == (status, code)
    asked = await desk.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}")
    assert (asked.status, asked.json["code"]) == (404, "ORDER_NOT_EXIST")


async def test_a_repeated_order_takes_the_old_code_away_and_another_content_is_refused(desk: Desk) -> None:
    first = (await desk.call("POST", f"{ORDERS}/native", order(desk))).json["code_url"]
    second = (await desk.call("POST", f"{ORDERS}/native", order(desk))).json["code_url"]
    other = await desk.call("POST", f"{ORDERS}/native", order(desk, description="other"))

    assert first != second
    assert (other.status, other.json["code"]) == (403, "OUT_TRADE_NO_USED")
    async with desk.session.get(first) as gone, desk.session.get(second) as there:
        assert (gone.status, there.status) == (404, 200)
        assert "10.00 CNY" in await there.text()


async def test_a_closed_order_can_be_closed_again_and_neither_paid_nor_opened(desk: Desk) -> None:
    code = (await desk.call("POST", f"{ORDERS}/native", order(desk))).json["code_url"]
    for _ in range(2):
        closed = await desk.call("POST", f"{ORDERS}/out-trade-no/{NUMBER}/close", {"mchid": MCHID})
        assert (closed.status, closed.body) == (204, b"")
    async with desk.session.post(code, data={"decision": "approve"}) as page:
        assert "Closed" in await page.text()

    assert (await desk.call("POST", f"{ORDERS}/native", order(desk))).json["code"] == "ORDER_CLOSED"
    asked = await desk.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}")
    assert asked.json["trade_state"] == "CLOSED"


async def test_a_paid_order_can_not_be_closed(desk: Desk) -> None:
    await desk.paid()

    answer = await desk.call("POST", f"{ORDERS}/out-trade-no/{NUMBER}/close", {"mchid": MCHID})

    assert (answer.status, answer.json["code"]) == (400, "ORDER_PAID")


async def test_an_order_is_found_under_both_numbers(desk: Desk) -> None:
    await desk.paid()
    ours = (await desk.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}")).json

    theirs = (await desk.call("GET", f"{ORDERS}/id/{ours['transaction_id']}?mchid={MCHID}")).json

    assert theirs == ours
    assert (ours["trade_state"], ours["amount"]["total"]) == ("SUCCESS", 1000)


async def test_a_code_pays_one_order_and_is_reversed_not_closed(desk: Desk) -> None:
    code = "130000000000000000"
    paid = await desk.call("POST", f"{ORDERS}/codepay", code_order(code))
    again = await desk.call("POST", f"{ORDERS}/codepay", code_order(code))
    stolen = await desk.call("POST", f"{ORDERS}/codepay", code_order(code, out_trade_no="T20260101002"))
    closed = await desk.call("POST", f"{ORDERS}/out-trade-no/{NUMBER}/close", {"mchid": MCHID})
    early = await desk.call("POST", f"{ORDERS}/out-trade-no/{NUMBER}/reverse", {"appid": APP_ID, "mchid": MCHID})

    assert paid.json["trade_state"] == "SUCCESS"
    assert again.json["transaction_id"] == paid.json["transaction_id"]
    assert stolen.json["code"] == "INVALID_REQUEST"
    assert closed.json["code"] == "INVALID_REQUEST"
    assert early.json["code"] == "RULE_LIMIT", "a payment can be reversed after fifteen seconds"


# Refunds.


async def test_refunds_are_accepted_repeated_without_effect_and_never_exceed(desk: Desk) -> None:
    await desk.paid()

    first, again = await refund(desk, "R1", 400), await refund(desk, "R1", 400)
    other, too_much = await refund(desk, "R1", 500), await refund(desk, "R2", 601)
    total = await refund(desk, "R3", 1, amount={"refund": 1, "total": 999, "currency": "CNY"})

    assert first.json["status"] == "PROCESSING"
    assert again.json["refund_id"] == first.json["refund_id"]
    assert [answer.json["code"] for answer in (other, too_much, total)] == ["INVALID_REQUEST"] * 3
    asked = await desk.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}")
    assert asked.json["trade_state"] == "REFUND"
    assert (await desk.call("GET", f"{REFUNDS}/R9")).json["code"] == "RESOURCE_NOT_EXISTS"


async def test_an_unpaid_order_is_not_refunded(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk))

    assert (await refund(desk, "R1", 1)).json["code"] == "INVALID_REQUEST"


# Notifications and faults.


async def test_a_notification_comes_again_newly_signed_until_it_is_accepted(desk: Desk) -> None:
    desk.refusals = 2
    await desk.paid()

    async with asyncio.timeout(WAIT_S):
        sent = [await desk.arrived.get() for _ in range(3)]

    assert len({orjson.loads(body)["id"] for _, body in sent}) == 1
    assert len({headers["wechatpay-nonce"] for headers, _ in sent}) == 3
    for headers, body in sent:
        seal = read_seal(headers)
        assert is_signed(key_of("platform").public_key(), seal.text(body), seal.signature)
        assert opened(body)["amount"]["total"] == 1000
    with pytest.raises(CiphertextInvalid):
        opened(sent[0][1], key=API_V3_KEY[::-1])


async def test_a_refund_is_notified_of_when_it_is_made(desk: Desk) -> None:
    await desk.paid()
    await refund(desk, "R1", 400)

    async with asyncio.timeout(WAIT_S):
        kinds = {}
        for _ in range(2):
            _, body = await desk.arrived.get()
            kinds[orjson.loads(body)["event_type"]] = opened(body)

    assert kinds["REFUND.SUCCESS"]["refund_status"] == "SUCCESS"
    assert kinds["REFUND.SUCCESS"]["amount"]["refund"] == 400


@pytest.mark.parametrize(
    ("behavior", "status", "is_booked"),
    [
        (Behavior.SYSTEM_ERROR, 500, False),
        (Behavior.BAD_GATEWAY, 502, False),
        (Behavior.THROTTLED, 429, False),
        (Behavior.ACCEPTED, 202, False),
        (Behavior.BOOKED_SYSTEM_ERROR, 500, True),
        (Behavior.BOOKED_BAD_GATEWAY, 502, True),
    ],
)
async def test_a_fault_books_or_does_not(desk: Desk, behavior: Behavior, status: int, is_booked: bool) -> None:
    desk.simulator.arm(behavior)
    body = orjson.dumps(order(desk))

    answer = await desk.send("POST", f"{ORDERS}/native", body, desk.headers("POST", f"{ORDERS}/native", body))

    assert answer.status == status
    asked = await desk.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}")
    assert (asked.status == 200) == is_booked


async def test_a_web_page_can_not_use_the_control(desk: Desk) -> None:
    headers = {"Origin": "https://evil.example"}
    async with desk.session.post(f"{desk.url}/control/arm?behavior=lost", headers=headers) as answer:
        assert answer.status == 403
