"""One value of everything that the contract can carry, with no field left at its default."""

from __future__ import annotations

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from tollbridge.v1 import payment_method_pb2, payment_service_pb2
from tollbridge_server.domain.evidence import DeclineReason, Failure, NextAction, NextActionKind, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import (
    Attempt,
    AttemptState,
    CancelCause,
    Operation,
    OperationKind,
    OperationState,
)
from tollbridge_server.domain.order import Address, Customer, Device, Order, OrderLine, PaymentDetails
from tollbridge_server.domain.payment import CaptureMethod, ChargeState, OnDecline, Payment, PaymentState
from tollbridge_server.domain.payment_method import MethodKind, MethodSummary
from tollbridge_server.domain.refund import Refund, RefundState

CREATED_US, UPDATED_US, EXPIRES_US = 1_790_000_000_000_001, 1_790_000_001_999_999, 1_790_000_900_000_000

FAILURE = Failure(DeclineReason.INSUFFICIENT_FUNDS, "51", "Insufficient funds", "24", RetryAdvice.LATER)
REDIRECT = NextAction(
    NextActionKind.REDIRECT,
    url="https://issuer.example/3ds",
    http_method="POST",
    fields=(("creq", "abc"),),
    expires_at_us=EXPIRES_US,
)
ADDRESS = Address("1 Main Street", "Floor 2", "Shanghai", "SH", "200000", "CN")
DEVICE = Device("WEB", "Mozilla/5.0", "text/html", "zh-CN", 24, 1080, 1920, -480, True, "device-1")
CUSTOMER = Customer("cust-1", "payer@example.com", "A Payer", "+8613800000000", "zh-CN", "192.0.2.1", DEVICE, ADDRESS)
ORDER = Order((OrderLine("Tea", 2, 500, 30, "sku-1", "PHYSICAL", "food"),), ADDRESS, "A Payer", 300, 100)
DETAILS = PaymentDetails(
    "Two teas", "TEA SHOP", "https://shop.example/done", ORDER, CUSTOMER, (("aisle", "3"), ("basket", "7"))
)

PAYMENT = Payment(
    payment_id="pay_1",
    merchant_id="acme",
    merchant_reference="A-1001",
    state=PaymentState.AUTHORIZED,
    version=7,
    amount_minor=1300,
    currency="CNY",
    capture_method=CaptureMethod.MANUAL,
    on_decline=OnDecline.ASK_PAYMENT_METHOD,
    method=MethodSummary(MethodKind.CARD, "visa", "424242", "4242", 12, 2035),
    provider="sandbox",
    provider_account_id="sandbox-eu",
    created_at_us=CREATED_US,
    updated_at_us=UPDATED_US,
    charge_operation_id="op_1",
    charge=ChargeState.SUCCEEDED,
    authorized_minor=1300,
    captured_minor=700,
    capture_reserved_minor=200,
    refunded_minor=300,
    refund_reserved_minor=50,
    refund_count=1,
    provider_reference="ch_1",
    next_action=REDIRECT,
    failure=FAILURE,
    expires_at_us=EXPIRES_US,
    details=DETAILS,
)
OPERATION = Operation(
    operation_id="op_1",
    payment_id="pay_1",
    merchant_id="acme",
    kind=OperationKind.REFUND,
    state=OperationState.FAILED,
    amount=Money(300, "CNY"),
    created_at_us=CREATED_US,
    updated_at_us=UPDATED_US,
    refund_id="re_1",
    is_final=True,
    cancel_cause=CancelCause.CALLER,
    reason="broken cup",
    failure=FAILURE,
    capture_operation_id="op_0",
)


def attempt(number: int, state: AttemptState) -> Attempt:
    """An attempt of OPERATION; each number has names of its own."""
    return Attempt(
        attempt_id=f"at_{number}",
        operation_id="op_1",
        payment_id="pay_1",
        merchant_id="acme",
        provider=f"provider_{number}",
        provider_account_id=f"account-{number}",
        request_reference=f"{number:032}",
        state=state,
        created_at_us=CREATED_US + number,
        updated_at_us=UPDATED_US + number,
        provider_reference=f"ref_{number}",
    )


REFUND = Refund(
    refund_id="re_1",
    payment_id="pay_1",
    merchant_id="acme",
    merchant_reference="R-1",
    state=RefundState.FAILED,
    version=3,
    amount=Money(300, "CNY"),
    reason="broken cup",
    provider="sandbox",
    provider_account_id="sandbox-eu",
    operation_id="op_1",
    created_at_us=CREATED_US,
    updated_at_us=UPDATED_US,
    provider_reference="rf_1",
    failure=FAILURE,
)

METHODS: dict[MethodKind, tuple[payment_method_pb2.PaymentMethod, dict[str, str]]] = {}
"""One message for each kind, all of its fields set, with the parameters that must come out of it."""


def _method(kind: MethodKind, parameters: dict[str, str], **choice: Message) -> None:
    METHODS[kind] = payment_method_pb2.PaymentMethod(**choice), parameters  # type: ignore[arg-type]


_pm = payment_method_pb2
_POINT = _pm.PointOfSale(store_id="store-1", store_name="Main Street", terminal_id="till-1", operator_id="op-1")
_POINT_PARAMETERS = {
    "point_of_sale.store_id": "store-1",
    "point_of_sale.store_name": "Main Street",
    "point_of_sale.terminal_id": "till-1",
    "point_of_sale.operator_id": "op-1",
}
_CARD = _pm.Card(number="4242424242424242", expiry_month=12, expiry_year=2035, cvv="123", holder_name="A PAYER")
_method(MethodKind.CARD, {}, card=_CARD)
_method(
    MethodKind.STORED,
    {"payment_method_id": "pm_1", "cvv": "123"},
    stored=_pm.StoredPaymentMethod(payment_method_id="pm_1", cvv="123"),
)
_method(MethodKind.ALIPAY_PAGE, {}, alipay=_pm.AlipayMethod(page=_pm.AlipayPage()))
_method(
    MethodKind.ALIPAY_WAP,
    {"quit_url": "https://shop.example/quit"},
    alipay=_pm.AlipayMethod(wap=_pm.AlipayWap(quit_url="https://shop.example/quit")),
)
_method(MethodKind.ALIPAY_APP, {}, alipay=_pm.AlipayMethod(app=_pm.AlipayApp()))
_method(MethodKind.ALIPAY_QR, {}, alipay=_pm.AlipayMethod(qr=_pm.AlipayQr()))
_method(
    MethodKind.ALIPAY_BARCODE,
    {"auth_code": "2812345678901234", **_POINT_PARAMETERS},
    alipay=_pm.AlipayMethod(barcode=_pm.AlipayBarcode(auth_code="2812345678901234", point_of_sale=_POINT)),
)
_method(MethodKind.WECHAT_NATIVE, {}, wechat_pay=_pm.WechatPayMethod(native=_pm.WechatNative()))
_method(
    MethodKind.WECHAT_JSAPI,
    {"open_id": "o-1", "app_id": "wx1"},
    wechat_pay=_pm.WechatPayMethod(jsapi=_pm.WechatJsapi(open_id="o-1", app_id="wx1")),
)
_method(
    MethodKind.WECHAT_H5,
    {
        "type": "WECHAT_H5_TYPE_IOS",
        "app_name": "Tea",
        "app_url": "https://shop.example",
        "bundle_id": "example.shop",
        "package_name": "example.shop.android",
    },
    wechat_pay=_pm.WechatPayMethod(
        h5=_pm.WechatH5(
            type=_pm.WECHAT_H5_TYPE_IOS,
            app_name="Tea",
            app_url="https://shop.example",
            bundle_id="example.shop",
            package_name="example.shop.android",
        )
    ),
)
_method(MethodKind.WECHAT_APP, {"app_id": "wx1"}, wechat_pay=_pm.WechatPayMethod(app=_pm.WechatApp(app_id="wx1")))
_method(
    MethodKind.WECHAT_CODE,
    {"auth_code": "101234567890123456", **_POINT_PARAMETERS},
    wechat_pay=_pm.WechatPayMethod(code=_pm.WechatCode(auth_code="101234567890123456", point_of_sale=_POINT)),
)
_method(
    MethodKind.PAYPAL,
    {"cancel_url": "https://shop.example/back"},
    paypal=_pm.PaypalMethod(cancel_url="https://shop.example/back"),
)
_method(
    MethodKind.UNIONPAY,
    {"channel": "UNIONPAY_CHANNEL_APP"},
    unionpay=_pm.UnionpayMethod(channel=_pm.UNIONPAY_CHANNEL_APP),
)
_method(
    MethodKind.PROVIDER_TOKEN,
    {"provider": "stripe", "token": "tok_1"},
    provider_token=_pm.ProviderToken(provider="stripe", token="tok_1"),
)


def create_request(method: payment_method_pb2.PaymentMethod) -> payment_service_pb2.CreatePaymentRequest:
    """The least that the contract takes, paid with `method`."""
    request = payment_service_pb2.CreatePaymentRequest(idempotency_key="key-1", payment_method=method)
    request.amount.currency_code, request.amount.amount_minor = "CNY", 1300
    return request


def unset_fields(message: Message, path: str = "") -> set[str]:
    """The paths of all fields below `message` that are at their default; of a oneof, only the chosen member counts."""
    present = {field.name: value for field, value in message.ListFields()}
    unset: set[str] = set()
    for field in message.DESCRIPTOR.fields:
        here = f"{path}{field.name}"
        oneof = field.containing_oneof
        if field.name not in present:
            is_other_choice = oneof is not None and len(oneof.fields) > 1 and message.WhichOneof(oneof.name)
            if not is_other_choice:
                unset.add(here)
        elif field.type == FieldDescriptor.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            value = present[field.name]
            entries = [value] if isinstance(value, Message) else list(value)
            if field.message_type.file.package == "tollbridge.v1":
                unset |= {found for entry in entries for found in unset_fields(entry, f"{here}.")}
    return unset
