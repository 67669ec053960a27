from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PaymentMethodKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_METHOD_KIND_UNSPECIFIED: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_CARD: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_STORED: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_ALIPAY_PAGE: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_ALIPAY_WAP: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_ALIPAY_APP: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_ALIPAY_QR: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_ALIPAY_BARCODE: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_WECHAT_NATIVE: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_WECHAT_JSAPI: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_WECHAT_H5: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_WECHAT_APP: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_WECHAT_CODE: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_PAYPAL: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_UNIONPAY: _ClassVar[PaymentMethodKind]
    PAYMENT_METHOD_KIND_PROVIDER_TOKEN: _ClassVar[PaymentMethodKind]

class WechatH5Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WECHAT_H5_TYPE_UNSPECIFIED: _ClassVar[WechatH5Type]
    WECHAT_H5_TYPE_WAP: _ClassVar[WechatH5Type]
    WECHAT_H5_TYPE_IOS: _ClassVar[WechatH5Type]
    WECHAT_H5_TYPE_ANDROID: _ClassVar[WechatH5Type]

class UnionpayChannel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNIONPAY_CHANNEL_UNSPECIFIED: _ClassVar[UnionpayChannel]
    UNIONPAY_CHANNEL_WEB: _ClassVar[UnionpayChannel]
    UNIONPAY_CHANNEL_MOBILE_WEB: _ClassVar[UnionpayChannel]
    UNIONPAY_CHANNEL_APP: _ClassVar[UnionpayChannel]
PAYMENT_METHOD_KIND_UNSPECIFIED: PaymentMethodKind
PAYMENT_METHOD_KIND_CARD: PaymentMethodKind
PAYMENT_METHOD_KIND_STORED: PaymentMethodKind
PAYMENT_METHOD_KIND_ALIPAY_PAGE: PaymentMethodKind
PAYMENT_METHOD_KIND_ALIPAY_WAP: PaymentMethodKind
PAYMENT_METHOD_KIND_ALIPAY_APP: PaymentMethodKind
PAYMENT_METHOD_KIND_ALIPAY_QR: PaymentMethodKind
PAYMENT_METHOD_KIND_ALIPAY_BARCODE: PaymentMethodKind
PAYMENT_METHOD_KIND_WECHAT_NATIVE: PaymentMethodKind
PAYMENT_METHOD_KIND_WECHAT_JSAPI: PaymentMethodKind
PAYMENT_METHOD_KIND_WECHAT_H5: PaymentMethodKind
PAYMENT_METHOD_KIND_WECHAT_APP: PaymentMethodKind
PAYMENT_METHOD_KIND_WECHAT_CODE: PaymentMethodKind
PAYMENT_METHOD_KIND_PAYPAL: PaymentMethodKind
PAYMENT_METHOD_KIND_UNIONPAY: PaymentMethodKind
PAYMENT_METHOD_KIND_PROVIDER_TOKEN: PaymentMethodKind
WECHAT_H5_TYPE_UNSPECIFIED: WechatH5Type
WECHAT_H5_TYPE_WAP: WechatH5Type
WECHAT_H5_TYPE_IOS: WechatH5Type
WECHAT_H5_TYPE_ANDROID: WechatH5Type
UNIONPAY_CHANNEL_UNSPECIFIED: UnionpayChannel
UNIONPAY_CHANNEL_WEB: UnionpayChannel
UNIONPAY_CHANNEL_MOBILE_WEB: UnionpayChannel
UNIONPAY_CHANNEL_APP: UnionpayChannel

class Card(_message.Message):
    __slots__ = ("number", "expiry_month", "expiry_year", "cvv", "holder_name")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_MONTH_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_YEAR_FIELD_NUMBER: _ClassVar[int]
    CVV_FIELD_NUMBER: _ClassVar[int]
    HOLDER_NAME_FIELD_NUMBER: _ClassVar[int]
    number: str
    expiry_month: int
    expiry_year: int
    cvv: str
    holder_name: str
    def __init__(self, number: _Optional[str] = ..., expiry_month: _Optional[int] = ..., expiry_year: _Optional[int] = ..., cvv: _Optional[str] = ..., holder_name: _Optional[str] = ...) -> None: ...

class StoredPaymentMethod(_message.Message):
    __slots__ = ("payment_method_id", "cvv")
    PAYMENT_METHOD_ID_FIELD_NUMBER: _ClassVar[int]
    CVV_FIELD_NUMBER: _ClassVar[int]
    payment_method_id: str
    cvv: str
    def __init__(self, payment_method_id: _Optional[str] = ..., cvv: _Optional[str] = ...) -> None: ...

class PointOfSale(_message.Message):
    __slots__ = ("store_id", "store_name", "terminal_id", "operator_id")
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    TERMINAL_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_ID_FIELD_NUMBER: _ClassVar[int]
    store_id: str
    store_name: str
    terminal_id: str
    operator_id: str
    def __init__(self, store_id: _Optional[str] = ..., store_name: _Optional[str] = ..., terminal_id: _Optional[str] = ..., operator_id: _Optional[str] = ...) -> None: ...

class AlipayPage(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AlipayWap(_message.Message):
    __slots__ = ("quit_url",)
    QUIT_URL_FIELD_NUMBER: _ClassVar[int]
    quit_url: str
    def __init__(self, quit_url: _Optional[str] = ...) -> None: ...

class AlipayApp(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AlipayQr(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AlipayBarcode(_message.Message):
    __slots__ = ("auth_code", "point_of_sale")
    AUTH_CODE_FIELD_NUMBER: _ClassVar[int]
    POINT_OF_SALE_FIELD_NUMBER: _ClassVar[int]
    auth_code: str
    point_of_sale: PointOfSale
    def __init__(self, auth_code: _Optional[str] = ..., point_of_sale: _Optional[_Union[PointOfSale, _Mapping]] = ...) -> None: ...

class AlipayMethod(_message.Message):
    __slots__ = ("page", "wap", "app", "qr", "barcode")
    PAGE_FIELD_NUMBER: _ClassVar[int]
    WAP_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    QR_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    page: AlipayPage
    wap: AlipayWap
    app: AlipayApp
    qr: AlipayQr
    barcode: AlipayBarcode
    def __init__(self, page: _Optional[_Union[AlipayPage, _Mapping]] = ..., wap: _Optional[_Union[AlipayWap, _Mapping]] = ..., app: _Optional[_Union[AlipayApp, _Mapping]] = ..., qr: _Optional[_Union[AlipayQr, _Mapping]] = ..., barcode: _Optional[_Union[AlipayBarcode, _Mapping]] = ...) -> None: ...

class WechatNative(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WechatJsapi(_message.Message):
    __slots__ = ("open_id", "app_id")
    OPEN_ID_FIELD_NUMBER: _ClassVar[int]
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    open_id: str
    app_id: str
    def __init__(self, open_id: _Optional[str] = ..., app_id: _Optional[str] = ...) -> None: ...

class WechatH5(_message.Message):
    __slots__ = ("type", "app_name", "app_url", "bundle_id", "package_name")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    APP_NAME_FIELD_NUMBER: _ClassVar[int]
    APP_URL_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_ID_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    type: WechatH5Type
    app_name: str
    app_url: str
    bundle_id: str
    package_name: str
    def __init__(self, type: _Optional[_Union[WechatH5Type, str]] = ..., app_name: _Optional[str] = ..., app_url: _Optional[str] = ..., bundle_id: _Optional[str] = ..., package_name: _Optional[str] = ...) -> None: ...

class WechatApp(_message.Message):
    __slots__ = ("app_id",)
    APP_ID_FIELD_NUMBER: _ClassVar[int]
    app_id: str
    def __init__(self, app_id: _Optional[str] = ...) -> None: ...

class WechatCode(_message.Message):
    __slots__ = ("auth_code", "point_of_sale")
    AUTH_CODE_FIELD_NUMBER: _ClassVar[int]
    POINT_OF_SALE_FIELD_NUMBER: _ClassVar[int]
    auth_code: str
    point_of_sale: PointOfSale
    def __init__(self, auth_code: _Optional[str] = ..., point_of_sale: _Optional[_Union[PointOfSale, _Mapping]] = ...) -> None: ...

class WechatPayMethod(_message.Message):
    __slots__ = ("native", "jsapi", "h5", "app", "code")
    NATIVE_FIELD_NUMBER: _ClassVar[int]
    JSAPI_FIELD_NUMBER: _ClassVar[int]
    H5_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    native: WechatNative
    jsapi: WechatJsapi
    h5: WechatH5
    app: WechatApp
    code: WechatCode
    def __init__(self, native: _Optional[_Union[WechatNative, _Mapping]] = ..., jsapi: _Optional[_Union[WechatJsapi, _Mapping]] = ..., h5: _Optional[_Union[WechatH5, _Mapping]] = ..., app: _Optional[_Union[WechatApp, _Mapping]] = ..., code: _Optional[_Union[WechatCode, _Mapping]] = ...) -> None: ...

class PaypalMethod(_message.Message):
    __slots__ = ("cancel_url",)
    CANCEL_URL_FIELD_NUMBER: _ClassVar[int]
    cancel_url: str
    def __init__(self, cancel_url: _Optional[str] = ...) -> None: ...

class UnionpayMethod(_message.Message):
    __slots__ = ("channel",)
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    channel: UnionpayChannel
    def __init__(self, channel: _Optional[_Union[UnionpayChannel, str]] = ...) -> None: ...

class ProviderToken(_message.Message):
    __slots__ = ("provider", "token")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    provider: str
    token: str
    def __init__(self, provider: _Optional[str] = ..., token: _Optional[str] = ...) -> None: ...

class PaymentMethod(_message.Message):
    __slots__ = ("card", "stored", "alipay", "wechat_pay", "paypal", "unionpay", "provider_token")
    CARD_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    ALIPAY_FIELD_NUMBER: _ClassVar[int]
    WECHAT_PAY_FIELD_NUMBER: _ClassVar[int]
    PAYPAL_FIELD_NUMBER: _ClassVar[int]
    UNIONPAY_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    card: Card
    stored: StoredPaymentMethod
    alipay: AlipayMethod
    wechat_pay: WechatPayMethod
    paypal: PaypalMethod
    unionpay: UnionpayMethod
    provider_token: ProviderToken
    def __init__(self, card: _Optional[_Union[Card, _Mapping]] = ..., stored: _Optional[_Union[StoredPaymentMethod, _Mapping]] = ..., alipay: _Optional[_Union[AlipayMethod, _Mapping]] = ..., wechat_pay: _Optional[_Union[WechatPayMethod, _Mapping]] = ..., paypal: _Optional[_Union[PaypalMethod, _Mapping]] = ..., unionpay: _Optional[_Union[UnionpayMethod, _Mapping]] = ..., provider_token: _Optional[_Union[ProviderToken, _Mapping]] = ...) -> None: ...

class PaymentMethodSummary(_message.Message):
    __slots__ = ("kind", "brand", "bin", "last_four", "expiry_month", "expiry_year", "payment_method_id")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    BIN_FIELD_NUMBER: _ClassVar[int]
    LAST_FOUR_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_MONTH_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_YEAR_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_METHOD_ID_FIELD_NUMBER: _ClassVar[int]
    kind: PaymentMethodKind
    brand: str
    bin: str
    last_four: str
    expiry_month: int
    expiry_year: int
    payment_method_id: str
    def __init__(self, kind: _Optional[_Union[PaymentMethodKind, str]] = ..., brand: _Optional[str] = ..., bin: _Optional[str] = ..., last_four: _Optional[str] = ..., expiry_month: _Optional[int] = ..., expiry_year: _Optional[int] = ..., payment_method_id: _Optional[str] = ...) -> None: ...
