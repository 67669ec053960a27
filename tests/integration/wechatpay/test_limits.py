"""The limits of WeChat Pay that its simulator keeps: how long an order is open, how often and when it is refunded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.wechatpay import APP_ID, MCHID
from tests.integration.wechatpay.desk import NUMBER, ORDERS, REFUNDS, WAIT_S, Answer, Desk, code_order, order, refund

DAY_S = 86_400
REVERSE = f"{ORDERS}/out-trade-no/{NUMBER}/reverse"
BODY = {"appid": APP_ID, "mchid": MCHID}


def at(desk: Desk, **later: int) -> str:
    moment = datetime.fromtimestamp(desk.clock() / 1_000_000, UTC) + timedelta(**later)
    return moment.isoformat(timespec="seconds")


async def state_is(desk: Desk, state: str) -> None:
    """Wait until an order has come to a state."""
    async with asyncio.timeout(WAIT_S):
        while (await desk.asked()).json["trade_state"] != state:
            await asyncio.sleep(0.02)


# Orders.


async def test_an_order_that_nobody_pays_closes_by_itself_after_seven_days(desk: Desk) -> None:
    code = (await desk.call("POST", f"{ORDERS}/native", order(desk, time_expire=at(desk, minutes=5)))).json["code_url"]
    desk.clock.ahead_s = 7 * DAY_S - 60
    await asyncio.sleep(0.5)  # Long enough for what is due to be done.
    assert (await desk.asked()).json["trade_state"] == "NOTPAY", "an order stays open though its time is over"

    desk.clock.ahead_s = 7 * DAY_S + 1
    await state_is(desk, "CLOSED")

    async with desk.session.post(code, data={"decision": "approve"}) as page:
        assert "Closed" in await page.text()
    assert (await desk.asked()).json["trade_state"] == "CLOSED"


async def test_a_paid_order_does_not_close(desk: Desk) -> None:
    await desk.paid()

    desk.clock.ahead_s = 8 * DAY_S
    await desk.paid("T20260101002")

    assert (await desk.asked()).json["trade_state"] == "SUCCESS"


async def test_an_order_is_open_for_seven_days_at_most(desk: Desk) -> None:
    longer = await desk.call("POST", f"{ORDERS}/native", order(desk, time_expire=at(desk, days=7, minutes=1)))
    longest = await desk.call("POST", f"{ORDERS}/native", order(desk, time_expire=at(desk, days=7)))

    assert (longer.status, longer.json["detail"]["field"]) == (400, "/time_expire")
    assert longest.status == 200


async def test_an_order_is_open_for_longer_if_that_is_the_practice_and_does_not_close_before(desk: Desk) -> None:
    await desk.control("practice", longest_order_s=str(15 * DAY_S))
    longer = await desk.call("POST", f"{ORDERS}/native", order(desk, time_expire=at(desk, days=15)))
    assert longer.status == 200

    desk.clock.ahead_s = 10 * DAY_S
    await desk.paid("T20260101002")
    assert (await desk.asked()).json["trade_state"] == "NOTPAY"
    desk.clock.ahead_s = 15 * DAY_S + 1
    await state_is(desk, "CLOSED")


async def test_an_order_that_is_over_at_once_is_open_for_a_minute(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk, time_expire=at(desk, days=-1)))
    desk.clock.ahead_s = 59

    assert await desk.simulator.decide("shop", NUMBER, "approve") == "SUCCESS"


async def test_an_order_is_not_paid_when_its_time_is_over_and_stays_open(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk, time_expire=at(desk, days=-1)))
    desk.clock.ahead_s = 61

    assert await desk.simulator.decide("shop", NUMBER, "approve") == "NOTPAY"


# Codes.


async def test_a_payer_types_and_a_payment_ages_as_fast_as_the_simulator_hurries(desk: Desk) -> None:
    await desk.control("practice", userpaying_s="10", reverse_after_s="15")
    await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000009101"))

    desk.clock.ahead_s = 1  # A hundred times faster: a tenth of a second, and 0.15 s.
    await state_is(desk, "SUCCESS")

    assert (await desk.call("POST", REVERSE, BODY)).status == 200


async def test_without_haste_a_payer_still_types_and_a_payment_is_too_new_to_reverse(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000009101"))
    desk.clock.ahead_s = 9
    assert (await desk.asked()).json["trade_state"] == "USERPAYING"

    assert (await desk.call("POST", REVERSE, BODY)).json["code"] == "RULE_LIMIT"
    desk.clock.ahead_s = 16
    assert (await desk.call("POST", REVERSE, BODY)).status == 200


async def test_a_payment_by_a_code_is_reversed_for_seven_days(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000000000"))
    desk.clock.ahead_s = 7 * DAY_S + 1

    late = await desk.call("POST", REVERSE, BODY)

    assert (late.status, late.json["code"]) == (400, "INVALID_REQUEST")


async def test_a_code_is_never_notified_of_though_an_address_is_given(desk: Desk) -> None:
    for code in ("130000000000000000", "130000000000009101"):
        content = code_order(code, out_trade_no=f"T{code}", notify_url=desk.notify_url)
        await desk.call("POST", f"{ORDERS}/codepay", content)
    desk.clock.ahead_s = 11
    async with asyncio.timeout(WAIT_S):
        while (await desk.asked("T130000000000009101")).json["trade_state"] != "SUCCESS":
            await asyncio.sleep(0.02)

    assert (await desk.control("notifications", "GET", account="shop")).json == {"notifications": []}


# Refunds.


async def test_an_order_is_refunded_again_at_once_unless_the_pause_is_switched_on(desk: Desk) -> None:
    await desk.paid()

    assert [(await refund(desk, number, 100)).status for number in ("R1", "R2")] == [200, 200]


async def test_a_minute_passes_between_two_refunds_of_an_order_if_that_is_switched_on(desk: Desk) -> None:
    await desk.control("practice", refund_pause_s="6000")  # A hundred times faster: a minute.
    await desk.paid()
    await desk.paid("T20260101002")
    first = await refund(desk, "R1", 100)

    early, again = await refund(desk, "R2", 100), await refund(desk, "R1", 100)
    other = await refund(desk, "R3", 100, out_trade_no="T20260101002")
    desk.clock.ahead_s = 61
    late = await refund(desk, "R2", 100)

    assert (early.status, early.json["code"]) == (429, "FREQUENCY_LIMITED")
    assert again.json["refund_id"] == first.json["refund_id"], "a repetition is no further refund"
    assert (other.status, late.status) == (200, 200)


async def test_the_pause_between_refunds_is_as_short_as_the_simulator_hurries(desk: Desk) -> None:
    await desk.control("practice", refund_pause_s="60")
    await desk.paid()
    await refund(desk, "R1", 100)

    desk.clock.ahead_s = 1  # 0.6 s is enough.

    assert (await refund(desk, "R2", 100)).status == 200


async def test_an_order_is_refunded_fifty_times_and_not_once_more(desk: Desk) -> None:
    await desk.paid()
    statuses = [(await refund(desk, f"R{number}", 1)).status for number in range(50)]

    more = await refund(desk, "R50", 1)

    assert statuses == [200] * 50
    assert (more.status, more.json["code"]) == (400, "INVALID_REQUEST")
    assert "50" in more.json["message"]


@pytest.mark.parametrize(("days", "status"), [(365, 200), (366, 400)])
async def test_an_order_is_refunded_for_a_year(desk: Desk, days: int, status: int) -> None:
    await desk.paid()
    desk.clock.ahead_s = days * DAY_S - 60

    assert (await refund(desk, "R1", 1)).status == status


async def refunded(desk: Desk, number: str = "R1") -> Answer:
    """Return a refund when it has come to its end."""
    async with asyncio.timeout(WAIT_S):
        while (answer := await desk.call("GET", f"{REFUNDS}/{number}")).json["status"] == "PROCESSING":
            await asyncio.sleep(0.02)
    return answer


async def test_an_order_shows_its_refund_when_it_is_accepted(desk: Desk) -> None:
    await desk.paid(total=20_000)
    await refund(desk, "R1", 9102, total=20_000)

    assert (await refunded(desk)).json["status"] == "ABNORMAL"
    assert (await desk.asked()).json["trade_state"] == "REFUND"


@pytest.mark.parametrize(("amount_fen", "state"), [(9102, "SUCCESS"), (9114, "SUCCESS"), (9101, "REFUND")])
async def test_an_order_shows_its_refund_when_it_has_succeeded_if_that_is_switched_on(
    desk: Desk, amount_fen: int, state: str
) -> None:
    await desk.control("practice", shows_refunds_late="true", refund_settles_s="3000")
    await desk.paid(total=20_000)
    await refund(desk, "R1", amount_fen, total=20_000)
    assert (await desk.asked()).json["trade_state"] == "SUCCESS"

    desk.clock.ahead_s = 31
    await refunded(desk)

    assert (await desk.asked()).json["trade_state"] == state


@pytest.mark.parametrize(("part_fen", "payer_fen", "coupon_fen"), [(9115, 8204, 911), (1000, 900, 100), (5, 5, 0)])
async def test_what_the_payer_gets_back_is_rounded_to_the_nearest_fen(
    desk: Desk, part_fen: int, payer_fen: int, coupon_fen: int
) -> None:
    await desk.paid(total=9115)

    amount = (await refund(desk, "R1", part_fen, total=9115)).json["amount"]

    assert (amount["payer_refund"], amount["discount_refund"]) == (payer_fen, coupon_fen)
