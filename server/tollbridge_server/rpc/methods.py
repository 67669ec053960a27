"""What each RPC declares in the contract: its scope, whether it takes an idempotency key, its request type.

Refuses to serve an RPC that declares no scope: whoever adds one must say who may call it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from tollbridge.v1 import options_pb2, payment_service_pb2, refund_service_pb2, status_service_pb2

SERVICES: tuple[ServiceDescriptor, ...] = tuple(
    module.DESCRIPTOR.services_by_name[name]
    for module, name in (
        (payment_service_pb2, "PaymentService"),
        (refund_service_pb2, "RefundService"),
        (status_service_pb2, "StatusService"),
    )
)


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC: its path on the wire, the scope that it asks for, and its request message.

    `is_keyed` says that it changes something and so carries an idempotency key.
    """

    path: str
    name: str
    scope: str
    is_keyed: bool
    request_type: type[Message]


def declared_methods(services: Iterable[ServiceDescriptor] = SERVICES) -> dict[str, Method]:
    """Return every RPC of the contract by its path. Raises ValueError for one without a scope or idempotency."""
    return {method.path: method for service in services for method in map(_declared, service.methods)}


def _declared(descriptor: MethodDescriptor) -> Method:
    options: Any = descriptor.GetOptions()  # The stubs' types know no extensions.
    scope = options.Extensions[options_pb2.scope]
    idempotency = options.Extensions[options_pb2.idempotency]
    if not scope or idempotency == options_pb2.IDEMPOTENCY_UNSPECIFIED:
        raise ValueError(f"{descriptor.full_name} declares no scope or no idempotency")
    return Method(
        path=f"/{descriptor.containing_service.full_name}/{descriptor.name}",
        name=descriptor.name,
        scope=scope,
        is_keyed=idempotency == options_pb2.IDEMPOTENCY_KEY,
        request_type=GetMessageClass(descriptor.input_type),
    )
