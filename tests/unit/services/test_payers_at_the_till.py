"""A payer who has shown a code is asked about while the cashier waits, and the charge ends when the time is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.domain.evidence import (
    DeclineReason,
    Evidence,
    EvidenceSource,
    NextAction,
    NextActionKind,
    Outcome,
)
from tollbridge_server.domain.payment import OnDecline, PaymentState
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import CancelOrder
from tollbridge_server.services.requests import CancelPayment, PaymentLookup
from tollbridge_server.storage.sqlite import SqliteStorage

from tests.unit.services.forgetful import ForgetfulAdapter
from tests.unit.services.news import PAID, SHOW_QR, payment_of
from tests.unit.services.scripted import CALLER, QR, START_US, Bridge

TIME_TO_PAY_S = 90
WAITS = Evidence(Outcome.REQUIRES_ACTION, next_action=NextAction(NextActionKind.WAIT, poll_after_s=5))
STANDS = Evidence(Outcome.UNKNOWN, EvidenceSource.QUERY, absent=True)
TOO_EARLY = Evidence(Outcome.UNKNOWN)
DONE = Evidence(Outcome.SUCCEEDED)


def about(inquiry: Any) -> Evidence:
    """Say of a charge that its payer is typing, and of a cancel that the charge stands as before."""
    return Evidence(Outcome.REQUIRES_ACTION, EvidenceSource.QUERY) if inquiry.kind.opens else STANDS


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    adapter = ForgetfulAdapter(time_to_pay_s={MethodKind.CARD: TIME_TO_PAY_S})
    made = Bridge(SqliteStorage.open(tmp_path / "bridge.db"), adapter=adapter)
    adapter.will("charge", WAITS)
    adapter.will_always("query", about)
    return made


async def test_the_provider_is_asked_as_often_as_it_wishes(bridge: Bridge) -> None:
    await bridge.pay()
    await bridge.settle(seconds=60, rounds=60)
    assert 10 <= len(bridge.adapter.sent("query")) <= 12


async def test_a_payer_who_confirms_is_seen_within_seconds(bridge: Bridge) -> None:
    view = await bridge.pay()
    await bridge.settle(seconds=40, rounds=40)
    bridge.adapter.will_always("query", PAID)
    await bridge.settle(seconds=6, rounds=6)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.SUCCEEDED


async def test_a_charge_that_is_not_confirmed_is_ended_and_the_payment_with_it(bridge: Bridge) -> None:
    view = await bridge.pay()
    await bridge.settle(seconds=TIME_TO_PAY_S - 6, rounds=84)
    assert bridge.adapter.sent("cancel") == []
    await bridge.settle(seconds=20, rounds=20)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.EXPIRED
    assert len(bridge.adapter.sent("cancel")) == 1


async def test_a_payment_that_may_take_another_method_asks_for_one_then(bridge: Bridge) -> None:
    view = await bridge.pay(on_decline=OnDecline.ASK_PAYMENT_METHOD)
    await bridge.settle(seconds=TIME_TO_PAY_S + 20, rounds=110)
    payment = await payment_of(bridge, view.payment.payment_id)
    assert payment.state is PaymentState.REQUIRES_ACTION
    assert payment.next_action == NextAction(NextActionKind.PROVIDE_PAYMENT_METHOD)


@pytest.mark.parametrize(
    ("given_s", "ends_s"), [(0, TIME_TO_PAY_S), (30, 30), (3600, TIME_TO_PAY_S)], ids=["not given", "sooner", "later"]
)
async def test_the_provider_is_told_when_the_charge_ends(bridge: Bridge, given_s: int, ends_s: int) -> None:
    await bridge.pay(expires_at_us=START_US + given_s * 1_000_000 if given_s else 0)
    (order,) = bridge.adapter.sent("charge")
    assert round((order.expires_at_us - START_US) / 1_000_000) == ends_s


async def test_a_payer_who_pays_while_the_charge_is_ended_has_paid(bridge: Bridge) -> None:
    view = await bridge.pay()

    def crossed(_: CancelOrder) -> Evidence:
        bridge.adapter.will_always("query", PAID)
        return Evidence(Outcome.DECLINED)

    bridge.adapter.will("cancel", crossed)
    await bridge.settle(seconds=TIME_TO_PAY_S + 60, rounds=150)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.SUCCEEDED


async def test_a_cancel_that_comes_too_early_is_repeated_while_the_cashier_waits(bridge: Bridge) -> None:
    bridge.adapter.will("cancel", TOO_EARLY, TOO_EARLY)
    bridge.adapter.will_always("cancel", DONE)
    view = await bridge.pay()
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=30, rounds=30)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.CANCELED
    first, *again = bridge.adapter.sent("cancel")
    assert {order.request_reference for order in again} == {first.request_reference}


async def test_a_till_is_not_asked_about_every_few_seconds_for_ever(bridge: Bridge) -> None:
    bridge.adapter.time_to_pay_s = {}
    await bridge.pay()
    await bridge.settle(seconds=180, rounds=180)
    polled = len(bridge.adapter.sent("query"))
    await bridge.settle(seconds=90, rounds=90)
    assert len(bridge.adapter.sent("query")) - polled == 3
    await bridge.settle(seconds=86000, rounds=2000)
    assert len(bridge.adapter.sent("query")) - polled < 20


async def test_a_charge_ends_with_its_time_however_seldom_the_provider_wants_to_be_asked(bridge: Bridge) -> None:
    bridge.adapter.script["charge"].clear()
    seldom = NextAction(NextActionKind.WAIT, poll_after_s=200)
    bridge.adapter.will("charge", Evidence(Outcome.REQUIRES_ACTION, next_action=seldom))
    view = await bridge.pay()
    await bridge.settle(seconds=TIME_TO_PAY_S + 5, rounds=95)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.EXPIRED


async def test_a_cancel_of_a_code_that_can_be_paid_for_a_day_is_not_sent_all_day(bridge: Bridge) -> None:
    bridge.adapter.script["charge"].clear()
    bridge.adapter.will("charge", SHOW_QR)
    bridge.adapter.will_always("cancel", Evidence(Outcome.PENDING))
    view = await bridge.pay(method=QR)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))
    await bridge.settle(seconds=86000, rounds=3000)
    assert 5 < len(bridge.adapter.sent("cancel")) < 15


async def test_a_caller_that_polls_does_not_keep_the_charge_from_its_end(bridge: Bridge) -> None:
    view = await bridge.pay()
    for _ in range(TIME_TO_PAY_S + 20):
        await bridge.status.get(CALLER, PaymentLookup(view.payment.payment_id), refresh=True)
        await bridge.settle(seconds=1, rounds=1)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.EXPIRED


async def test_a_charge_that_does_not_wait_for_the_telephone_ends_with_its_time_as_well(bridge: Bridge) -> None:
    bridge.adapter.script["charge"].clear()
    bridge.adapter.will("charge", Evidence(Outcome.REQUIRES_ACTION))
    view = await bridge.pay()
    await bridge.settle(seconds=TIME_TO_PAY_S + 5, rounds=95)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.FAILED


@pytest.mark.parametrize(
    ("on_decline", "state"),
    [(OnDecline.FAIL, PaymentState.FAILED), (OnDecline.ASK_PAYMENT_METHOD, PaymentState.REQUIRES_ACTION)],
)
async def test_a_charge_that_the_provider_closed_is_a_payer_who_did_not_pay(
    bridge: Bridge, on_decline: OnDecline, state: PaymentState
) -> None:
    view = await bridge.pay(on_decline=on_decline)
    bridge.adapter.will_always("query", Evidence(Outcome.CANCELED, EvidenceSource.QUERY))
    await bridge.settle(seconds=10, rounds=10)
    payment = await payment_of(bridge, view.payment.payment_id)
    assert payment.state is state
    assert payment.failure is not None
    assert payment.failure.reason is DeclineReason.PAYER_CANCELED


async def test_a_charge_that_the_provider_closed_when_its_time_was_over_has_expired(bridge: Bridge) -> None:
    view = await bridge.pay(expires_at_us=START_US + 30 * 1_000_000)
    bridge.adapter.will_always("query", about)
    await bridge.settle(seconds=28, rounds=28)
    bridge.adapter.will_always("query", Evidence(Outcome.CANCELED, EvidenceSource.QUERY))
    bridge.clock.pass_s(3)
    await bridge.settle(seconds=5, rounds=5)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.EXPIRED
    assert bridge.adapter.sent("cancel") == []


async def test_callers_have_the_provider_asked_every_three_seconds_at_most(bridge: Bridge) -> None:
    view = await bridge.pay()
    lookup = PaymentLookup(view.payment.payment_id)
    answers = []
    for _ in range(10):
        answers.append((await bridge.status.get(CALLER, lookup, refresh=True)).is_refreshed)
        bridge.clock.pass_s(1)
    assert len(bridge.adapter.sent("query")) == 4
    assert answers.count(True) == 4
