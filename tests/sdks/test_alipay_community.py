"""The SDK python-alipay-sdk, unchanged, does all that it offers at our simulator, and believes nothing else."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tollbridge_server.providers.alipay.signing import notification_fields
from tollbridge_server.testing.simulators.alipay import Behavior

from tests.sdks.alipay import Bench, Step, code, community, community_settings, flipped, number, opened, today

MODES = ("keys", "certificates")
SUBJECT = '茶 "咖啡" +%'


def barcode(out_trade_no: str, last_digits: str = "0000") -> Step:
    content = {"out_trade_no": out_trade_no, "scene": "bar_code", "subject": SUBJECT, "total_amount": "10.00"}
    return "api_alipay_trade_pay", {**content, "auth_code": code(last_digits), "product_code": "FACE_TO_FACE_PAYMENT"}


def ordered(product: str, out_trade_no: str, **more: Any) -> Step:
    content = {"subject": SUBJECT, "out_trade_no": out_trade_no, "total_amount": "10.00"}
    return f"api_alipay_trade_{product}", {**content, **more}


def refund(out_trade_no: str, request: str, amount: str) -> Step:
    content = {"refund_amount": amount, "out_trade_no": out_trade_no, "out_request_no": request}
    return "api_alipay_trade_refund", content


def asked(method: str, **content: Any) -> Step:
    return "server_api", {"api_name": method, "biz_content": content}


def frozen(order: str) -> dict[str, Step]:
    """Return the life of an authorization: frozen, paid from in part, and the rest released."""
    place = {"out_order_no": order, "out_request_no": order, "product_code": "PRE_AUTH", "order_title": SUBJECT}
    return {
        "freeze": asked(
            "alipay.fund.auth.order.freeze", **place, amount="10.00", auth_code=code(), auth_code_type="bar_code"
        ),
        "frozen": asked("alipay.fund.auth.operation.detail.query", out_order_no=order, out_request_no=order),
    }


def opening(bench: Bench, numbers: dict[str, str]) -> dict[str, Step]:
    return {
        "qr": ordered("precreate", numbers["paid"]),
        "unscanned": ("api_alipay_trade_query", {"out_trade_no": numbers["paid"]}),
        "barcode": barcode(numbers["coded"]),
        "waiting": barcode(numbers["waiting"], "0001"),
        "declined": barcode(number(), "0002"),
        "page": ordered("page_pay", numbers["page"], return_url="https://shop.example.com/back"),
        "wap": ordered("wap_pay", number()),
        "app": ordered("app_pay", number()),
        "unknown": ("api_alipay_trade_query", {"out_trade_no": number()}),
        **frozen(numbers["frozen"]),
    }


def going_on(numbers: dict[str, str], auth_no: str, notified: dict[str, str]) -> dict[str, Step]:
    paid, signature = numbers["paid"], notified.pop("sign")
    altered = {**notified, "total_amount": "0.01"}
    capture = {
        "out_trade_no": numbers["captured"],
        "total_amount": "4.00",
        "subject": SUBJECT,
        "product_code": "PRE_AUTH",
        "auth_no": auth_no,
    }
    return {
        "paid": ("api_alipay_trade_query", {"out_trade_no": paid}),
        "is notification signed": ("verify", {"data": notified, "signature": signature}),
        "is altered signed": ("verify", {"data": altered, "signature": signature}),
        "refund": refund(paid, "R1", "4.00"),
        "second refund": refund(paid, "R2", "3.00"),
        "excessive refund": refund(paid, "R3", "3.01"),
        "refund asked for": ("api_alipay_trade_fastpay_refund_query", {"out_request_no": "R1", "out_trade_no": paid}),
        "cancel": ("api_alipay_trade_cancel", {"out_trade_no": numbers["waiting"]}),
        "canceled": ("api_alipay_trade_query", {"out_trade_no": numbers["waiting"]}),
        "close of what is paid": ("api_alipay_trade_close", {"out_trade_no": paid}),
        "capture": asked("alipay.trade.pay", **capture),
        "release": asked(
            "alipay.fund.auth.order.unfreeze", auth_no=auth_no, out_request_no="U1", amount="6.00", remark="done"
        ),
        "bill": asked("alipay.data.dataservice.bill.downloadurl.query", bill_type="trade", bill_date=today()),
    }


async def story(mode: str, bench: Bench) -> dict[str, Any]:
    """Let the SDK do everything that it offers, with the payer's part between; return its results by their names."""
    settings = community_settings(mode, bench.notify_url)
    numbers = {name: number() for name in ("paid", "coded", "waiting", "page", "frozen", "captured")}
    first = await community(settings, bench.gateway, opening(bench, numbers))
    assert await bench.simulator.decide(mode, numbers["paid"], "approve") == "TRADE_SUCCESS"
    while (notified := notification_fields(await bench.notification()))["out_trade_no"] != numbers["paid"]:
        pass
    page = f"{bench.gateway}?{first['page']['value']}"
    async with aiohttp.ClientSession() as browser, browser.post(page, data={"decision": "approve"}) as shown:
        first["page shown"] = await shown.text()
    second = await community(settings, bench.gateway, going_on(numbers, first["freeze"]["value"]["auth_no"], notified))
    wrong = {}
    for behavior in (Behavior.WRONG_SIGNATURE, Behavior.MISSING_SIGNATURE):
        bench.simulator.arm(behavior)
        wrong |= await community(settings, bench.gateway, {behavior: barcode(number())})
    return {**first, **second, **wrong, "mode": mode}


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
    assert all("sign=" in tale[product]["value"] for product in ("page", "wap", "app"))


def test_it_finds_what_is_paid_what_nobody_opened_and_what_never_was(tale: dict[str, Any]) -> None:
    assert tale["paid"]["value"]["trade_status"] == "TRADE_SUCCESS"
    assert tale["unscanned"]["value"]["sub_code"] == tale["unknown"]["value"]["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def test_it_reports_the_code_of_a_refusal(tale: dict[str, Any]) -> None:
    assert tale["declined"]["value"]["sub_code"] == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    assert tale["close of what is paid"]["value"]["sub_code"] == "ACQ.REASON_TRADE_STATUS_INVALID"


def test_it_cancels_what_waits_for_its_payer(tale: dict[str, Any]) -> None:
    assert tale["cancel"]["value"]["action"] == "close"
    assert tale["canceled"]["value"]["trade_status"] == "TRADE_CLOSED"


def test_it_refunds_in_parts_and_not_more_than_was_paid(tale: dict[str, Any]) -> None:
    assert [tale[name]["value"]["refund_fee"] for name in ("refund", "second refund")] == ["4.00", "7.00"]
    assert tale["excessive refund"]["value"]["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert tale["refund asked for"]["value"]["refund_status"] == "REFUND_SUCCESS"


def test_it_freezes_pays_from_what_is_frozen_and_releases_the_rest(tale: dict[str, Any]) -> None:
    assert tale["frozen"]["value"]["order_status"] == "AUTHORIZED"
    assert tale["capture"]["value"]["receipt_amount"] == "4.00"
    assert tale["release"]["value"]["status"] == "SUCCESS"


def test_it_is_given_the_address_of_a_bill(tale: dict[str, Any]) -> None:
    assert "/downloadBillFile.resource?" in tale["bill"]["value"]["bill_download_url"]


def test_it_verifies_our_notifications_and_no_altered_ones(tale: dict[str, Any]) -> None:
    assert tale["is notification signed"] == {"value": True}
    assert tale["is altered signed"] == {"value": False}


def test_it_does_not_believe_an_answer_that_is_not_signed_by_alipay(tale: dict[str, Any]) -> None:
    assert tale[Behavior.WRONG_SIGNATURE]["error"].startswith("AliPayValidationError")
    assert tale[Behavior.MISSING_SIGNATURE]["error"].startswith("AliPayException")


def test_a_request_with_a_flipped_bit_is_not_believed_by_the_simulator(tmp_path: Path) -> None:
    async def run() -> str:
        async with opened(tmp_path) as bench:
            made = await community(community_settings("keys"), bench.gateway, {"page": ordered("page_pay", number())})
            query = made["page"]["value"]
            place = query.index("10.00") - len(query) + 3
            async with aiohttp.ClientSession() as browser:
                async with browser.get(f"{bench.gateway}?{query}") as genuine:
                    assert "isv.invalid-signature" not in await genuine.text()
                async with browser.get(f"{bench.gateway}?{flipped(query, place)}") as shown:
                    return await shown.text()

    assert "isv.invalid-signature" in asyncio.run(run())
