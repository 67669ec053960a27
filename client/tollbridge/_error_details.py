"""Reads google.rpc.Status out of a failed call and makes the exception of it; it decides nothing about repeats.

The details travel in the trailing metadata `grpc-status-details-bin`, as every gRPC library does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from tollbridge._errors import Effect, TollbridgeError, Violation
from tollbridge._errors_generated import ERROR_BY_CODE, ERROR_BY_REASON

DETAILS_KEY = "grpc-status-details-bin"
DOMAIN = "tollbridge"

_CODE_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(slots=True)
class _Details:
    reason: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    retry_after_s: float | None = None


def error_from_call(call: grpc.RpcError, *, idempotency_key: str | None) -> TollbridgeError:
    """Return the exception for a failed call of grpc or grpc.aio; `idempotency_key` is what the call was made with."""
    status = _status_of(call.trailing_metadata())
    return _error(call.code(), call.details() or "", _details_of(status), idempotency_key)


def error_from_status(status: status_pb2.Status) -> TollbridgeError:
    """Return, without raising it, the exception for a google.rpc.Status, such as `BatchGetStatusResult.error`."""
    code = _CODE_BY_NUMBER.get(status.code, grpc.StatusCode.UNKNOWN)
    return _error(code, status.message, _details_of(status), None)


def _error(code: grpc.StatusCode, message: str, details: _Details, idempotency_key: str | None) -> TollbridgeError:
    known = ERROR_BY_REASON.get(details.reason or "")
    error = known or ERROR_BY_CODE.get(code, TollbridgeError)
    return error(
        message,
        code=code,
        reason=details.reason,
        effect=_effect_of(details, error),
        facts=details.facts,
        violations=details.violations,
        retry_after_s=details.retry_after_s,
        idempotency_key=idempotency_key,
    )


def _effect_of(details: _Details, error: type[TollbridgeError]) -> Effect:
    """Take the server's word, else the contract's word about the reason, else POSSIBLE."""
    try:
        return Effect(details.facts.get("effect", error.DEFAULT_EFFECT))
    except ValueError:
        return Effect.POSSIBLE


def _status_of(metadata: Iterable[Any] | None) -> status_pb2.Status | None:
    for key, value in metadata or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None  # Whatever wrote this, it was not a Tollbridge server: its word is missing.
    return None


def _details_of(status: status_pb2.Status | None) -> _Details:
    details = _Details()
    if status is None:
        return details
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for packed in status.details:
        try:
            if packed.Unpack(info):
                if info.domain == DOMAIN:
                    details.reason, details.facts = info.reason, dict(info.metadata)
            elif packed.Unpack(request):
                details.violations = tuple(Violation(item.field, item.description) for item in request.field_violations)
            elif packed.Unpack(retry):
                details.retry_after_s = max(retry.retry_delay.ToNanoseconds() / 1e9, 0.0)
        except DecodeError:
            continue
    return details
