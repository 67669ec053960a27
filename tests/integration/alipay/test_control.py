"""Control lists the latest of what is booked, refuses a decision that is none, and outlives an address that is none."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.testing.simulators.alipay import control, office

from tests.integration.alipay.desk import Desk
from tests.integration.alipay.orders import frozen, scanned, shown


async def listed(desk: Desk, name: str) -> dict[str, list[dict[str, Any]]]:
    async with desk.session.get(f"{desk.url}/control/{name}", params={"account": "plain"}) as answer:
        assert answer.status == 200
        found: dict[str, list[dict[str, Any]]] = await answer.json()
    return found


async def test_the_book_is_listed_newest_first_up_to_a_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LISTED", 2)
    for number in ("T3", "T1", "T2"):
        await desk.call("alipay.trade.pay", scanned(number))

    assert [trade["out_trade_no"] for trade in (await listed(desk, "book"))["trades"]] == ["T2", "T1"]


async def test_the_pages_of_the_latest_orders_are_listed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "LISTED", 1)
    for number in ("2", "1"):
        await desk.call("alipay.trade.precreate", shown(f"T{number}"))
        await desk.call("alipay.fund.auth.order.voucher.create", frozen(f"F{number}"))

    assert [page["reference"] for page in (await listed(desk, "pages"))["pages"]] == ["T1", "F1"]


async def test_neither_codes_nor_what_opens_a_page_is_listed(desk: Desk) -> None:
    await desk.call("alipay.trade.pay", scanned())
    await desk.call("alipay.fund.auth.order.voucher.create", frozen())

    book = await listed(desk, "book")

    assert {len(book["trades"]), len(book["freezes"])} == {1}
    assert not {"token", "auth_code"} & {name for rows in book.values() for row in rows for name in row}


@pytest.mark.parametrize("route", ["decide?account=plain&reference=T1&", "pay_order?"])
async def test_a_decision_that_is_none_is_refused(desk: Desk, route: str) -> None:
    await desk.call("alipay.trade.pay", scanned("T1", "0001"))

    async with desk.session.post(f"{desk.url}/control/{route}decision=steal") as answer:
        assert (answer.status, await answer.text()) == (400, "decision has to be approve or refuse")
    assert await desk.status() == "WAIT_BUYER_PAY"


@pytest.mark.parametrize("way", ["params", "data", "json"])
async def test_a_payer_decides_by_query_form_or_json(desk: Desk, way: str) -> None:
    await desk.call("alipay.trade.pay", scanned("T1", "0001"))
    parameters = {"account": "plain", "reference": "T1", "decision": "approve"}

    async with desk.session.post(f"{desk.url}/control/decide", **{way: parameters}) as answer:
        assert (answer.status, await answer.text()) == (200, "TRADE_SUCCESS")
    assert await desk.status() == "TRADE_SUCCESS"


@pytest.mark.parametrize("route", ["arm", "decide", "pay_order", "notify", "replay", "bill"])
async def test_a_parameter_that_a_route_does_not_know_is_refused(desk: Desk, route: str) -> None:
    query = {"mood": "good", "decision": "approve"}

    async with desk.session.post(f"{desk.url}/control/{route}", params=query) as answer:
        assert (answer.status, (await answer.text()).startswith("there is no mood; there are: ")) == (400, True)


async def test_an_order_string_is_the_body_and_never_a_parameter(desk: Desk) -> None:
    url = f"{desk.url}/control/pay_order?decision=approve"

    async with desk.session.post(url, data={"decision": "refuse", "app_id": "1"}) as answer:
        assert (answer.status, "given twice" in await answer.text()) == (400, False)


@pytest.mark.parametrize("url", ["nowhere", f"http://{'a' * 64}.example/", "http://127.0.0.1:0/"])
async def test_a_notification_for_an_address_that_is_none_counts_as_not_answered(desk: Desk, url: str) -> None:
    await desk.call("alipay.trade.pay", scanned(), notify_url=desk.notify_url)
    told = await desk.heard()
    async with desk.session.post(f"{desk.url}/control/notify", params={"account": "plain", "url": url}) as noted:
        assert noted.status == 200

    async with desk.session.post(f"{desk.url}/control/replay", params={"event_id": told["notify_id"]}) as answer:
        assert await answer.json() == {"status": 0}


async def test_the_notifications_of_nobody_can_not_be_sent_elsewhere(desk: Desk) -> None:
    async with desk.session.post(f"{desk.url}/control/notify", params={"account": "nobody", "url": desk.url}) as answer:
        assert (answer.status, await answer.text()) == (404, "there is no such account")
