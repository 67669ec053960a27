"""Each published test amount does what its row says, to an order and to a refund; none does anything else."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest
from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.signing import read_seal
from tollbridge_server.testing.simulators.wechatpay import TEST_AMOUNTS, api

from tests.conformance.alipay import key_of
from tests.conformance.wechatpay import MCHID
from tests.integration.wechatpay.desk import (
    NUMBER,
    ORDERS,
    REFUNDS,
    WAIT_S,
    Answer,
    Desk,
    code_order,
    order,
    refund,
)

TOTAL = 20_000
NO_ANSWER = 0
CODE = "130000000000000000"

REFUSED = {
    9112: ("TRADE_ERROR", "NOT_ENOUGH"),
    9117: ("RULE_LIMIT", "REQUEST_BLOCKED"),
    9118: ("NO_AUTH", "NO_AUTH"),
}
"""What an order and a refund are refused with, HTTP 403."""

ON_THE_WIRE = {
    9103: (NO_ANSWER, True),
    9104: (NO_ANSWER, False),
    9105: (NO_ANSWER, False),
    9106: (500, False),
    9107: (NO_ANSWER, True),
    9108: (NO_ANSWER, True),
    9109: (500, True),
    9119: (202, False),
    9120: (429, False),
    9121: (502, False),
    9122: (502, True),
    9123: (200, True),
}
"""The first HTTP status, and whether it is booked by then."""

FATES = {9101: "SUCCESS", 9102: "ABNORMAL", 9114: "CLOSED"}
"""What becomes of a refund."""

FOLLOWING = frozenset({9110, 9111, 9113, 9115, 9116})
"""What is seen later; each has tests of its own."""


def test_every_published_amount_is_driven() -> None:
    assert {each.last_digits for each in TEST_AMOUNTS} == {*REFUSED, *ON_THE_WIRE, *FATES, *FOLLOWING}


class Deed:
    """An order or a refund of an amount with these last digits, and where it is asked for."""

    def __init__(self, desk: Desk, kind: str, digits: int) -> None:
        self.desk, self.kind = desk, kind
        if kind == "order":
            self.path, self.place = f"{ORDERS}/native", f"{ORDERS}/out-trade-no/{NUMBER}?mchid={MCHID}"
            self.content: dict[str, Any] = order(desk, amount={"total": 10_000 + digits})
        else:
            self.path, self.place = REFUNDS, f"{REFUNDS}/R1"
            amount = {"refund": digits, "total": TOTAL, "currency": "CNY"}
            self.content = {"out_trade_no": NUMBER, "out_refund_no": "R1", "amount": amount}

    async def send(self, *, patience_s: float = WAIT_S) -> Answer | None:
        """Send it; None for no answer."""
        body = orjson.dumps(self.content)
        headers = self.desk.headers("POST", self.path, body)
        try:
            async with asyncio.timeout(patience_s):
                return await self.desk.send("POST", self.path, body, headers)
        except (TimeoutError, aiohttp.ClientError):
            return None

    async def is_booked(self) -> bool:
        return (await self.desk.call("GET", self.place)).status == 200


both = pytest.mark.parametrize("kind", ["order", "refund"])


async def made(desk: Desk, kind: str, digits: int) -> Deed:
    if kind == "refund":
        await desk.paid(total=TOTAL)
    return Deed(desk, kind, digits)


@both
@pytest.mark.parametrize("digits", REFUSED)
async def test_what_is_published_as_refused_is_refused_and_not_booked(desk: Desk, kind: str, digits: int) -> None:
    deed = await made(desk, kind, digits)

    answer = await deed.send()

    assert answer is not None
    assert (answer.status, answer.json["code"]) == (403, REFUSED[digits][kind == "refund"])
    assert not await deed.is_booked()


@pytest.mark.parametrize("digits", REFUSED)
async def test_a_payment_by_a_code_is_refused_as_an_order_is(desk: Desk, digits: int) -> None:
    answer = await desk.call("POST", f"{ORDERS}/codepay", code_order(CODE, amount={"total": digits}))

    assert (answer.status, answer.json["code"]) == (403, REFUSED[digits][0])
    assert (await desk.asked()).status == 404


@both
@pytest.mark.parametrize("digits", ON_THE_WIRE)
async def test_what_is_published_to_go_wrong_on_the_wire_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str, digits: int
) -> None:
    monkeypatch.setattr(api, "SLOW_S", 10 * WAIT_S)  # What is slow is not to be waited for.
    status, is_booked = ON_THE_WIRE[digits]
    deed = await made(desk, kind, digits)

    first = await deed.send(patience_s=WAIT_S if status else 1.0)  # It has long arrived by then.

    assert (first.status if first else NO_ANSWER) == status
    if is_booked:
        async with asyncio.timeout(WAIT_S):
            while not await deed.is_booked():
                await asyncio.sleep(0.02)
    else:
        assert not await deed.is_booked()
        second = await deed.send()
        assert second is not None
        assert second.status == 200, "only the first request suffers"


@both
async def test_what_is_published_as_signed_wrongly_does_not_verify(desk: Desk, kind: str) -> None:
    answer = await (await made(desk, kind, 9123)).send()

    assert answer is not None
    seal = read_seal(answer.headers)
    assert not is_signed(key_of("platform").public_key(), seal.text(answer.body), seal.signature)


async def concluded(desk: Desk) -> dict[str, Any]:
    """Return a refund when it has come to its end."""
    async with asyncio.timeout(WAIT_S):
        while (answer := await desk.call("GET", f"{REFUNDS}/R1")).json["status"] == "PROCESSING":
            await asyncio.sleep(0.02)
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.parametrize("digits", FATES)
async def test_a_refund_becomes_what_is_published(desk: Desk, digits: int) -> None:
    await desk.paid(total=TOTAL)

    accepted = await refund(desk, "R1", digits, total=TOTAL)

    assert accepted.json["status"] == "PROCESSING"
    assert (await concluded(desk))["status"] == FATES[digits]


@pytest.mark.parametrize("digits", [*FATES, *FOLLOWING])
async def test_an_order_of_such_an_amount_is_opened_and_paid(desk: Desk, digits: int) -> None:
    await desk.paid(total=10_000 + digits)

    assert (await desk.asked()).json["trade_state"] == "SUCCESS"


@pytest.mark.parametrize("digits", FOLLOWING)
async def test_a_refund_of_such_an_amount_is_made(desk: Desk, digits: int) -> None:
    await desk.paid(total=TOTAL)

    assert (await refund(desk, "R1", digits, total=TOTAL)).json["status"] == "PROCESSING"
    assert (await concluded(desk))["status"] == "SUCCESS"


@both
async def test_a_success_is_notified_three_times_where_that_is_published(desk: Desk, kind: str) -> None:
    await desk.paid(total=19_110 if kind == "order" else TOTAL)
    if kind == "refund":
        await desk.event()
        await refund(desk, "R1", 9110, total=TOTAL)

    told = [await desk.event() for _ in range(3)]

    assert len({event_id for event_id, _ in told}) == 1
    assert {("refund_status" in content) for _, content in told} == {kind == "refund"}


@both
async def test_a_success_is_notified_late_once_more_where_that_is_published(desk: Desk, kind: str) -> None:
    await desk.paid(total=19_111 if kind == "order" else TOTAL)
    first, _ = await desk.event()
    if kind == "refund":
        await refund(desk, "R1", 9111, total=TOTAL)
        assert not desk.arrived.empty(), "a refund is notified of before it is answered"
        first, _ = await desk.event()

    desk.clock.ahead_s = 21

    assert (await desk.event())[0] == first


@both
async def test_another_amount_is_reported_where_that_is_published(desk: Desk, kind: str) -> None:
    await desk.paid(total=19_113 if kind == "order" else TOTAL)
    if kind == "order":
        assert (await desk.asked()).json["amount"]["total"] == 19_114
        return
    await refund(desk, "R1", 9113, total=TOTAL)

    assert (await concluded(desk))["amount"]["refund"] == 9114


async def test_a_coupon_pays_a_tenth_of_an_order_and_of_no_refund(desk: Desk) -> None:
    await desk.paid(total=19_115)
    await desk.paid("T20260101002", total=TOTAL)
    await refund(desk, "R1", 9115, total=TOTAL, out_trade_no="T20260101002")

    amount = (await desk.asked()).json["amount"]

    assert (amount["total"], amount["payer_total"]) == (19_115, 17_204)
    assert (await concluded(desk))["amount"]["payer_refund"] == 9115


async def test_a_buyer_pays_while_the_close_is_on_its_way(desk: Desk) -> None:
    await desk.call("POST", f"{ORDERS}/native", order(desk, amount={"total": 19_116}))

    closed = await desk.call("POST", f"{ORDERS}/out-trade-no/{NUMBER}/close", {"mchid": MCHID})

    assert (closed.status, closed.json["code"]) == (400, "ORDER_PAID")
    assert (await desk.asked()).json["trade_state"] == "SUCCESS"
