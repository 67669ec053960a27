"""Faults of WeChat Pay's simulator hit whom they are armed for: deeds or questions, of one merchant or of all."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.signing import SealInvalid, read_seal
from tollbridge_server.testing.simulators.wechatpay import Behavior

from tests.conformance.alipay import key_of
from tests.conformance.wechatpay import MCHID
from tests.integration.wechatpay.desk import NUMBER, ORDERS, OTHER_MCHID, REFUNDS, Answer, Desk, order, refund


async def raw(desk: Desk, path: str = f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}", **changes: str) -> Answer:
    """Ask, and believe nothing."""
    return await desk.send("GET", path, b"", desk.headers("GET", path, b"", **changes))


def is_authentic(answer: Answer, now_s: float) -> bool:
    try:
        seal = read_seal(answer.headers)
        seal.require_fresh(now_s)
    except SealInvalid:
        return False
    is_known = seal.serial != "F" * 40
    return is_known and is_signed(key_of("platform").public_key(), seal.text(answer.body), seal.signature)


@pytest.mark.parametrize(
    ("behavior", "status"),
    [
        (Behavior.SERVER_ERROR, 500),
        (Behavior.SYSTEM_ERROR, 500),
        (Behavior.BAD_GATEWAY, 502),
        (Behavior.THROTTLED, 429),
        (Behavior.ACCEPTED, 202),
        (Behavior.BOOKED_SERVER_ERROR, 500),
    ],
)
async def test_a_question_is_answered_with_an_error_once(desk: Desk, behavior: Behavior, status: int) -> None:
    await desk.paid()
    assert await desk.arm(behavior, **{"for": "query"}) == 200

    assert [(await raw(desk)).status for _ in range(2)] == [status, 200]


@pytest.mark.parametrize(
    "behavior",
    [
        *(Behavior.WRONG_SIGNATURE, Behavior.MISSING_HEADERS, Behavior.STALE_TIMESTAMP, Behavior.SIGNTEST),
        *(Behavior.UNKNOWN_SERIAL, Behavior.TRUNCATED, Behavior.FORGED),
    ],
)
@pytest.mark.parametrize("kind", ["order", "refund"])
async def test_an_answer_to_a_question_does_not_verify_once(desk: Desk, behavior: Behavior, kind: str) -> None:
    await desk.paid()
    await refund(desk, "R1", 400)
    path = f"{REFUNDS}/R1" if kind == "refund" else f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}"
    await desk.arm(behavior, **{"for": "query"})

    spoiled, right = await raw(desk, path), await raw(desk, path)

    now_s = desk.clock() / 1_000_000
    assert (is_authentic(spoiled, now_s), is_authentic(right, now_s)) == (False, True)


async def test_a_forged_answer_claims_that_an_unpaid_order_is_paid(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk))
    await desk.arm(Behavior.FORGED, **{"for": "query"})

    forged, right = await raw(desk), await raw(desk)

    assert (forged.json["trade_state"], right.json["trade_state"]) == ("SUCCESS", "NOTPAY")
    assert not is_authentic(forged, desk.clock() / 1_000_000)


@pytest.mark.parametrize("behavior", [Behavior.RESET, Behavior.BOOKED_RESET])
async def test_a_question_is_lost_once(desk: Desk, behavior: Behavior) -> None:
    await desk.paid()
    await desk.arm(behavior, count="2", **{"for": "query"})  # aiohttp asks once more by itself.

    with pytest.raises(aiohttp.ClientError):
        await raw(desk)
    assert (await raw(desk)).status == 200


async def test_a_question_is_never_answered_once(desk: Desk) -> None:
    await desk.paid()
    await desk.arm(Behavior.LOST, **{"for": "query"})

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):  # It has long arrived by then.
            await raw(desk)
    assert (await raw(desk)).status == 200


async def test_a_deed_passes_over_what_waits_for_a_question_and_the_other_way_round(desk: Desk) -> None:
    await desk.arm(Behavior.THROTTLED, **{"for": "query"})
    await desk.arm(Behavior.SYSTEM_ERROR)

    asked, ordered = await raw(desk), await desk.call("POST", f"{ORDERS}/native", order(desk))

    assert (asked.status, ordered.status) == (429, 500)
    assert (await desk.call("POST", f"{ORDERS}/native", order(desk))).status == 200


async def test_another_merchant_does_not_suffer(desk: Desk) -> None:
    await desk.arm(Behavior.THROTTLED, account="shop", **{"for": "query"})
    path = f"{ORDERS}/out-trade-no/{NUMBER}?mchid={OTHER_MCHID}"

    assert [(await raw(desk, path, mchid=OTHER_MCHID)).status, (await raw(desk)).status] == [404, 429]


async def test_deeds_suffer_as_often_as_it_is_armed(desk: Desk) -> None:
    await desk.arm(Behavior.SYSTEM_ERROR, count="2")

    statuses = [(await desk.call("POST", f"{ORDERS}/native", order(desk))).status for _ in range(3)]

    assert statuses == [500, 500, 200]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"behavior": "nonsense"}, 400),
        ({"behavior": "lost", "count": "0"}, 400),
        ({"behavior": "lost", "count": "x"}, 400),
        ({"behavior": "lost", "for": "everybody"}, 400),
        ({"behavior": "lost", "account": "nobody"}, 404),
        ({"behavior": "declined", "for": "query"}, 400),
    ],
)
async def test_what_can_not_be_armed_is_refused(desk: Desk, query: dict[str, str], status: int) -> None:
    assert (await desk.control("arm", **query)).status == status
    assert (await desk.call("POST", f"{ORDERS}/native", order(desk))).status == 200


async def test_what_an_amount_provokes_can_be_armed_for_any_amount(desk: Desk) -> None:
    await desk.arm(Behavior.DECLINED)

    declined = await desk.call("POST", f"{ORDERS}/native", order(desk))

    assert (declined.status, declined.json["code"]) == (403, "TRADE_ERROR")
