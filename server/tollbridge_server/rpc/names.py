"""The enums of the domain and of the contract, name by name; refuses to start when one side knows a name more.

Both sides use the same words, so the tables are built from the names, and a test goes through all of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from tollbridge.v1 import (
    customer_pb2,
    failure_pb2,
    operation_pb2,
    order_pb2,
    payment_method_pb2,
    payment_pb2,
    refund_pb2,
)

from tollbridge_server.domain.evidence import DeclineReason, RetryAdvice
from tollbridge_server.domain.operation import AttemptState, OperationKind, OperationState
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, PaymentState
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.refund import RefundState

E = TypeVar("E", bound=StrEnum)


def _numbers(kind: type[E], proto: Any, prefix: str) -> dict[E, Any]:
    numbers = {value: proto.Value(f"{prefix}_{value.name}") for value in kind}
    unknown = set(proto.values()) - set(numbers.values()) - {0}
    if unknown:
        raise ValueError(f"{kind.__name__} lacks {[proto.Name(number) for number in sorted(unknown)]}")
    return numbers


def _values(numbers: dict[E, Any]) -> dict[int, E]:
    return {number: value for value, number in numbers.items()}


PAYMENT_STATES = _numbers(PaymentState, payment_pb2.PaymentState, "PAYMENT_STATE")
CAPTURE_METHODS = _numbers(CaptureMethod, payment_pb2.CaptureMethod, "CAPTURE_METHOD")
ON_DECLINE = _numbers(OnDecline, payment_pb2.OnDecline, "ON_DECLINE")
METHOD_KINDS = _numbers(MethodKind, payment_method_pb2.PaymentMethodKind, "PAYMENT_METHOD_KIND")
OPERATION_KINDS = _numbers(OperationKind, operation_pb2.OperationKind, "OPERATION_KIND")
OPERATION_STATES = _numbers(OperationState, operation_pb2.OperationState, "OPERATION_STATE")
REFUND_STATES = _numbers(RefundState, refund_pb2.RefundState, "REFUND_STATE")
DECLINE_REASONS = _numbers(DeclineReason, failure_pb2.DeclineReason, "DECLINE_REASON")
RETRY_ADVICE = _numbers(RetryAdvice, failure_pb2.RetryAdvice, "RETRY_ADVICE")

PAYMENT_STATES_BY_NUMBER = _values(PAYMENT_STATES)
REFUND_STATES_BY_NUMBER = _values(REFUND_STATES)
CAPTURE_METHODS_BY_NUMBER = {0: CaptureMethod.AUTOMATIC, **_values(CAPTURE_METHODS)}
ON_DECLINE_BY_NUMBER = {0: OnDecline.FAIL, **_values(ON_DECLINE)}

ATTEMPT_STATES = {
    AttemptState.SENDING: OPERATION_STATES[OperationState.PROCESSING],
    AttemptState.UNKNOWN: OPERATION_STATES[OperationState.PROCESSING],
    AttemptState.REQUIRES_ACTION: OPERATION_STATES[OperationState.REQUIRES_ACTION],
    AttemptState.PENDING: OPERATION_STATES[OperationState.PROCESSING],
    AttemptState.UNRESOLVED: OPERATION_STATES[OperationState.NEEDS_REVIEW],
    AttemptState.SUCCEEDED: OPERATION_STATES[OperationState.SUCCEEDED],
    AttemptState.DECLINED: OPERATION_STATES[OperationState.FAILED],
    AttemptState.CANCELED: OPERATION_STATES[OperationState.CANCELED],
    AttemptState.CONTRADICTED: OPERATION_STATES[OperationState.NEEDS_REVIEW],
}


def short_name(proto: Any, prefix: str, number: int) -> str:
    """Return the name of an enum value without its prefix, or the empty string for unspecified."""
    return "" if number == 0 else str(proto.Name(number)).removeprefix(f"{prefix}_")


def number_of(proto: Any, prefix: str, name: str) -> Any:
    """Return the enum number of a short name; 0 for the empty string."""
    return proto.Value(f"{prefix}_{name}") if name else 0


GOODS_KIND = (order_pb2.GoodsKind, "GOODS_KIND")
DEVICE_CHANNEL = (customer_pb2.DeviceChannel, "DEVICE_CHANNEL")
IDENTITY_TYPE = (customer_pb2.IdentityType, "IDENTITY_TYPE")
