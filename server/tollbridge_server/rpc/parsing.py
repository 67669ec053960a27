"""The bytes of a request as its message, refused unless every rule of the contract holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError, Message
from protovalidate import Validator

from tollbridge_server.domain.errors import ErrorReason, FieldViolation, RequestError
from tollbridge_server.rpc.free_texts import refuse_card_numbers
from tollbridge_server.rpc.methods import Method


class RequestParser:
    """Reads the requests of these methods."""

    def __init__(self, methods: Iterable[Method]) -> None:
        self._validator = Validator()
        for method in methods:
            # The rules of a message are compiled when it is first seen, which no caller should have to wait for.
            self._validator.collect_violations(method.request_type())

    def parse(self, method: Method, raw: bytes) -> Message:
        """Return the request. Raises REQUEST_INVALID with every field that breaks a rule."""
        request = method.request_type()
        try:
            request.ParseFromString(raw)
        except DecodeError:
            raise RequestError(
                ErrorReason.REQUEST_INVALID, f"the request is no {method.request_type.DESCRIPTOR.full_name}"
            ) from None
        violations = self._validator.collect_violations(request)
        if violations:
            raise _invalid(violations)
        refuse_card_numbers(request)
        return request


def _invalid(violations: list[Any]) -> RequestError:
    fields = tuple(_violation(violation) for violation in violations)
    summary = "; ".join(f"{field.field}: {field.description}" for field in fields[:5])
    return RequestError(ErrorReason.REQUEST_INVALID, summary, violations=fields)


def _violation(violation: Any) -> FieldViolation:
    found = violation.proto
    path = ".".join(_element(element) for element in found.field.elements) if found.field else ""
    return FieldViolation(path, found.message or found.rule_id)


def _element(element: Any) -> str:
    """Return one step of a field path; the keys of maps are the caller's text and are left out."""
    subscript = element.subscript
    is_index = subscript is not None and subscript.field == "index"
    return f"{element.field_name}[{subscript.value}]" if is_index else str(element.field_name)
