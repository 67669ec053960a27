from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from tollbridge.v1 import customer_pb2 as _customer_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GoodsKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GOODS_KIND_UNSPECIFIED: _ClassVar[GoodsKind]
    GOODS_KIND_PHYSICAL: _ClassVar[GoodsKind]
    GOODS_KIND_DIGITAL: _ClassVar[GoodsKind]
GOODS_KIND_UNSPECIFIED: GoodsKind
GOODS_KIND_PHYSICAL: GoodsKind
GOODS_KIND_DIGITAL: GoodsKind

class OrderLine(_message.Message):
    __slots__ = ("sku", "name", "quantity", "unit_amount_minor", "unit_tax_minor", "kind", "category")
    SKU_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    UNIT_TAX_MINOR_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    sku: str
    name: str
    quantity: int
    unit_amount_minor: int
    unit_tax_minor: int
    kind: GoodsKind
    category: str
    def __init__(self, sku: _Optional[str] = ..., name: _Optional[str] = ..., quantity: _Optional[int] = ..., unit_amount_minor: _Optional[int] = ..., unit_tax_minor: _Optional[int] = ..., kind: _Optional[_Union[GoodsKind, str]] = ..., category: _Optional[str] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("lines", "shipping_address", "shipping_name", "shipping_amount_minor", "discount_amount_minor")
    LINES_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_NAME_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[OrderLine]
    shipping_address: _customer_pb2.Address
    shipping_name: str
    shipping_amount_minor: int
    discount_amount_minor: int
    def __init__(self, lines: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ..., shipping_address: _Optional[_Union[_customer_pb2.Address, _Mapping]] = ..., shipping_name: _Optional[str] = ..., shipping_amount_minor: _Optional[int] = ..., discount_amount_minor: _Optional[int] = ...) -> None: ...
