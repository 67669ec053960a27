"""The SDK wechatpayv3, unchanged, does all that it offers at our simulator, and believes nothing else."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.testing.simulators.wechatpay import (
    Behavior,
)

from tests.integration.wechatpay.platform import certified, serial_of
from tests.sdks.wechatpay import (
    DECLINED_FEN,
    MCHIDS,
    OPEN_ID,
    REVERSIBLE_AFTER_S,
    SCENE,
    Bench,
    Step,
    flipped,
    number,
    opened,
    v3,
    v3_settings,
)


def v3_order(number: str, pay_type: str, total: int = 1000, **more: Any) -> Step:
    content = {"description": "测试商品", "out_trade_no": number, "amount": {"total": total, "currency": "CNY"}}
    return "pay", {**content, "pay_type": pay_type, **more}


def v3_code_order(number: str) -> Step:
    code = f"13{secrets.randbelow(10**12):012d}0000"
    return v3_order(number, "CODEPAY", payer={"auth_code": code}, scene_info={"store_info": {"id": "S1"}})


def v3_refund(number: str, refund_number: str, refund: int) -> Step:
    amount = {"refund": refund, "total": 1000, "currency": "CNY"}
    return "refund", {"out_refund_no": refund_number, "out_trade_no": number, "amount": amount, "reason": "退货"}


async def v3_story(mode: str, bench: Bench, folder: Path) -> dict[str, Any]:
    """Let the SDK do everything that it offers, with the payer's part between; return its results by their names."""
    settings, paid, coded, refund = (
        v3_settings(mode, notify_url=bench.notify_url, folder=folder),
        number(),
        number(),
        number("R"),
    )
    closed = number()
    opening = {
        "native": v3_order(paid, "NATIVE"),
        "jsapi": v3_order(number(), "JSAPI", payer={"openid": OPEN_ID}),
        "app": v3_order(number(), "APP"),
        "h5": v3_order(closed, "H5", scene_info=SCENE),
        "codepay": v3_code_order(coded),
        "unpaid": ("query", {"out_trade_no": paid}),
        "close": ("close", {"out_trade_no": closed}),
        "closed": ("query", {"out_trade_no": closed}),
        "declined": v3_order(number(), "NATIVE", DECLINED_FEN),
        "unknown": ("query", {"out_trade_no": number()}),
    }
    first = await v3(settings, bench.url, list(opening.values()))
    assert await bench.simulator.decide(mode, paid, "approve") == "SUCCESS"
    headers, body = await bench.notification()
    bench.ahead_s += REVERSIBLE_AFTER_S
    going_on = {
        "paid": ("query", {"out_trade_no": paid}),
        "payment notification": ("callback", {"headers": headers, "body": body}),
        "altered notification": ("callback", {"headers": headers, "body": flipped(body)}),
        "refund": v3_refund(paid, refund, 400),
        "second refund": v3_refund(paid, number("R"), 300),
        "excessive refund": v3_refund(paid, number("R"), 301),
        "refund asked for": ("query_refund", {"out_refund_no": refund}),
        "close of what is paid": ("close", {"out_trade_no": paid}),
        "reverse": ("codepay_reverse", {"out_trade_no": coded}),
        "reversed": ("query", {"out_trade_no": coded}),
    }
    second = await v3(settings, bench.url, list(going_on.values()))
    headers, body = await bench.notification()
    bench.simulator.arm(Behavior.WRONG_SIGNATURE)
    last = {
        "wrongly signed": v3_order(number(), "NATIVE"),
        "under its own number": ("query", {"transaction_id": second["results"][0]["body"]["transaction_id"]}),
        "refund notification": ("callback", {"headers": {n.lower(): v for n, v in headers.items()}, "body": body}),
    }
    third = await v3(settings, bench.url, list(last.values()))
    results = [*first["results"], *second["results"], *third["results"]]
    names = [*opening, *going_on, *last]
    return dict(zip(names, results, strict=True)) | {"certificates": third["certificates"], "number": paid}


@pytest.fixture(scope="module")
def v3_stories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    async def told(mode: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp(mode)
        async with opened(folder) as bench:
            return await v3_story(mode, bench, folder)

    async def both() -> dict[str, dict[str, Any]]:
        return dict(zip(MCHIDS, await asyncio.gather(*(told(mode) for mode in MCHIDS)), strict=True))

    return asyncio.run(both())


@pytest.fixture(params=list(MCHIDS))
def story(request: pytest.FixtureRequest, v3_stories: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return v3_stories[request.param]


def test_wechatpayv3_opens_an_order_with_every_product(story: dict[str, Any]) -> None:
    given = {"native": "code_url", "jsapi": "prepay_id", "app": "prepay_id", "h5": "h5_url"}

    assert [story[product].get("status") for product in given] == [200] * 4, story
    assert all(story[product]["body"][name] for product, name in given.items())


def test_wechatpayv3_charges_a_scanned_code_and_reverses_it(story: dict[str, Any]) -> None:
    assert story["codepay"]["body"]["trade_state"] == "SUCCESS"
    assert story["reverse"]["status"] == 200
    assert story["reversed"]["body"]["trade_state"] == "REVOKED"


def test_wechatpayv3_finds_an_order_under_both_numbers(story: dict[str, Any]) -> None:
    assert story["unpaid"]["body"]["trade_state"] == "NOTPAY"
    assert story["paid"]["body"]["trade_state"] == "SUCCESS"
    assert story["under its own number"]["body"]["out_trade_no"] == story["number"]


def test_wechatpayv3_believes_the_empty_answer_to_a_close(story: dict[str, Any]) -> None:
    assert story["close"] == {"status": 204, "body": None}
    assert story["closed"]["body"]["trade_state"] == "CLOSED"


def test_wechatpayv3_refunds_in_parts_and_asks_what_became_of_them(story: dict[str, Any]) -> None:
    assert [story[name]["status"] for name in ("refund", "second refund")] == [200, 200]
    asked = story["refund asked for"]["body"]
    assert (asked["amount"]["refund"], asked["out_trade_no"]) == (400, story["number"])


def test_wechatpayv3_reports_the_code_of_a_refusal(story: dict[str, Any]) -> None:
    refused = ("declined", "unknown", "excessive refund", "close of what is paid")

    assert [(story[name]["status"], story[name]["body"]["code"]) for name in refused] == [
        (403, "TRADE_ERROR"),
        (404, "ORDER_NOT_EXIST"),
        (400, "INVALID_REQUEST"),
        (400, "ORDER_PAID"),
    ]


def test_wechatpayv3_opens_our_notifications_and_none_with_a_flipped_bit(story: dict[str, Any]) -> None:
    payment, refund = story["payment notification"]["value"], story["refund notification"]["value"]

    assert (payment["event_type"], payment["resource"]["out_trade_no"]) == ("TRANSACTION.SUCCESS", story["number"])
    assert (refund["event_type"], refund["resource"]["refund_status"]) == ("REFUND.SUCCESS", "SUCCESS")
    assert story["altered notification"] == {"value": None}


def test_wechatpayv3_does_not_believe_an_answer_that_is_signed_wrongly(story: dict[str, Any]) -> None:
    assert story["wrongly signed"] == {"error": "Exception: failed to verify the signature"}


def test_wechatpayv3_fetches_and_decrypts_the_certificate_that_its_folder_lacks(
    v3_stories: dict[str, dict[str, Any]],
) -> None:
    expected = sorted(serial_of(certified(name)) for name in ("former", "platform"))

    assert v3_stories["certificates"]["certificates"] == expected
    assert v3_stories["public_key"]["certificates"] == []


async def test_wechatpayv3_reaches_us_through_a_proxy_setting_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        # The request line then names the whole address, as a proxy needs it; what is signed is the path alone.
        settings = v3_settings("public_key", notify_url=bench.notify_url, folder=tmp_path) | {
            "proxy": {"http": bench.url}
        }
        steps = [v3_order(paid := number(), "NATIVE"), ("query", {"out_trade_no": paid})]
        found = await v3(settings, "http://api.mch.weixin.qq.com", steps)

    assert [result.get("status") for result in found["results"]] == [200, 200], found
