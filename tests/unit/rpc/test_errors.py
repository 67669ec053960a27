"""Errors on their way out: the declared code of each reason, its details, and silence about what is unexpected."""

from __future__ import annotations

import base64
from urllib.parse import quote

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from tollbridge.v1 import error_reason_pb2
from tollbridge_server.domain.errors import BrokenInvariant, Effect, ErrorReason, FieldViolation, RequestError
from tollbridge_server.ports.storage import StaleVersion, StorageUnavailable
from tollbridge_server.rpc.errors import CODES, as_request_error, status_message, to_status

PAN = "4111111111111111"
CORRELATION = "c1b0-test"

# Written down a second time by hand: the table under test is read from the same descriptor as any computed expectation.
DECLARED = {
    "REQUEST_INVALID": "INVALID_ARGUMENT",
    "CARD_NUMBER_INVALID": "INVALID_ARGUMENT",
    "CARD_EXPIRED": "INVALID_ARGUMENT",
    "CVV_INVALID": "INVALID_ARGUMENT",
    "CARD_BRAND_UNSUPPORTED": "FAILED_PRECONDITION",
    "AMOUNT_INVALID": "INVALID_ARGUMENT",
    "CURRENCY_NOT_SUPPORTED": "FAILED_PRECONDITION",
    "PAYMENT_METHOD_NOT_SUPPORTED": "FAILED_PRECONDITION",
    "PROVIDER_ACCOUNT_NOT_FOUND": "NOT_FOUND",
    "NO_PROVIDER_ACCOUNT": "FAILED_PRECONDITION",
    "CREDENTIALS_MISSING": "UNAUTHENTICATED",
    "CREDENTIALS_INVALID": "UNAUTHENTICATED",
    "CREDENTIALS_EXPIRED": "UNAUTHENTICATED",
    "SCOPE_MISSING": "PERMISSION_DENIED",
    "PAYMENT_NOT_FOUND": "NOT_FOUND",
    "REFUND_NOT_FOUND": "NOT_FOUND",
    "IDEMPOTENCY_KEY_REUSED": "FAILED_PRECONDITION",
    "OPERATION_IN_PROGRESS": "ABORTED",
    "PAYMENT_STATE_CONFLICT": "FAILED_PRECONDITION",
    "CAPTURE_EXCEEDS_AUTHORIZED": "FAILED_PRECONDITION",
    "REFUND_EXCEEDS_CAPTURED": "FAILED_PRECONDITION",
    "REFERENCE_AMBIGUOUS": "FAILED_PRECONDITION",
    "PAGE_TOKEN_INVALID": "INVALID_ARGUMENT",
    "PAYMENT_EXPIRED": "FAILED_PRECONDITION",
    "DEADLINE_TOO_SHORT": "DEADLINE_EXCEEDED",
    "OVERLOADED": "RESOURCE_EXHAUSTED",
    "STORAGE_UNAVAILABLE": "UNAVAILABLE",
    "SHUTTING_DOWN": "UNAVAILABLE",
    "INTERNAL": "INTERNAL",
}


def info_of(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return info


def parsed(error: Exception) -> status_pb2.Status:
    return status_pb2.Status.FromString(to_status(error, CORRELATION).details)


@pytest.mark.parametrize("reason", ErrorReason)
def test_each_reason_ends_the_call_with_its_declared_code(reason: ErrorReason) -> None:
    ended = to_status(RequestError(reason, "no"), CORRELATION)
    assert (ended.code.name, ended.reason) == (DECLARED[reason.value], reason.value)
    assert status_pb2.Status.FromString(ended.details).code == code_pb2.Code.Value(ended.code.name)


def test_the_contract_and_the_domain_know_the_same_reasons() -> None:
    in_contract = {
        name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name
    }
    assert in_contract - {"UNSPECIFIED"} == {reason.value for reason in ErrorReason} == {key.value for key in CODES}


def test_error_info_carries_domain_reason_facts_effect_and_correlation_id() -> None:
    error = RequestError(
        ErrorReason.PAYMENT_NOT_FOUND, "no such payment", facts={"payment_id": "pay_1"}, effect=Effect.DONE
    )
    info = info_of(parsed(error))
    assert (info.domain, info.reason) == ("tollbridge", "PAYMENT_NOT_FOUND")
    assert dict(info.metadata) == {"payment_id": "pay_1", "effect": "DONE", "correlation_id": CORRELATION}


def test_facts_can_not_overwrite_the_effect_or_the_correlation_id() -> None:
    facts = {"effect": "EXCLUDED", "correlation_id": "forged"}
    error = RequestError(ErrorReason.OPERATION_IN_PROGRESS, "wait", facts=facts, effect=Effect.POSSIBLE)
    assert dict(info_of(parsed(error)).metadata) == {"effect": "POSSIBLE", "correlation_id": CORRELATION}


def test_violations_come_as_bad_request_and_are_counted() -> None:
    violations = (FieldViolation("amount.currency_code", "is empty"), FieldViolation("order.lines[3].name", "too long"))
    status = parsed(RequestError(ErrorReason.REQUEST_INVALID, "no", violations=violations))
    bad_request = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(bad_request)
    assert [(found.field, found.description) for found in bad_request.field_violations] == [
        ("amount.currency_code", "is empty"),
        ("order.lines[3].name", "too long"),
    ]
    assert info_of(status).metadata["violations"] == "2"


@pytest.mark.parametrize(("wait_s", "seconds", "nanos"), [(0.25, 0, 250_000_000), (1.5, 1, 500_000_000), (0.0, 0, 0)])
def test_a_time_to_wait_comes_as_retry_info(wait_s: float, seconds: int, nanos: int) -> None:
    status = parsed(RequestError(ErrorReason.OVERLOADED, "later", retry_after_s=wait_s))
    retry = error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert (retry.retry_delay.seconds, retry.retry_delay.nanos) == (seconds, nanos)


def test_without_violations_and_wait_only_error_info_is_sent() -> None:
    assert len(parsed(RequestError(ErrorReason.PAYMENT_NOT_FOUND, "no")).details) == 1


def test_the_largest_error_fits_the_metadata_that_callers_take_by_default() -> None:
    violations = tuple(FieldViolation(f"order.lines[{i}].shipping_address", "字" * 400) for i in range(150))
    error = RequestError(
        ErrorReason.REQUEST_INVALID, "字" * 5000, violations=violations, facts={"merchant_reference": "x" * 64}
    )
    ended = to_status(error, "c" * 64)
    # As on the wire: the message percent-encoded, the details in base64.
    assert len(quote(ended.message)) + len(base64.b64encode(ended.details)) < 8 * 1024 - 512
    status = status_pb2.Status.FromString(ended.details)
    bad_request = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(bad_request)
    assert bad_request.field_violations[0].field == "order.lines[0].shipping_address"
    assert info_of(status).metadata["violations"] == "150"


@pytest.mark.parametrize(("is_commit_unknown", "effect"), [(True, "POSSIBLE"), (False, "EXCLUDED")])
def test_an_unreachable_database_tells_whether_the_commit_may_have_happened(
    is_commit_unknown: bool, effect: str
) -> None:
    error = StorageUnavailable(f"could not connect to db.internal as {PAN}", is_commit_unknown=is_commit_unknown)
    ended = to_status(error, CORRELATION)
    assert ended.code is grpc.StatusCode.UNAVAILABLE
    info = info_of(status_pb2.Status.FromString(ended.details))
    assert (info.reason, info.metadata["effect"]) == ("STORAGE_UNAVAILABLE", effect)
    assert b"db.internal" not in ended.details
    assert PAN.encode() not in ended.details
    assert PAN not in ended.message


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"bad card {PAN}"),
        KeyError(PAN),
        BrokenInvariant(f"payment of {PAN}"),
        StaleVersion(PAN),
        OSError(2, "no such file", f"/srv/{PAN}"),
        ExceptionGroup(PAN, [ValueError(PAN)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_error_tells_nothing_but_the_correlation_id(error: Exception) -> None:
    ended = to_status(error, CORRELATION)
    assert ended.code is grpc.StatusCode.INTERNAL
    assert PAN not in ended.message
    assert PAN.encode() not in ended.details
    status = status_pb2.Status.FromString(ended.details)
    assert dict(info_of(status).metadata) == {"effect": "POSSIBLE", "correlation_id": CORRELATION}
    assert len(status.details) == 1


def test_unexpected_errors_of_all_kinds_are_answered_with_the_same_words() -> None:
    messages = {as_request_error(error).message for error in (ValueError("a"), KeyError("b"), StaleVersion("c"))}
    assert len(messages) == 1


def test_the_entry_of_a_batch_is_the_status_that_a_single_call_would_have_sent() -> None:
    error = RequestError(ErrorReason.REFERENCE_AMBIGUOUS, "ask by id", facts={"merchant_reference": "A-1"})
    assert status_message(error, CORRELATION) == parsed(error)
