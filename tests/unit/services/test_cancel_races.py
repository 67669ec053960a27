"""A cancel that crosses the provider's own word ends what it was made for, and nothing that came after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import CaptureMethod, PaymentState
from tollbridge_server.services.requests import CancelPayment, ConfirmPayment

from tests.unit.services.news import (
    ABSENT,
    DECLINED,
    EUR_1000,
    SHOW_QR,
    SILENT,
    SUCCEEDED,
    UNKNOWN,
    UNSENT,
    answer,
    notify,
    payment_of,
    reference_of,
    view_of,
    waiting,
)
from tests.unit.services.scripted import CALLER, CARD, QR, Answer, Bridge

A_DAY_AND_MORE_S = 86500


def overtaken(bridge: Bridge, charge: Outcome, reply: Evidence) -> Answer:
    """A cancel whose reply is recorded only after a notification of what became of the charge."""

    async def cancel(_: Any) -> Evidence:
        await notify(bridge, reference_of(bridge, "charge"), charge)
        return reply

    return cancel


async def expire(bridge: Bridge, _: str) -> None:
    bridge.clock.pass_s(A_DAY_AND_MORE_S)
    await bridge.resolver.work_once()


async def change_method(bridge: Bridge, payment_id: str) -> None:
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment_id, method=CARD))


async def cancel_by_caller(bridge: Bridge, payment_id: str) -> None:
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment_id))


@pytest.mark.parametrize("first", [Outcome.CANCELED, Outcome.DECLINED])
async def test_the_next_charge_is_authorized_though_news_of_the_first_overtook_its_cancel(
    bridge: Bridge, first: Outcome
) -> None:
    payment = await waiting(bridge, is_manual=True, may_ask=True)
    bridge.adapter.will("cancel", overtaken(bridge, first, SUCCEEDED))

    confirmed = await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), payment.payment_id, method=CARD))

    assert len(bridge.adapter.sent("charge")) == 2
    assert confirmed.payment.state is PaymentState.AUTHORIZED
    assert confirmed.payment.capturable_minor == 1000


async def test_a_confirmed_cancel_counts_though_the_charge_was_declined_meanwhile(bridge: Bridge) -> None:
    payment = await waiting(bridge, is_manual=True, may_ask=True)
    bridge.adapter.will("cancel", overtaken(bridge, Outcome.DECLINED, SUCCEEDED))

    canceled = await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment.payment_id))

    assert canceled.payment.state is PaymentState.CANCELED


@pytest.mark.parametrize("end", [expire, change_method, cancel_by_caller])
async def test_a_cancel_refused_because_the_charge_is_closed_leaves_nothing_open(
    bridge: Bridge, end: Callable[[Bridge, str], Any]
) -> None:
    payment = await waiting(bridge)
    bridge.adapter.will("cancel", overtaken(bridge, Outcome.CANCELED, DECLINED))

    def ask(inquiry: Any) -> Evidence:
        if inquiry.kind is OperationKind.CANCEL:
            return answer(Outcome.DECLINED)
        return answer(Outcome.CANCELED) if bridge.adapter.sent("cancel") else answer(Outcome.REQUIRES_ACTION)

    bridge.adapter.will_always("query", ask)
    await end(bridge, payment.payment_id)
    await bridge.settle(seconds=20 * 86400, rounds=40)

    view = await view_of(bridge, payment.payment_id)
    assert not view.payment.is_canceling
    assert all(attempt.state.is_final for _, attempts in view.operations for attempt in attempts)


async def test_a_close_of_a_lost_charge_refused_because_it_is_closed_leaves_nothing_open(bridge: Bridge) -> None:
    bridge.adapter.will("charge", UNKNOWN)
    payment_id = (await bridge.pay(method=CARD)).payment.payment_id
    bridge.adapter.will("query", ABSENT)
    bridge.adapter.will("cancel", overtaken(bridge, Outcome.CANCELED, DECLINED))
    bridge.adapter.will_always("query", answer(Outcome.DECLINED))

    await bridge.settle(seconds=20 * 86400, rounds=40)

    payment = await payment_of(bridge, payment_id)
    assert not payment.is_canceling
    assert payment.state is PaymentState.FAILED


@pytest.mark.parametrize(
    ("charge", "method", "asked", "seconds"),
    [
        pytest.param(SHOW_QR, QR, answer(Outcome.REQUIRES_ACTION), A_DAY_AND_MORE_S, id="expiry"),
        pytest.param(UNKNOWN, CARD, ABSENT, 60, id="absence"),
    ],
)
async def test_the_resolver_voids_no_authorization_that_came_after_it_looked(
    bridge: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    charge: Evidence,
    method: Any,
    asked: Evidence,
    seconds: float,
) -> None:
    bridge.adapter.will("charge", charge)
    made = await bridge.pay(method=method, capture_method=CaptureMethod.MANUAL)
    execute = bridge.engine.execute

    async def execute_late(*args: Any, **named: Any) -> Any:
        await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000)
        return await execute(*args, **named)

    monkeypatch.setattr(bridge.engine, "execute", execute_late)
    bridge.adapter.will("query", asked)
    bridge.clock.pass_s(seconds)
    await bridge.resolver.work_once()

    assert (await payment_of(bridge, made.payment.payment_id)).state is PaymentState.AUTHORIZED
    assert not bridge.adapter.sent("cancel")


@pytest.mark.parametrize(
    ("asked", "canceled"),
    [
        pytest.param(answer(Outcome.REQUIRES_ACTION), DECLINED, id="refused"),
        pytest.param(SILENT, UNSENT, id="unsent"),
    ],
)
async def test_a_refused_cancel_of_an_expired_payment_is_not_repeated_without_pause(
    bridge: Bridge, asked: Evidence, canceled: Evidence
) -> None:
    payment = await waiting(bridge)
    bridge.adapter.will_always("query", asked)
    bridge.adapter.will_always("cancel", canceled)
    bridge.clock.pass_s(A_DAY_AND_MORE_S)

    for _ in range(50):  # The clock stands: whatever is due again was given no pause.
        await bridge.resolver.work_once()

    assert len((await view_of(bridge, payment.payment_id)).operations) < 5
