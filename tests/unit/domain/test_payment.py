from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.errors import BrokenInvariant
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.payment import (
    TERMINAL_STATES,
    TRANSITIONS,
    ChargeState,
    OnDecline,
    Payment,
    PaymentState,
    derive_state,
    settle,
)

from tests.unit.domain.lattice import start

BLANK = start(OperationKind.AUTHORIZE).payment


def charged(**facts: Any) -> Payment:
    base = replace(BLANK, charge=ChargeState.SUCCEEDED, authorized_minor=1000, **facts)
    return replace(base, state=derive_state(base))


def test_the_table_names_every_state_and_leaves_a_terminal_one_only_for_review() -> None:
    assert set(TRANSITIONS) == set(PaymentState)
    for state in TERMINAL_STATES:
        assert TRANSITIONS[state] == {PaymentState.NEEDS_REVIEW}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(PaymentState, PaymentState)))
def test_a_change_that_the_table_does_not_name_is_refused(before: PaymentState, after: PaymentState) -> None:
    shown = {
        PaymentState.REQUIRES_ACTION: replace(BLANK, charge=ChargeState.REQUIRES_ACTION),
        PaymentState.PROCESSING: BLANK,
        PaymentState.AUTHORIZED: charged(),
        PaymentState.SUCCEEDED: charged(captured_minor=1000),
        PaymentState.CANCELED: replace(BLANK, charge=ChargeState.CANCELED, cancel_cause=CancelCause.CALLER),
        PaymentState.FAILED: replace(BLANK, charge=ChargeState.DECLINED),
        PaymentState.EXPIRED: replace(BLANK, charge=ChargeState.CANCELED, cancel_cause=CancelCause.EXPIRY),
        PaymentState.NEEDS_REVIEW: replace(BLANK, is_contradicted=True),
    }[after]
    assert derive_state(shown) is after
    payment = replace(shown, state=before)
    if before is after or after in TRANSITIONS[before]:
        assert settle(payment, now_us=2).state is after
    else:
        with pytest.raises(BrokenInvariant):
            settle(payment, now_us=2)


@pytest.mark.parametrize(
    "broken",
    [
        {"captured_minor": 1001},
        {"captured_minor": 600, "capture_reserved_minor": 401},
        {"captured_minor": 500, "refunded_minor": 501},
        {"captured_minor": 500, "refunded_minor": 300, "refund_reserved_minor": 201},
        {"captured_minor": -1},
        {"capture_reserved_minor": -1},
        {"refunded_minor": -1},
        {"refund_reserved_minor": -1},
    ],
)
def test_a_sum_that_does_not_hold_is_never_settled(broken: dict[str, int]) -> None:
    with pytest.raises(BrokenInvariant):
        settle(replace(charged(), **broken), now_us=2)


def test_settling_makes_exactly_the_next_version() -> None:
    assert settle(charged(), now_us=9).version == BLANK.version + 1
    assert settle(charged(), now_us=9).updated_at_us == 9


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, PaymentState.AUTHORIZED),
        ({"captured_minor": 400}, PaymentState.AUTHORIZED),
        ({"captured_minor": 400, "is_released": True}, PaymentState.SUCCEEDED),
        ({"captured_minor": 1000}, PaymentState.SUCCEEDED),
        ({"captured_minor": 1000, "refunded_minor": 1000}, PaymentState.SUCCEEDED),
        ({"is_released": True, "cancel_cause": CancelCause.CALLER}, PaymentState.CANCELED),
        ({"is_released": True, "cancel_cause": CancelCause.EXPIRY}, PaymentState.EXPIRED),
        ({"unresolved_count": 1}, PaymentState.NEEDS_REVIEW),
    ],
)
def test_the_state_of_a_charged_payment_follows_from_its_amounts(facts: dict[str, Any], state: PaymentState) -> None:
    assert charged(**facts).state is state


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"charge": ChargeState.DECLINED}, PaymentState.REQUIRES_ACTION),
        ({"charge": ChargeState.CANCELED, "cancel_cause": CancelCause.METHOD_CHANGE}, PaymentState.REQUIRES_ACTION),
        ({"charge": ChargeState.CANCELED, "cancel_cause": CancelCause.NOT_PROCESSED}, PaymentState.REQUIRES_ACTION),
        ({"charge": ChargeState.CANCELED, "cancel_cause": CancelCause.CALLER}, PaymentState.CANCELED),
        ({"charge": ChargeState.CANCELED, "cancel_cause": CancelCause.EXPIRY}, PaymentState.EXPIRED),
    ],
)
def test_a_payment_that_asks_for_another_method_waits_unless_somebody_ended_it(
    facts: dict[str, Any], state: PaymentState
) -> None:
    assert derive_state(replace(BLANK, on_decline=OnDecline.ASK_PAYMENT_METHOD, **facts)) is state


def test_what_is_reserved_can_be_neither_captured_nor_refunded_again() -> None:
    payment = charged(captured_minor=300, capture_reserved_minor=200, refunded_minor=50, refund_reserved_minor=100)
    assert payment.capturable_minor == 500
    assert payment.refundable_minor == 150


@pytest.mark.parametrize("facts", [{"is_canceling": True}, {"is_released": True}])
def test_nothing_can_be_captured_while_or_after_a_cancel(facts: dict[str, Any]) -> None:
    assert charged(captured_minor=300, **facts).capturable_minor == 0
