"""The SDK pywechatpay, unchanged, does all that it offers at our simulator, and believes nothing else."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import orjson
import pytest
from tollbridge_server.testing.simulators.wechatpay import (
    Behavior,
)

from tests.conformance.wechatpay import API_V3_KEY, APP_ID
from tests.integration.wechatpay.platform import certified
from tests.sdks.wechatpay import (
    MCHIDS,
    OPEN_ID,
    ORDERS,
    REFUNDS,
    RULE_LIMIT_FEN,
    SCENE,
    Bench,
    Step,
    flipped,
    number,
    opened,
    py,
    py_settings,
)


def py_post(mode: str, path: str, content: dict[str, Any]) -> Step:
    """Return a call of what the SDK sends its own requests with; it has no function for these ones."""
    return "verified_sync_response", {
        "data": {"mchid": MCHIDS[mode], **content},
        "response_type": path,
        "tag": None,
    }


def py_get(path: str) -> Step:
    place, _, last = path.rpartition("/")
    return "verified_sync_response_for_get", {"data": last, "response_type": place}


def py_order(bench: Bench, number: str, total: int = 1000, **more: Any) -> dict[str, Any]:
    content = {"appid": APP_ID, "description": "测试商品", "out_trade_no": number, "notify_url": bench.notify_url}
    return {**content, "amount": {"total": total, "currency": "CNY"}, **more}


def py_opening(mode: str, bench: Bench, paid: str, closed: str) -> dict[str, Step]:
    jsapi = {"description": "测试商品", "out_trade_no": number(), "amount": 1000, "payer": OPEN_ID}
    code = f"13{secrets.randbelow(10**12):012d}0000"
    scanned = py_order(bench, number(), payer={"auth_code": code}, scene_info={"store_info": {"id": "S1"}})
    return {
        "jsapi": ("pay_transactions_jsapi", jsapi),
        "mini": ("pay_transactions_jsapi", {**jsapi, "out_trade_no": number(), "tag": "mini"}),
        "native": py_post(mode, f"{ORDERS}/native", py_order(bench, paid)),
        "app": py_post(mode, f"{ORDERS}/app", py_order(bench, number())),
        "h5": py_post(mode, f"{ORDERS}/h5", py_order(bench, closed, scene_info=SCENE)),
        "codepay": py_post(mode, f"{ORDERS}/codepay", scanned),
        "close": py_post(mode, f"{ORDERS}/out-trade-no/{closed}/close", {}),
        "closed": ("pay_transactions_out_trade_no", {"out_trade_no": closed}),
        "declined": py_post(mode, f"{ORDERS}/native", py_order(bench, number(), RULE_LIMIT_FEN)),
        "certificates": py_get("/v3/certificates"),
    }


def py_verifying(headers: dict[str, str], body: str) -> Step:
    parts = {"timestamp": "Timestamp", "nonce": "Nonce", "signature": "Signature"}
    return "verify", {name: headers[f"Wechatpay-{part}"] for name, part in parts.items()} | {"response_body": body}


async def py_story(mode: str, bench: Bench) -> dict[str, Any]:
    settings, paid, closed, refund = py_settings(mode, bench.notify_url), number(), number(), number("R")
    first = await py(settings, bench.url, py_opening(mode, bench, paid, closed))
    assert await bench.simulator.decide(mode, paid, "approve") == "SUCCESS"
    headers, body = await bench.notification()
    resource = orjson.loads(body)["resource"]
    sealed = {name: resource[name] for name in ("nonce", "ciphertext", "associated_data")}
    amount = {"refund": 400, "total": 1000, "currency": "CNY"}
    refunded = {"out_trade_no": paid, "out_refund_no": refund, "amount": amount}
    bench.simulator.arm(Behavior.WRONG_SIGNATURE)
    steps = {
        "wrongly signed": py_post(mode, f"{ORDERS}/native", py_order(bench, number())),
        "paid": ("pay_transactions_out_trade_no", {"out_trade_no": paid}),
        "refund": py_post(mode, REFUNDS, refunded),
        "second refund": py_post(mode, REFUNDS, {**refunded, "out_refund_no": number("R")}),
        "refund asked for": py_get(f"{REFUNDS}/{refund}"),
        "is notification signed": py_verifying(headers, body),
        "is altered signed": py_verifying(headers, flipped(body)),
        "resource": ("decrypt_response", sealed),
        "altered resource": ("decrypt_response", {**sealed, "associated_data": flipped(sealed["associated_data"], -1)}),
    }
    if mode == "certificates":
        [entry] = first["certificates"]["value"]["data"]
        sealed = {name: entry["encrypt_certificate"][name] for name in sealed}
        steps["certificate"] = ("decrypt", {"key": API_V3_KEY, **sealed})
    return {**first, **await py(settings, bench.url, steps), "number": paid}


@pytest.fixture(scope="module")
def py_stories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    async def told(mode: str) -> dict[str, Any]:
        async with opened(tmp_path_factory.mktemp(mode)) as bench:
            return await py_story(mode, bench)

    async def both() -> dict[str, dict[str, Any]]:
        return dict(zip(MCHIDS, await asyncio.gather(*(told(mode) for mode in MCHIDS)), strict=True))

    return asyncio.run(both())


@pytest.fixture(params=list(MCHIDS))
def tale(request: pytest.FixtureRequest, py_stories: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return py_stories[request.param]


def test_pywechatpay_opens_an_order_with_every_product(tale: dict[str, Any]) -> None:
    given = {"jsapi": "paySign", "mini": "paySign", "native": "code_url", "app": "sign", "h5": "h5_url"}

    assert all(tale[product]["value"][name] for product, name in given.items()), tale
    assert tale["codepay"]["value"]["trade_state"] == "SUCCESS"


def test_pywechatpay_finds_what_is_paid_and_what_is_closed(tale: dict[str, Any]) -> None:
    assert (tale["paid"]["value"]["trade_state"], tale["closed"]["value"]["trade_state"]) == ("SUCCESS", "CLOSED")


def test_pywechatpay_believes_the_empty_answer_to_a_close_and_then_misses_its_json(tale: dict[str, Any]) -> None:
    # The SDK reads JSON out of every answer, after it has verified it; WeChat Pay's answer to a close is empty.
    assert tale["close"]["error"].startswith("JSONDecodeError")


def test_pywechatpay_refunds_in_parts_and_asks_what_became_of_them(tale: dict[str, Any]) -> None:
    assert tale["refund"]["value"]["refund_id"] != tale["second refund"]["value"]["refund_id"]
    assert tale["refund asked for"]["value"]["refund_id"] == tale["refund"]["value"]["refund_id"]


def test_pywechatpay_reports_the_code_of_a_refusal(tale: dict[str, Any]) -> None:
    assert (tale["declined"]["status"], tale["declined"]["body"]["code"]) == (403, "RULE_LIMIT")


def test_pywechatpay_verifies_our_notifications_and_decrypts_them(tale: dict[str, Any]) -> None:
    assert tale["is notification signed"] == {"value": True}
    assert tale["is altered signed"] == {"value": False}
    assert tale["resource"]["value"]["out_trade_no"] == tale["number"]
    assert tale["altered resource"]["error"].startswith("InvalidTag")


def test_pywechatpay_does_not_believe_an_answer_that_is_signed_wrongly(tale: dict[str, Any]) -> None:
    assert tale["wrongly signed"] == {"error": "WechatPayException: wechatpay is not verify"}


def test_pywechatpay_decrypts_our_list_of_certificates(py_stories: dict[str, dict[str, Any]]) -> None:
    assert py_stories["certificates"]["certificate"] == {"value": certified("platform").certificate}
    assert py_stories["public_key"]["certificates"]["body"]["code"] == "RESOURCE_NOT_EXISTS"
