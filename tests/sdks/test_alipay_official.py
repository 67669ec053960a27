"""Alipay's own SDK, unchanged, does what a merchant needs at our simulator, encrypted too, and believes nothing else.

It sends what RFC 9112 calls the absolute form of a request's target, signs a parameter `alipay_sdk` of its own, and
puts its parameters into the query and the content into the body.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import aiohttp
import pytest
from tollbridge_server.providers.alipay.signing import notification_fields, notification_text
from tollbridge_server.testing.simulators.alipay import Behavior

from tests.sdks.alipay import Bench, Step, code, flipped, number, official, official_settings, opened, today

MODES = ("keys", "encryption")
SUBJECT = '茶 "咖啡" +%'
ALIPAY = "http://openapi.alipay.com"


def execute(request: str, content: dict[str, Any], **more: Any) -> Step:
    return "execute", {"request": request, "content": content, **more}


def ordered(bench: Bench, request: str, out_trade_no: str, **more: Any) -> Step:
    content = {"subject": SUBJECT, "out_trade_no": out_trade_no, "total_amount": "10.00", **more}
    return execute(request, content, notify_url=bench.notify_url)


def barcode(bench: Bench, out_trade_no: str, last_digits: str = "0000") -> Step:
    shown = {"scene": "bar_code", "auth_code": code(last_digits), "product_code": "FACE_TO_FACE_PAYMENT"}
    return ordered(bench, "AlipayTradePay", out_trade_no, **shown)


def asked(out_trade_no: str) -> Step:
    return execute("AlipayTradeQuery", {"out_trade_no": out_trade_no})


def refund(out_trade_no: str, request: str, amount: str) -> Step:
    content = {"refund_amount": amount, "out_trade_no": out_trade_no, "out_request_no": request}
    return execute("AlipayTradeRefund", content)


def opening(bench: Bench, numbers: dict[str, str]) -> dict[str, Step]:
    order = numbers["frozen"]
    place = {"out_order_no": order, "out_request_no": order}
    shown = {"auth_code": code(), "auth_code_type": "bar_code", "product_code": "PRE_AUTH"}
    wap = {"product_code": "QUICK_WAP_PAY", "quit_url": "https://shop.example.com/quit"}
    frozen = {**place, **shown, "order_title": SUBJECT, "amount": "10.00"}
    return {
        "qr": ordered(bench, "AlipayTradePrecreate", numbers["paid"]),
        "unscanned": asked(numbers["paid"]),
        "barcode": barcode(bench, number()),
        "waiting": barcode(bench, numbers["waiting"], "0001"),
        "declined": barcode(bench, number(), "0002"),
        "page": ("page", ordered(bench, "AlipayTradePagePay", number(), product_code="FAST_INSTANT_TRADE_PAY")[1]),
        "wap": ("page", ordered(bench, "AlipayTradeWapPay", number(), **wap)[1]),
        "app": ("in_app", ordered(bench, "AlipayTradeAppPay", number(), product_code="QUICK_MSECURITY_PAY")[1]),
        "freeze": execute("AlipayFundAuthOrderFreeze", frozen),
        "frozen": execute("AlipayFundAuthOperationDetailQuery", place),
        "voucher": execute(
            "AlipayFundAuthOrderVoucherCreate",
            {**frozen, "out_order_no": number(), "out_request_no": number(), "auth_code": None},
        ),
    }


def going_on(bench: Bench, numbers: dict[str, str], auth_no: str, notified: dict[str, str]) -> dict[str, Step]:
    paid = numbers["paid"]
    signature, text = notified["sign"], notification_text(notified).decode()
    signed = {name: value for name, value in notified.items() if name not in ("sign", "sign_type")}
    capture = {"product_code": "PRE_AUTH", "auth_no": auth_no, "total_amount": "4.00"}
    release = {"auth_no": auth_no, "out_request_no": number("U"), "amount": "6.00", "remark": "done"}
    bill = {"bill_type": "trade", "bill_date": today()}
    return {
        "paid": asked(paid),
        "text of notification": ("signed_text", {"parameters": signed}),
        "is notification signed": ("is_signed", {"text": text, "signature": signature}),
        "is altered signed": ("is_signed", {"text": flipped(text), "signature": signature}),
        "refund": refund(paid, "R1", "4.00"),
        "second refund": refund(paid, "R2", "3.00"),
        "excessive refund": refund(paid, "R3", "3.01"),
        "refund asked for": execute("AlipayTradeFastpayRefundQuery", {"out_request_no": "R1", "out_trade_no": paid}),
        "cancel": execute("AlipayTradeCancel", {"out_trade_no": numbers["waiting"]}),
        "close of what is paid": execute("AlipayTradeClose", {"out_trade_no": paid}),
        "capture": ordered(bench, "AlipayTradePay", number(), **capture),
        "release": execute("AlipayFundAuthOrderUnfreeze", release),
        "bill": execute("AlipayDataDataserviceBillDownloadurlQuery", bill),
    }


async def shown(bench: Bench, page: str) -> str:
    """Return what a browser shows after the payer has paid on an SDK's page."""
    assert page.startswith(f"{ALIPAY}/gateway.do?"), page
    place = f"http://{bench.host}{page.removeprefix(ALIPAY)}"
    async with aiohttp.ClientSession() as browser, browser.post(place, data={"decision": "approve"}) as answer:
        return await answer.text()


async def story(mode: str, bench: Bench) -> dict[str, Any]:
    """Let the SDK do all of it, with the payer's part between; return its results by their names."""
    settings, numbers = official_settings(mode), {name: number() for name in ("paid", "waiting", "frozen")}
    first = await official(settings, bench.host, opening(bench, numbers))
    assert await bench.simulator.decide(mode, numbers["paid"], "approve") == "TRADE_SUCCESS"
    while (notified := notification_fields(await bench.notification())).get("out_trade_no") != numbers["paid"]:
        pass
    pages = {f"{product} shown": await shown(bench, first[product]["value"]) for product in ("page", "wap")}
    auth_no = first["freeze"]["value"]["auth_no"]
    second = await official(settings, bench.host, going_on(bench, numbers, auth_no, notified))
    wrong = {}
    for behavior in (Behavior.WRONG_SIGNATURE, Behavior.MISSING_SIGNATURE):
        bench.simulator.arm(behavior)
        wrong |= await official(settings, bench.host, {behavior: barcode(bench, number())})
    return {**first, **pages, **second, **wrong, "notified": notified}


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    async def told(mode: str) -> dict[str, Any]:
        async with opened(tmp_path_factory.mktemp(mode)) as bench:
            bench.simulator.make_bill(date.fromisoformat(today()))
            return await story(mode, bench)

    async def both() -> dict[str, dict[str, Any]]:
        return dict(zip(MODES, await asyncio.gather(*(told(mode) for mode in MODES)), strict=True))

    return asyncio.run(both())


@pytest.fixture(params=MODES)
def tale(request: pytest.FixtureRequest, stories: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return stories[request.param]


def test_it_opens_an_order_with_every_product(tale: dict[str, Any]) -> None:
    assert tale["qr"]["value"]["qr_code"].startswith("http://127.0.0.1:")
    assert tale["barcode"]["value"]["buyer_pay_amount"] == "10.00"
    assert tale["waiting"]["value"]["code"] == "10003"
    assert "Paid" in tale["page shown"]
    assert "Paid" in tale["wap shown"]
    assert "sign=" in tale["app"]["value"]


def test_it_finds_what_is_paid_and_what_nobody_opened(tale: dict[str, Any]) -> None:
    assert tale["paid"]["value"]["trade_status"] == "TRADE_SUCCESS"
    assert tale["unscanned"]["value"]["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def test_it_reports_the_code_of_a_refusal(tale: dict[str, Any]) -> None:
    assert tale["declined"]["value"]["sub_code"] == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    assert tale["close of what is paid"]["value"]["sub_code"] == "ACQ.REASON_TRADE_STATUS_INVALID"


def test_it_cancels_what_waits_for_its_payer(tale: dict[str, Any]) -> None:
    assert tale["cancel"]["value"]["action"] == "close"


def test_it_refunds_in_parts_and_not_more_than_was_paid(tale: dict[str, Any]) -> None:
    assert [tale[name]["value"]["refund_fee"] for name in ("refund", "second refund")] == ["4.00", "7.00"]
    assert tale["excessive refund"]["value"]["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert tale["refund asked for"]["value"]["refund_status"] == "REFUND_SUCCESS"


def test_it_freezes_pays_from_what_is_frozen_and_releases_the_rest(tale: dict[str, Any]) -> None:
    assert tale["frozen"]["value"]["order_status"] == "AUTHORIZED"
    assert tale["capture"]["value"]["receipt_amount"] == "4.00"
    assert tale["release"]["value"]["status"] == "SUCCESS"
    assert tale["voucher"]["value"]["code_value"].startswith("http://127.0.0.1:")


def test_it_is_given_the_address_of_a_bill(tale: dict[str, Any]) -> None:
    assert "/downloadBillFile.resource?" in tale["bill"]["value"]["bill_download_url"]


def test_it_verifies_our_notifications_and_no_altered_ones(tale: dict[str, Any]) -> None:
    assert tale["is notification signed"] == {"value": True}
    assert tale["is altered signed"]["error"].startswith("VerificationError")
    assert tale["text of notification"]["value"] == notification_text(tale["notified"]).decode()


def test_it_does_not_believe_an_answer_that_is_not_signed_by_alipay(tale: dict[str, Any]) -> None:
    assert "sign verify failed" in tale[Behavior.WRONG_SIGNATURE]["error"]
    assert "response shape maybe illegal" in tale[Behavior.MISSING_SIGNATURE]["error"]
