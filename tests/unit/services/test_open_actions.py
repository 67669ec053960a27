"""While the payer holds a code, nothing of ours may say that it can not be paid; when nobody can, a cancel ends it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, NextAction, NextActionKind, Outcome
from tollbridge_server.domain.payment import CaptureMethod, PaymentState
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.services.requests import CancelPayment, CapturePayment
from tollbridge_server.storage.sqlite import SqliteStorage

from tests.unit.services.forgetful import ForgetfulAdapter, ending
from tests.unit.services.news import exceptions_of, payment_of
from tests.unit.services.scripted import CALLER, QR, START_US, Bridge

SHOW_QR = Evidence(Outcome.REQUIRES_ACTION, next_action=NextAction(NextActionKind.SHOW_QR, payload="qr"))
NOT_KNOWN = Evidence(Outcome.UNKNOWN, EvidenceSource.QUERY, absent=True)
WAITS = Evidence(Outcome.REQUIRES_ACTION, EvidenceSource.QUERY)
SILENT = Evidence(Outcome.UNKNOWN)
REFUSED = Evidence(Outcome.DECLINED)
PENDING = Evidence(Outcome.PENDING, EvidenceSource.QUERY)
WITH_AN_OPEN_ID = PaymentMethod(MethodKind.ALIPAY_QR, parameters=(("open_id", "o-1"),))
MONTH_US = 30 * 86400 * 1_000_000


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    made = Bridge(SqliteStorage.open(tmp_path / "bridge.db"), adapter=ForgetfulAdapter())
    made.adapter.will_always("query", NOT_KNOWN)
    made.adapter.will_always("cancel", ending)
    return made


async def test_a_code_that_the_payer_holds_is_never_asked_for_again(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR, REFUSED)
    view = await bridge.pay(method=QR)

    await bridge.settle(seconds=600)

    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.REQUIRES_ACTION
    assert len(bridge.adapter.sent("charge")) == 1


async def test_a_code_that_was_lost_with_its_answer_is_asked_for_again(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SILENT, SHOW_QR)
    bridge.adapter.will_always("query", WAITS)
    view = await bridge.pay(method=QR)

    await bridge.settle(seconds=600)

    payment = await payment_of(bridge, view.payment.payment_id)
    assert payment.next_action is not None
    assert payment.next_action.payload == "qr"
    first, again = bridge.adapter.sent("charge")
    assert first.request_reference == again.request_reference


async def test_a_cancel_of_a_code_that_nobody_opened_ends_with_its_time_to_pay(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR, expires_at_us=START_US + 1800 * 1_000_000)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))

    await bridge.settle(seconds=1200)
    assert (await payment_of(bridge, view.payment.payment_id)).state is not PaymentState.CANCELED
    await bridge.settle(seconds=8 * 3600, rounds=40)

    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.CANCELED
    assert not bridge.adapter.sent("cancel")[0].is_charge_over
    assert bridge.adapter.sent("cancel")[-1].is_charge_over


async def test_a_code_that_was_given_is_not_asked_for_again_whatever_the_provider_said_since(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR, REFUSED)
    bridge.adapter.will("query", PENDING)
    view = await bridge.pay(method=QR)

    await bridge.settle(seconds=600)

    assert len(bridge.adapter.sent("charge")) == 1
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.PROCESSING


async def test_a_code_that_has_come_since_somebody_looked_is_not_asked_for_again(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR)
    (attempt,) = view.operations[0][1]

    await bridge.engine.resend(replace(attempt, next_action=None))

    assert len(bridge.adapter.sent("charge")) == 1


async def test_a_page_that_was_lost_and_can_not_be_asked_for_again_is_closed(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SILENT)
    bridge.adapter.will_always("query", WAITS)
    bridge.adapter.will_always("cancel", Evidence(Outcome.SUCCEEDED))
    view = await bridge.pay(method=WITH_AN_OPEN_ID)

    await bridge.settle(seconds=600)

    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.FAILED
    assert len(bridge.adapter.sent("charge")) == 1


async def test_a_capture_that_the_provider_knows_is_not_sent_again(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    bridge.adapter.will("capture", SILENT)
    bridge.adapter.will_always("query", WAITS)
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), view.payment.payment_id))

    await bridge.settle(seconds=86400, rounds=20)

    assert len(bridge.adapter.sent("capture")) == 1


async def test_a_payer_who_has_a_month_is_waited_for_a_month(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR, expires_at_us=START_US + MONTH_US)

    await bridge.settle(seconds=29 * 86400, rounds=200)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.REQUIRES_ACTION
    await bridge.settle(seconds=2 * 86400, rounds=100)

    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.EXPIRED
    assert await exceptions_of(bridge, view.payment.payment_id) == []


async def test_a_cancel_waits_as_long_as_the_code_that_it_is_to_end(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    view = await bridge.pay(method=QR, expires_at_us=START_US + MONTH_US)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))

    await bridge.settle(seconds=29 * 86400, rounds=200)
    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.REQUIRES_ACTION
    await bridge.settle(seconds=86400 + 900, rounds=500)

    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.CANCELED
    assert await exceptions_of(bridge, view.payment.payment_id) == []
