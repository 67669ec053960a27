"""Requests of the contract as requests of the services; refuses only times that are none.

What the rules of the contract refuse never comes here.
"""

from __future__ import annotations

from typing import Any, Protocol

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from tollbridge.v1 import (
    customer_pb2,
    order_pb2,
    payment_method_pb2,
    payment_pb2,
    payment_service_pb2,
    refund_service_pb2,
)

from tollbridge_server.domain.errors import ErrorReason, FieldViolation, RequestError
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.order import (
    NO_DETAILS,
    Address,
    Customer,
    Device,
    Identity,
    Order,
    OrderLine,
    PaymentDetails,
)
from tollbridge_server.domain.payment_method import Card, MethodKind, PaymentMethod
from tollbridge_server.ports.storage import PaymentFilter, RefundFilter
from tollbridge_server.rpc import names
from tollbridge_server.services.requests import (
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    CreateRefund,
    IdempotencyToken,
    PaymentLookup,
    RefundLookup,
)

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # 0001-01-01 and 9999-12-31, as Timestamp says.
_NANOS = 1_000_000_000
_WALLETS = {"alipay": "ALIPAY", "wechat_pay": "WECHAT"}
_PLAIN = {
    "stored": MethodKind.STORED,
    "paypal": MethodKind.PAYPAL,
    "unionpay": MethodKind.UNIONPAY,
    "provider_token": MethodKind.PROVIDER_TOKEN,
}


class _Keyed(Protocol):
    idempotency_key: str

    def ClearField(self, field_name: Any) -> None: ...  # noqa: N802  protobuf's name.

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...  # noqa: N802  As above.


def token(request: _Keyed) -> IdempotencyToken:
    """Return the key of a request, and its bytes without the key; the request is left as it was."""
    key = request.idempotency_key
    request.ClearField("idempotency_key")
    canonical = request.SerializeToString(deterministic=True)
    request.idempotency_key = key
    return IdempotencyToken(key, canonical)


def create_payment(request: payment_service_pb2.CreatePaymentRequest) -> CreatePayment:
    """Return the service's request."""
    return CreatePayment(
        token=token(request),
        merchant_reference=request.merchant_reference,
        amount=Money(request.amount.amount_minor, request.amount.currency_code),
        method=payment_method(request.payment_method),
        capture_method=names.CAPTURE_METHODS_BY_NUMBER[request.capture_method],
        on_decline=names.ON_DECLINE_BY_NUMBER[request.on_decline],
        provider_account_id=request.provider_account_id,
        expires_at_us=_time(request, "expire_time"),
        details=_details(request),
        identity=_identity(request.customer) if request.HasField("customer") else None,
    )


def confirm_payment(request: payment_service_pb2.ConfirmPaymentRequest) -> ConfirmPayment:
    """Return the service's request."""
    return ConfirmPayment(
        token=token(request),
        payment_id=request.payment_id,
        method=payment_method(request.payment_method) if request.HasField("payment_method") else None,
        action_result=tuple(sorted(request.action_result.items())),
    )


def capture_payment(request: payment_service_pb2.CapturePaymentRequest) -> CapturePayment:
    """Return the service's request."""
    return CapturePayment(
        token=token(request),
        payment_id=request.payment_id,
        amount_minor=request.amount.amount_minor,
        currency=request.amount.currency_code,
        is_final=request.final_capture,
    )


def cancel_payment(request: payment_service_pb2.CancelPaymentRequest) -> CancelPayment:
    """Return the service's request."""
    return CancelPayment(token(request), request.payment_id, request.reason)


def create_refund(request: refund_service_pb2.CreateRefundRequest) -> CreateRefund:
    """Return the service's request."""
    return CreateRefund(
        token=token(request),
        payment_id=request.payment_id,
        amount_minor=request.amount.amount_minor,
        currency=request.amount.currency_code,
        reason=request.reason,
        merchant_reference=request.merchant_reference,
    )


def payment_lookup(lookup: payment_pb2.PaymentLookup) -> PaymentLookup:
    """Return the service's lookup; exactly one reference is set."""
    return PaymentLookup(lookup.payment_id, lookup.merchant_reference, lookup.provider_reference)


def refund_lookup(request: refund_service_pb2.GetRefundRequest) -> RefundLookup:
    """Return the service's lookup; exactly one reference is set."""
    return RefundLookup(request.refund_id, request.merchant_reference, request.provider_reference)


def payment_filter(request: payment_service_pb2.ListPaymentsRequest) -> PaymentFilter:
    """Return what a list of payments filters by."""
    return PaymentFilter(
        states=tuple(names.PAYMENT_STATES_BY_NUMBER[state] for state in request.states),
        provider=request.provider,
        provider_account_id=request.provider_account_id,
        merchant_reference=request.merchant_reference,
        created_from_us=_time(request, "create_time_from"),
        created_to_us=_time(request, "create_time_before"),
    )


def refund_filter(request: refund_service_pb2.ListRefundsRequest) -> RefundFilter:
    """Return what a list of refunds filters by."""
    return RefundFilter(
        payment_id=request.payment_id,
        states=tuple(names.REFUND_STATES_BY_NUMBER[state] for state in request.states),
        provider=request.provider,
        provider_account_id=request.provider_account_id,
        merchant_reference=request.merchant_reference,
        created_from_us=_time(request, "create_time_from"),
        created_to_us=_time(request, "create_time_before"),
    )


def payment_method(method: payment_method_pb2.PaymentMethod) -> PaymentMethod:
    """Return the domain's method; what a kind needs beyond its name travels as parameters under the proto's names."""
    kind = method.WhichOneof("method") or ""
    if kind == "card":
        card = method.card
        return PaymentMethod(
            MethodKind.CARD,
            card=Card(card.number, card.expiry_month, card.expiry_year, card.cvv, card.holder_name),
        )
    chosen: Message = getattr(method, kind)
    if kind in _WALLETS:
        product = chosen.WhichOneof("product") or ""
        return PaymentMethod(
            MethodKind[f"{_WALLETS[kind]}_{product.upper()}"], parameters=tuple(_parameters(getattr(chosen, product)))
        )
    return PaymentMethod(_PLAIN[kind], parameters=tuple(_parameters(chosen)))


def _time(request: Message, field: str) -> int:
    """Return a time in microseconds since the epoch; 0 when it is not set.

    Raises RequestError for what google.protobuf.Timestamp excludes: such a number fits no database and no answer.
    """
    if not request.HasField(field):
        return 0
    time: Timestamp = getattr(request, field)
    if not (_FIRST_SECOND <= time.seconds <= _LAST_SECOND and 0 <= time.nanos < _NANOS):
        violation = FieldViolation(field, "is no time between the years 1 and 9999; give seconds and nanos of one")
        raise RequestError(ErrorReason.REQUEST_INVALID, f"{field} is no valid time", violations=(violation,))
    return time.seconds * 1_000_000 + time.nanos // 1_000


def _parameters(message: Message, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for field, value in message.ListFields():
        if field.message_type is not None:
            found += _parameters(value, f"{prefix}{field.name}.")
        elif field.enum_type is not None:
            found.append((prefix + field.name, field.enum_type.values_by_number[value].name))
        else:
            found.append((prefix + field.name, str(value)))
    return found


def _details(request: payment_service_pb2.CreatePaymentRequest) -> PaymentDetails:
    details = PaymentDetails(
        description=request.description,
        statement_descriptor=request.statement_descriptor,
        return_url=request.return_url,
        order=_order(request.order) if request.HasField("order") else None,
        customer=_customer(request.customer) if request.HasField("customer") else None,
        metadata=tuple(sorted(request.metadata.items())),
    )
    return NO_DETAILS if details == NO_DETAILS else details


def _order(order: order_pb2.Order) -> Order:
    return Order(
        lines=tuple(
            OrderLine(
                name=line.name,
                quantity=line.quantity,
                unit_amount_minor=line.unit_amount_minor,
                unit_tax_minor=line.unit_tax_minor,
                sku=line.sku,
                kind=names.short_name(*names.GOODS_KIND, line.kind),
                category=line.category,
            )
            for line in order.lines
        ),
        shipping_address=_address(order.shipping_address) if order.HasField("shipping_address") else None,
        shipping_name=order.shipping_name,
        shipping_amount_minor=order.shipping_amount_minor,
        discount_amount_minor=order.discount_amount_minor,
    )


def _customer(customer: customer_pb2.Customer) -> Customer:
    return Customer(
        customer_id=customer.customer_id,
        email=customer.email,
        name=customer.name,
        phone=customer.phone,
        locale=customer.locale,
        ip_address=customer.ip_address,
        device=_device(customer.device) if customer.HasField("device") else None,
        billing_address=_address(customer.billing_address) if customer.HasField("billing_address") else None,
    )


def _identity(customer: customer_pb2.Customer) -> Identity | None:
    if not customer.HasField("identity"):
        return None
    identity = customer.identity
    return Identity(
        names.short_name(*names.IDENTITY_TYPE, identity.type), identity.number, identity.name, identity.min_age
    )


def _device(device: customer_pb2.Device) -> Device:
    has_zone, has_java = device.HasField("time_zone_offset_minutes"), device.HasField("java_enabled")
    return Device(
        channel=names.short_name(*names.DEVICE_CHANNEL, device.channel),
        user_agent=device.user_agent,
        accept_header=device.accept_header,
        language=device.language,
        color_depth_bits=device.color_depth_bits,
        screen_height_px=device.screen_height_px,
        screen_width_px=device.screen_width_px,
        time_zone_offset_minutes=device.time_zone_offset_minutes if has_zone else None,
        is_java_enabled=device.java_enabled if has_java else None,
        device_id=device.device_id,
    )


def _address(address: customer_pb2.Address) -> Address:
    return Address(
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        region=address.region,
        postal_code=address.postal_code,
        country_code=address.country_code,
    )
