"""The payer's pages of WeChat Pay's simulator: every order that a person can pay has one, which says how it stands."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.order import Customer
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.testing.conformance.desk import Desk as Engine

from tests.integration.wechatpay.desk import NUMBER, ORDERS, Desk, code_order, order
from tests.integration.wechatpay.subjects import Reachable

ENGINE = Engine()
OPEN_ID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SCENE = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
TYPING = "130000000000009112"


async def shown(desk: Desk, url: str, decision: str = "") -> str:
    verb, form = ("POST", {"decision": decision}) if decision else ("GET", None)
    async with desk.session.request(verb, url, data=form) as page:
        assert page.content_type == "text/html"
        return await page.text()


def buttons(page: str) -> list[str]:
    return [html.unescape(label) for label in re.findall(r'<button[^>]* aria-label="([^"]+)"', page)]


async def listed(desk: Desk, account: str = "shop") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.control("pages", "GET", account=account)).json["pages"]
    return found


async def native(desk: Desk, **changes: Any) -> str:
    url: str = (await desk.call("POST", f"{ORDERS}/native", order(desk, **changes))).json["code_url"]
    return url


async def test_a_page_fits_a_phone_and_says_what_its_buttons_do(desk: Desk) -> None:
    page = await shown(desk, await native(desk, description='Tea & "cake" <b>'))

    assert '<html lang="en">' in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert buttons(page) == ['Pay 10.00 CNY for Tea & "cake" <b>', 'Not now: do not pay 10.00 CNY for Tea & "cake" <b>']
    assert "<b>" not in page


async def test_who_does_not_want_to_pay_now_is_told_so_and_can_still_pay(desk: Desk) -> None:
    url = await native(desk)

    page = await shown(desk, url, "refuse")

    assert "You have not paid" in page
    assert len(buttons(page)) == 2
    assert "<h1>Paid</h1>" in await shown(desk, url, "approve")
    assert buttons(await shown(desk, url)) == []


@pytest.mark.parametrize("decision", ["", "approve", "refuse"])
async def test_a_page_whose_time_is_over_says_so_and_has_no_button(desk: Desk, decision: str) -> None:
    url = await native(desk)
    desk.clock.ahead_s = 2 * 3600

    page = await shown(desk, url, decision)

    assert "The time to pay is over" in page
    assert buttons(page) == []
    assert (await desk.asked()).json["trade_state"] == "NOTPAY"


async def test_a_page_is_over_with_its_order_too(desk: Desk) -> None:
    url = await native(desk, time_expire="2020-01-02T15:04:31+08:00")
    desk.clock.ahead_s = 61

    assert "The time to pay is over" in await shown(desk, url)


async def test_a_page_in_a_browser_leads_back_and_nowhere_dangerous(desk: Desk) -> None:
    opened = await desk.call("POST", f"{ORDERS}/h5", order(desk, scene_info=SCENE))
    url = opened.json["h5_url"]

    refused = await shown(desk, f"{url}&redirect_url=https%3A%2F%2Fshop.example.com%2Fback", "refuse")
    paid = await shown(desk, f"{url}&redirect_url=javascript%3Aalert(1)", "approve")

    assert 'href="https://shop.example.com/back"' in refused
    assert "javascript" not in paid


async def test_a_decision_that_is_none_is_refused_on_a_page_and_by_control(desk: Desk) -> None:
    opened = await desk.call("POST", f"{ORDERS}/native", order(desk))
    async with desk.session.post(opened.json["code_url"], data={"decision": "steal"}) as page:
        refused = page.status, await page.read()
    answer = await desk.control("decide", account="shop", reference=NUMBER, decision="steal")

    assert refused == (answer.status, answer.body) == (400, b"decision has to be approve or refuse")
    assert (await desk.asked()).json["trade_state"] == "NOTPAY"


async def test_a_code_that_does_not_exist_is_a_page_too(desk: Desk) -> None:
    async with desk.session.get(f"{desk.url}/qr/nothing") as page:
        assert page.status == 404
        assert 'name="viewport"' in await page.text()


# A password.


@pytest.mark.parametrize(
    ("decision", "state", "says"), [("approve", "SUCCESS", "Paid"), ("refuse", "PAYERROR", "Not paid")]
)
async def test_a_payer_who_has_to_type_the_password_has_a_page(
    desk: Desk, decision: str, state: str, says: str
) -> None:
    await desk.call("POST", f"{ORDERS}/codepay", code_order(TYPING))
    [page] = await listed(desk)
    assert (page["reference"], page["trade_type"]) == (NUMBER, "MICROPAY")
    assert "password" in await shown(desk, page["url"])

    assert f"<h1>{says}</h1>" in await shown(desk, page["url"], decision)

    assert (await desk.asked()).json["trade_state"] == state
    assert await listed(desk) == []


async def test_a_code_that_was_paid_at_once_has_no_page(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000000000"))

    assert await listed(desk) == []


async def test_pages_are_listed_while_they_can_be_paid_and_for_their_merchant_alone(desk: Desk) -> None:
    content = order(desk, payer={"openid": OPEN_ID})
    for product in ("native", "jsapi", "app"):
        await desk.call("POST", f"{ORDERS}/{product}", content | {"out_trade_no": f"T-order-{product}"})
    await desk.call("POST", f"{ORDERS}/h5", order(desk, scene_info=SCENE))

    for page in await listed(desk):
        assert len(buttons(await shown(desk, page["url"]))) == 2
    assert [page["trade_type"] for page in await listed(desk)] == ["MWEB", "APP", "JSAPI", "NATIVE"]
    assert await listed(desk, "other") == []
    desk.clock.ahead_s = 301
    assert [page["trade_type"] for page in await listed(desk)] == ["APP", "JSAPI", "NATIVE"]


async def test_a_web_page_can_not_list_the_pages(desk: Desk) -> None:
    async with desk.session.get(f"{desk.url}/control/pages", headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403


# The payer's device.


@pytest.fixture
async def subject(tmp_path: Path) -> AsyncIterator[Reachable]:
    opened = Reachable(tmp_path / "wechatpay.db")
    await opened.open()
    yield opened
    await opened.close()


async def parameters(subject: Reachable, kind: MethodKind) -> tuple[Any, dict[str, str]]:
    """Return an order of our adapter, and what it hands to the payer's device."""
    made = ENGINE.charge_order(subject, method=PaymentMethod(kind, parameters=(("open_id", OPEN_ID),)))
    made = replace(made, details=replace(made.details, customer=Customer(ip_address="127.0.0.1")))
    evidence = await subject.adapter.charge(made)
    assert evidence.next_action is not None, evidence
    return made, dict(evidence.next_action.fields)


async def invoked(subject: Reachable, given: Any) -> aiohttp.ClientResponse:
    return await subject.session.post(f"{subject.url}/control/invoke", json=given)


KINDS = [MethodKind.WECHAT_JSAPI, MethodKind.WECHAT_APP]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_our_adapter_hands_to_a_device_opens_a_page_that_is_paid(
    subject: Reachable, kind: MethodKind
) -> None:
    made, given = await parameters(subject, kind)

    answer = await invoked(subject, given)
    assert answer.status == 200, await answer.text()
    url = (await answer.json())["url"]
    async with subject.session.post(url, data={"decision": "approve"}) as page:
        assert "Paid" in await page.text()

    assert (await ENGINE.ask(subject, made)).outcome is Outcome.SUCCEEDED


async def test_a_mini_program_names_no_app_and_a_form_does_as_well(subject: Reachable) -> None:
    _, given = await parameters(subject, MethodKind.WECHAT_JSAPI)
    del given["appId"]

    async with subject.session.post(f"{subject.url}/control/invoke", data=given) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        (KINDS[0], {"paySign": "bm90IGEgc2lnbmF0dXJl"}, "not the merchant's"),
        (KINDS[0], {"timeStamp": "1"}, "not the merchant's"),
        (KINDS[0], {"nonceStr": "another"}, "not the merchant's"),
        (KINDS[0], {"paySign": ""}, "paySign missing"),
        (KINDS[0], {"appId": "wx9999999999999999"}, "another app"),
        (KINDS[0], {"signType": "MD5"}, "signType"),
        (KINDS[0], {"package": "Sign=WXPay"}, "begin with prepay_id="),
        (KINDS[0], {"package": "prepay_id=wx1"}, "no order of JSAPI"),
        (KINDS[0], {"package": 1}, "texts"),
        (KINDS[1], {"sign": "bm90IGEgc2lnbmF0dXJl"}, "not the merchant's"),
        (KINDS[1], {"partnerid": "1900000009"}, "another merchant"),
        (KINDS[1], {"appid": "wx9999999999999999"}, "another app"),
        (KINDS[1], {"package": "prepay_id=wx1"}, "Sign=WXPay"),
        (KINDS[1], {"prepayid": "wx1"}, "no order of APP"),
        (KINDS[1], {"timestamp": ""}, "timestamp missing"),
    ],
)
async def test_a_device_opens_nothing_with_parameters_that_are_not_the_merchants(
    subject: Reachable, kind: MethodKind, changes: dict[str, Any], reason: str
) -> None:
    _, given = await parameters(subject, kind)

    answer = await invoked(subject, given | changes)

    assert (answer.status, reason in await answer.text()) == (400, True)


async def test_parameters_of_an_app_open_no_order_of_a_page(subject: Reachable) -> None:
    _, page = await parameters(subject, KINDS[0])
    _, app = await parameters(subject, KINDS[1])

    answer = await invoked(subject, app | {"prepayid": page["package"].removeprefix("prepay_id=")})

    assert (answer.status, "no order of APP" in await answer.text()) == (400, True)


@pytest.mark.parametrize("given", [[], "x", {"prepayid": None}])
async def test_what_are_no_parameters_opens_nothing(subject: Reachable, given: Any) -> None:
    assert (await invoked(subject, given)).status == 400
