"""Control takes its parameters wherever a program puts them, and refuses what it would otherwise overlook."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.testing.simulators.wechatpay import Behavior

from tests.integration.wechatpay.desk import NUMBER, ORDERS, Answer, Desk, order

FORM = "application/x-www-form-urlencoded"


async def sent(desk: Desk, name: str, *, verb: str = "POST", **request: Any) -> Answer:
    async with desk.session.request(verb, f"{desk.url}/control/{name}", **request) as answer:
        return Answer(answer.status, await answer.read(), {})


WAYS = ["params", "data", "json"]
"""The query, a form, and a JSON object."""


@pytest.mark.parametrize("way", WAYS)
async def test_a_practice_is_changed_whichever_way_it_is_given(desk: Desk, way: str) -> None:
    answer = await sent(desk, "practice", **{way: {"refund_pause_s": "60", "signs_errors": "true"}})

    assert answer.status == 200
    present = (await sent(desk, "practice")).json
    assert (present["refund_pause_s"], present["signs_errors"]) == (60, True)


@pytest.mark.parametrize("way", WAYS)
async def test_a_payer_decides_whichever_way_it_is_given(desk: Desk, way: str) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk))
    parameters = {"account": "shop", "reference": NUMBER, "decision": "approve"}

    answer = await sent(desk, "decide", **{way: parameters})

    assert (answer.status, answer.body) == (200, b"SUCCESS")


@pytest.mark.parametrize("way", WAYS)
async def test_the_payer_of_an_app_decides_by_prepay_id(desk: Desk, way: str) -> None:
    prepay_id = (await desk.call("POST", f"{ORDERS}/app", order(desk))).json["prepay_id"]

    answer = await sent(desk, "decide", **{way: {"prepay_id": prepay_id, "decision": "approve"}})

    assert (answer.status, answer.body) == (200, b"SUCCESS")


@pytest.mark.parametrize("way", WAYS)
async def test_a_fault_is_armed_whichever_way_it_is_given(desk: Desk, way: str) -> None:
    parameters = {"behavior": Behavior.THROTTLED.value, "count": "2", "for": "query", "account": "shop"}

    assert (await sent(desk, "arm", **{way: parameters})).status == 200
    assert [(await desk.asked()).status for _ in range(3)] == [429, 429, 404]


async def test_parameters_may_be_given_in_two_ways_at_once(desk: Desk) -> None:
    answer = await sent(desk, "arm", params={"for": "query"}, data={"behavior": Behavior.THROTTLED.value})

    assert answer.status == 200
    assert [(await desk.asked()).status for _ in range(2)] == [429, 404]


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("arm", "behaviour"),
        ("decide", "url"),
        ("notify", "event_id"),
        ("replay", "account"),
        ("bill", "day"),
        ("practice", "mood"),
        ("invoke", "prepay_id"),
        ("rotate", "steps"),
        ("arm", ""),
    ],
)
@pytest.mark.parametrize("way", WAYS)
async def test_a_parameter_that_a_route_does_not_know_is_refused_with_those_that_it_does(
    desk: Desk, way: str, name: str, parameter: str
) -> None:
    answer = await sent(desk, name, **{way: {parameter: "1"}})

    assert answer.status == 400
    assert answer.body.decode().startswith(f"there is no {parameter}; there are: ")


@pytest.mark.parametrize("name", ["book", "pages", "notifications"])
async def test_a_list_knows_the_account_alone(desk: Desk, name: str) -> None:
    known = await sent(desk, name, verb="GET", params={"account": "shop"})
    answer = await sent(desk, name, verb="GET", params={"account": "shop", "limit": "5"})

    assert known.status == 200
    assert (answer.status, answer.body) == (400, b"there is no limit; there are: account")


async def test_one_wrong_parameter_leaves_everything_undone(desk: Desk) -> None:
    await sent(desk, "arm", data={"behavior": Behavior.SYSTEM_ERROR.value, "times": "2"})

    assert (await desk.call("POST", f"{ORDERS}/native", order(desk))).status == 200


@pytest.mark.parametrize(
    ("request_parts", "complaint"),
    [
        ({"data": b"behavior=lost", "headers": {"Content-Type": "text/plain"}}, "a body has to be a form"),
        ({"data": b"behavior=lost", "headers": {"Content-Type": "multipart/form-data"}}, "a body has to be a form"),
        ({"data": b"behavior=lost", "headers": {"Content-Type": "nonsense"}}, "a body has to be a form"),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, "the parameters are no JSON"),
        ({"json": ["lost"]}, "have to be texts"),
        ({"json": {"behavior": "lost", "count": 1}}, "have to be texts"),
        ({"json": {"behavior": None}}, "have to be texts"),
        ({"data": b"behavior=lost&behavior=reset", "headers": {"Content-Type": FORM}}, "behavior is given twice"),
        ({"params": {"behavior": "lost"}, "data": {"behavior": "lost"}}, "behavior is given twice"),
        ({"data": b'{"behavior":"lost"}', "headers": {"Content-Type": FORM}}, "there is no {"),
        ({"data": b"\xff=\xff", "headers": {"Content-Type": FORM}}, "there is no "),
    ],
)
async def test_a_body_that_can_not_be_read_is_refused(
    desk: Desk, request_parts: dict[str, Any], complaint: str
) -> None:
    answer = await sent(desk, "arm", **request_parts)

    assert (answer.status, complaint in answer.body.decode()) == (400, True)
    assert (await desk.call("POST", f"{ORDERS}/native", order(desk))).status == 200


async def test_an_empty_body_of_any_kind_is_none(desk: Desk) -> None:
    answer = await sent(desk, "practice", data=b"", headers={"Content-Type": "application/json"})

    assert answer.status == 200


async def test_an_empty_value_is_a_value(desk: Desk) -> None:
    await sent(desk, "notify", data={"account": "shop", "url": "http://127.0.0.1:1/"})

    assert (await sent(desk, "notify", data={"account": "shop", "url": ""})).status == 200
    await desk.paid()
    assert (await desk.event())[1]["trade_state"] == "SUCCESS"
