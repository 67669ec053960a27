"""A charge that we refunded in full is closed at its provider, which is no cancel's doing and undoes no payment."""

from __future__ import annotations

import asyncio

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, Failure, Outcome
from tollbridge_server.domain.operation import Attempt, OperationKind
from tollbridge_server.domain.payment import PaymentState
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.requests import CancelPayment, CreateRefund

from tests.unit.services.news import (
    EUR_1000,
    GIVEN_BACK,
    PENDING,
    UNKNOWN,
    answer,
    exceptions_of,
    notify,
    payment_of,
    reference_of,
    waiting,
)
from tests.unit.services.scripted import CALLER, Bridge

CLOSED = answer(Outcome.CANCELED)
RETURNED = replace(GIVEN_BACK, outcome=Outcome.SUCCEEDED)
REFUSED = Evidence(Outcome.DECLINED, EvidenceSource.QUERY, failure=Failure(DeclineReason.REFUND_NOT_POSSIBLE))
REFUNDED = answer(Outcome.SUCCEEDED, EUR_1000)
SILENT = answer(Outcome.UNKNOWN)


async def attempt_of(bridge: Bridge, payment_id: str, kind: OperationKind) -> Attempt:
    """The last attempt of an operation of that kind."""

    def find(tx: Transaction) -> Attempt:
        attempts = tx.attempts.of_payment(payment_id)
        kinds = {each.operation_id: each.kind for each in tx.operations.of_payment(payment_id)}
        return [each for each in attempts if kinds[each.operation_id] is kind][-1]

    return await bridge.storage.read(find)


async def refunding(bridge: Bridge, *, cancel: Evidence | None) -> str:
    """A payment that was paid while a cancel of it was open (or without one), whose full refund has no answer yet."""
    if cancel is None:
        payment_id = (await bridge.pay()).payment.payment_id
    else:
        payment_id = (await waiting(bridge)).payment_id
        bridge.adapter.will("cancel", cancel)
        await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment_id))
        await notify(bridge, reference_of(bridge, "charge"), Outcome.SUCCEEDED, EUR_1000, reference="t1")
    bridge.adapter.will("refund", UNKNOWN)
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), payment_id, 1000, "EUR"))
    return payment_id


async def found(bridge: Bridge, payment_id: str) -> tuple[PaymentState, int, int, list[str]]:
    """How a payment stands, its sums, and what is recorded of it."""
    payment = await payment_of(bridge, payment_id)
    kinds = [record.kind for record in await exceptions_of(bridge, payment_id)]
    return payment.state, payment.captured_minor, payment.refunded_minor, sorted(kinds)


@pytest.mark.parametrize("is_end_first", [True, False])
@pytest.mark.parametrize(
    ("refund", "expected"),
    [
        (REFUNDED, (PaymentState.SUCCEEDED, 1000, 1000, [])),
        (REFUSED, (PaymentState.NEEDS_REVIEW, 1000, 0, ["CONTRADICTION", "GIVEN_BACK"])),
    ],
    ids=["refunded", "refused"],
)
async def test_what_closed_a_payment_under_a_cancel_shows_when_its_refund_has_ended(
    bridge: Bridge, refund: Evidence, expected: object, *, is_end_first: bool
) -> None:
    payment_id = await refunding(bridge, cancel=UNKNOWN)
    answers = {OperationKind.CANCEL: RETURNED, OperationKind.REFUND: refund, OperationKind.SALE: GIVEN_BACK}
    kinds = [OperationKind.CANCEL, OperationKind.REFUND]
    for kind in kinds if is_end_first else reversed(kinds):
        await bridge.engine.record(await attempt_of(bridge, payment_id, kind), answers[kind])
    bridge.adapter.will_always("query", lambda asked: answers[asked.kind])
    await bridge.settle(seconds=3 * 86400, rounds=40)
    assert await found(bridge, payment_id) == expected


@pytest.mark.parametrize("is_end_first", [True, False])
@pytest.mark.parametrize(
    ("refund", "expected"),
    [
        (REFUNDED, (PaymentState.SUCCEEDED, 1000, 1000, [])),
        (REFUSED, (PaymentState.NEEDS_REVIEW, 1000, 0, ["CONTRADICTION"])),
        (SILENT, (PaymentState.NEEDS_REVIEW, 1000, 0, ["CONTRADICTION", "UNRESOLVED"])),
    ],
    ids=["refunded", "refused", "silent"],
)
async def test_what_closed_a_paid_charge_shows_when_its_refund_has_ended(
    bridge: Bridge, refund: Evidence, expected: object, *, is_end_first: bool
) -> None:
    payment_id = await refunding(bridge, cancel=None)
    answers = {OperationKind.REFUND: refund, OperationKind.SALE: CLOSED}
    kinds = [OperationKind.SALE, OperationKind.REFUND]
    for kind in kinds if is_end_first else reversed(kinds):
        await bridge.engine.record(await attempt_of(bridge, payment_id, kind), answers[kind])
    bridge.adapter.will_always("query", lambda asked: answers[asked.kind])
    await bridge.settle(seconds=12 * 86400, rounds=80)
    assert await found(bridge, payment_id) == expected


async def test_a_refund_without_an_end_leaves_its_cancel_to_a_person(bridge: Bridge) -> None:
    payment_id = await refunding(bridge, cancel=UNKNOWN)
    answers = {OperationKind.CANCEL: RETURNED, OperationKind.REFUND: SILENT, OperationKind.SALE: GIVEN_BACK}
    bridge.adapter.will_always("query", lambda asked: answers[asked.kind])
    await bridge.settle(seconds=12 * 86400, rounds=80)
    state, captured, refunded, kinds = await found(bridge, payment_id)
    assert (state, captured, refunded) == (PaymentState.NEEDS_REVIEW, 1000, 0)
    assert set(kinds) == {"UNRESOLVED"}


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_the_same_answer_to_questions_at_once_counts_once(bridge: Bridge, times: int) -> None:
    payment_id = await refunding(bridge, cancel=PENDING)
    await bridge.engine.record(await attempt_of(bridge, payment_id, OperationKind.REFUND), REFUNDED)
    cancel = await attempt_of(bridge, payment_id, OperationKind.CANCEL)
    bridge.adapter.will_always("query", RETURNED)
    await asyncio.gather(*(bridge.engine.inquire(cancel) for _ in range(times)))
    assert await found(bridge, payment_id) == (PaymentState.SUCCEEDED, 1000, 1000, [])


async def test_a_clock_that_is_set_back_hides_no_charge_from_its_cancel(bridge: Bridge) -> None:
    payment_id = (await waiting(bridge)).payment_id
    bridge.clock.pass_s(-300)
    bridge.adapter.will("cancel", replace(RETURNED, source=EvidenceSource.REPLY))
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), payment_id))
    assert await found(bridge, payment_id) == (PaymentState.CANCELED, 0, 0, ["GIVEN_BACK"])
    (record,) = await exceptions_of(bridge, payment_id)
    assert record.attempt_id == (await attempt_of(bridge, payment_id, OperationKind.SALE)).attempt_id
