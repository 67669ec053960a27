"""What is armed is suffered by the requests it was armed for, and the book says what took effect all the same."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.integration.alipay.desk import Desk
from tests.integration.alipay.orders import refund, scanned, shown

CLOSE, CANCEL, PAY = "alipay.trade.close", "alipay.trade.cancel", "alipay.trade.pay"
QUERY, REFUND = "alipay.trade.query", "alipay.trade.refund"
T1 = {"out_trade_no": "T1"}


async def paid(desk: Desk, number: str = "T1") -> None:
    assert (await desk.call(PAY, scanned(number)))["code"] == "10000"


async def waiting(desk: Desk) -> str:
    """Return the page of a code that was scanned and is not paid."""
    url = str((await desk.call("alipay.trade.precreate", shown()))["qr_code"])
    await desk.shown(url)
    return url


async def raw(desk: Desk, method: str, content: dict[str, Any], **changes: str) -> tuple[int, str]:
    given = desk.parameters(method, content, **changes)
    async with desk.session.post(f"{desk.url}/gateway.do", data=given) as answer:
        return answer.status, await answer.text()


# Who suffers it.


async def test_what_is_armed_for_queries_spares_effects(desk: Desk) -> None:
    await desk.arm("unavailable", **{"for": "query"})
    await paid(desk)

    assert (await desk.call(QUERY, T1))["code"] == "20000"
    assert await desk.status() == "TRADE_SUCCESS"


async def test_what_is_armed_for_effects_spares_queries(desk: Desk) -> None:
    await desk.arm("unavailable")

    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"
    assert (await desk.call(PAY, scanned()))["code"] == "20000"


async def test_every_query_that_is_armed_fails_though_it_asks_the_same(desk: Desk) -> None:
    await paid(desk)
    await desk.arm("unavailable", count="2", **{"for": "query"})

    assert [(await desk.call(QUERY, T1))["code"] for _ in range(3)] == ["20000", "20000", "10000"]


async def test_what_is_armed_for_an_account_spares_the_others(desk: Desk) -> None:
    await desk.arm("bad_gateway", account="sealed")

    await paid(desk)
    assert (await raw(desk, PAY, scanned("T2"), app_id="2021000000000002"))[0] == 502


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"behavior": "unavailable", "for": "breakfast"}, 400),
        ({"behavior": "nonsense"}, 400),
        ({"behavior": "retry_flag", "for": "query"}, 400),
        ({"behavior": "unavailable", "count": "many"}, 400),
        ({"behavior": "unavailable", "account": "nobody"}, 404),
    ],
)
async def test_what_can_not_be_armed_is_refused(desk: Desk, query: dict[str, str], status: int) -> None:
    async with desk.session.post(f"{desk.url}/control/arm", params=query) as answer:
        assert answer.status == status


# No proper answer.


@pytest.mark.parametrize(
    ("behavior", "code", "sub_code"),
    [
        ("unavailable", "20000", "isp.unknow-error"),
        ("system_error", "40004", "ACQ.SYSTEM_ERROR"),
        ("call_limited", "40005", "isv.app-call-limited"),
    ],
)
async def test_what_is_not_booked_says_so_in_alipay_s_words_and_is_booked_the_next_time(
    desk: Desk, behavior: str, code: str, sub_code: str
) -> None:
    order = scanned()
    await desk.arm(behavior)
    answer = await desk.call(PAY, order)

    assert (answer["code"], answer["sub_code"], answer["is_signed"]) == (code, sub_code, True)
    assert await desk.status() == "ACQ.TRADE_NOT_EXIST"
    assert (await desk.call(PAY, order))["code"] == "10000"


@pytest.mark.parametrize(
    ("behavior", "code", "sub_code"),
    [("booked_unavailable", "20000", "isp.unknow-error"), ("booked_system_error", "40004", "ACQ.SYSTEM_ERROR")],
)
async def test_what_is_booked_is_paid_though_the_answer_does_not_say_so(
    desk: Desk, behavior: str, code: str, sub_code: str
) -> None:
    await desk.arm(behavior)
    answer = await desk.call(PAY, scanned())

    assert (answer["code"], answer["sub_code"]) == (code, sub_code)
    assert await desk.status() == "TRADE_SUCCESS"


@pytest.mark.parametrize(
    ("behavior", "status"), [("bad_gateway", "ACQ.TRADE_NOT_EXIST"), ("booked_bad_gateway", "TRADE_SUCCESS")]
)
async def test_a_bad_gateway_answers_with_a_page(desk: Desk, behavior: str, status: str) -> None:
    await desk.arm(behavior)
    code, text = await raw(desk, PAY, scanned())

    assert (code, "<h1>502 Bad Gateway</h1>" in text) == (502, True)
    assert await desk.status() == status


async def test_a_booked_reset_is_booked(desk: Desk) -> None:
    await desk.arm("booked_reset")
    with pytest.raises(aiohttp.ClientError):
        await raw(desk, PAY, scanned())

    assert await desk.status() == "TRADE_SUCCESS"


@pytest.mark.parametrize(("method", "prefix"), [(CANCEL, "AQC."), (CLOSE, "ACQ."), (REFUND, "ACQ.")])
async def test_a_system_error_is_spelled_as_alipay_spells_it(desk: Desk, method: str, prefix: str) -> None:
    await desk.arm("system_error")

    assert (await desk.call(method, refund()))["sub_code"] == f"{prefix}SYSTEM_ERROR"


# Other amounts.


async def test_a_wrong_amount_is_signed_in_the_answer_and_in_the_notification(desk: Desk) -> None:
    await desk.arm("wrong_amount")
    answer = await desk.call(PAY, scanned(), notify_url=desk.notify_url)

    assert (answer["total_amount"], answer["is_signed"]) == ("10.01", True)
    assert (await desk.heard())["total_amount"] == "10.01"
    assert (await desk.call(QUERY, T1))["total_amount"] == "10.00"


async def test_a_query_is_answered_with_a_wrong_amount(desk: Desk) -> None:
    await paid(desk)
    await desk.arm("wrong_amount", **{"for": "query"})

    assert (await desk.call(QUERY, T1))["total_amount"] == "10.01"


async def test_a_code_s_notification_has_the_wrong_amount_that_was_armed_when_it_was_made(desk: Desk) -> None:
    await desk.arm("wrong_amount")
    url = (await desk.call("alipay.trade.precreate", shown(), notify_url=desk.notify_url))["qr_code"]
    await desk.shown(url, "approve")

    assert (await desk.heard())["total_amount"] == "10.01"


# Cancel and close.


async def test_a_cancel_that_is_to_be_tried_again_does_nothing_the_first_time(desk: Desk) -> None:
    await waiting(desk)
    await desk.arm("retry_flag")
    first = await desk.call(CANCEL, T1)

    assert (first["code"], first["retry_flag"], "action" in first) == ("10000", "Y", False)
    assert await desk.status() == "WAIT_BUYER_PAY"
    second = await desk.call(CANCEL, T1)
    assert (second["retry_flag"], second["action"]) == ("N", "close")


async def test_a_payer_pays_while_the_close_is_on_its_way(desk: Desk) -> None:
    await waiting(desk)
    await desk.arm("paid_at_close")
    answer = await desk.call(CLOSE, T1)

    assert (answer["code"], answer["sub_code"]) == ("40004", "ACQ.TRADE_STATUS_ERROR")
    assert await desk.status() == "TRADE_SUCCESS"


async def test_what_was_armed_when_a_code_was_made_counts_at_its_close(desk: Desk) -> None:
    await desk.arm("paid_at_close")
    await waiting(desk)

    assert (await desk.call(CLOSE, T1))["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


async def test_a_cancel_gives_back_what_was_paid_while_it_was_on_its_way(desk: Desk) -> None:
    await desk.call("alipay.trade.precreate", shown())
    await desk.arm("paid_at_close")
    answer = await desk.call(CANCEL, T1)

    assert answer["action"] == "refund"
    assert await desk.status() == "TRADE_CLOSED"


# Refunds.


async def test_a_seller_without_money_gives_nothing_back_and_does_it_later_under_the_same_number(desk: Desk) -> None:
    await paid(desk)
    await desk.arm("seller_balance")
    refused = await desk.call(REFUND, refund())
    unknown = await desk.call("alipay.trade.fastpay.refund.query", T1 | {"out_request_no": "R1"})

    assert refused["sub_code"] == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    assert "refund_status" not in unknown
    assert await desk.status() == "TRADE_SUCCESS"
    assert (await desk.call(REFUND, refund()))["fund_change"] == "Y"


async def test_a_seller_without_money_can_not_cancel_what_is_paid(desk: Desk) -> None:
    await paid(desk)
    await desk.arm("seller_balance")

    assert (await desk.call(CANCEL, T1))["sub_code"] == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    assert await desk.status() == "TRADE_SUCCESS"


async def test_a_trade_that_is_finished_is_refunded_no_more(desk: Desk) -> None:
    await paid(desk)
    await desk.arm("finished")

    assert (await desk.call(REFUND, refund()))["sub_code"] == "ACQ.TRADE_HAS_FINISHED"
    assert await desk.status() == "TRADE_FINISHED"
    assert (await desk.call(REFUND, refund("R2", "1.00")))["sub_code"] == "ACQ.TRADE_HAS_FINISHED"
    assert (await desk.call(CANCEL, T1))["sub_code"] == "ACQ.CANCEL_NOT_ALLOWED"


async def test_a_trade_can_be_finished_as_soon_as_it_is_paid(desk: Desk) -> None:
    await desk.arm("finished")
    order = scanned()
    first = await desk.call(PAY, order, notify_url=desk.notify_url)

    assert (await desk.heard())["trade_status"] == await desk.status() == "TRADE_FINISHED"
    assert (await desk.call(PAY, order))["trade_no"] == first["trade_no"]


# Notifications.


async def test_duplicates_come_three_times_with_one_id(desk: Desk) -> None:
    await desk.arm("duplicate_notifications")
    await desk.call(PAY, scanned(), notify_url=desk.notify_url)

    assert len({(await desk.heard())["notify_id"] for _ in range(3)}) == 1
    await desk.settled()
    assert (len(await desk.notifications()), desk.arrived.qsize()) == (3, 0)


async def test_a_reordered_notification_comes_before_the_answer_and_once_more_late(desk: Desk) -> None:
    await desk.arm("reordered_notifications")
    await desk.call(PAY, scanned(), notify_url=desk.notify_url)

    assert desk.arrived.qsize() == 1
    first = await desk.heard()
    desk.clock.ahead_s = 3
    assert (await desk.heard())["notify_id"] == first["notify_id"]
