"""The Alipay simulator refuses what Alipay refuses, in its order and words, and signs what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from tollbridge_server.providers.alipay.encryption import decrypt, encrypt, read_aes_key
from tollbridge_server.providers.alipay.signing import (
    form_of,
    notification_fields,
    notification_text,
    open_envelope,
)
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.testing.simulators.alipay import AlipayAccount, AlipayKeys, AlipaySimulator

from tests.conformance.alipay import APP_ID, SELLER_ID, key_of, private_pem, public_pem
from tests.integration.alipay.desk import AES_KEY, WAIT_S, Desk, order

# The gateway.


@pytest.mark.parametrize(
    ("changes", "sub_code", "is_signed_"),
    [
        ({"method": ""}, "isv.missing-method", False),
        ({"method": "alipay.trade.steal"}, "isv.invalid-method", False),
        ({"app_id": ""}, "isv.missing-app-id", False),
        ({"app_id": "2021000000000777"}, "isv.invalid-app-id", False),
        ({"sign": ""}, "isv.missing-signature", False),
        ({"sign_type": ""}, "isv.missing-signature-type", False),
        ({"sign_type": "RSA"}, "isv.invalid-signature-type", False),
        ({"biz_content": '{"out_trade_no":"T2"}'}, "isv.invalid-signature", True),
    ],
)
async def test_what_is_wrong_with_a_request_is_said_in_alipay_s_order(
    desk: Desk, changes: dict[str, str], sub_code: str, is_signed_: bool
) -> None:
    parameters = desk.parameters("alipay.trade.query", {"out_trade_no": "T1"}) | changes
    answer = await desk.post({name: value for name, value in parameters.items() if value})

    assert (answer["sub_code"], answer["is_signed"]) == (sub_code, is_signed_)
    assert answer["code"] in ("40001", "40002")


@pytest.mark.parametrize(
    ("changes", "sub_code"),
    [
        ({"timestamp": ""}, "isv.missing-timestamp"),
        ({"timestamp": "today"}, "isv.invalid-timestamp"),
        ({"version": ""}, "isv.missing-version"),
        ({"biz_content": "no json"}, "isv.illegal-json"),
        ({"biz_content": "[]"}, "isv.illegal-json"),
        ({"encrypt_type": "DES"}, "isv.invalid-encrypt-type"),
    ],
)
async def test_a_signed_request_with_a_wrong_parameter_is_refused(
    desk: Desk, changes: dict[str, str], sub_code: str
) -> None:
    assert (await desk.call("alipay.trade.query", {}, **changes))["sub_code"] == sub_code


async def test_parameters_may_stand_in_the_query_as_well_as_in_the_body(desk: Desk) -> None:
    parameters = desk.parameters("alipay.trade.query", {"out_trade_no": "nowhere"})
    url, body = f"{desk.url}/gateway.do", {"biz_content": parameters.pop("biz_content")}

    async with desk.session.post(url, params=parameters, data=body) as answer:
        envelope = open_envelope(await answer.read(), method="alipay.trade.query")

    assert orjson.loads(envelope.raw)["sub_code"] == "ACQ.TRADE_NOT_EXIST"


async def test_encrypted_content_is_answered_with_encrypted_content(desk: Desk) -> None:
    key = read_aes_key(AES_KEY)
    content = encrypt(key, orjson.dumps(order("T9")))
    parameters = desk.parameters(
        "alipay.trade.pay", {}, app_id="2021000000000002", biz_content=content, encrypt_type="AES"
    )

    async with desk.session.post(f"{desk.url}/gateway.do", data=parameters) as answer:
        envelope = open_envelope(await answer.read(), method="alipay.trade.pay")

    assert is_signed(key_of("alipay").public_key(), envelope.raw, envelope.signature)
    assert orjson.loads(decrypt(key, orjson.loads(envelope.raw)))["out_trade_no"] == "T9"


# The business.


@pytest.mark.parametrize(
    ("changes", "sub_code"),
    [
        ({"out_trade_no": ""}, "ACQ.INVALID_PARAMETER"),
        ({"out_trade_no": "T 1"}, "ACQ.INVALID_PARAMETER"),
        ({"total_amount": "0.00"}, "ACQ.INVALID_PARAMETER"),
        ({"total_amount": "1.001"}, "ACQ.INVALID_PARAMETER"),
        ({"total_amount": "-1.00"}, "ACQ.INVALID_PARAMETER"),
        ({"total_amount": ["1.00"]}, "ACQ.INVALID_PARAMETER"),
        ({"subject": None}, "ACQ.INVALID_PARAMETER"),
        ({"subject": "a=b&c"}, "ACQ.INVALID_PARAMETER"),
        ({"scene": "telepathy"}, "ACQ.INVALID_PARAMETER"),
        ({"time_expire": "soon"}, "ACQ.INVALID_PARAMETER"),
        ({"time_expire": "2020-01-01 00:00:00"}, "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR"),
        ({"timeout_express": "1w"}, "ACQ.INVALID_PARAMETER"),
    ],
)
async def test_a_wrong_field_is_refused_and_books_nothing(desk: Desk, changes: dict[str, Any], sub_code: str) -> None:
    assert (await desk.call("alipay.trade.pay", order(**changes)))["sub_code"] == sub_code
    assert (await desk.call("alipay.trade.query", {"out_trade_no": "T1"}))["sub_code"] == "ACQ.TRADE_NOT_EXIST"


async def test_a_number_with_other_content_is_refused_and_a_code_pays_once(desk: Desk) -> None:
    first = await desk.call("alipay.trade.pay", order())
    again = await desk.call("alipay.trade.pay", order())
    other = await desk.call("alipay.trade.pay", order(total_amount="11.00"))
    stolen = await desk.call("alipay.trade.pay", order("T2", auth_code=order()["auth_code"]))

    assert first["trade_no"] == again["trade_no"]
    assert other["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"
    assert stolen["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"


async def test_refunds_are_added_up_repeated_without_change_and_never_exceed(desk: Desk) -> None:
    await desk.call("alipay.trade.pay", order())

    async def refund(number: str, amount: str) -> dict[str, Any]:
        content = {"out_trade_no": "T1", "out_request_no": number, "refund_amount": amount}
        return await desk.call("alipay.trade.refund", content)

    first, again, other = await refund("R1", "4.00"), await refund("R1", "4.00"), await refund("R1", "5.00")
    too_much, rest = await refund("R2", "6.01"), await refund("R3", "6.00")

    assert (first["fund_change"], first["refund_fee"]) == ("Y", "4.00")
    assert (again["fund_change"], again["refund_fee"]) == ("N", "4.00")
    assert other["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert too_much["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert rest["refund_fee"] == "10.00"
    closed = await desk.call("alipay.trade.query", {"out_trade_no": "T1"})
    assert (closed["trade_status"], bool(closed["send_pay_date"])) == ("TRADE_CLOSED", True)
    known = await desk.call("alipay.trade.fastpay.refund.query", {"out_trade_no": "T1", "out_request_no": "R1"})
    unknown = await desk.call("alipay.trade.fastpay.refund.query", {"out_trade_no": "T1", "out_request_no": "R9"})
    assert (known["refund_status"], known["refund_amount"]) == ("REFUND_SUCCESS", "4.00")
    assert "refund_status" not in unknown


async def test_a_code_is_no_trade_before_it_is_scanned_and_can_not_be_paid_after_a_cancel(desk: Desk) -> None:
    prepared = order(scene=None, auth_code=None, product_code="QR_CODE_OFFLINE")
    code = (await desk.call("alipay.trade.precreate", prepared))["qr_code"]
    assert (await desk.call("alipay.trade.close", {"out_trade_no": "T1"}))["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    canceled = await desk.call("alipay.trade.cancel", {"out_trade_no": "T1"})
    async with desk.session.post(code, data={"decision": "approve"}) as page:
        assert "Closed" in await page.text()

    assert (canceled["code"], canceled["retry_flag"], "action" in canceled) == ("10000", "N", False)
    assert (await desk.call("alipay.trade.query", {"out_trade_no": "T1"}))["sub_code"] == "ACQ.TRADE_NOT_EXIST"


async def test_a_scanned_code_waits_for_its_payer_and_is_closed_unpaid(desk: Desk) -> None:
    prepared = order(scene=None, auth_code=None, product_code="QR_CODE_OFFLINE")
    code = (await desk.call("alipay.trade.precreate", prepared))["qr_code"]
    async with desk.session.get(code) as page:
        assert "10.00 CNY" in await page.text()
    assert (await desk.call("alipay.trade.query", {"out_trade_no": "T1"}))["trade_status"] == "WAIT_BUYER_PAY"

    assert (await desk.call("alipay.trade.close", {"out_trade_no": "T1"}))["code"] == "10000"
    again = await desk.call("alipay.trade.close", {"out_trade_no": "T1"})
    assert again["sub_code"] == "ACQ.REASON_TRADE_STATUS_INVALID"


# Notifications and control.


async def test_a_notification_comes_again_with_its_id_until_it_is_accepted(desk: Desk) -> None:
    desk.refusals = 2
    await desk.call("alipay.trade.pay", order(), notify_url=desk.notify_url)

    async with asyncio.timeout(WAIT_S):
        sent = [notification_fields(await desk.arrived.get()) for _ in range(3)]

    assert len({fields["notify_id"] for fields in sent}) == 1
    for fields in sent:
        assert is_signed(key_of("alipay").public_key(), notification_text(fields), fields["sign"])
    assert (sent[0]["trade_status"], sent[0]["total_amount"]) == ("TRADE_SUCCESS", "10.00")


@pytest.mark.parametrize("manner", ["wrong_key", "altered", "unsigned", "amount", "foreign_app", "foreign_seller"])
async def test_a_notification_can_be_sent_wrongly(desk: Desk, manner: str) -> None:
    await desk.call("alipay.trade.pay", order(), notify_url=desk.notify_url)
    async with asyncio.timeout(WAIT_S):
        right = notification_fields(await desk.arrived.get())
        query = f"event_id={right['notify_id']}&manner={manner}"
        async with desk.session.post(f"{desk.url}/control/replay?{query}") as answer:
            assert answer.status == 200
        wrong = notification_fields(await desk.arrived.get())

    is_genuine = is_signed(key_of("alipay").public_key(), notification_text(wrong), wrong.get("sign", ""))
    assert is_genuine == (manner in ("amount", "foreign_app", "foreign_seller"))
    assert (wrong["total_amount"] != right["total_amount"]) == (manner in ("amount", "altered"))
    assert (wrong["app_id"] != APP_ID) == (manner == "foreign_app")
    assert (wrong["seller_id"] != SELLER_ID) == (manner == "foreign_seller")


async def test_an_app_s_order_string_is_paid_by_hand_and_a_forged_one_is_not(desk: Desk) -> None:
    content = order(scene=None, auth_code=None, product_code="QUICK_MSECURITY_PAY")
    parameters = desk.parameters("alipay.trade.app.pay", content)
    url = f"{desk.url}/control/pay_order?decision=approve"

    async with desk.session.post(url, data=form_of(parameters)) as answer:
        assert await answer.text() == "TRADE_SUCCESS"
    forged = parameters | {"biz_content": orjson.dumps(order("T2", total_amount="0.01")).decode()}
    async with desk.session.post(url, data=form_of(forged)) as answer:
        assert answer.status == 400
        assert "isv.invalid-signature" in await answer.text()


@pytest.mark.parametrize("path", ["arm?behavior=booked_reset", "decide?account=plain&reference=T1&decision=approve"])
async def test_a_web_page_can_not_use_the_control(desk: Desk, path: str) -> None:
    headers = {"Origin": "https://evil.example"}
    async with desk.session.post(f"{desk.url}/control/{path}", headers=headers) as answer:
        assert answer.status == 403


async def test_what_was_booked_survives_a_restart(desk: Desk, tmp_path: Path) -> None:
    paid = await desk.call("alipay.trade.pay", order())
    await desk.simulator.stop()
    accounts = [AlipayAccount("plain", APP_ID, SELLER_ID, public_pem(key_of("application")))]
    again = AlipaySimulator(tmp_path / "alipay.db", accounts, AlipayKeys(private_pem(key_of("alipay"))))
    desk.url = f"http://127.0.0.1:{await again.start('127.0.0.1', 0)}"
    desk.simulator = again

    answer = await desk.call("alipay.trade.query", {"out_trade_no": "T1"})

    assert (answer["trade_no"], answer["trade_status"]) == (paid["trade_no"], "TRADE_SUCCESS")
