"""What the contract declares of each RPC, and that a server does not start with one that declares nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from tollbridge.v1 import options_pb2
from tollbridge_server.rpc.methods import SERVICES, declared_methods

READ, KEY = options_pb2.IDEMPOTENCY_READ, options_pb2.IDEMPOTENCY_KEY

EXPECTED = {
    "CreatePayment": ("payments:write", True),
    "GetPayment": ("payments:read", False),
    "ListPayments": ("payments:read", False),
    "ConfirmPayment": ("payments:write", True),
    "CapturePayment": ("payments:write", True),
    "CancelPayment": ("payments:write", True),
    "CreateRefund": ("refunds:write", True),
    "GetRefund": ("refunds:read", False),
    "ListRefunds": ("refunds:read", False),
    "GetStatus": ("status:read", False),
    "BatchGetStatus": ("status:read", False),
    "WatchStatus": ("status:read", False),
}

_numbers = itertools.count()


def _service(*, scope: str, idempotency: int) -> ServiceDescriptor:
    """A service with one RPC, as if a contract of tomorrow had it; empty and 0 declare nothing."""
    package = f"tomorrow{next(_numbers)}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    file.message_type.add(name="Request")
    service = file.service.add(name="Service")
    method = service.method.add(name="Call", input_type=f".{package}.Request", output_type=f".{package}.Request")
    options: Any = method.options  # The stubs' types know no extensions.
    if scope:
        options.Extensions[options_pb2.scope] = scope
    if idempotency:
        options.Extensions[options_pb2.idempotency] = idempotency
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # type: ignore[no-untyped-call]
    return pool.FindServiceByName(f"{package}.Service")


@pytest.mark.parametrize(("scope", "idempotency"), [("", READ), ("", KEY), ("payments:read", 0), ("", 0)])
def test_an_rpc_that_does_not_say_who_may_call_it_and_whether_it_repeats_stops_the_start(
    scope: str, idempotency: int
) -> None:
    service = _service(scope=scope, idempotency=idempotency)
    with pytest.raises(ValueError, match=rf"{service.full_name}\.Call declares no scope or no idempotency"):
        declared_methods((*SERVICES, service))


@pytest.mark.parametrize(("idempotency", "is_keyed"), [(READ, False), (KEY, True)])
def test_an_rpc_that_says_both_is_served_under_its_path(idempotency: int, is_keyed: bool) -> None:
    service = _service(scope="reports:read", idempotency=idempotency)
    ((path, method),) = declared_methods((service,)).items()
    assert path == method.path == f"/{service.full_name}/Call"
    assert (method.name, method.scope, method.is_keyed) == ("Call", "reports:read", is_keyed)
    assert method.request_type.DESCRIPTOR.full_name == service.methods[0].input_type.full_name


def test_each_rpc_of_the_contract_asks_for_its_scope_and_key() -> None:
    """Written out: a scope that is widened in the contract by mistake fails here."""
    methods = declared_methods().values()
    assert {method.name: (method.scope, method.is_keyed) for method in methods} == EXPECTED


def test_exactly_the_keyed_requests_have_a_field_for_the_key() -> None:
    for method in declared_methods().values():
        assert ("idempotency_key" in method.request_type.DESCRIPTOR.fields_by_name) is method.is_keyed, method.name


def test_nothing_of_a_request_names_a_merchant() -> None:
    """The merchant is the token's; a field for it would be a way to name another one."""
    for method in declared_methods().values():
        assert "merchant_id" not in method.request_type.DESCRIPTOR.fields_by_name, method.name
