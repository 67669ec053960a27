import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tollbridge.v1 import customer_pb2 as _customer_pb2
from tollbridge.v1 import failure_pb2 as _failure_pb2
from tollbridge.v1 import money_pb2 as _money_pb2
from tollbridge.v1 import next_action_pb2 as _next_action_pb2
from tollbridge.v1 import operation_pb2 as _operation_pb2
from tollbridge.v1 import order_pb2 as _order_pb2
from tollbridge.v1 import payment_method_pb2 as _payment_method_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PaymentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_STATE_UNSPECIFIED: _ClassVar[PaymentState]
    PAYMENT_STATE_REQUIRES_ACTION: _ClassVar[PaymentState]
    PAYMENT_STATE_PROCESSING: _ClassVar[PaymentState]
    PAYMENT_STATE_AUTHORIZED: _ClassVar[PaymentState]
    PAYMENT_STATE_SUCCEEDED: _ClassVar[PaymentState]
    PAYMENT_STATE_CANCELED: _ClassVar[PaymentState]
    PAYMENT_STATE_FAILED: _ClassVar[PaymentState]
    PAYMENT_STATE_EXPIRED: _ClassVar[PaymentState]
    PAYMENT_STATE_NEEDS_REVIEW: _ClassVar[PaymentState]

class CaptureMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPTURE_METHOD_UNSPECIFIED: _ClassVar[CaptureMethod]
    CAPTURE_METHOD_AUTOMATIC: _ClassVar[CaptureMethod]
    CAPTURE_METHOD_MANUAL: _ClassVar[CaptureMethod]

class OnDecline(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_DECLINE_UNSPECIFIED: _ClassVar[OnDecline]
    ON_DECLINE_FAIL: _ClassVar[OnDecline]
    ON_DECLINE_ASK_PAYMENT_METHOD: _ClassVar[OnDecline]
PAYMENT_STATE_UNSPECIFIED: PaymentState
PAYMENT_STATE_REQUIRES_ACTION: PaymentState
PAYMENT_STATE_PROCESSING: PaymentState
PAYMENT_STATE_AUTHORIZED: PaymentState
PAYMENT_STATE_SUCCEEDED: PaymentState
PAYMENT_STATE_CANCELED: PaymentState
PAYMENT_STATE_FAILED: PaymentState
PAYMENT_STATE_EXPIRED: PaymentState
PAYMENT_STATE_NEEDS_REVIEW: PaymentState
CAPTURE_METHOD_UNSPECIFIED: CaptureMethod
CAPTURE_METHOD_AUTOMATIC: CaptureMethod
CAPTURE_METHOD_MANUAL: CaptureMethod
ON_DECLINE_UNSPECIFIED: OnDecline
ON_DECLINE_FAIL: OnDecline
ON_DECLINE_ASK_PAYMENT_METHOD: OnDecline

class Payment(_message.Message):
    __slots__ = ("payment_id", "merchant_id", "merchant_reference", "state", "version", "amount", "authorized_amount", "captured_amount", "refunded_amount", "capturable_amount", "refundable_amount", "capture_method", "on_decline", "payment_method", "provider", "provider_account_id", "provider_reference", "next_action", "failure", "order", "customer", "metadata", "description", "statement_descriptor", "return_url", "expire_time", "create_time", "update_time", "operations")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    MERCHANT_ID_FIELD_NUMBER: _ClassVar[int]
    MERCHANT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZED_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CAPTURABLE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REFUNDABLE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_METHOD_FIELD_NUMBER: _ClassVar[int]
    ON_DECLINE_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    NEXT_ACTION_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_DESCRIPTOR_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    merchant_id: str
    merchant_reference: str
    state: PaymentState
    version: int
    amount: _money_pb2.Money
    authorized_amount: _money_pb2.Money
    captured_amount: _money_pb2.Money
    refunded_amount: _money_pb2.Money
    capturable_amount: _money_pb2.Money
    refundable_amount: _money_pb2.Money
    capture_method: CaptureMethod
    on_decline: OnDecline
    payment_method: _payment_method_pb2.PaymentMethodSummary
    provider: str
    provider_account_id: str
    provider_reference: str
    next_action: _next_action_pb2.NextAction
    failure: _failure_pb2.Failure
    order: _order_pb2.Order
    customer: _customer_pb2.Customer
    metadata: _containers.ScalarMap[str, str]
    description: str
    statement_descriptor: str
    return_url: str
    expire_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    operations: _containers.RepeatedCompositeFieldContainer[_operation_pb2.Operation]
    def __init__(self, payment_id: _Optional[str] = ..., merchant_id: _Optional[str] = ..., merchant_reference: _Optional[str] = ..., state: _Optional[_Union[PaymentState, str]] = ..., version: _Optional[int] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., authorized_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., captured_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., capturable_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refundable_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., capture_method: _Optional[_Union[CaptureMethod, str]] = ..., on_decline: _Optional[_Union[OnDecline, str]] = ..., payment_method: _Optional[_Union[_payment_method_pb2.PaymentMethodSummary, _Mapping]] = ..., provider: _Optional[str] = ..., provider_account_id: _Optional[str] = ..., provider_reference: _Optional[str] = ..., next_action: _Optional[_Union[_next_action_pb2.NextAction, _Mapping]] = ..., failure: _Optional[_Union[_failure_pb2.Failure, _Mapping]] = ..., order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., description: _Optional[str] = ..., statement_descriptor: _Optional[str] = ..., return_url: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., operations: _Optional[_Iterable[_Union[_operation_pb2.Operation, _Mapping]]] = ...) -> None: ...

class PaymentLookup(_message.Message):
    __slots__ = ("payment_id", "merchant_reference", "provider_reference")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    MERCHANT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    merchant_reference: str
    provider_reference: str
    def __init__(self, payment_id: _Optional[str] = ..., merchant_reference: _Optional[str] = ..., provider_reference: _Optional[str] = ...) -> None: ...
