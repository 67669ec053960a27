"""Every published test number and amount does what its table says, and payers decide once and in time."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, NextActionKind, Outcome, RetryAdvice
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import UnsupportedOperation
from tollbridge_server.testing.simulators.sandbox.rules import (
    BOOKED_BEHAVIORS,
    TEST_AMOUNTS,
    TEST_CARDS,
    UNBOOKED_BEHAVIORS,
    Behavior,
    Decision,
)

from tests.integration.sandbox.desks import InProcessDesk, succeeded
from tests.unit.providers import orders
from tests.unit.providers.orders import eur

REASONS = {
    "4000000000000002": (DeclineReason.GENERIC_DECLINE, RetryAdvice.LATER),
    "4000000000009995": (DeclineReason.INSUFFICIENT_FUNDS, RetryAdvice.LATER),
    "4000000000009987": (DeclineReason.LOST_CARD, RetryAdvice.NEVER),
    "4000000000009979": (DeclineReason.STOLEN_CARD, RetryAdvice.NEVER),
    "4000000000000069": (DeclineReason.CARD_EXPIRED, RetryAdvice.OTHER_METHOD),
    "4000000000000127": (DeclineReason.CVV_INCORRECT, RetryAdvice.CORRECTED_DATA),
    "4000000000000119": (DeclineReason.ISSUER_UNAVAILABLE, RetryAdvice.LATER),
    "4000000000006975": (DeclineReason.LIMIT_EXCEEDED, RetryAdvice.LATER),
    "4100000000000019": (DeclineReason.FRAUD_SUSPECTED, RetryAdvice.NEVER),
}
AMOUNTS = {amount.behavior: amount.last_digits for amount in TEST_AMOUNTS}
REDIRECTED = [
    MethodKind.ALIPAY_PAGE,
    MethodKind.ALIPAY_WAP,
    MethodKind.WECHAT_H5,
    MethodKind.PAYPAL,
    MethodKind.UNIONPAY,
]


def numbers(decision: Decision) -> list[str]:
    return [card.number for card in TEST_CARDS if card.decision is decision]


async def page_token(desk: InProcessDesk) -> str:
    action = (await desk.adapter.query(orders.inquiry("charge"))).next_action
    assert action is not None
    return (action.url or action.payload).rpartition("/")[2]


async def posted(desk: InProcessDesk) -> list[tuple[str, str]]:
    """Event id and state of what waits to be delivered, in the order in which it is sent."""
    desk.now_us += 10_000_000
    return [
        (entry.event_id, entry.body.decode().partition('"state":"')[2].partition('"')[0])
        for entry in await desk.acquirer.due_notifications()
    ]


@pytest.mark.parametrize("number", numbers(Decision.APPROVE))
async def test_an_approving_number_is_approved(desk: InProcessDesk, number: str) -> None:
    assert succeeded(await desk.adapter.charge(orders.charge(method=orders.card(number))), 10_000)


@pytest.mark.parametrize("number", numbers(Decision.DECLINE))
async def test_a_declining_number_has_its_reason_and_takes_nothing(desk: InProcessDesk, number: str) -> None:
    order = orders.charge(kind=OperationKind.SALE, method=orders.card(number))

    found = await desk.adapter.charge(order)

    assert found.outcome is Outcome.DECLINED
    assert found.failure is not None
    assert (found.failure.reason, found.failure.retry) == REASONS[number]
    assert desk.booked().effects == ()


@pytest.mark.parametrize("number", numbers(Decision.CHALLENGE))
@pytest.mark.parametrize("is_approved", [True, False])
async def test_a_challenged_card_is_what_its_payer_decides(desk: InProcessDesk, number: str, is_approved: bool) -> None:
    opened = await desk.adapter.charge(orders.charge(method=orders.card(number)))
    assert opened.next_action is not None
    assert (opened.outcome, opened.next_action.kind) == (Outcome.REQUIRES_ACTION, NextActionKind.REDIRECT)

    await desk.acquirer.decide_action(await page_token(desk), is_approved=is_approved)

    found = await desk.adapter.query(orders.inquiry("charge"))
    expected = None if is_approved else DeclineReason.AUTHENTICATION_FAILED
    assert (found.failure.reason if found.failure else None) is expected
    assert succeeded(found, 10_000) is is_approved


@pytest.mark.parametrize("kind", [MethodKind.ALIPAY_QR, MethodKind.WECHAT_NATIVE])
async def test_a_qr_wallet_shows_a_code_and_is_paid_when_it_is_scanned(desk: InProcessDesk, kind: MethodKind) -> None:
    opened = await desk.adapter.charge(orders.charge(kind=OperationKind.SALE, method=PaymentMethod(kind)))
    assert opened.next_action is not None
    assert opened.next_action.kind is NextActionKind.SHOW_QR

    await desk.acquirer.decide_action(await page_token(desk), is_approved=True)

    assert desk.booked().captured_minor == 10_000


@pytest.mark.parametrize("kind", REDIRECTED)
async def test_a_redirect_wallet_that_the_payer_leaves_takes_nothing(desk: InProcessDesk, kind: MethodKind) -> None:
    opened = await desk.adapter.charge(orders.charge(kind=OperationKind.SALE, method=PaymentMethod(kind)))
    assert opened.next_action is not None
    assert opened.next_action.kind is NextActionKind.REDIRECT

    await desk.acquirer.decide_action(await page_token(desk), is_approved=False)

    failure = (await desk.adapter.query(orders.inquiry("charge"))).failure
    assert failure is not None
    assert failure.reason is DeclineReason.PAYER_CANCELED
    assert desk.booked().captured_minor == 0


async def test_a_method_that_is_not_declared_raises(desk: InProcessDesk) -> None:
    with pytest.raises(UnsupportedOperation):
        await desk.adapter.charge(orders.charge(method=PaymentMethod(MethodKind.WECHAT_JSAPI)))


async def test_a_payer_decides_once(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    token = await page_token(desk)
    await desk.acquirer.decide_action(token, is_approved=False)
    await desk.acquirer.decide_action(token, is_approved=True)

    assert (await desk.adapter.query(orders.inquiry("charge"))).outcome is Outcome.DECLINED
    assert len(await posted(desk)) == 1


async def test_a_payer_who_comes_after_the_end_pays_nothing(desk: InProcessDesk) -> None:
    order = orders.charge(
        kind=OperationKind.SALE, method=PaymentMethod(MethodKind.PAYPAL), expires_at_us=desk.now_us + 60_000_000
    )
    await desk.adapter.charge(order)
    token = await page_token(desk)
    desk.now_us += 60_000_000
    await desk.acquirer.decide_action(token, is_approved=True)

    found = await desk.adapter.query(orders.inquiry("charge"))
    assert found.failure is not None
    assert (found.outcome, found.failure.reason) == (Outcome.CANCELED, DeclineReason.PAYER_TIMEOUT)
    assert desk.booked().captured_minor == 0


async def test_a_payer_who_comes_after_a_cancel_pays_nothing(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(kind=OperationKind.SALE, method=PaymentMethod(MethodKind.ALIPAY_QR)))
    token = await page_token(desk)
    await desk.adapter.cancel(orders.cancel("x"))
    await desk.acquirer.decide_action(token, is_approved=True)

    assert (await desk.adapter.query(orders.inquiry("charge"))).outcome is Outcome.CANCELED
    assert desk.booked().captured_minor == 0


@pytest.mark.parametrize(
    ("behavior", "outcome"),
    [(Behavior.PENDING_SUCCESS, Outcome.SUCCEEDED), (Behavior.PENDING_FAILURE, Outcome.DECLINED)],
)
@pytest.mark.parametrize("method", [orders.card(), PaymentMethod(MethodKind.PAYPAL)], ids=["card", "wallet"])
async def test_a_pending_charge_is_concluded_and_notified(
    desk: InProcessDesk, behavior: Behavior, outcome: Outcome, method: PaymentMethod
) -> None:
    first = await desk.adapter.charge(orders.charge(amount=eur(AMOUNTS[behavior]), method=method))
    if first.outcome is Outcome.REQUIRES_ACTION:
        await desk.acquirer.decide_action(await page_token(desk), is_approved=True)
    pending = await desk.adapter.query(orders.inquiry("charge"))
    await desk.settle()

    assert pending.outcome is Outcome.PENDING
    assert (await desk.adapter.query(orders.inquiry("charge"))).outcome is outcome
    assert [state for _, state in await posted(desk)] == [outcome.value.lower()]


async def test_an_armed_behavior_lasts_until_the_charge_is_settled(desk: InProcessDesk) -> None:
    desk.acquirer.armed.arm(Behavior.PENDING_FAILURE, 1)
    await desk.adapter.charge(orders.charge())
    await desk.settle()

    assert (await desk.adapter.query(orders.inquiry("charge"))).outcome is Outcome.DECLINED


async def test_a_pending_refund_counts_at_once_and_is_given_back_when_it_fails(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(kind=OperationKind.SALE))
    first = await desk.adapter.refund(orders.refund("r", eur(AMOUNTS[Behavior.PENDING_FAILURE])))
    too_much = await desk.adapter.refund(orders.refund("s", eur(5000)))
    await desk.settle()

    assert (first.outcome, too_much.outcome) == (Outcome.PENDING, Outcome.DECLINED)
    assert (await desk.adapter.query(orders.inquiry("r", OperationKind.REFUND))).outcome is Outcome.DECLINED
    assert desk.booked().refunded_minor == 0
    assert succeeded(await desk.adapter.refund(orders.refund("t", eur(10_000))), 10_000)


async def test_a_pending_refund_that_succeeds_stays(desk: InProcessDesk) -> None:
    amount = AMOUNTS[Behavior.PENDING_SUCCESS]
    await desk.adapter.charge(orders.charge(kind=OperationKind.SALE))
    await desk.adapter.refund(orders.refund("r", eur(amount)))
    await desk.settle()

    assert succeeded(await desk.adapter.query(orders.inquiry("r", OperationKind.REFUND)), amount)
    assert desk.booked().refunded_minor == amount


@pytest.mark.parametrize("operation", ["capture", "refund"])
async def test_a_declined_capture_or_refund_moves_nothing(desk: InProcessDesk, operation: str) -> None:
    amount = eur(AMOUNTS[Behavior.DECLINED])
    is_capture = operation == "capture"
    await desk.adapter.charge(orders.charge(kind=OperationKind.AUTHORIZE if is_capture else OperationKind.SALE))
    before = desk.booked()

    found = await (
        desk.adapter.capture(orders.capture("e", amount))
        if is_capture
        else desk.adapter.refund(orders.refund("e", amount))
    )

    assert found.outcome is Outcome.DECLINED
    assert desk.booked() == before


async def test_a_final_capture_that_fails_leaves_the_authorization_standing(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())
    await desk.adapter.capture(orders.capture("c", eur(AMOUNTS[Behavior.PENDING_FAILURE]), is_final=True))
    await desk.settle()

    assert succeeded(await desk.adapter.query(orders.inquiry("charge")), 10_000)
    assert succeeded(await desk.adapter.capture(orders.capture("d", eur(10_000))), 10_000)


@pytest.mark.parametrize("behavior", sorted(BOOKED_BEHAVIORS))
async def test_a_lost_answer_is_unknown_and_its_effect_is_booked_exactly_once(
    desk: InProcessDesk, behavior: Behavior
) -> None:
    order = orders.charge(kind=OperationKind.SALE, amount=eur(AMOUNTS[behavior]))

    for _ in range(3):
        lost = await desk.adapter.charge(order)
        assert (lost.outcome, lost.absent, lost.unsent) == (Outcome.UNKNOWN, False, False)

    assert succeeded(await desk.adapter.query(orders.inquiry("charge")), AMOUNTS[behavior])
    assert (desk.booked().captured_minor, len(desk.booked().effects)) == (AMOUNTS[behavior], 1)


@pytest.mark.parametrize("behavior", sorted(UNBOOKED_BEHAVIORS))
async def test_a_lost_request_is_unknown_then_absent_and_the_next_one_gets_through(
    desk: InProcessDesk, behavior: Behavior
) -> None:
    order = orders.charge(kind=OperationKind.SALE, amount=eur(AMOUNTS[behavior]))

    lost = await desk.adapter.charge(order)
    asked = await desk.adapter.query(orders.inquiry("charge"))

    assert (lost.outcome, lost.unsent) == (Outcome.UNKNOWN, False)
    assert (asked.outcome, asked.absent) == (Outcome.UNKNOWN, True)
    assert succeeded(await desk.adapter.charge(order), AMOUNTS[behavior])


async def test_a_lost_answer_to_a_refund_gives_back_once(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(kind=OperationKind.SALE))
    desk.acquirer.armed.arm(Behavior.BOOKED_TIMEOUT, 2)
    for _ in range(2):
        assert (await desk.adapter.refund(orders.refund("r", eur(6000)))).outcome is Outcome.UNKNOWN

    assert succeeded(await desk.adapter.refund(orders.refund("r", eur(6000))), 6000)
    assert desk.booked().refunded_minor == 6000


async def test_a_wrong_amount_is_reported_by_the_answer_and_by_the_query(desk: InProcessDesk) -> None:
    amount = AMOUNTS[Behavior.WRONG_AMOUNT]

    assert (await desk.adapter.charge(orders.charge(amount=eur(amount)))).amount == eur(amount + 1)
    assert (await desk.adapter.query(orders.inquiry("charge"))).amount == eur(amount + 1)


async def test_a_duplicated_notification_is_one_event_sent_three_times(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(amount=eur(AMOUNTS[Behavior.DUPLICATE_NOTIFICATIONS])))
    await desk.settle()

    sent = await posted(desk)
    assert len(sent) == 3
    assert len(set(sent)) == 1


async def test_a_reordered_notification_says_pending_after_success(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(amount=eur(AMOUNTS[Behavior.REORDERED_NOTIFICATIONS])))
    await desk.settle()

    assert [state for _, state in await posted(desk)] == ["succeeded", "pending"]


def test_every_behavior_has_one_amount() -> None:
    assert sorted(AMOUNTS) == sorted(Behavior)
    assert len({amount.last_digits for amount in TEST_AMOUNTS}) == len(TEST_AMOUNTS)


def test_every_number_passes_the_luhn_check_and_is_listed_once() -> None:
    listed = [card.number for card in TEST_CARDS]

    assert len(set(listed)) == len(listed)
    assert [number for number in listed if not _is_luhn(number)] == []


def _is_luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
