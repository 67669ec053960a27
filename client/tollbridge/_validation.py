"""Checks a request against the rules of the contract before it is sent; it needs the extra `tollbridge[validate]`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message import Message

from tollbridge._errors import Effect, Violation
from tollbridge._errors_generated import RequestInvalid

Check = Callable[[Message, str | None], None]
"""Raises RequestInvalid if the message breaks a rule; the second argument is its idempotency key, if it has one."""


def checker() -> Check:
    """Return what checks requests. Raises ImportError when protovalidate is not installed."""
    try:
        import protovalidate
    except ImportError as error:
        raise ImportError("validate=True needs protovalidate: pip install 'tollbridge[validate]'") from error
    validator = protovalidate.Validator()

    def check(request: Message, idempotency_key: str | None) -> None:
        found = [violation.proto for violation in validator.collect_violations(request)]
        if not found:
            return
        violations = [Violation(_path(item.field), item.message or item.rule_id) for item in found]
        raise RequestInvalid(
            "the request breaks rules of the contract and was not sent",
            code=grpc.StatusCode.INVALID_ARGUMENT,
            effect=Effect.EXCLUDED,
            violations=violations,
            idempotency_key=idempotency_key,
        )

    return check


def _path(field: Any) -> str:
    """Write a protovalidate FieldPath as `lookups[3].payment_id`; empty for a rule of the whole message."""
    steps = []
    for element in field.elements if field else ():
        subscript = "" if element.subscript is None else f"[{element.subscript.value!r}]"
        steps.append(element.field_name + subscript)
    return ".".join(steps)
