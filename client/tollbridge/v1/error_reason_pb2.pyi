from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.rpc import code_pb2 as _code_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Effect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EFFECT_UNSPECIFIED: _ClassVar[Effect]
    EFFECT_EXCLUDED: _ClassVar[Effect]
    EFFECT_POSSIBLE: _ClassVar[Effect]
    EFFECT_DONE: _ClassVar[Effect]

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_CARD_NUMBER_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_CARD_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_CVV_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_CARD_BRAND_UNSUPPORTED: _ClassVar[ErrorReason]
    ERROR_REASON_AMOUNT_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_CURRENCY_NOT_SUPPORTED: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_METHOD_NOT_SUPPORTED: _ClassVar[ErrorReason]
    ERROR_REASON_PROVIDER_ACCOUNT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_NO_PROVIDER_ACCOUNT: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_SCOPE_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_REFUND_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_IDEMPOTENCY_KEY_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_OPERATION_IN_PROGRESS: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_STATE_CONFLICT: _ClassVar[ErrorReason]
    ERROR_REASON_CAPTURE_EXCEEDS_AUTHORIZED: _ClassVar[ErrorReason]
    ERROR_REASON_REFUND_EXCEEDS_CAPTURED: _ClassVar[ErrorReason]
    ERROR_REASON_REFERENCE_AMBIGUOUS: _ClassVar[ErrorReason]
    ERROR_REASON_PAGE_TOKEN_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_TOO_SHORT: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_STORAGE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_SHUTTING_DOWN: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
EFFECT_UNSPECIFIED: Effect
EFFECT_EXCLUDED: Effect
EFFECT_POSSIBLE: Effect
EFFECT_DONE: Effect
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_REQUEST_INVALID: ErrorReason
ERROR_REASON_CARD_NUMBER_INVALID: ErrorReason
ERROR_REASON_CARD_EXPIRED: ErrorReason
ERROR_REASON_CVV_INVALID: ErrorReason
ERROR_REASON_CARD_BRAND_UNSUPPORTED: ErrorReason
ERROR_REASON_AMOUNT_INVALID: ErrorReason
ERROR_REASON_CURRENCY_NOT_SUPPORTED: ErrorReason
ERROR_REASON_PAYMENT_METHOD_NOT_SUPPORTED: ErrorReason
ERROR_REASON_PROVIDER_ACCOUNT_NOT_FOUND: ErrorReason
ERROR_REASON_NO_PROVIDER_ACCOUNT: ErrorReason
ERROR_REASON_CREDENTIALS_MISSING: ErrorReason
ERROR_REASON_CREDENTIALS_INVALID: ErrorReason
ERROR_REASON_CREDENTIALS_EXPIRED: ErrorReason
ERROR_REASON_SCOPE_MISSING: ErrorReason
ERROR_REASON_PAYMENT_NOT_FOUND: ErrorReason
ERROR_REASON_REFUND_NOT_FOUND: ErrorReason
ERROR_REASON_IDEMPOTENCY_KEY_REUSED: ErrorReason
ERROR_REASON_OPERATION_IN_PROGRESS: ErrorReason
ERROR_REASON_PAYMENT_STATE_CONFLICT: ErrorReason
ERROR_REASON_CAPTURE_EXCEEDS_AUTHORIZED: ErrorReason
ERROR_REASON_REFUND_EXCEEDS_CAPTURED: ErrorReason
ERROR_REASON_REFERENCE_AMBIGUOUS: ErrorReason
ERROR_REASON_PAGE_TOKEN_INVALID: ErrorReason
ERROR_REASON_PAYMENT_EXPIRED: ErrorReason
ERROR_REASON_DEADLINE_TOO_SHORT: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_STORAGE_UNAVAILABLE: ErrorReason
ERROR_REASON_SHUTTING_DOWN: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_TRAITS_FIELD_NUMBER: _ClassVar[int]
error_traits: _descriptor.FieldDescriptor

class ErrorTraits(_message.Message):
    __slots__ = ("grpc_code", "effect")
    GRPC_CODE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    grpc_code: _code_pb2.Code
    effect: Effect
    def __init__(self, grpc_code: _Optional[_Union[_code_pb2.Code, str]] = ..., effect: _Optional[_Union[Effect, str]] = ...) -> None: ...
