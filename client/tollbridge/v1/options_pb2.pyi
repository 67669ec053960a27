from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Idempotency(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IDEMPOTENCY_UNSPECIFIED: _ClassVar[Idempotency]
    IDEMPOTENCY_READ: _ClassVar[Idempotency]
    IDEMPOTENCY_KEY: _ClassVar[Idempotency]
IDEMPOTENCY_UNSPECIFIED: Idempotency
IDEMPOTENCY_READ: Idempotency
IDEMPOTENCY_KEY: Idempotency
SCOPE_FIELD_NUMBER: _ClassVar[int]
scope: _descriptor.FieldDescriptor
IDEMPOTENCY_FIELD_NUMBER: _ClassVar[int]
idempotency: _descriptor.FieldDescriptor
