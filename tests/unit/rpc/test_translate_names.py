"""The two vocabularies, domain and contract: every word of either has its counterpart, both ways."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from tollbridge.v1 import failure_pb2, operation_pb2, payment_method_pb2, payment_pb2, refund_pb2
from tollbridge_server.domain.evidence import DeclineReason, RetryAdvice
from tollbridge_server.domain.operation import AttemptState, OperationKind, OperationState
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, PaymentState
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.rpc import names

TABLES: list[tuple[type[StrEnum], dict[Any, int], Any, str]] = [
    (PaymentState, names.PAYMENT_STATES, payment_pb2.PaymentState, "PAYMENT_STATE_"),
    (CaptureMethod, names.CAPTURE_METHODS, payment_pb2.CaptureMethod, "CAPTURE_METHOD_"),
    (OnDecline, names.ON_DECLINE, payment_pb2.OnDecline, "ON_DECLINE_"),
    (MethodKind, names.METHOD_KINDS, payment_method_pb2.PaymentMethodKind, "PAYMENT_METHOD_KIND_"),
    (OperationKind, names.OPERATION_KINDS, operation_pb2.OperationKind, "OPERATION_KIND_"),
    (OperationState, names.OPERATION_STATES, operation_pb2.OperationState, "OPERATION_STATE_"),
    (RefundState, names.REFUND_STATES, refund_pb2.RefundState, "REFUND_STATE_"),
    (DeclineReason, names.DECLINE_REASONS, failure_pb2.DeclineReason, "DECLINE_REASON_"),
    (RetryAdvice, names.RETRY_ADVICE, failure_pb2.RetryAdvice, "RETRY_ADVICE_"),
]


@pytest.mark.parametrize(("kind", "numbers", "proto", "prefix"), TABLES, ids=lambda part: getattr(part, "__name__", ""))
def test_each_word_of_the_domain_has_the_number_of_the_same_word_in_the_contract(
    kind: type[StrEnum], numbers: dict[Any, int], proto: Any, prefix: str
) -> None:
    assert {value: proto.Name(number) for value, number in numbers.items()} == {
        value: f"{prefix}{value.value}" for value in kind
    }


@pytest.mark.parametrize(("kind", "numbers", "proto", "prefix"), TABLES, ids=lambda part: getattr(part, "__name__", ""))
def test_each_word_of_the_contract_but_unspecified_has_one_in_the_domain(
    kind: type[StrEnum], numbers: dict[Any, int], proto: Any, prefix: str
) -> None:
    in_contract = {value.name.removeprefix(prefix) for value in proto.DESCRIPTOR.values if value.number}
    assert in_contract == {value.value for value in kind}


@pytest.mark.parametrize(
    ("back", "numbers", "unspecified"),
    [
        (names.PAYMENT_STATES_BY_NUMBER, names.PAYMENT_STATES, {}),
        (names.REFUND_STATES_BY_NUMBER, names.REFUND_STATES, {}),
        (names.CAPTURE_METHODS_BY_NUMBER, names.CAPTURE_METHODS, {0: CaptureMethod.AUTOMATIC}),
        (names.ON_DECLINE_BY_NUMBER, names.ON_DECLINE, {0: OnDecline.FAIL}),
    ],
    ids=["payment states", "refund states", "capture methods", "on decline"],
)
def test_what_requests_name_by_number_comes_back_as_the_same_word(
    back: dict[int, Any], numbers: dict[Any, int], unspecified: dict[int, Any]
) -> None:
    assert back == {number: value for value, number in numbers.items()} | unspecified


def test_each_state_of_an_attempt_is_shown() -> None:
    shown = {state: operation_pb2.OperationState.Name(number) for state, number in names.ATTEMPT_STATES.items()}
    assert set(shown) == set(AttemptState)
    # Silence is never a failure.
    assert shown[AttemptState.UNKNOWN] == shown[AttemptState.SENDING] == "OPERATION_STATE_PROCESSING"
    failed = {state for state, name in shown.items() if name == "OPERATION_STATE_FAILED"}
    assert failed == {AttemptState.DECLINED}


@pytest.mark.parametrize("table", [names.GOODS_KIND, names.DEVICE_CHANNEL, names.IDENTITY_TYPE], ids=lambda t: t[1])
def test_short_names_come_back_as_the_same_number(table: tuple[Any, str]) -> None:
    proto, prefix = table
    for value in proto.DESCRIPTOR.values:
        name = names.short_name(proto, prefix, value.number)
        assert names.number_of(proto, prefix, name) == value.number
        assert name == ("" if value.number == 0 else value.name.removeprefix(f"{prefix}_"))
