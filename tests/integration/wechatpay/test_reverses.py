"""A reverse is refused while the payer types, takes back what is paid meanwhile, and our adapter lives with both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.ports.provider import CancelOrder, ChargeOrder
from tollbridge_server.testing.conformance.desk import Desk as Engine
from tollbridge_server.testing.conformance.desk import reference
from tollbridge_server.testing.simulators.wechatpay import Behavior

from tests.conformance.wechatpay import APP_ID, MCHID, scanned
from tests.integration.wechatpay.desk import HASTE, NUMBER, ORDERS, WAIT_S, Answer, Desk, code_order
from tests.integration.wechatpay.subjects import Reachable

ENGINE = Engine()
STILL_TYPING = [Behavior.USERPAYING_202, Behavior.USERPAYING_FOREVER]
IDLE, PAID = "130000000000009112", "130000000000000000"


async def charged(desk: Desk, code: str) -> None:
    assert (await desk.call("POST", f"{ORDERS}/codepay", code_order(code))).status in (200, 202)
    desk.clock.ahead_s = 16


async def reversed_by(desk: Desk) -> Answer:
    path = f"{ORDERS}/out-trade-no/{NUMBER}/reverse"
    return await desk.call("POST", path, {"appid": APP_ID, "mchid": MCHID})


async def booked(desk: Desk) -> dict[str, Any]:
    [entry] = (await desk.control("book", "GET", account="shop")).json["transactions"]
    found: dict[str, Any] = entry
    return found


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("130000000000009101", "SUCCESS"),
        ("130000000000009102", "PAYERROR"),
        ("130000000000009103", "SUCCESS"),
        ("130000000000009104", "PAYERROR"),
    ],
)
async def test_a_reverse_is_refused_for_as_long_as_the_payer_types(desk: Desk, code: str, state: str) -> None:
    await desk.control("practice", userpaying_s=str(20 * HASTE))
    await charged(desk, code)

    refused = await reversed_by(desk)

    assert (refused.status, refused.json["code"]) == (202, "USERPAYING")
    desk.clock.ahead_s = 21
    async with asyncio.timeout(WAIT_S):
        while (await desk.asked()).json["trade_state"] == "USERPAYING":
            await asyncio.sleep(0.02)
    assert (await desk.asked()).json["trade_state"] == state, "a refused reverse changes nothing"
    assert (await reversed_by(desk)).status == 200


async def test_a_payer_who_never_types_is_reversed(desk: Desk) -> None:
    await charged(desk, IDLE)

    assert (await reversed_by(desk)).status == 200
    assert (await desk.asked()).json["trade_state"] == "REVOKED"


@pytest.mark.parametrize("behavior", STILL_TYPING)
async def test_a_reverse_comes_while_the_payer_types_on_demand_and_changes_nothing(
    desk: Desk, behavior: Behavior
) -> None:
    await charged(desk, IDLE)
    await desk.arm(behavior, count="2")

    answers = [await reversed_by(desk) for _ in range(2)]

    assert [(answer.status, answer.json["code"]) for answer in answers] == [(202, "USERPAYING")] * 2
    assert (await desk.asked()).json["trade_state"] == "USERPAYING"
    assert (await reversed_by(desk)).status == 200


async def test_a_reverse_that_is_too_soon_is_so_whoever_types(desk: Desk) -> None:
    await charged(desk, IDLE)
    desk.clock.ahead_s = 14
    await desk.arm(Behavior.USERPAYING_202)

    assert (await reversed_by(desk)).json["code"] == "RULE_LIMIT"


@pytest.mark.parametrize("behavior", STILL_TYPING)
async def test_nobody_types_for_what_is_paid(desk: Desk, behavior: Behavior) -> None:
    await charged(desk, PAID)
    await desk.arm(behavior)

    assert (await reversed_by(desk)).status == 200


async def test_what_is_paid_while_the_reverse_is_on_its_way_goes_back_with_it(desk: Desk) -> None:
    await desk.arm(Behavior.PAID_AT_CLOSE)  # It waits for the reverse: a code is no close.
    await charged(desk, IDLE)

    answer = await reversed_by(desk)

    assert answer.json == {"appid": APP_ID, "mchid": MCHID, "out_trade_no": NUMBER}
    entry = await booked(desk)
    assert (entry["trade_state"], entry["paid_at_us"] > 0, entry["transaction_id"] > "") == ("REVOKED", True, True)
    assert "transaction_id" not in (await desk.asked()).json


async def test_without_a_race_nothing_is_paid_by_a_reverse(desk: Desk) -> None:
    await charged(desk, IDLE)

    await reversed_by(desk)

    assert (await booked(desk))["paid_at_us"] == 0


# Our adapter.


@pytest.fixture
async def subject(tmp_path: Path) -> AsyncIterator[Reachable]:
    opened = Reachable(tmp_path / "wechatpay.db")
    await opened.open()
    yield opened
    await opened.close()


async def waiting(subject: Reachable) -> ChargeOrder:
    """Return a payment by a code whose payer has been asked for the password for sixteen seconds."""
    order = ENGINE.charge_order(subject, method=scanned("9112"))
    assert (await subject.adapter.charge(order)).outcome is Outcome.REQUIRES_ACTION
    subject.ahead_s = 16
    return order


@pytest.mark.parametrize("behavior", STILL_TYPING)
@pytest.mark.parametrize("cause", [CancelCause.CALLER, CancelCause.EXPIRY])
async def test_a_cancel_while_the_payer_types_stays_open_and_is_done_when_it_is_tried_again(
    subject: Reachable, behavior: Behavior, cause: CancelCause
) -> None:
    order = await waiting(subject)
    cancel = CancelOrder(reference(), ENGINE.of(order), cause)
    subject.simulator.arm(behavior)

    typing, again = await subject.adapter.cancel(cancel), await subject.adapter.cancel(cancel)

    assert (typing.outcome, typing.failure, typing.absent, typing.unsent) == (Outcome.UNKNOWN, None, False, False)
    assert "typing the password" in typing.detail
    assert again.outcome is Outcome.SUCCEEDED
    assert (await ENGINE.ask(subject, order)).outcome is Outcome.CANCELED


async def test_a_payer_who_pays_after_a_refused_cancel_has_paid_and_keeps_having_paid(subject: Reachable) -> None:
    order = await waiting(subject)
    cancel = CancelOrder(reference(), ENGINE.of(order), CancelCause.CALLER)
    subject.simulator.arm(Behavior.USERPAYING_202)
    assert (await subject.adapter.cancel(cancel)).outcome is Outcome.UNKNOWN

    await subject.simulator.decide("conformance", order.request_reference, "approve")

    assert (await subject.adapter.cancel(cancel)).outcome is Outcome.DECLINED
    inquiry = ENGINE.inquiry(OperationKind.CANCEL, cancel.request_reference, cancel.charge, order.amount)
    assert (await subject.adapter.query(inquiry)).outcome is Outcome.DECLINED
    assert (await ENGINE.ask(subject, order)).outcome is Outcome.SUCCEEDED
    assert await ENGINE.taken(subject, ENGINE.of(order)) == (1000, 1000, 0)


async def test_a_cancel_that_meets_the_payment_is_done_and_no_money_is_held(subject: Reachable) -> None:
    order = await waiting(subject)
    cancel = CancelOrder(reference(), ENGINE.of(order), CancelCause.CALLER)
    subject.simulator.arm(Behavior.PAID_AT_CLOSE)

    evidence = await subject.adapter.cancel(cancel)

    assert (evidence.outcome, evidence.absent) == (Outcome.SUCCEEDED, False)
    assert (await ENGINE.ask(subject, order)).outcome is Outcome.CANCELED
    assert await ENGINE.taken(subject, ENGINE.of(order)) == (0, 0, 0)
