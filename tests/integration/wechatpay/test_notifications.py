"""WeChat Pay's simulator notifies twice, late, before its own answer, and wrongly, as it is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import InboundNotification, NotificationRefused
from tollbridge_server.testing.conformance.desk import Desk as Engine
from tollbridge_server.testing.simulators.wechatpay import Behavior

from tests.integration.wechatpay.desk import NUMBER, WAIT_S, Desk, refund
from tests.integration.wechatpay.subjects import CertifiedReachable, Reachable

ENGINE = Engine()
NATIVE = PaymentMethod(MethodKind.WECHAT_NATIVE)


@pytest.fixture(params=[Reachable, CertifiedReachable])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reachable]:
    opened = request.param(tmp_path / "wechatpay.db")
    await opened.open()
    yield opened
    await opened.close()


# In another order.


async def test_a_refund_is_notified_of_before_it_is_answered(desk: Desk) -> None:
    await desk.paid(total=20_000)
    await desk.event()

    answer = await refund(desk, "R1", 9111, total=20_000)

    assert not desk.arrived.empty(), "it has to be there when the answer is"
    assert answer.json["status"] == "PROCESSING"
    _, told = await desk.event()
    assert (told["refund_status"], told["out_refund_no"]) == ("SUCCESS", "R1")


async def test_a_refund_without_an_address_is_answered_all_the_same(desk: Desk) -> None:
    await desk.paid(total=20_000)

    answer = await refund(desk, "R1", 9111, total=20_000, notify_url=None)

    assert answer.json["status"] == "PROCESSING"


@pytest.mark.parametrize("amount_fen", [9111, 1000])
async def test_a_refund_is_notified_of_late_once_more_if_that_is_wanted(desk: Desk, amount_fen: int) -> None:
    await desk.paid(total=20_000)
    await desk.event()
    await refund(desk, "R1", amount_fen, total=20_000)
    first, _ = await desk.event()

    desk.clock.ahead_s = 21
    await refund(desk, "R2", 1, total=20_000)
    then = [(await desk.event())[0] for _ in range(2 if amount_fen == 9111 else 1)]

    assert (first in then) == (amount_fen == 9111)


async def test_a_refund_is_notified_of_three_times_if_that_is_wanted(desk: Desk) -> None:
    await desk.paid(total=20_000)
    await desk.event()
    await refund(desk, "R1", 9110, total=20_000)

    assert len({(await desk.event())[0] for _ in range(3)}) == 1


async def test_a_payment_is_notified_of_after_its_refund_once_more(desk: Desk) -> None:
    await desk.paid(total=9111)
    paid, _ = await desk.event()
    await refund(desk, "R1", 1, total=9111)
    _, refunded = await desk.event()

    desk.clock.ahead_s = 21
    late, told = await desk.event()

    assert refunded["refund_status"] == "SUCCESS"
    assert (late, told["trade_state"]) == (paid, "SUCCESS")


async def test_any_refund_can_be_notified_of_first_on_demand(desk: Desk) -> None:
    await desk.paid()
    await desk.event()
    assert await desk.arm(Behavior.REORDERED_NOTIFICATIONS) == 200

    await refund(desk, "R1", 400)

    assert not desk.arrived.empty()


async def test_a_merchant_who_does_not_listen_is_answered_too(desk: Desk) -> None:
    await desk.paid(total=20_000)
    await desk.event()
    await desk.control("notify", account="shop", url="http://127.0.0.1:1/")

    assert (await refund(desk, "R1", 9111, total=20_000)).json["status"] == "PROCESSING"


async def test_our_adapter_hears_of_a_refund_before_it_is_answered_and_both_agree(subject: Reachable) -> None:
    order = ENGINE.charge_order(subject, amount_minor=20_000)
    await subject.adapter.charge(order)

    answered = asyncio.ensure_future(
        subject.adapter.refund(made := ENGINE.refund_order(subject, ENGINE.of(order), 9111))
    )
    inbound = await subject.notification()
    is_first = not answered.done()
    evidence = await answered

    assert is_first
    [told] = subject.adapter.read_notification(inbound)
    assert (told.evidence.outcome, told.evidence.amount) == (Outcome.SUCCEEDED, Money(9111, "CNY"))
    assert evidence.outcome is Outcome.PENDING
    assert (await ENGINE.settled(subject, made)).provider_reference == told.evidence.provider_reference


# Wrongly.


async def replayed(subject: Reachable, inbound: InboundNotification, manner: str) -> InboundNotification:
    url = f"{subject.url}/control/replay"
    query = {"event_id": orjson.loads(inbound.body)["id"], "manner": manner}
    async with asyncio.timeout(WAIT_S), subject.session.post(url, params=query) as answer:
        assert answer.status == 200
    return await subject.notification()


async def paid(subject: Reachable) -> InboundNotification:
    await subject.adapter.warm()
    order = ENGINE.charge_order(subject, method=NATIVE)
    await subject.adapter.charge(order)
    await subject.simulator.decide("conformance", order.request_reference, "approve")
    return await subject.notification()


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("wrong_key", "signature"),
        ("altered", "signature"),
        ("stale", "its time is"),
        ("probe", "a probe"),
        ("unsigned", "missing"),
        ("wrong_api_key", "api_v3_key"),
        ("wrong_data", "api_v3_key"),
        ("foreign_mchid", "another merchant"),
        ("foreign_appid", "another app"),
    ],
)
async def test_a_notification_that_is_sent_wrongly_is_refused_by_our_adapter_for_its_reason(
    subject: Reachable, manner: str, reason: str
) -> None:
    inbound = await replayed(subject, await paid(subject), manner)

    with pytest.raises(NotificationRefused, match=reason):
        subject.adapter.read_notification(inbound)


@pytest.mark.parametrize("manner", ["again", "empty_data"])
async def test_a_notification_is_read_again_with_associated_data_and_without(subject: Reachable, manner: str) -> None:
    inbound = await replayed(subject, await paid(subject), manner)

    [told] = subject.adapter.read_notification(inbound)

    assert told.evidence.amount == Money(1000, "CNY")
    assert orjson.loads(inbound.body)["resource"]["associated_data"] == ("transaction" if manner == "again" else "")


async def test_a_rightly_signed_amount_can_be_wrong(subject: Reachable) -> None:
    inbound = await replayed(subject, await paid(subject), "wrong_amount")

    [told] = subject.adapter.read_notification(inbound)

    assert told.evidence.amount == Money(1001, "CNY")


async def test_the_amount_of_a_refund_can_be_wrong_too(desk: Desk) -> None:
    await desk.paid()
    await desk.event()
    await refund(desk, "R1", 400)
    event_id, _ = await desk.event()

    await desk.control("replay", event_id=event_id, manner="wrong_amount")

    _, told = await desk.event()
    assert (told["amount"]["refund"], told["out_trade_no"]) == (401, NUMBER)


async def test_a_manner_that_does_not_exist_is_refused_with_those_that_do(desk: Desk) -> None:
    answer = await desk.control("replay", event_id="EV-1", manner="rudely")

    assert (answer.status, b"foreign_mchid" in answer.body) == (400, True)
