"""What our adapter makes of all that WeChat Pay's simulator can do: money is never said to be where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import Customer
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import CancelOrder, ChargeOrder, NotificationRefused
from tollbridge_server.testing.conformance.desk import Desk, reference
from tollbridge_server.testing.simulators.wechatpay import Behavior

from tests.conformance.wechatpay import CertifiedSubject, WechatPaySubject, scanned

DESK = Desk()
WAIT_S = 20.0
NATIVE = PaymentMethod(MethodKind.WECHAT_NATIVE)
OPENED = [
    PaymentMethod(MethodKind.WECHAT_JSAPI, parameters=(("open_id", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),)),
    PaymentMethod(MethodKind.WECHAT_APP),
    PaymentMethod(MethodKind.WECHAT_H5),
]
"""How a payer pays without scanning anything: inside WeChat, out of an app, and out of a browser."""
by_opening = pytest.mark.parametrize("method", OPENED, ids=lambda method: method.kind.value)


@pytest.fixture(params=[WechatPaySubject, CertifiedSubject])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WechatPaySubject]:
    opened = request.param(tmp_path / "wechatpay.db")
    await opened.open()
    yield opened
    await opened.close()


async def settled(subject: WechatPaySubject, order: ChargeOrder) -> Evidence:
    """Return what WeChat Pay says of an order when its payer has decided."""
    async with asyncio.timeout(WAIT_S):
        while (evidence := await DESK.ask(subject, order)).outcome in (Outcome.PENDING, Outcome.REQUIRES_ACTION):
            await asyncio.sleep(0.05)
    return evidence


async def paid(subject: WechatPaySubject, amount_minor: int) -> ChargeOrder:
    order = DESK.charge_order(subject, amount_minor=amount_minor)
    assert (await subject.adapter.charge(order)).outcome is Outcome.SUCCEEDED
    return order


def opened(subject: WechatPaySubject, method: PaymentMethod) -> ChargeOrder:
    order = DESK.charge_order(subject, method=method)
    return replace(order, details=replace(order.details, customer=Customer(ip_address="203.0.113.7")))


@by_opening
async def test_a_payer_pays_in_wechat_out_of_an_app_and_out_of_a_browser(
    subject: WechatPaySubject, method: PaymentMethod
) -> None:
    order = opened(subject, method)

    asked = await subject.adapter.charge(order)

    assert asked.outcome is Outcome.REQUIRES_ACTION
    assert asked.next_action is not None
    assert (await DESK.ask(subject, order)).outcome is Outcome.REQUIRES_ACTION
    await subject.act(asked.next_action, is_approved=True)
    found = await DESK.ask(subject, order)
    assert (found.outcome, found.amount) == (Outcome.SUCCEEDED, order.amount)
    [told] = subject.adapter.read_notification(await subject.notification())
    assert (told.request_reference, told.evidence.outcome) == (order.request_reference, Outcome.SUCCEEDED)
    assert await DESK.taken(subject, DESK.of(order)) == (1000, 1000, 0)


@by_opening
async def test_what_nobody_has_paid_is_closed_and_can_not_be_paid_any_more(
    subject: WechatPaySubject, method: PaymentMethod
) -> None:
    order = opened(subject, method)
    await subject.adapter.charge(order)

    canceled = await subject.adapter.cancel(CancelOrder(reference(), DESK.of(order), CancelCause.CALLER))

    assert (canceled.outcome, canceled.absent) == (Outcome.SUCCEEDED, False)
    await subject.simulator.decide("conformance", order.request_reference, "approve")
    assert (await DESK.ask(subject, order)).outcome is Outcome.CANCELED


@by_opening
async def test_what_was_paid_after_it_was_opened_is_not_closed(
    subject: WechatPaySubject, method: PaymentMethod
) -> None:
    order = opened(subject, method)
    asked = await subject.adapter.charge(order)
    assert asked.next_action is not None
    await subject.act(asked.next_action, is_approved=True)

    canceled = await subject.adapter.cancel(CancelOrder(reference(), DESK.of(order), CancelCause.CALLER))

    assert canceled.outcome is Outcome.DECLINED
    assert (await DESK.ask(subject, order)).outcome is Outcome.SUCCEEDED


@by_opening
async def test_a_payer_who_does_not_want_to_pay_may_still_want_to_later(
    subject: WechatPaySubject, method: PaymentMethod
) -> None:
    order = opened(subject, method)
    asked = await subject.adapter.charge(order)
    assert asked.next_action is not None

    await subject.act(asked.next_action, is_approved=False)

    assert (await DESK.ask(subject, order)).outcome is Outcome.REQUIRES_ACTION


@pytest.mark.parametrize("cause", list(CancelCause))
async def test_a_code_that_wechat_pay_never_saw_ends_only_when_nothing_of_it_can_come(
    subject: WechatPaySubject, cause: CancelCause
) -> None:
    charge = DESK.of(DESK.charge_order(subject, method=scanned()))

    early = await subject.adapter.cancel(CancelOrder(reference(), charge, cause))
    late = await subject.adapter.cancel(CancelOrder(reference(), charge, cause, is_charge_over=True))

    assert (early.outcome, early.absent) == (Outcome.UNKNOWN, True)
    assert (late.outcome, late.absent) == (Outcome.SUCCEEDED, True)


@pytest.mark.parametrize(
    ("digits", "outcome"),
    [
        ("9101", Outcome.SUCCEEDED),
        ("9102", Outcome.DECLINED),
        ("9103", Outcome.SUCCEEDED),
        ("9104", Outcome.DECLINED),
    ],
)
async def test_a_payer_who_types_the_password_is_waited_for(
    subject: WechatPaySubject, digits: str, outcome: Outcome
) -> None:
    order = DESK.charge_order(subject, method=scanned(digits))

    first = await subject.adapter.charge(order)

    assert first.outcome is Outcome.REQUIRES_ACTION
    asked = await DESK.ask(subject, order)
    assert (asked.outcome, asked.next_action) == (Outcome.REQUIRES_ACTION, first.next_action)
    assert asked.next_action is not None
    subject.ahead_s = 11
    assert (await settled(subject, order)).outcome is outcome


@pytest.mark.parametrize("digits", ["9105", "9110"])
async def test_a_system_error_says_nothing_and_the_order_is_found_paid(subject: WechatPaySubject, digits: str) -> None:
    order = DESK.charge_order(subject, method=scanned(digits))

    assert (await subject.adapter.charge(order)).outcome in (Outcome.UNKNOWN, Outcome.SUCCEEDED)
    assert (await settled(subject, order)).outcome is Outcome.SUCCEEDED


async def test_a_code_that_is_too_old_is_declined(subject: WechatPaySubject) -> None:
    evidence = await subject.adapter.charge(DESK.charge_order(subject, method=scanned("9111")))

    assert evidence.outcome is Outcome.DECLINED


@pytest.mark.parametrize(
    "behavior",
    [
        *(Behavior.WRONG_SIGNATURE, Behavior.MISSING_HEADERS, Behavior.STALE_TIMESTAMP, Behavior.SIGNTEST),
        *(Behavior.UNKNOWN_SERIAL, Behavior.TRUNCATED, Behavior.BOOKED_BAD_GATEWAY, Behavior.BOOKED_SYSTEM_ERROR),
    ],
)
async def test_an_answer_that_can_not_be_believed_is_no_outcome_and_the_query_tells(
    subject: WechatPaySubject, behavior: Behavior
) -> None:
    order = DESK.charge_order(subject)
    subject.simulator.arm(behavior)

    evidence = await subject.adapter.charge(order)

    assert evidence.outcome in (Outcome.UNKNOWN, Outcome.SUCCEEDED)
    if evidence.outcome is Outcome.SUCCEEDED:
        assert evidence.provider_reference  # The adapter asked again, and was told under a signature.
    assert (await settled(subject, order)).outcome is Outcome.SUCCEEDED
    assert await DESK.taken(subject, DESK.of(order)) == (1000, 1000, 0)


@pytest.mark.parametrize("behavior", [Behavior.BAD_GATEWAY, Behavior.ACCEPTED, Behavior.SYSTEM_ERROR])
async def test_what_took_no_effect_can_be_sent_again(subject: WechatPaySubject, behavior: Behavior) -> None:
    order = DESK.charge_order(subject)
    subject.simulator.arm(behavior)

    assert (await subject.adapter.charge(order)).outcome in (Outcome.UNKNOWN, Outcome.PENDING)
    assert await subject.booked(order.request_reference) is None
    assert (await subject.adapter.charge(order)).outcome is Outcome.SUCCEEDED
    assert await DESK.taken(subject, DESK.of(order)) == (1000, 1000, 0)


async def test_a_throttled_order_is_declined_and_another_one_may_come_later(subject: WechatPaySubject) -> None:
    order = DESK.charge_order(subject)
    subject.simulator.arm(Behavior.THROTTLED)

    evidence = await subject.adapter.charge(order)

    assert evidence.outcome is Outcome.DECLINED
    assert evidence.failure is not None
    assert evidence.failure.retry is RetryAdvice.LATER
    assert await subject.booked(order.request_reference) is None


async def test_another_amount_than_was_asked_for_is_never_a_success(subject: WechatPaySubject) -> None:
    order = DESK.charge_order(subject, amount_minor=9113, method=NATIVE)
    await subject.adapter.charge(order)
    await subject.simulator.decide("conformance", order.request_reference, "approve")

    inbound = await subject.notification()

    assert (await DESK.ask(subject, order)).amount != order.amount
    try:
        told = [one.evidence.amount for one in subject.adapter.read_notification(inbound)]
    except NotificationRefused:
        told = []
    assert order.amount not in told


async def test_a_coupon_does_not_make_an_order_smaller(subject: WechatPaySubject) -> None:
    order = await paid(subject, 9115)

    assert (await DESK.ask(subject, order)).amount == Money(9115, "CNY")


async def test_a_payer_who_pays_while_we_close_has_paid(subject: WechatPaySubject) -> None:
    order = DESK.charge_order(subject, amount_minor=9116, method=NATIVE)
    await subject.adapter.charge(order)

    cancel = CancelOrder(reference(), DESK.of(order), CancelCause.CALLER)

    assert (await subject.adapter.cancel(cancel)).outcome is Outcome.DECLINED
    inquiry = DESK.inquiry(OperationKind.CANCEL, cancel.request_reference, cancel.charge, order.amount)
    assert (await subject.adapter.query(inquiry)).outcome is Outcome.DECLINED
    assert (await DESK.ask(subject, order)).outcome is Outcome.SUCCEEDED


async def test_a_password_that_is_never_typed_ends_with_a_reverse_that_takes_its_time(
    subject: WechatPaySubject,
) -> None:
    order = DESK.charge_order(subject, method=scanned("9112"))
    await subject.adapter.charge(order)
    cancel = CancelOrder(reference(), DESK.of(order), CancelCause.CALLER)

    assert (await subject.adapter.cancel(cancel)).outcome is not Outcome.SUCCEEDED
    subject.ahead_s = 16
    async with asyncio.timeout(WAIT_S):
        while (await subject.adapter.cancel(cancel)).outcome is not Outcome.SUCCEEDED:
            await asyncio.sleep(0.05)

    assert (await DESK.ask(subject, order)).outcome is Outcome.CANCELED


@pytest.mark.parametrize(
    ("amount_minor", "outcome", "reason"),
    [
        (9101, Outcome.SUCCEEDED, None),
        (9112, Outcome.DECLINED, DeclineReason.BALANCE_INSUFFICIENT),
        (9114, Outcome.DECLINED, DeclineReason.REFUND_NOT_POSSIBLE),
        (9117, Outcome.DECLINED, DeclineReason.FRAUD_SUSPECTED),
        (9118, Outcome.DECLINED, DeclineReason.PROVIDER_CONFIGURATION),
    ],
)
async def test_a_refund_ends_as_wechat_pay_says(
    subject: WechatPaySubject, amount_minor: int, outcome: Outcome, reason: DeclineReason | None
) -> None:
    order = await paid(subject, 20_000)

    evidence = await DESK.given_back(subject, DESK.refund_order(subject, DESK.of(order), amount_minor))

    assert evidence.outcome is outcome
    assert (evidence.failure.reason if evidence.failure else None) == reason


async def test_a_refund_that_left_and_did_not_arrive_stays_open_for_a_person(
    subject: WechatPaySubject, caplog: pytest.LogCaptureFixture
) -> None:
    order = await paid(subject, 20_000)
    refund = DESK.refund_order(subject, DESK.of(order), 9102)
    assert (await subject.adapter.refund(refund)).outcome is Outcome.PENDING
    inquiry = DESK.inquiry(OperationKind.REFUND, refund.request_reference, refund.charge, refund.amount)

    async with asyncio.timeout(WAIT_S):
        while not (asked := await subject.adapter.query(inquiry)).needs_person:
            assert asked.outcome is Outcome.PENDING
            await asyncio.sleep(0.05)
    assert asked.outcome is Outcome.PENDING
    assert "ABNORMAL" in caplog.text
    [told] = subject.adapter.read_notification(await subject.notification())
    assert told.evidence.needs_person


async def test_beyond_five_minutes_of_skew_nothing_is_believed_and_the_log_names_the_clock(
    subject: WechatPaySubject, caplog: pytest.LogCaptureFixture
) -> None:
    await paid(subject, 1000)  # With certificates: they are here.
    order = DESK.charge_order(subject)
    subject.ahead_s = 400

    assert (await subject.adapter.charge(order)).outcome is not Outcome.SUCCEEDED
    assert "clock" in caplog.text
