"""What the services answer as messages of the contract: every field filled, and nothing said that must not be."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

import pytest
from tollbridge.v1 import failure_pb2, operation_pb2, payment_pb2
from tollbridge_server.domain.evidence import DeclineReason, Failure, NextAction, NextActionKind
from tollbridge_server.domain.operation import AttemptState
from tollbridge_server.domain.order import NO_DETAILS
from tollbridge_server.domain.payment_method import MethodKind, MethodSummary
from tollbridge_server.rpc import views
from tollbridge_server.services.requests import PaymentView, RefundView, StatusView

from tests.unit.rpc.samples import (
    CREATED_US,
    EXPIRES_US,
    FAILURE,
    OPERATION,
    PAYMENT,
    REDIRECT,
    REFUND,
    UPDATED_US,
    attempt,
    unset_fields,
)

FIRST, LAST = attempt(1, AttemptState.DECLINED), attempt(2, AttemptState.DECLINED)
VIEW = PaymentView(PAYMENT, ((OPERATION, (FIRST, LAST)),), operation_id="op_1")

NEVER_RETURNED = {"customer.identity", "payment_method.payment_method_id"}
"""The identity is INPUT_ONLY. A card is not stored, so it has no identifier of a stored method."""

ACTIONS = {
    NextActionKind.REDIRECT: REDIRECT,
    NextActionKind.SHOW_QR: NextAction(
        NextActionKind.SHOW_QR, payload="weixin://wxpay/bizpayurl?pr=x", expires_at_us=EXPIRES_US
    ),
    NextActionKind.SDK_PARAMETERS: NextAction(
        NextActionKind.SDK_PARAMETERS, sdk="alipay.app", fields=(("sign", "s"),), expires_at_us=EXPIRES_US
    ),
    NextActionKind.WAIT: NextAction(NextActionKind.WAIT, poll_after_s=3),
    NextActionKind.PROVIDE_PAYMENT_METHOD: NextAction(NextActionKind.PROVIDE_PAYMENT_METHOD),
}


def money(amount_minor: int) -> tuple[str, int]:
    return "CNY", amount_minor


def amounts(message: Any) -> dict[str, tuple[str, int]]:
    return {
        name: (getattr(message, name).currency_code, getattr(message, name).amount_minor)
        for name in message.DESCRIPTOR.fields_by_name
        if name == "amount" or name.endswith("_amount")
    }


# Completeness.


@pytest.mark.parametrize("sample", [PAYMENT, REFUND, OPERATION, FIRST], ids=lambda sample: type(sample).__name__)
def test_no_sample_leaves_out_what_could_be_shown(sample: object) -> None:
    # Leases, flags and counters are the engine's own; next_action is shown at the payment.
    own = re.compile(r"is_|lease|send|key_|next_|check|unresolved|cancel_cause")
    empty = {field.name for field in fields(sample) if not getattr(sample, field.name)}  # type: ignore[arg-type]
    assert {name for name in empty if not own.match(name)} == set()


def test_a_payment_fills_every_field_of_the_contract_that_is_ever_returned() -> None:
    assert unset_fields(views.payment(VIEW)) == NEVER_RETURNED


def test_a_refund_fills_every_field_of_the_contract() -> None:
    assert unset_fields(views.refund(RefundView(REFUND, PAYMENT, LAST))) == set()


def test_a_status_fills_every_field_of_the_contract() -> None:
    assert unset_fields(views.status(StatusView(PAYMENT, (REFUND,)))) == set()


# Payments.


def test_a_payment_tells_its_names_states_and_times() -> None:
    shown = views.payment(VIEW)
    assert (shown.payment_id, shown.merchant_id, shown.merchant_reference) == ("pay_1", "acme", "A-1001")
    assert (shown.state, shown.version) == (payment_pb2.PAYMENT_STATE_AUTHORIZED, 7)
    assert shown.capture_method == payment_pb2.CAPTURE_METHOD_MANUAL
    assert shown.on_decline == payment_pb2.ON_DECLINE_ASK_PAYMENT_METHOD
    assert (shown.provider, shown.provider_account_id, shown.provider_reference) == ("sandbox", "sandbox-eu", "ch_1")
    times = [shown.create_time, shown.update_time, shown.expire_time]
    assert [time.ToMicroseconds() for time in times] == [CREATED_US, UPDATED_US, EXPIRES_US]


def test_what_can_be_captured_and_refunded_leaves_out_what_is_on_its_way() -> None:
    expected = {
        "amount": money(1300),
        "authorized_amount": money(1300),
        "captured_amount": money(700),
        "refunded_amount": money(300),
        "capturable_amount": money(1300 - 700 - 200),
        "refundable_amount": money(700 - 300 - 50),
    }
    assert amounts(views.payment(VIEW)) == expected
    assert amounts(views.status(StatusView(PAYMENT))) == expected


def test_an_amount_of_zero_still_has_its_currency() -> None:
    shown = views.payment_alone(replace(PAYMENT, captured_minor=0, refunded_minor=0, refund_reserved_minor=0))
    assert amounts(shown)["captured_amount"] == money(0)


def test_a_card_is_shown_by_brand_bin_last_four_and_expiry() -> None:
    shown = views.method_summary(MethodSummary(MethodKind.CARD, "visa", "424242", "4242", 12, 2035))
    told = (shown.brand, shown.bin, shown.last_four, shown.expiry_month, shown.expiry_year)
    assert told == ("visa", "424242", "4242", 12, 2035)


def test_lists_show_a_payment_without_its_timeline() -> None:
    with_timeline = views.payment(VIEW)
    del with_timeline.operations[:]
    assert views.payment_alone(PAYMENT) == with_timeline


def test_a_payment_shows_nothing_of_what_it_does_not_have() -> None:
    bare = replace(PAYMENT, next_action=None, failure=None, expires_at_us=0, details=NO_DETAILS)
    shown = views.payment_alone(bare)
    for name in ("next_action", "failure", "expire_time", "order", "customer"):
        assert not shown.HasField(name)  # type: ignore[arg-type]
    assert (dict(shown.metadata), shown.description, shown.return_url) == ({}, "", "")


# Operations and attempts.


def test_an_operation_shows_its_attempts_in_order_and_the_latest_ones_references_as_its_own() -> None:
    (shown,) = views.payment(VIEW).operations
    assert [tried.request_reference for tried in shown.attempts] == [FIRST.request_reference, LAST.request_reference]
    assert (shown.provider, shown.provider_account_id) == ("provider_2", "account-2")
    assert (shown.request_reference, shown.provider_reference) == (LAST.request_reference, "ref_2")
    assert (shown.operation_id, shown.refund_id) == ("op_1", "re_1")
    assert (shown.kind, shown.state) == (operation_pb2.OPERATION_KIND_REFUND, operation_pb2.OPERATION_STATE_FAILED)
    assert (shown.amount.currency_code, shown.amount.amount_minor) == money(300)
    assert shown.attempts[1].create_time.ToMicroseconds() == CREATED_US + 2
    assert shown.attempts[1].update_time.ToMicroseconds() == UPDATED_US + 2


def test_operations_stand_in_the_order_of_the_timeline() -> None:
    later = replace(OPERATION, operation_id="op_2")
    view = PaymentView(PAYMENT, ((OPERATION, (FIRST,)), (later, (LAST,))))
    assert [made.operation_id for made in views.payment(view).operations] == ["op_1", "op_2"]


@pytest.mark.parametrize("state", AttemptState)
def test_only_a_declined_attempt_carries_the_failure(state: AttemptState) -> None:
    (shown,) = views.operation(OPERATION, (attempt(1, state),)).attempts
    assert shown.HasField("failure") is (state is AttemptState.DECLINED)


def test_a_declined_attempt_without_words_carries_no_failure() -> None:
    (shown,) = views.operation(replace(OPERATION, failure=None), (LAST,)).attempts
    assert not shown.HasField("failure")


# Next actions.


def test_every_kind_of_next_action_has_a_sample() -> None:
    assert set(ACTIONS) == set(NextActionKind)


@pytest.mark.parametrize("kind", NextActionKind)
def test_each_next_action_becomes_its_own_kind_with_every_field(kind: NextActionKind) -> None:
    shown = views.next_action(ACTIONS[kind])
    assert shown.WhichOneof("action") == kind.value.lower()
    assert unset_fields(shown) == set()


def test_a_next_action_arrives_with_its_contents() -> None:
    redirect = views.next_action(ACTIONS[NextActionKind.REDIRECT]).redirect
    assert (redirect.url, dict(redirect.form_fields)) == ("https://issuer.example/3ds", {"creq": "abc"})
    assert redirect.expire_time.ToMicroseconds() == EXPIRES_US
    show_qr = views.next_action(ACTIONS[NextActionKind.SHOW_QR]).show_qr
    assert show_qr.payload == "weixin://wxpay/bizpayurl?pr=x"
    sdk = views.next_action(ACTIONS[NextActionKind.SDK_PARAMETERS]).sdk_parameters
    assert (sdk.sdk, dict(sdk.parameters)) == ("alipay.app", {"sign": "s"})
    assert views.next_action(ACTIONS[NextActionKind.WAIT]).wait.poll_after.seconds == 3


@pytest.mark.parametrize("kind", [NextActionKind.REDIRECT, NextActionKind.SHOW_QR, NextActionKind.SDK_PARAMETERS])
def test_a_next_action_without_an_end_has_no_expire_time(kind: NextActionKind) -> None:
    shown = views.next_action(replace(ACTIONS[kind], expires_at_us=0))
    assert not getattr(shown, kind.value.lower()).HasField("expire_time")


# Failures.


def test_a_failure_carries_the_providers_own_words_apart_from_ours() -> None:
    shown = views.failure(FAILURE)
    assert shown == failure_pb2.Failure(
        reason=failure_pb2.DECLINE_REASON_INSUFFICIENT_FUNDS,
        provider_code="51",
        provider_message="Insufficient funds",
        network_advice="24",
        retry=failure_pb2.RETRY_ADVICE_LATER,
        message="The account or card has not enough funds.",
    )


@pytest.mark.parametrize("reason", DeclineReason)
def test_each_decline_has_one_sentence_that_never_tells_of_loss_theft_or_fraud(reason: DeclineReason) -> None:
    message = views.failure(Failure(reason, "41", "Lost card, pick up (fraud)")).message
    assert re.fullmatch(r"[A-Z][^.]+\.", message)
    assert re.search(r"lost|stole|theft|fraud|suspect|report|pick", message, re.IGNORECASE) is None


@pytest.mark.parametrize("reason", [DeclineReason.LOST_CARD, DeclineReason.STOLEN_CARD, DeclineReason.FRAUD_SUSPECTED])
def test_the_payer_can_not_tell_a_reported_card_from_any_other_decline(reason: DeclineReason) -> None:
    assert views.failure(Failure(reason)).message == views.failure(Failure(DeclineReason.DO_NOT_HONOR)).message


# Refunds and status.


def test_a_refund_tells_its_names_amount_and_the_reference_that_the_provider_was_sent() -> None:
    shown = views.refund(RefundView(REFUND, PAYMENT, LAST))
    names = (shown.refund_id, shown.payment_id, shown.merchant_id, shown.merchant_reference)
    assert names == ("re_1", "pay_1", "acme", "R-1")
    assert (shown.request_reference, shown.provider_reference) == (LAST.request_reference, "rf_1")
    assert amounts(shown) == {"amount": money(300)}
    assert (shown.create_time.ToMicroseconds(), shown.update_time.ToMicroseconds()) == (CREATED_US, UPDATED_US)


def test_a_status_says_the_same_as_the_payment() -> None:
    short, whole = views.status(StatusView(PAYMENT, (REFUND,))), views.payment(VIEW)
    for name in short.DESCRIPTOR.fields_by_name:
        if name != "refunds":
            assert getattr(short, name) == getattr(whole, name), name


def test_a_refund_in_a_status_says_the_same_as_the_refund() -> None:
    (short,) = views.status(StatusView(PAYMENT, (REFUND,))).refunds
    whole = views.refund(RefundView(REFUND, PAYMENT, LAST))
    for name in short.DESCRIPTOR.fields_by_name:
        assert getattr(short, name) == getattr(whole, name), name


@pytest.mark.parametrize("time_us", [0, 1, 999_999, 1_000_000, CREATED_US, -1, -62_135_596_800_000_000])
def test_a_time_comes_back_to_the_microsecond(time_us: int) -> None:
    assert views.timestamp(time_us).ToMicroseconds() == time_us
