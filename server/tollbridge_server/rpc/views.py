"""What the services answer, as messages of the contract. Refuses nothing: what may be shown was decided before."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from tollbridge.v1 import (
    customer_pb2,
    failure_pb2,
    money_pb2,
    next_action_pb2,
    operation_pb2,
    order_pb2,
    payment_method_pb2,
    payment_pb2,
    refund_pb2,
    status_service_pb2,
)

from tollbridge_server.domain.evidence import Failure, NextAction, NextActionKind
from tollbridge_server.domain.operation import Attempt, AttemptState, Operation
from tollbridge_server.domain.order import NO_DETAILS, Address, Customer, Device, Order, PaymentDetails
from tollbridge_server.domain.payment import Payment
from tollbridge_server.domain.payment_method import MethodSummary
from tollbridge_server.domain.refund import Refund
from tollbridge_server.rpc import names
from tollbridge_server.rpc.sentences import SENTENCES
from tollbridge_server.services.requests import PaymentView, RefundView, StatusView

_HTTP_METHODS = {"GET": next_action_pb2.HTTP_METHOD_GET, "POST": next_action_pb2.HTTP_METHOD_POST}


def payment(view: PaymentView) -> payment_pb2.Payment:
    """Return a payment with its timeline."""
    message = payment_alone(view.payment)
    message.operations.extend(operation(made, attempts) for made, attempts in view.operations)
    return message


def payment_alone(p: Payment) -> payment_pb2.Payment:
    """Return a payment as lists show it, without its operations."""
    currency, money = p.currency, money_pb2.Money
    message = payment_pb2.Payment(
        payment_id=p.payment_id,
        merchant_id=p.merchant_id,
        merchant_reference=p.merchant_reference,
        state=names.PAYMENT_STATES[p.state],
        version=p.version,
        amount=money(currency_code=currency, amount_minor=p.amount_minor),
        authorized_amount=money(currency_code=currency, amount_minor=p.authorized_minor),
        captured_amount=money(currency_code=currency, amount_minor=p.captured_minor),
        refunded_amount=money(currency_code=currency, amount_minor=p.refunded_minor),
        capturable_amount=money(currency_code=currency, amount_minor=p.capturable_minor),
        refundable_amount=money(currency_code=currency, amount_minor=p.refundable_minor),
        capture_method=names.CAPTURE_METHODS[p.capture_method],
        on_decline=names.ON_DECLINE[p.on_decline],
        payment_method=method_summary(p.method),
        provider=p.provider,
        provider_account_id=p.provider_account_id,
        provider_reference=p.provider_reference,
        next_action=next_action(p.next_action) if p.next_action else None,
        failure=failure(p.failure) if p.failure else None,
        expire_time=timestamp(p.expires_at_us) if p.expires_at_us else None,
        create_time=timestamp(p.created_at_us),
        update_time=timestamp(p.updated_at_us),
    )
    if p.details is not NO_DETAILS:
        _add_details(message, p.details)
    return message


def operation(made: Operation, attempts: tuple[Attempt, ...]) -> operation_pb2.Operation:
    """Return one step of the timeline; what the last attempt knows stands at the operation too."""
    last = attempts[-1] if attempts else None
    return operation_pb2.Operation(
        operation_id=made.operation_id,
        kind=names.OPERATION_KINDS[made.kind],
        state=names.OPERATION_STATES[made.state],
        amount=money_pb2.Money(currency_code=made.amount.currency, amount_minor=made.amount.amount_minor),
        request_reference=last.request_reference if last else "",
        provider_reference=last.provider_reference if last else "",
        provider=last.provider if last else "",
        provider_account_id=last.provider_account_id if last else "",
        failure=failure(made.failure) if made.failure else None,
        create_time=timestamp(made.created_at_us),
        update_time=timestamp(made.updated_at_us),
        refund_id=made.refund_id,
        capture_operation_id=made.capture_operation_id,
        attempts=[_attempt(attempt, made) for attempt in attempts],
    )


def refund(view: RefundView) -> refund_pb2.Refund:
    """Return a refund."""
    made = view.refund
    return refund_pb2.Refund(
        refund_id=made.refund_id,
        payment_id=made.payment_id,
        merchant_id=made.merchant_id,
        merchant_reference=made.merchant_reference,
        state=names.REFUND_STATES[made.state],
        version=made.version,
        amount=money_pb2.Money(currency_code=made.amount.currency, amount_minor=made.amount.amount_minor),
        reason=made.reason,
        provider=made.provider,
        provider_account_id=made.provider_account_id,
        request_reference=view.attempt.request_reference,
        provider_reference=made.provider_reference,
        failure=failure(made.failure) if made.failure else None,
        create_time=timestamp(made.created_at_us),
        update_time=timestamp(made.updated_at_us),
    )


def status(view: StatusView) -> status_service_pb2.PaymentStatus:
    """Return the short answer to where a payment stands."""
    p, money = view.payment, money_pb2.Money
    currency = p.currency
    return status_service_pb2.PaymentStatus(
        payment_id=p.payment_id,
        merchant_reference=p.merchant_reference,
        state=names.PAYMENT_STATES[p.state],
        version=p.version,
        amount=money(currency_code=currency, amount_minor=p.amount_minor),
        authorized_amount=money(currency_code=currency, amount_minor=p.authorized_minor),
        captured_amount=money(currency_code=currency, amount_minor=p.captured_minor),
        refunded_amount=money(currency_code=currency, amount_minor=p.refunded_minor),
        capturable_amount=money(currency_code=currency, amount_minor=p.capturable_minor),
        refundable_amount=money(currency_code=currency, amount_minor=p.refundable_minor),
        failure=failure(p.failure) if p.failure else None,
        next_action=next_action(p.next_action) if p.next_action else None,
        update_time=timestamp(p.updated_at_us),
        refunds=[_refund_status(made) for made in view.refunds],
    )


def failure(declined: Failure) -> failure_pb2.Failure:
    """Return a decline, with a sentence that the payer may read."""
    return failure_pb2.Failure(
        reason=names.DECLINE_REASONS[declined.reason],
        provider_code=declined.provider_code,
        provider_message=declined.provider_message,
        network_advice=declined.network_advice,
        retry=names.RETRY_ADVICE[declined.retry],
        message=SENTENCES[declined.reason],
    )


def next_action(action: NextAction) -> next_action_pb2.NextAction:
    """Return what has to happen before the payment can go on."""
    expires = timestamp(action.expires_at_us) if action.expires_at_us else None
    match action.kind:
        case NextActionKind.REDIRECT:
            redirect = next_action_pb2.RedirectAction(
                url=action.url,
                method=_HTTP_METHODS[action.http_method],
                form_fields=dict(action.fields),
                expire_time=expires,
            )
            return next_action_pb2.NextAction(redirect=redirect)
        case NextActionKind.SHOW_QR:
            show_qr = next_action_pb2.ShowQrAction(payload=action.payload, expire_time=expires)
            return next_action_pb2.NextAction(show_qr=show_qr)
        case NextActionKind.SDK_PARAMETERS:
            sdk = next_action_pb2.SdkParametersAction(
                sdk=action.sdk, parameters=dict(action.fields), expire_time=expires
            )
            return next_action_pb2.NextAction(sdk_parameters=sdk)
        case NextActionKind.WAIT:
            wait = next_action_pb2.WaitAction(poll_after=Duration(seconds=action.poll_after_s))
            return next_action_pb2.NextAction(wait=wait)
        case NextActionKind.PROVIDE_PAYMENT_METHOD:
            return next_action_pb2.NextAction(provide_payment_method=next_action_pb2.ProvidePaymentMethodAction())


def method_summary(summary: MethodSummary) -> payment_method_pb2.PaymentMethodSummary:
    """Return what may be shown of a payment method."""
    return payment_method_pb2.PaymentMethodSummary(
        kind=names.METHOD_KINDS[summary.kind],
        brand=summary.brand,
        bin=summary.bin,
        last_four=summary.last_four,
        expiry_month=summary.expiry_month,
        expiry_year=summary.expiry_year,
    )


def timestamp(time_us: int) -> Timestamp:
    """Return a time given in microseconds since the epoch."""
    seconds, rest_us = divmod(time_us, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest_us * 1000)


def _attempt(attempt: Attempt, made: Operation) -> operation_pb2.Attempt:
    is_declined = attempt.state is AttemptState.DECLINED and made.failure is not None
    return operation_pb2.Attempt(
        provider=attempt.provider,
        provider_account_id=attempt.provider_account_id,
        request_reference=attempt.request_reference,
        provider_reference=attempt.provider_reference,
        state=names.ATTEMPT_STATES[attempt.state],
        failure=failure(made.failure) if is_declined and made.failure else None,
        create_time=timestamp(attempt.created_at_us),
        update_time=timestamp(attempt.updated_at_us),
    )


def _refund_status(made: Refund) -> status_service_pb2.RefundStatus:
    return status_service_pb2.RefundStatus(
        refund_id=made.refund_id,
        merchant_reference=made.merchant_reference,
        state=names.REFUND_STATES[made.state],
        amount=money_pb2.Money(currency_code=made.amount.currency, amount_minor=made.amount.amount_minor),
        failure=failure(made.failure) if made.failure else None,
        update_time=timestamp(made.updated_at_us),
    )


def _add_details(message: payment_pb2.Payment, details: PaymentDetails) -> None:
    message.description = details.description
    message.statement_descriptor = details.statement_descriptor
    message.return_url = details.return_url
    message.metadata.update(details.metadata)
    if details.order is not None:
        message.order.CopyFrom(_order(details.order))
    if details.customer is not None:
        message.customer.CopyFrom(_customer(details.customer))


def _order(order: Order) -> order_pb2.Order:
    return order_pb2.Order(
        lines=[
            order_pb2.OrderLine(
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                unit_amount_minor=line.unit_amount_minor,
                unit_tax_minor=line.unit_tax_minor,
                kind=names.number_of(*names.GOODS_KIND, line.kind),
                category=line.category,
            )
            for line in order.lines
        ],
        shipping_address=_address(order.shipping_address) if order.shipping_address else None,
        shipping_name=order.shipping_name,
        shipping_amount_minor=order.shipping_amount_minor,
        discount_amount_minor=order.discount_amount_minor,
    )


def _customer(customer: Customer) -> customer_pb2.Customer:
    return customer_pb2.Customer(
        customer_id=customer.customer_id,
        email=customer.email,
        name=customer.name,
        phone=customer.phone,
        locale=customer.locale,
        ip_address=customer.ip_address,
        device=_device(customer.device) if customer.device else None,
        billing_address=_address(customer.billing_address) if customer.billing_address else None,
    )


def _device(device: Device) -> customer_pb2.Device:
    message = customer_pb2.Device(
        channel=names.number_of(*names.DEVICE_CHANNEL, device.channel),
        user_agent=device.user_agent,
        accept_header=device.accept_header,
        language=device.language,
        color_depth_bits=device.color_depth_bits,
        screen_height_px=device.screen_height_px,
        screen_width_px=device.screen_width_px,
        time_zone_offset_minutes=device.time_zone_offset_minutes,
        device_id=device.device_id,
    )
    if device.is_java_enabled is not None:
        message.java_enabled = device.is_java_enabled
    return message


def _address(address: Address) -> customer_pb2.Address:
    return customer_pb2.Address(
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        region=address.region,
        postal_code=address.postal_code,
        country_code=address.country_code,
    )
