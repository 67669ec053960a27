"""`import tollbridge` gives every name that it promises, and needs nothing but its three dependencies."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType

import pytest
import tollbridge
from tollbridge import _errors_generated
from tollbridge.v1 import (
    payment_pb2,
    payment_service_pb2,
    refund_pb2,
    refund_service_pb2,
    status_service_pb2,
)
from tollbridge.v1.error_reason_pb2 import ErrorReason

SERVICES = [
    service
    for module in (payment_service_pb2, refund_service_pb2, status_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
]
RPCS = [method for service in SERVICES for method in service.methods]

BARE_IMPORT = """
import sys

for name in ("tollbridge_server", "sqlmodel", "aiohttp", "protovalidate", "opentelemetry", "grpc_status", "pydantic"):
    sys.modules[name] = None
import tollbridge

tollbridge.Client("127.0.0.1:1").close()
assert "tollbridge.testing" not in sys.modules
try:
    tollbridge.Client("127.0.0.1:1", validate=True)
except ImportError as error:
    assert "tollbridge[validate]" in str(error)
else:
    raise AssertionError("validate=True went without protovalidate")
"""


def test_every_promised_name_exists_once() -> None:
    assert [name for name in tollbridge.__all__ if not hasattr(tollbridge, name)] == []
    assert len(set(tollbridge.__all__)) == len(tollbridge.__all__)


def test_every_public_name_is_promised() -> None:
    public = {
        name
        for name, value in vars(tollbridge).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    }

    assert public == set(tollbridge.__all__)


def test_every_reason_has_a_class_and_no_class_is_left_over() -> None:
    reasons = {name.removeprefix("ERROR_REASON_") for name, number in ErrorReason.items() if number != 0}

    assert set(_errors_generated.ERROR_BY_REASON) == reasons
    for reason, error in _errors_generated.ERROR_BY_REASON.items():
        assert reason == error.REASON
        assert getattr(tollbridge, error.__name__) is error


@pytest.mark.parametrize("module", [payment_pb2, refund_pb2], ids=["payment", "refund"])
def test_messages_and_enum_values_are_exported(module: ModuleType) -> None:
    descriptor = module.DESCRIPTOR
    names = {*descriptor.message_types_by_name, *descriptor.enum_types_by_name}
    names |= {value for enum in descriptor.enum_types_by_name.values() for value in enum.values_by_name}

    assert names <= set(tollbridge.__all__)


@pytest.mark.parametrize("client", [tollbridge.Client, tollbridge.AsyncClient])
@pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.name)
def test_each_rpc_is_a_method_of_keyword_arguments_with_a_docstring(client: type, rpc: typing.Any) -> None:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in rpc.name).lstrip("_")
    method = getattr(client, snake)
    own = list(inspect.signature(method).parameters.values())[1:]
    flat = {
        inner.name
        for field in rpc.input_type.fields
        for inner in (field.message_type.fields if field.name == "lookup" else [field])
    }

    assert {parameter.name for parameter in own} == flat | {"timeout_s"}
    assert {parameter.kind for parameter in own} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(f"{parameter.name}: " in method.__doc__ for parameter in own)


def test_the_clients_take_the_same_settings() -> None:
    def settings(client: type) -> list[tuple[str, object]]:
        return [(each.name, each.default) for each in inspect.signature(client).parameters.values()]

    assert settings(tollbridge.Client) == settings(tollbridge.AsyncClient)


def test_a_bare_install_can_import_and_open_a_client() -> None:
    done = subprocess.run([sys.executable, "-c", BARE_IMPORT], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr


def test_the_readme_names_every_error() -> None:
    readme = (Path(__file__).resolve().parents[3] / "client" / "README.md").read_text()
    tree = readme.split("TollbridgeError\n", 1)[1].split("```", 1)[0]

    assert set(re.findall(r"[A-Z][A-Za-z]+", tree)) >= set(_errors_generated.__all__)
