import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from tollbridge.v1 import failure_pb2 as _failure_pb2
from tollbridge.v1 import money_pb2 as _money_pb2
from tollbridge.v1 import next_action_pb2 as _next_action_pb2
from tollbridge.v1 import options_pb2 as _options_pb2
from tollbridge.v1 import payment_pb2 as _payment_pb2
from tollbridge.v1 import refund_pb2 as _refund_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RefundStatus(_message.Message):
    __slots__ = ("refund_id", "merchant_reference", "state", "amount", "failure", "update_time")
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    MERCHANT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    refund_id: str
    merchant_reference: str
    state: _refund_pb2.RefundState
    amount: _money_pb2.Money
    failure: _failure_pb2.Failure
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, refund_id: _Optional[str] = ..., merchant_reference: _Optional[str] = ..., state: _Optional[_Union[_refund_pb2.RefundState, str]] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., failure: _Optional[_Union[_failure_pb2.Failure, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PaymentStatus(_message.Message):
    __slots__ = ("payment_id", "merchant_reference", "state", "version", "amount", "authorized_amount", "captured_amount", "refunded_amount", "capturable_amount", "refundable_amount", "failure", "next_action", "update_time", "refunds")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    MERCHANT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZED_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CAPTURABLE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REFUNDABLE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    NEXT_ACTION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REFUNDS_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    merchant_reference: str
    state: _payment_pb2.PaymentState
    version: int
    amount: _money_pb2.Money
    authorized_amount: _money_pb2.Money
    captured_amount: _money_pb2.Money
    refunded_amount: _money_pb2.Money
    capturable_amount: _money_pb2.Money
    refundable_amount: _money_pb2.Money
    failure: _failure_pb2.Failure
    next_action: _next_action_pb2.NextAction
    update_time: _timestamp_pb2.Timestamp
    refunds: _containers.RepeatedCompositeFieldContainer[RefundStatus]
    def __init__(self, payment_id: _Optional[str] = ..., merchant_reference: _Optional[str] = ..., state: _Optional[_Union[_payment_pb2.PaymentState, str]] = ..., version: _Optional[int] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., authorized_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., captured_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., capturable_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refundable_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., failure: _Optional[_Union[_failure_pb2.Failure, _Mapping]] = ..., next_action: _Optional[_Union[_next_action_pb2.NextAction, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., refunds: _Optional[_Iterable[_Union[RefundStatus, _Mapping]]] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ("lookup", "refresh")
    LOOKUP_FIELD_NUMBER: _ClassVar[int]
    REFRESH_FIELD_NUMBER: _ClassVar[int]
    lookup: _payment_pb2.PaymentLookup
    refresh: bool
    def __init__(self, lookup: _Optional[_Union[_payment_pb2.PaymentLookup, _Mapping]] = ..., refresh: bool = ...) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("status", "refreshed")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REFRESHED_FIELD_NUMBER: _ClassVar[int]
    status: PaymentStatus
    refreshed: bool
    def __init__(self, status: _Optional[_Union[PaymentStatus, _Mapping]] = ..., refreshed: bool = ...) -> None: ...

class BatchGetStatusRequest(_message.Message):
    __slots__ = ("lookups",)
    LOOKUPS_FIELD_NUMBER: _ClassVar[int]
    lookups: _containers.RepeatedCompositeFieldContainer[_payment_pb2.PaymentLookup]
    def __init__(self, lookups: _Optional[_Iterable[_Union[_payment_pb2.PaymentLookup, _Mapping]]] = ...) -> None: ...

class BatchGetStatusResult(_message.Message):
    __slots__ = ("status", "error")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    status: PaymentStatus
    error: _status_pb2.Status
    def __init__(self, status: _Optional[_Union[PaymentStatus, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class BatchGetStatusResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchGetStatusResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchGetStatusResult, _Mapping]]] = ...) -> None: ...

class WatchStatusRequest(_message.Message):
    __slots__ = ("lookup", "after_version")
    LOOKUP_FIELD_NUMBER: _ClassVar[int]
    AFTER_VERSION_FIELD_NUMBER: _ClassVar[int]
    lookup: _payment_pb2.PaymentLookup
    after_version: int
    def __init__(self, lookup: _Optional[_Union[_payment_pb2.PaymentLookup, _Mapping]] = ..., after_version: _Optional[int] = ...) -> None: ...

class WatchStatusResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: PaymentStatus
    def __init__(self, status: _Optional[_Union[PaymentStatus, _Mapping]] = ...) -> None: ...
