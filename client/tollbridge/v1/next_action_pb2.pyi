import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HttpMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HTTP_METHOD_UNSPECIFIED: _ClassVar[HttpMethod]
    HTTP_METHOD_GET: _ClassVar[HttpMethod]
    HTTP_METHOD_POST: _ClassVar[HttpMethod]
HTTP_METHOD_UNSPECIFIED: HttpMethod
HTTP_METHOD_GET: HttpMethod
HTTP_METHOD_POST: HttpMethod

class RedirectAction(_message.Message):
    __slots__ = ("url", "method", "form_fields", "expire_time")
    class FormFieldsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELDS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    url: str
    method: HttpMethod
    form_fields: _containers.ScalarMap[str, str]
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, url: _Optional[str] = ..., method: _Optional[_Union[HttpMethod, str]] = ..., form_fields: _Optional[_Mapping[str, str]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ShowQrAction(_message.Message):
    __slots__ = ("payload", "expire_time")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    payload: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, payload: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SdkParametersAction(_message.Message):
    __slots__ = ("sdk", "parameters", "expire_time")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SDK_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    sdk: str
    parameters: _containers.ScalarMap[str, str]
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, sdk: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WaitAction(_message.Message):
    __slots__ = ("poll_after",)
    POLL_AFTER_FIELD_NUMBER: _ClassVar[int]
    poll_after: _duration_pb2.Duration
    def __init__(self, poll_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ProvidePaymentMethodAction(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NextAction(_message.Message):
    __slots__ = ("redirect", "show_qr", "sdk_parameters", "wait", "provide_payment_method")
    REDIRECT_FIELD_NUMBER: _ClassVar[int]
    SHOW_QR_FIELD_NUMBER: _ClassVar[int]
    SDK_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    redirect: RedirectAction
    show_qr: ShowQrAction
    sdk_parameters: SdkParametersAction
    wait: WaitAction
    provide_payment_method: ProvidePaymentMethodAction
    def __init__(self, redirect: _Optional[_Union[RedirectAction, _Mapping]] = ..., show_qr: _Optional[_Union[ShowQrAction, _Mapping]] = ..., sdk_parameters: _Optional[_Union[SdkParametersAction, _Mapping]] = ..., wait: _Optional[_Union[WaitAction, _Mapping]] = ..., provide_payment_method: _Optional[_Union[ProvidePaymentMethodAction, _Mapping]] = ...) -> None: ...
