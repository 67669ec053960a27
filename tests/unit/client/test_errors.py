"""Every refusal of a server becomes the exception of its reason, with what the server told."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import grpc
import pytest
import tollbridge
from tollbridge.v1.error_reason_pb2 import Effect, ErrorReason, error_traits

from tests.unit.client.conftest import Caller
from tests.unit.client.scripted import LOST, Refusal, ScriptedServer, Silence

REASONS = [value for value in ErrorReason.DESCRIPTOR.values if value.number != 0]
CODES = {code.value[0]: code for code in grpc.StatusCode}


def refused(client: Caller) -> tollbridge.TollbridgeError:
    with pytest.raises(tollbridge.TollbridgeError) as caught:
        client.call("capture_payment", payment_id="pay_1", idempotency_key="key-1")
    return caught.value


@pytest.mark.parametrize("value", REASONS, ids=lambda value: value.name.removeprefix("ERROR_REASON_"))
def test_each_reason_is_raised_as_its_own_class_with_its_code_and_effect(
    value: Any, server: ScriptedServer, client: Caller
) -> None:
    traits = value.GetOptions().Extensions[error_traits]
    reason = value.name.removeprefix("ERROR_REASON_")
    # A policy of four tries takes all of these for the reasons that are repeated.
    server.script("CapturePayment", *[Refusal(code=CODES[traits.grpc_code], reason=reason)] * 4)

    error = refused(client)

    assert type(error).__name__ in {
        "".join(word.capitalize() for word in reason.split("_")),
        "InternalError",
    }
    assert type(error).REASON == error.reason == reason
    assert error.code is CODES[traits.grpc_code]
    assert error.effect == Effect.Name(traits.effect).removeprefix("EFFECT_")


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("CardExpired", "InvalidArgument"),
        ("PaymentStateConflict", "FailedPrecondition"),
        ("PaymentNotFound", "NotFound"),
        ("CredentialsMissing", "Unauthenticated"),
        ("ScopeMissing", "PermissionDenied"),
        ("OperationInProgress", "Aborted"),
        ("Overloaded", "ResourceExhausted"),
        ("StorageUnavailable", "Unavailable"),
        ("DeadlineTooShort", "DeadlineExceeded"),
        ("InternalError", "Internal"),
    ],
)
def test_a_reason_can_be_caught_by_its_grpc_code(child: str, parent: str) -> None:
    assert issubclass(getattr(tollbridge, child), getattr(tollbridge, parent))


def test_the_servers_word_on_the_effect_wins_over_the_contracts(server: ScriptedServer, client: Caller) -> None:
    refusal = Refusal(code=grpc.StatusCode.INTERNAL, reason="INTERNAL", metadata={"effect": "DONE"})
    server.script("CapturePayment", refusal)

    error = refused(client)

    assert error.effect is tollbridge.Effect.DONE
    assert error.is_effect_possible


def test_an_excluded_effect_is_not_possible(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", Refusal(code=grpc.StatusCode.NOT_FOUND, reason="PAYMENT_NOT_FOUND"))

    assert not refused(client).is_effect_possible


def test_an_effect_that_is_not_known_here_is_possible(server: ScriptedServer, client: Caller) -> None:
    metadata = {"effect": "PERHAPS_LATER"}
    server.script(
        "CapturePayment", Refusal(code=grpc.StatusCode.NOT_FOUND, reason="PAYMENT_NOT_FOUND", metadata=metadata)
    )

    assert refused(client).effect is tollbridge.Effect.POSSIBLE


def test_a_lost_connection_leaves_the_effect_possible_and_has_no_reason(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", *[LOST] * 4)

    error = refused(client)

    assert type(error) is tollbridge.Unavailable
    assert (error.reason, error.effect) == (None, tollbridge.Effect.POSSIBLE)


def test_a_deadline_that_passed_leaves_the_effect_possible(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", Silence())

    with pytest.raises(tollbridge.DeadlineExceeded) as caught:
        client.call("capture_payment", payment_id="pay_1", timeout_s=0.2)

    assert caught.value.effect is tollbridge.Effect.POSSIBLE


def test_a_reason_that_is_newer_than_the_client_is_raised_by_its_code(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", Refusal(code=grpc.StatusCode.FAILED_PRECONDITION, reason="MOON_IS_FULL"))

    error = refused(client)

    assert type(error) is tollbridge.FailedPrecondition
    assert (error.reason, error.effect) == ("MOON_IS_FULL", tollbridge.Effect.POSSIBLE)


def test_a_code_without_a_class_is_raised_as_the_base(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", Refusal(code=grpc.StatusCode.OUT_OF_RANGE))

    error = refused(client)

    assert type(error) is tollbridge.TollbridgeError
    assert error.code is grpc.StatusCode.OUT_OF_RANGE


def test_another_domains_reason_is_not_taken_for_ours(server: ScriptedServer, client: Caller) -> None:
    refusal = Refusal(
        code=grpc.StatusCode.NOT_FOUND, reason="PAYMENT_NOT_FOUND", domain="proxy", metadata={"effect": "EXCLUDED"}
    )
    server.script("CapturePayment", refusal)

    error = refused(client)

    assert (error.reason, error.effect) == (None, tollbridge.Effect.POSSIBLE)


def test_details_that_can_not_be_read_leave_the_effect_possible(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", Refusal(code=grpc.StatusCode.INVALID_ARGUMENT, details=b"\xff\xff\xff"))

    error = refused(client)

    assert type(error) is tollbridge.InvalidArgument
    assert error.effect is tollbridge.Effect.POSSIBLE


def test_facts_violations_pause_and_key_are_on_the_error(server: ScriptedServer, client: Caller) -> None:
    refusal = Refusal(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason="REQUEST_INVALID",
        metadata={"effect": "EXCLUDED", "violations": "1", "correlation_id": "c1b0"},
        violations=(("amount.amount_minor", "must be greater than 0"),),
        retry_after_s=1.5,
    )
    server.script("CapturePayment", refusal)

    error = refused(client)

    assert error.facts == {"effect": "EXCLUDED", "violations": "1", "correlation_id": "c1b0"}
    assert error.violations == (tollbridge.Violation("amount.amount_minor", "must be greater than 0"),)
    assert (error.retry_after_s, error.correlation_id, error.idempotency_key) == (1.5, "c1b0", "key-1")
    assert "c1b0" in str(error)
    assert "amount.amount_minor" in str(error)


def test_the_key_that_was_made_for_the_caller_is_on_the_error(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", Refusal(code=grpc.StatusCode.INTERNAL, reason="INTERNAL"))

    with pytest.raises(tollbridge.InternalError) as caught:
        client.call("capture_payment", payment_id="pay_1")

    assert caught.value.idempotency_key == server.calls[0].request.idempotency_key != ""


def test_an_error_survives_pickling_and_copying() -> None:
    error = tollbridge.CardExpired(
        "no longer good", code=grpc.StatusCode.INVALID_ARGUMENT, facts={"field": "x"}, idempotency_key="key-1"
    )

    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is tollbridge.CardExpired
        assert vars(again) == vars(error)


def test_an_entry_of_a_batch_becomes_the_same_exception() -> None:
    refusal = Refusal(
        code=grpc.StatusCode.NOT_FOUND, reason="PAYMENT_NOT_FOUND", metadata={"effect": "EXCLUDED", "payment_id": "p"}
    )

    error = tollbridge.error_from_status(refusal.to_status())

    assert type(error) is tollbridge.PaymentNotFound
    assert error.facts["payment_id"] == "p"
