"""While the payer holds a code, nothing of ours may say that it can not be paid; when nobody can, a cancel ends it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, NextAction, NextActionKind, Outcome
from tollbridge_server.domain.payment import PaymentState
from tollbridge_server.ports.provider import CancelOrder, Capabilities
from tollbridge_server.services.requests import CancelPayment
from tollbridge_server.storage.sqlite import SqliteStorage

from tests.unit.services.news import payment_of
from tests.unit.services.scripted import CALLER, CARD, QR, START_US, Bridge, ScriptedAdapter

SHOW_QR = Evidence(Outcome.REQUIRES_ACTION, next_action=NextAction(NextActionKind.SHOW_QR, payload="qr"))
NOT_KNOWN = Evidence(Outcome.UNKNOWN, EvidenceSource.QUERY, absent=True)
WAITS = Evidence(Outcome.REQUIRES_ACTION, EvidenceSource.QUERY)
SILENT = Evidence(Outcome.UNKNOWN)
REFUSED = Evidence(Outcome.DECLINED)


@dataclass
class ForgetfulAdapter(ScriptedAdapter):
    """A provider that promises nothing of what it does not know: its cancel ends only a charge that is over."""

    cancels_unsent: bool = False

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, absence_ends_after_s=600.0)


def ending(order: CancelOrder) -> Evidence:
    return Evidence(Outcome.SUCCEEDED if order.is_charge_over else Outcome.PENDING)


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


async def test_a_scanned_code_that_got_lost_is_closed_when_it_can_not_arrive_any_more(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SILENT)
    view = await bridge.pay(method=CARD)

    await bridge.settle(seconds=600)

    assert (await payment_of(bridge, view.payment.payment_id)).state is PaymentState.FAILED
    assert [order.is_charge_over for order in bridge.adapter.sent("cancel")] == [True]
    assert len(bridge.adapter.sent("charge")) == 1


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
