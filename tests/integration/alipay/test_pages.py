"""The payer's pages: reached in every way that an SDK takes, with a log-in, both decisions, and what became of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tollbridge_server.providers.alipay.signing import form_of

from tests.integration.alipay.desk import Desk
from tests.integration.alipay.orders import code, frozen, scanned, shown

PAGE = ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY")
WAP = ("alipay.trade.wap.pay", "QUICK_WAP_WAY")
HOURS_S = 3600


def parameters(desk: Desk, product: tuple[str, str] = PAGE, **more: Any) -> dict[str, str]:
    method, product_code = product
    content = shown(product=product_code, quit_url="https://shop.example.com/quit", **more)
    return desk.parameters(method, content, return_url="https://shop.example.com/back")


async def cashier(desk: Desk, given: dict[str, str], *, style: str = "get") -> str:
    """Return the page that a browser gets for a signed order, brought in one of the SDKs' styles."""
    url, query, body = f"{desk.url}/gateway.do", dict(given), {}
    if style == "body":
        query, body = {}, given
    elif style == "form":
        body = {"biz_content": query.pop("biz_content")}
    async with desk.session.request("GET" if style == "get" else "POST", url, params=query, data=body) as page:
        assert page.status == 200
        return await page.text()


def target(desk: Desk, page: str) -> str:
    """Return where the page's form posts to."""
    action = re.search(r'<form method="post" action="([^"]+)">', page)
    assert action, page
    return f"{desk.url}{action[1]}"


async def code_url(desk: Desk, **more: Any) -> str:
    return str((await desk.call("alipay.trade.precreate", shown(**more)))["qr_code"])


@pytest.mark.parametrize("style", ["get", "body", "form"])
@pytest.mark.parametrize("product", [PAGE, WAP], ids=["page", "wap"])
async def test_an_order_is_paid_to_the_end_however_the_browser_brought_it(
    desk: Desk, product: tuple[str, str], style: str
) -> None:
    opened = await cashier(desk, parameters(desk, product), style=style)
    cash_desk = await desk.shown(target(desk, opened), "login")
    done = await desk.shown(target(desk, cash_desk), "approve")

    assert "Log in" in opened
    assert "10.00 CNY" in cash_desk
    assert "Paid" in done
    assert 'href="https://shop.example.com/back"' in done
    assert await desk.status() == "TRADE_SUCCESS"


@pytest.mark.parametrize(("product", "is_led_back"), [(PAGE, False), (WAP, True)], ids=["page", "wap"])
async def test_who_does_not_pay_on_a_mobile_page_is_led_to_where_the_shop_wants_quitters(
    desk: Desk, product: tuple[str, str], *, is_led_back: bool
) -> None:
    cash_desk = await desk.shown(target(desk, await cashier(desk, parameters(desk, product))), "login")
    refused = await desk.shown(target(desk, cash_desk), "refuse")

    assert "Back to the shop" not in cash_desk
    assert ('href="https://shop.example.com/quit"' in refused) is is_led_back
    assert 'href="https://shop.example.com/back"' not in refused


async def test_a_page_that_is_only_shown_makes_no_trade(desk: Desk) -> None:
    opened = await cashier(desk, parameters(desk))
    await desk.shown(target(desk, opened))

    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"


async def test_the_log_in_makes_the_trade(desk: Desk) -> None:
    opened = await cashier(desk, parameters(desk))
    await desk.shown(target(desk, opened), "login")

    assert await desk.status() == "WAIT_BUYER_PAY"


async def test_a_decision_at_the_gateway_implies_the_log_in(desk: Desk) -> None:
    url = f"{desk.url}/gateway.do?{form_of(parameters(desk))}"

    assert "Paid" in await desk.shown(url, "approve")


async def test_not_now_leaves_the_order_open_and_says_so(desk: Desk) -> None:
    url = await code_url(desk)
    refused = await desk.shown(url, "refuse")

    assert "The order stays open" in refused
    assert await desk.status() == "WAIT_BUYER_PAY"
    assert "Paid" in await desk.shown(target(desk, refused), "approve")


async def test_a_page_whose_time_is_over_says_so(desk: Desk) -> None:
    url = await code_url(desk, timeout_express="5m")
    await desk.shown(url)
    desk.clock.ahead_s = 301

    assert "The time to pay is over; nothing was paid." in await desk.shown(url, "approve")


async def test_a_code_older_than_two_hours_is_not_opened_any_more(desk: Desk) -> None:
    url = await code_url(desk)
    desk.clock.ahead_s = 2 * HOURS_S + 1

    assert "The time to scan this code is over" in await desk.shown(url, "approve")
    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"


async def test_what_was_given_back_says_so(desk: Desk) -> None:
    url = await code_url(desk)
    await desk.shown(url, "approve")
    refund = {"out_trade_no": "T1", "out_request_no": "R1", "refund_amount": "10.00"}
    await desk.call("alipay.trade.refund", refund)

    assert "all of it was given back" in await desk.shown(url)


async def test_a_page_can_be_read_on_a_telephone(desk: Desk) -> None:
    page = await desk.shown(await code_url(desk))

    assert '<html lang="en">' in page
    assert '<meta name="viewport" content="width=device-width' in page
    assert "overflow-wrap:anywhere" in page


async def test_what_a_page_shows_is_escaped_once(desk: Desk) -> None:
    page = await desk.shown(await code_url(desk, subject="Tea <b>'n'<b> cake"), "refuse")

    assert "<h1>Tea &lt;b&gt;&#x27;n&#x27;&lt;b&gt; cake</h1>" in page


async def test_an_error_s_page_shows_the_gateway_s_text_escaped_once(desk: Desk) -> None:
    forged = parameters(desk) | {"timestamp": "2026-01-02 15:04:05"}
    page = await cashier(desk, forged)
    answer = await desk.post(desk.parameters("alipay.trade.query", {}) | {"version": "2.0"})

    assert "isv.invalid-signature" in page
    assert "&amp;charset=utf-8" in page
    assert "&amp;amp;" not in page
    assert "&amp;charset=utf-8" in answer["sub_msg"]


async def test_an_unknown_decision_and_an_unknown_page_are_refused(desk: Desk) -> None:
    url = await code_url(desk)

    async with desk.session.post(url, data={"decision": "steal"}) as wrong:
        assert wrong.status == 400
    async with desk.session.get(f"{desk.url}/qr/unknown") as unknown:
        assert unknown.status == 404


async def test_a_freeze_is_held_on_its_page(desk: Desk) -> None:
    url = (await desk.call("alipay.fund.auth.order.voucher.create", frozen()))["code_value"]

    assert "The order stays open" in await desk.shown(url, "refuse")
    assert "Paid" in await desk.shown(url, "approve")
    desk.clock.ahead_s = 20 * 60
    other = (await desk.call("alipay.fund.auth.order.voucher.create", frozen("F2")))["code_value"]
    desk.clock.ahead_s = 40 * 60
    assert "nothing is held" in await desk.shown(other)


async def listed(desk: Desk, account: str = "plain") -> list[dict[str, Any]]:
    async with desk.session.get(f"{desk.url}/control/pages", params={"account": account}) as answer:
        assert answer.status == 200
        pages: list[dict[str, Any]] = (await answer.json())["pages"]
    return pages


async def test_a_person_finds_the_page_of_a_code_that_waits_and_approves_it(desk: Desk) -> None:
    await desk.call("alipay.trade.pay", scanned("T1", "0001"))
    freeze = frozen(auth_code=code("0001"), auth_code_type="bar_code")
    await desk.call("alipay.fund.auth.order.freeze", freeze)
    pages = {each["reference"]: each for each in await listed(desk)}

    assert (pages["T1"]["state"], pages["F1"]["state"]) == ("WAIT_BUYER_PAY", "INIT")
    for each in pages.values():
        assert "Paid" in await desk.shown(each["url"], "approve")
    assert await listed(desk) == []


async def test_the_pages_of_one_account_are_not_listed_for_another(desk: Desk) -> None:
    await desk.call("alipay.trade.pay", scanned("T1", "0001"))

    assert await listed(desk, "sealed") == []


async def test_a_web_page_can_not_list_the_payers_pages(desk: Desk) -> None:
    headers = {"Origin": "https://evil.example"}
    async with desk.session.get(f"{desk.url}/control/pages?account=plain", headers=headers) as answer:
        assert answer.status == 403
