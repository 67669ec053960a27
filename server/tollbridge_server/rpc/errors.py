"""Errors as google.rpc.Status: the only room that knows gRPC codes. Refuses to tell anything of an unexpected error.

Which code and effect a reason has is read from the contract itself (`error_traits`), so the two can not differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from tollbridge.v1 import error_reason_pb2

from tollbridge_server.domain.errors import Effect, ErrorReason, FieldViolation, RequestError
from tollbridge_server.ports.storage import StorageUnavailable

DOMAIN = "tollbridge"

_CODES_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}
_MAX_MESSAGE = 300
_MAX_VIOLATION_BYTES = 2048
"""An error travels in the trailing metadata, of which callers take 8 KiB by default and drop the whole call beyond."""


def _declared_codes() -> dict[ErrorReason, grpc.StatusCode]:
    extension = error_reason_pb2.error_traits
    codes = {}
    for value in error_reason_pb2.ErrorReason.DESCRIPTOR.values:
        if value.number:
            options: Any = value.GetOptions()  # The stubs' types know no extensions.
            traits = options.Extensions[extension]
            codes[ErrorReason(value.name.removeprefix("ERROR_REASON_"))] = _CODES_BY_NUMBER[traits.grpc_code]
    return codes


CODES: dict[ErrorReason, grpc.StatusCode] = _declared_codes()


@dataclass(frozen=True, slots=True)
class ErrorStatus:
    """How a call ends: gRPC code, reason, message, and a serialized google.rpc.Status for the trailing metadata."""

    code: grpc.StatusCode
    reason: str
    message: str
    details: bytes


def to_status(error: Exception, correlation_id: str) -> ErrorStatus:
    """Return what the caller is told of `error`; of anything but a RequestError only the correlation id."""
    refusal = as_request_error(error)
    status = status_message(refusal, correlation_id)
    return ErrorStatus(CODES[refusal.reason], refusal.reason.value, status.message, status.SerializeToString())


def as_request_error(error: Exception) -> RequestError:
    """Return `error` in our own terms."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, StorageUnavailable):
        return RequestError(
            ErrorReason.STORAGE_UNAVAILABLE,
            "the database can not be reached; send the same request with the same key again",
            effect=Effect.POSSIBLE if error.is_commit_unknown else Effect.EXCLUDED,
            retry_after_s=1.0,
        )
    return RequestError(
        ErrorReason.INTERNAL,
        "an internal error; tell the operator the correlation id, and repeat with the same key only",
        effect=Effect.POSSIBLE,
    )


def status_message(refusal: RequestError, correlation_id: str) -> status_pb2.Status:
    """Return the google.rpc.Status of a refusal, as trailing metadata and BatchGetStatus carry it."""
    metadata = {**refusal.facts, "effect": refusal.effect.value, "correlation_id": correlation_id}
    if refusal.reason is ErrorReason.REQUEST_INVALID:
        metadata["violations"] = str(len(refusal.violations))
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=refusal.reason.value, domain=DOMAIN, metadata=metadata)
    ]
    if refusal.violations:
        details.append(_bad_request(refusal.violations))
    if refusal.retry_after_s is not None:
        nanos = int(refusal.retry_after_s * 1_000_000_000)
        delay = Duration(seconds=nanos // 1_000_000_000, nanos=nanos % 1_000_000_000)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    packed = []
    for detail in details:
        any_message = AnyMessage()
        any_message.Pack(detail)
        packed.append(any_message)
    number: int = code_pb2.Code.Value(CODES[refusal.reason].name)
    return status_pb2.Status(code=number, message=refusal.message[:_MAX_MESSAGE], details=packed)


def _bad_request(violations: tuple[FieldViolation, ...]) -> error_details_pb2.BadRequest:
    """Return as many violations as fit, in their order; ErrorInfo tells how many there are."""
    bad_request = error_details_pb2.BadRequest()
    for violation in violations:
        bad_request.field_violations.add(field=violation.field, description=violation.description[:_MAX_MESSAGE])
        if bad_request.ByteSize() > _MAX_VIOLATION_BYTES:
            del bad_request.field_violations[-1]
            break
    return bad_request
