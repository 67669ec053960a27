"""A database made by the real services is sound, and every rule finds the break that is planted for it, alone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tollbridge_server.domain.evidence import (
    DeclineReason,
    Evidence,
    EvidenceSource,
    Failure,
    NextAction,
    NextActionKind,
    Outcome,
)
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import CaptureMethod, OnDecline
from tollbridge_server.ports.books import BookedCharge
from tollbridge_server.services import verification
from tollbridge_server.services.requests import CancelPayment, CapturePayment, ConfirmPayment, CreateRefund

from tests.unit.services.scripted import CALLER, QR, Bridge
from tests.unit.verification.books import Book, corrupt, effect, rules, sale, verify

SILENCE = Evidence(Outcome.UNKNOWN, detail="silence")
DECLINED = Evidence(Outcome.DECLINED, failure=Failure(DeclineReason.INSUFFICIENT_FUNDS, "51"))


async def paid(bridge: Bridge) -> None:
    await bridge.pay()


async def captured_in_part(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), view.payment.payment_id, 400, "EUR"))


async def capturing(bridge: Bridge) -> None:
    bridge.adapter.will("capture", SILENCE)
    await captured_in_part(bridge)


async def refunded(bridge: Bridge) -> None:
    view = await bridge.pay()
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id, 300, "EUR"))


async def refunded_of_a_capture(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    await bridge.payments.capture(CALLER, CapturePayment(bridge.token(), view.payment.payment_id, 400, "EUR"))
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id, 300, "EUR"))


async def refunding(bridge: Bridge) -> None:
    bridge.adapter.will("refund", SILENCE)
    await refunded(bridge)


async def silent(bridge: Bridge) -> None:
    bridge.adapter.will("charge", SILENCE)
    await bridge.pay()


async def declined(bridge: Bridge) -> None:
    bridge.adapter.will("charge", DECLINED)
    await bridge.pay()


async def canceled(bridge: Bridge) -> None:
    view = await bridge.pay(capture_method=CaptureMethod.MANUAL)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))


_SECOND_ATTEMPT = """INSERT INTO attempts SELECT 'att_second', operation_id, payment_id, merchant_id, provider,
    provider_account_id, 'second', 'DECLINED', created_at_us, updated_at_us, lease_until_us, send_deadline_us,
    key_expires_at_us, next_check_at_us, checks, sends, is_replayable, provider_reference, next_action, is_watched
    FROM attempts"""

Story = Callable[[Bridge], Awaitable[None]]
STORIES: tuple[Story, ...] = (paid, captured_in_part, capturing, refunded, refunding, silent, declined, canceled)


@pytest.mark.parametrize("story", STORIES)
async def test_what_the_services_made_is_sound(bridge: Bridge, story: Story) -> None:
    await story(bridge)

    found = await verify(bridge, has_book=False)

    assert (found.breaks, found.payments) == ([], 1)


async def test_what_was_gone_through_is_counted(bridge: Bridge) -> None:
    for story in (refunded, silent):
        await story(bridge)

    found = await verify(bridge, has_book=False)

    assert (found.payments, found.operations, found.refunds, found.in_flight) == (2, 3, 1, 1)
    assert found.events > found.payments


@pytest.mark.parametrize(("is_watched", "in_flight"), [(0, 1), (1, 0)], ids=["in doubt", "only watched"])
async def test_what_is_only_watched_is_at_rest(bridge: Bridge, tmp_path: Path, is_watched: int, in_flight: int) -> None:
    await declined(bridge)
    corrupt(tmp_path, f"UPDATE attempts SET next_check_at_us = 5, is_watched = {is_watched}")
    assert (await verify(bridge, has_book=False)).in_flight == in_flight


async def test_more_payments_than_one_batch_are_all_checked(
    bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_BATCH", 2)
    for _ in range(5):
        await paid(bridge)
    corrupt(tmp_path, "UPDATE payments SET state = 'CANCELED'")
    seen: list[int] = []

    found = await verification.Verifier(bridge.storage, {}).verify(seen.append)

    assert seen == [2, 4, 5]
    assert len({broken.payment_id for broken in found.breaks}) == 5


@pytest.mark.parametrize(
    ("rule", "story", "sql"),
    [
        ("sums hold", paid, "UPDATE payments SET authorized_minor = 900"),
        ("sums hold", declined, "UPDATE payments SET authorized_minor = -1"),
        ("the state follows from the facts", paid, "UPDATE payments SET state = 'CANCELED'"),
        ("the state follows from the facts", silent, "UPDATE payments SET state = 'FAILED'"),
        (
            "one successful attempt an operation",
            paid,
            """INSERT INTO attempts SELECT 'att_second', operation_id, payment_id, merchant_id, provider,
               provider_account_id, 'second', state, created_at_us, updated_at_us, lease_until_us, send_deadline_us,
               key_expires_at_us, next_check_at_us, checks, sends, is_replayable, provider_reference, next_action,
               is_watched FROM attempts""",
        ),
        (
            "refunds fit their capture",
            refunded_of_a_capture,
            "UPDATE operations SET capture_operation_id = 'op_of_another_payment' WHERE kind = 'REFUND'",
        ),
        ("a success has its attempt", paid, "UPDATE attempts SET state = 'DECLINED'"),
        ("one currency", paid, "UPDATE operations SET currency = 'USD'"),
        ("every open attempt has its next question", silent, "UPDATE attempts SET next_check_at_us = 0"),
        (
            "captured is the sum of its operations",
            paid,
            "UPDATE payments SET authorized_minor = 900, captured_minor = 900",
        ),
        (
            "captured is the sum of its operations",
            captured_in_part,
            "UPDATE operations SET amount_minor = 500 WHERE kind = 'CAPTURE'",
        ),
        (
            "capture reserved is the sum of its operations",
            capturing,
            "UPDATE payments SET capture_reserved_minor = 0",
        ),
        ("refunded is the sum of its operations", refunded, "UPDATE payments SET refunded_minor = 200"),
        ("refund reserved is the sum of its operations", refunding, "UPDATE payments SET refund_reserved_minor = 0"),
        ("one event for each version", paid, "DELETE FROM events WHERE version = 1"),
        ("one event for each version", paid, "UPDATE events SET version = 9 WHERE version = 2"),
        ("one event for each version", paid, "UPDATE payments SET version = version + 1"),
    ],
)
async def test_a_broken_row_is_found_by_its_rule_alone(
    bridge: Bridge, tmp_path: Path, rule: str, story: Story, sql: str
) -> None:
    await story(bridge)
    corrupt(tmp_path, sql)

    found = await verify(bridge, has_book=False)

    assert rules(found) == {rule}
    assert all(broken.payment_id.startswith("pay_") and broken.detail for broken in found.breaks)


async def test_what_is_in_doubt_is_in_flight(bridge: Bridge, tmp_path: Path) -> None:
    await paid(bridge)
    corrupt(tmp_path, "UPDATE attempts SET next_check_at_us = 5")

    found = await verify(bridge, has_book=False)

    assert (found.breaks, found.in_flight) == ([], 1)


async def test_a_payment_before_a_person_is_no_break_and_says_why(bridge: Bridge) -> None:
    other = Evidence(Outcome.SUCCEEDED, EvidenceSource.QUERY, amount=Money(999, "EUR"))
    bridge.adapter.will("charge", replace(other, source=EvidenceSource.REPLY))
    bridge.adapter.will("query", other)
    made = await bridge.pay()

    found = await verify(bridge, has_book=False)

    [review] = found.reviews
    assert found.breaks == []
    assert (review.payment_id, review.kind) == (made.payment.payment_id, "AMOUNT_MISMATCH")
    assert "9.99 EUR" in review.detail


async def test_a_right_book_agrees(bridge: Bridge) -> None:
    await refunded(bridge)

    found = await verify(bridge, *booked(bridge))

    assert (found.breaks, found.effects) == ([], 2)


def booked(bridge: Bridge) -> tuple[BookedCharge, ...]:
    """Return what a faithful provider would have booked of what it was sent: one sale, and its refunds."""
    [charge] = bridge.adapter.sent("charge")
    reference = charge.request_reference
    back = tuple(
        effect(OperationKind.REFUND, order.request_reference, reference, order.amount.amount_minor)
        for order in bridge.adapter.sent("refund")
    )
    return (sale(reference, refunded_minor=sum(given.amount_minor for given in back), more=back),)


@pytest.mark.parametrize(
    ("rule", "story", "falsify"),
    [
        ("an effect belongs to an attempt", paid, lambda right: (right, sale("never-sent"))),
        (
            "an effect belongs to an attempt",
            paid,
            lambda right: (
                replace(
                    right,
                    effects=(*right.effects, effect(OperationKind.CANCEL, "never-sent", right.request_reference, 0)),
                ),
            ),
        ),
        (
            "one currency",
            paid,
            lambda right: (replace(right, effects=(replace(right.effects[0], currency="USD"),)),),
        ),
        ("both books agree", paid, lambda right: (replace(right, captured_minor=900),)),
        ("both books agree", paid, lambda _: ()),
        ("both books agree", refunded, lambda right: (replace(right, refunded_minor=0),)),
        ("both books agree", declined, lambda right: (right,)),
        (
            "the provider took no more than was asked",
            silent,
            lambda right: (replace(right, authorized_minor=1001, captured_minor=1001),),
        ),
        (
            "nothing is held for a payment that has ended",
            canceled,
            lambda right: (replace(right, is_voided=False, authorized_minor=1000, captured_minor=0),),
        ),
        (
            "the provider gave back no more than it took",
            refunding,
            lambda right: (replace(right, refunded_minor=1001),),
        ),
    ],
)
async def test_a_false_book_is_found_by_its_rule_alone(
    bridge: Bridge, rule: str, story: Story, falsify: Callable[[BookedCharge], tuple[BookedCharge, ...]]
) -> None:
    await story(bridge)

    found = await verify(bridge, *falsify(booked(bridge)[0]))

    assert rules(found) == {rule}


async def test_a_payment_that_two_charges_paid_is_charged_twice(bridge: Bridge, tmp_path: Path) -> None:
    await paid(bridge)
    corrupt(tmp_path, _SECOND_ATTEMPT)
    [first] = bridge.adapter.sent("charge")

    found = await verify(bridge, sale(first.request_reference, 400), sale("second", 600))

    assert rules(found) == {"no payment is charged twice"}


async def test_a_payment_for_which_two_amounts_are_held_is_found(bridge: Bridge, tmp_path: Path) -> None:
    await bridge.pay(capture_method=CaptureMethod.MANUAL)
    first = replace(booked(bridge)[0], captured_minor=0)
    corrupt(tmp_path, _SECOND_ATTEMPT)

    found = await verify(bridge, first, replace(first, request_reference="second", effects=()))

    assert rules(found) == {"no amount is held twice"}


async def test_a_refund_that_waits_for_a_person_is_shown(bridge: Bridge) -> None:
    view = await bridge.pay()
    bridge.adapter.will("refund", Evidence(Outcome.PENDING, needs_person=True, detail="abnormal"))
    await bridge.refunds.create(CALLER, CreateRefund(bridge.token(), view.payment.payment_id, 300, "EUR"))

    found = await verify(bridge, has_book=False)

    assert [(each.kind, each.detail) for each in found.reviews] == [("UNRESOLVED", "abnormal")]


async def test_the_books_may_differ_while_an_operation_is_open(bridge: Bridge) -> None:
    await silent(bridge)

    found = await verify(bridge, *booked(bridge))

    assert (found.breaks, found.in_flight) == ([], 1)


async def test_an_unknown_charge_without_effects_is_the_trace_of_a_cancel_that_came_first(bridge: Bridge) -> None:
    await paid(bridge)
    trace = BookedCharge("never-sent", "EUR", 0, 0, 0, True, ())

    found = await verify(bridge, *booked(bridge), trace)

    assert found.breaks == []


async def test_a_charge_under_another_account_is_not_the_payments_own(bridge: Bridge) -> None:
    await paid(bridge)
    book = Book([sale(bridge.adapter.sent("charge")[0].request_reference)])

    found = await verification.Verifier(bridge.storage, {"other-1": book}).verify()

    assert rules(found) == {"an effect belongs to an attempt"}


GIVEN_BACK = Evidence(Outcome.SUCCEEDED, is_given_back=True, detail="paid, and given back")
SHOW_QR = Evidence(Outcome.REQUIRES_ACTION, next_action=NextAction(NextActionKind.SHOW_QR, payload="qr"))


@pytest.mark.parametrize(
    ("answer", "refunded_minor", "broken"),
    [
        (GIVEN_BACK, 1000, set()),
        (
            GIVEN_BACK,
            999,
            {"an effect belongs to an attempt", "both books agree"},
        ),
        (
            Evidence(Outcome.SUCCEEDED),
            1000,
            {"an effect belongs to an attempt", "both books agree"},
        ),
    ],
    ids=["all", "not all", "unsaid"],
)
async def test_what_a_cancel_gave_back_is_in_the_providers_book_alone(
    bridge: Bridge, answer: Evidence, refunded_minor: int, broken: set[str]
) -> None:
    bridge.adapter.will("charge", SHOW_QR)
    bridge.adapter.will("cancel", answer)
    view = await bridge.pay(method=QR)
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))
    reference = bridge.adapter.sent("charge")[0].request_reference
    back = effect(OperationKind.REFUND, "cancel_1", reference, refunded_minor)

    found = await verify(bridge, sale(reference, refunded_minor=refunded_minor, more=(back,)))

    assert rules(found) == broken
    told = [(review.kind, review.detail) for review in found.reviews]
    assert told == ([("GIVEN_BACK", "paid, and given back")] if answer is GIVEN_BACK else [])


async def returned_twice(bridge: Bridge) -> tuple[str, str]:
    """A payment of two charges whose money came and went, the first of which says so; return both references."""
    bridge.adapter.will("charge", SHOW_QR, SHOW_QR)
    bridge.adapter.will("cancel", GIVEN_BACK, Evidence(Outcome.SUCCEEDED))
    view = await bridge.pay(method=QR, on_decline=OnDecline.ASK_PAYMENT_METHOD)
    await bridge.payments.confirm(CALLER, ConfirmPayment(bridge.token(), view.payment.payment_id, method=QR))
    await bridge.payments.cancel(CALLER, CancelPayment(bridge.token(), view.payment.payment_id))
    first, second = (order.request_reference for order in bridge.adapter.sent("charge"))
    return first, second


@pytest.mark.parametrize(
    ("first_minor", "second_minor", "broken"),
    [
        (1000, 0, set()),
        (1000, 1000, {"an effect belongs to an attempt", "both books agree"}),
        (2000, 0, {"the provider took no more than was asked"}),
    ],
    ids=["said", "of another charge", "too much"],
)
async def test_a_record_of_one_return_excuses_no_other_charge_and_no_other_amount(
    bridge: Bridge, first_minor: int, second_minor: int, broken: set[str]
) -> None:
    references = await returned_twice(bridge)
    charges = [
        sale(
            reference,
            minor,
            refunded_minor=minor,
            more=(effect(OperationKind.REFUND, f"cancel_{reference}", reference, minor),),
        )
        for reference, minor in zip(references, (first_minor, second_minor), strict=True)
        if minor
    ]
    assert rules(await verify(bridge, *charges)) == broken


def test_every_rule_has_a_planted_break() -> None:
    source = Path(verification.__file__).read_text()
    written = set(re.findall(r'(?:yield|Break\(""), ?"([^"{]+)"|yield "([^"{]+)"', source))
    named = {a or b for a, b in written}
    summed = {
        f"{name} is the sum of its operations"
        for name in ("captured", "capture reserved", "refunded", "refund reserved")
    }

    planted = set(re.findall(r'"([a-z ]+)"', Path(__file__).read_text()))

    assert len(named) >= 11
    assert named | summed <= planted
