"""What is armed waits for an effect that can suffer it: nothing is used up by one that takes no notice of it."""

from __future__ import annotations

import pytest
from tollbridge_server.testing.simulators.wechatpay import Behavior, rules

from tests.conformance.wechatpay import APP_ID, MCHID
from tests.integration.wechatpay.desk import NUMBER, ORDERS, REFUNDS, Answer, Desk, code_order, order, refund

OTHER = "T20260101002"


def test_every_behavior_of_effects_has_an_effect_that_suffers_it() -> None:
    suffered = rules.OF_ORDERS | rules.OF_CODE_PAYMENTS | rules.OF_CLOSES | rules.OF_REVERSES | rules.OF_REFUNDS

    assert suffered == rules.OF_EFFECTS


@pytest.mark.parametrize(
    ("behavior", "code"),
    [
        (Behavior.DECLINED, "NOT_ENOUGH"),
        (Behavior.NOT_ENOUGH, "NOT_ENOUGH"),
        (Behavior.NO_AUTH, "NO_AUTH"),
        (Behavior.RULE_LIMIT, "REQUEST_BLOCKED"),
    ],
)
async def test_any_refund_is_refused_once_on_demand_and_not_booked(desk: Desk, behavior: Behavior, code: str) -> None:
    await desk.paid()
    assert await desk.arm(behavior) == 200

    refused = await refund(desk, "R1", 400)

    assert (refused.status, refused.json["code"]) == (403, code)
    assert (await desk.call("GET", f"{REFUNDS}/R1")).status == 404
    assert (await refund(desk, "R1", 400)).status == 200


@pytest.mark.parametrize("behavior", [Behavior.NO_AUTH, Behavior.DECLINED])
async def test_a_repeated_refund_is_the_one_that_was_made_whatever_is_armed(desk: Desk, behavior: Behavior) -> None:
    await desk.paid()
    first = await refund(desk, "R1", 400)
    await desk.arm(behavior)

    assert (await refund(desk, "R1", 400)).json["refund_id"] == first.json["refund_id"]


async def ordered(desk: Desk) -> Answer:
    return await desk.call("POST", f"{ORDERS}/native", order(desk, out_trade_no=OTHER))


async def closed(desk: Desk) -> Answer:
    return await desk.call("POST", f"{ORDERS}/out-trade-no/{OTHER}/close", {"mchid": MCHID})


@pytest.mark.parametrize(
    "behavior",
    [Behavior.NOT_ENOUGH, Behavior.CODE_USED, Behavior.CODE_EXPIRED, Behavior.PENDING_FAILURE, Behavior.REFUND_CLOSED],
)
async def test_an_order_passes_over_what_is_of_codes_and_of_refunds(desk: Desk, behavior: Behavior) -> None:
    await desk.arm(behavior)

    assert (await ordered(desk)).status == 200
    assert (await closed(desk)).status == 204


@pytest.mark.parametrize(
    ("behavior", "code"),
    [
        (Behavior.NOT_ENOUGH, "NOT_ENOUGH"),
        (Behavior.CODE_USED, "INVALID_REQUEST"),
        (Behavior.CODE_EXPIRED, "INVALID_REQUEST"),
        (Behavior.DECLINED, "TRADE_ERROR"),
    ],
)
async def test_what_a_close_passed_over_a_code_suffers(desk: Desk, behavior: Behavior, code: str) -> None:
    await ordered(desk)
    await desk.arm(behavior)
    assert (await closed(desk)).status == 204

    answer = await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000000000"))

    assert answer.json["code"] == code
    assert (await desk.asked()).status == 404


async def test_what_a_code_passed_over_a_refund_suffers(desk: Desk) -> None:
    await desk.arm(Behavior.PENDING_FAILURE)
    paid = await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000000000"))
    assert paid.json["trade_state"] == "SUCCESS"

    await refund(desk, "R1", 400)

    book = (await desk.control("book", "GET", account="shop")).json
    assert [each["fate"] for each in book["refunds"]] == ["ABNORMAL"]


async def test_what_a_refund_passed_over_an_order_suffers(desk: Desk) -> None:
    await desk.paid()
    await desk.arm(Behavior.COUPON)
    await refund(desk, "R1", 400)

    await desk.paid(OTHER)

    assert (await desk.asked(OTHER)).json["amount"]["payer_total"] == 900


async def test_what_goes_wrong_on_the_wire_hits_whatever_comes_next(desk: Desk) -> None:
    await ordered(desk)
    await desk.arm(Behavior.THROTTLED)

    assert [(await closed(desk)).status for _ in range(2)] == [429, 204]


async def test_what_is_armed_for_codes_is_not_lost_on_a_reverse(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000000000"))
    desk.clock.ahead_s = 16
    await desk.arm(Behavior.NOT_ENOUGH)
    reverse = f"{ORDERS}/out-trade-no/{NUMBER}/reverse"
    assert (await desk.call("POST", reverse, {"appid": APP_ID, "mchid": MCHID})).status == 200

    answer = await desk.call("POST", f"{ORDERS}/codepay", code_order("130000000000000001", out_trade_no=OTHER))

    assert answer.json["code"] == "NOT_ENOUGH"
