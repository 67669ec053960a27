from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IdentityType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IDENTITY_TYPE_UNSPECIFIED: _ClassVar[IdentityType]
    IDENTITY_TYPE_NATIONAL_ID: _ClassVar[IdentityType]
    IDENTITY_TYPE_PASSPORT: _ClassVar[IdentityType]
    IDENTITY_TYPE_OTHER: _ClassVar[IdentityType]

class DeviceChannel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_CHANNEL_UNSPECIFIED: _ClassVar[DeviceChannel]
    DEVICE_CHANNEL_WEB: _ClassVar[DeviceChannel]
    DEVICE_CHANNEL_MOBILE_WEB: _ClassVar[DeviceChannel]
    DEVICE_CHANNEL_IOS: _ClassVar[DeviceChannel]
    DEVICE_CHANNEL_ANDROID: _ClassVar[DeviceChannel]
    DEVICE_CHANNEL_STORE: _ClassVar[DeviceChannel]
IDENTITY_TYPE_UNSPECIFIED: IdentityType
IDENTITY_TYPE_NATIONAL_ID: IdentityType
IDENTITY_TYPE_PASSPORT: IdentityType
IDENTITY_TYPE_OTHER: IdentityType
DEVICE_CHANNEL_UNSPECIFIED: DeviceChannel
DEVICE_CHANNEL_WEB: DeviceChannel
DEVICE_CHANNEL_MOBILE_WEB: DeviceChannel
DEVICE_CHANNEL_IOS: DeviceChannel
DEVICE_CHANNEL_ANDROID: DeviceChannel
DEVICE_CHANNEL_STORE: DeviceChannel

class Address(_message.Message):
    __slots__ = ("line1", "line2", "city", "region", "postal_code", "country_code")
    LINE1_FIELD_NUMBER: _ClassVar[int]
    LINE2_FIELD_NUMBER: _ClassVar[int]
    CITY_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    POSTAL_CODE_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country_code: str
    def __init__(self, line1: _Optional[str] = ..., line2: _Optional[str] = ..., city: _Optional[str] = ..., region: _Optional[str] = ..., postal_code: _Optional[str] = ..., country_code: _Optional[str] = ...) -> None: ...

class Device(_message.Message):
    __slots__ = ("channel", "user_agent", "accept_header", "language", "color_depth_bits", "screen_height_px", "screen_width_px", "time_zone_offset_minutes", "java_enabled", "device_id")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_HEADER_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    COLOR_DEPTH_BITS_FIELD_NUMBER: _ClassVar[int]
    SCREEN_HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    SCREEN_WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_OFFSET_MINUTES_FIELD_NUMBER: _ClassVar[int]
    JAVA_ENABLED_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    channel: DeviceChannel
    user_agent: str
    accept_header: str
    language: str
    color_depth_bits: int
    screen_height_px: int
    screen_width_px: int
    time_zone_offset_minutes: int
    java_enabled: bool
    device_id: str
    def __init__(self, channel: _Optional[_Union[DeviceChannel, str]] = ..., user_agent: _Optional[str] = ..., accept_header: _Optional[str] = ..., language: _Optional[str] = ..., color_depth_bits: _Optional[int] = ..., screen_height_px: _Optional[int] = ..., screen_width_px: _Optional[int] = ..., time_zone_offset_minutes: _Optional[int] = ..., java_enabled: bool = ..., device_id: _Optional[str] = ...) -> None: ...

class Identity(_message.Message):
    __slots__ = ("type", "number", "name", "min_age")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_AGE_FIELD_NUMBER: _ClassVar[int]
    type: IdentityType
    number: str
    name: str
    min_age: int
    def __init__(self, type: _Optional[_Union[IdentityType, str]] = ..., number: _Optional[str] = ..., name: _Optional[str] = ..., min_age: _Optional[int] = ...) -> None: ...

class Customer(_message.Message):
    __slots__ = ("customer_id", "email", "name", "phone", "locale", "ip_address", "device", "billing_address", "identity")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    BILLING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    email: str
    name: str
    phone: str
    locale: str
    ip_address: str
    device: Device
    billing_address: Address
    identity: Identity
    def __init__(self, customer_id: _Optional[str] = ..., email: _Optional[str] = ..., name: _Optional[str] = ..., phone: _Optional[str] = ..., locale: _Optional[str] = ..., ip_address: _Optional[str] = ..., device: _Optional[_Union[Device, _Mapping]] = ..., billing_address: _Optional[_Union[Address, _Mapping]] = ..., identity: _Optional[_Union[Identity, _Mapping]] = ...) -> None: ...
