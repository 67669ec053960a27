"""One request for each kind of rule of the contract that it breaks, with the path of the field that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tollbridge
from google.protobuf.timestamp_pb2 import Timestamp
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import refund_service_pb2 as refunds_pb
from tollbridge.v1 import status_service_pb2 as statuses_pb

from tests.integration.rpc.bridges import card, create, money

PAYMENT_ID = f"pay_{'0' * 26}"
ANY_LOOKUP = tollbridge.PaymentLookup(payment_id=PAYMENT_ID)
LINE = tollbridge.OrderLine(name="tea", quantity=1)
PAGE_PIXELS = 100_000


def _paying_with(**method: Any) -> Any:
    return create(payment_method=tollbridge.PaymentMethod(**method))


def _ordered(**order: Any) -> Any:
    return create(order=tollbridge.Order(**order))


def _bought_by(**customer: Any) -> Any:
    return create(customer=tollbridge.Customer(**customer))


def listed(**filters: Any) -> Any:
    return payments_pb.ListPaymentsRequest(**filters)


BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "no idempotency key": (lambda: create(idempotency_key=""), "idempotency_key"),
    "idempotency key too long": (lambda: create(idempotency_key="k" * 65), "idempotency_key"),
    "idempotency key with a line break": (lambda: create(idempotency_key="key\n"), "idempotency_key"),
    "order number with a space": (lambda: create(merchant_reference="order 1"), "merchant_reference"),
    "no amount": (lambda: _without("amount"), "amount"),
    "amount of nothing": (lambda: create(0), "amount.amount_minor"),
    "negative amount": (lambda: create(-1), "amount.amount_minor"),
    "amount too large": (lambda: create(10**12), "amount.amount_minor"),
    "currency in lower case": (lambda: create(amount=money(1, "eur")), "amount.currency_code"),
    "no payment method": (lambda: _without("payment_method"), "payment_method"),
    "empty payment method": (lambda: _paying_with(), "payment_method.method"),
    "card number with letters": (lambda: create(payment_method=card("42424242x")), "payment_method.card.number"),
    "thirteenth month": (lambda: create(payment_method=card(expiry_month=13)), "payment_method.card.expiry_month"),
    "two-digit year": (lambda: create(payment_method=card(expiry_year=35)), "payment_method.card.expiry_year"),
    "CVV of five digits": (lambda: create(payment_method=card(cvv="12345")), "payment_method.card.cvv"),
    "holder name too long": (
        lambda: create(payment_method=card(holder_name="n" * 101)),
        "payment_method.card.holder_name",
    ),
    "stored method of another form": (
        lambda: _paying_with(stored=tollbridge.StoredPaymentMethod(payment_method_id="4242")),
        "payment_method.stored.payment_method_id",
    ),
    "wallet without a product": (
        lambda: _paying_with(alipay=tollbridge.AlipayMethod()),
        "payment_method.alipay.product",
    ),
    "code that is none of the wallet's": (
        lambda: _paying_with(wechat_pay=tollbridge.WechatPayMethod(code=tollbridge.WechatCode(auth_code="99"))),
        "payment_method.wechat_pay.code.auth_code",
    ),
    "cancel page that is no URL": (
        lambda: _paying_with(paypal=tollbridge.PaypalMethod(cancel_url="javascript:alert(1)")),
        "payment_method.paypal.cancel_url",
    ),
    "unknown channel": (
        lambda: _paying_with(unionpay=tollbridge.UnionpayMethod(channel=77)),  # type: ignore[arg-type]
        "payment_method.unionpay.channel",
    ),
    "empty token": (
        lambda: _paying_with(provider_token=tollbridge.ProviderToken(provider="sandbox")),
        "payment_method.provider_token.token",
    ),
    "unknown capture method": (lambda: create(capture_method=77), "capture_method"),
    "unknown behaviour at a decline": (lambda: create(on_decline=77), "on_decline"),
    "order line without a name": (
        lambda: _ordered(lines=[LINE, tollbridge.OrderLine(quantity=1)]),
        "order.lines[1].name",
    ),
    "order line of nothing": (lambda: _ordered(lines=[tollbridge.OrderLine(name="tea")]), "order.lines[0].quantity"),
    "too many order lines": (lambda: _ordered(lines=[LINE] * 151), "order.lines"),
    "negative discount": (lambda: _ordered(discount_amount_minor=-1), "order.discount_amount_minor"),
    "country in words": (
        lambda: _ordered(shipping_address=tollbridge.Address(country_code="China")),
        "order.shipping_address.country_code",
    ),
    "no e-mail address": (lambda: _bought_by(email="nobody"), "customer.email"),
    "no telephone number": (lambda: _bought_by(phone="0800"), "customer.phone"),
    "no IP address": (lambda: _bought_by(ip_address="1.2.3"), "customer.ip_address"),
    "screen too large": (
        lambda: _bought_by(device=tollbridge.Device(screen_width_px=PAGE_PIXELS)),
        "customer.device.screen_width_px",
    ),
    "document of no kind": (
        lambda: _bought_by(identity=tollbridge.Identity(number="1", name="n")),
        "customer.identity",
    ),
    "document without a number": (
        lambda: _bought_by(identity=tollbridge.Identity(type=tollbridge.IDENTITY_TYPE_PASSPORT, min_age=18)),
        "customer.identity",
    ),
    "identity of nobody": (lambda: _bought_by(identity=tollbridge.Identity()), "customer.identity"),
    "age below zero": (
        lambda: _bought_by(identity=tollbridge.Identity(min_age=-1, name="n")),
        "customer.identity.min_age",
    ),
    "too many notes": (lambda: create(metadata={str(n): "" for n in range(51)}), "metadata"),
    "note with a long name": (lambda: create(metadata={"k" * 41: "v"}), "metadata"),
    "note with a long value": (lambda: create(metadata={"k": "v" * 501}), "metadata"),
    "description too long": (lambda: create(description="d" * 257), "description"),
    "statement text with an umlaut": (lambda: create(statement_descriptor="Bücher"), "statement_descriptor"),
    "return address that is no URL": (lambda: create(return_url="ftp://shop.example"), "return_url"),
    "end that is no time": (lambda: create(expire_time=Timestamp(seconds=2**62)), "expire_time"),
    "account with a slash": (lambda: create(provider_account_id="a/b"), "provider_account_id"),
    "no lookup": (lambda: payments_pb.GetPaymentRequest(), "lookup"),
    "empty lookup": (lambda: payments_pb.GetPaymentRequest(lookup=tollbridge.PaymentLookup()), "lookup.reference"),
    "payment id of another form": (
        lambda: payments_pb.GetPaymentRequest(lookup=tollbridge.PaymentLookup(payment_id="1")),
        "lookup.payment_id",
    ),
    "page too large": (lambda: listed(page_size=101), "page_size"),
    "negative page": (lambda: listed(page_size=-1), "page_size"),
    "page token too long": (lambda: listed(page_token="t" * 1025), "page_token"),
    "page token of no list": (lambda: listed(page_token="dG9rZW4"), "page_token"),
    "unspecified state": (lambda: listed(states=[0]), "states[0]"),
    "unknown state": (lambda: listed(states=[1, 77]), "states[1]"),
    "a state twice": (lambda: listed(states=[1, 1]), "states"),
    "begin that is no time": (lambda: listed(create_time_from=Timestamp(nanos=-1)), "create_time_from"),
    "capture of a payment that has no id": (
        lambda: payments_pb.CapturePaymentRequest(idempotency_key="k"),
        "payment_id",
    ),
    "cancel with a long reason": (
        lambda: payments_pb.CancelPaymentRequest(idempotency_key="k", payment_id=PAYMENT_ID, reason="r" * 256),
        "reason",
    ),
    "too many results of an action": (
        lambda: payments_pb.ConfirmPaymentRequest(
            idempotency_key="k", payment_id=PAYMENT_ID, action_result={str(n): "" for n in range(21)}
        ),
        "action_result",
    ),
    "refund of a negative amount": (
        lambda: refunds_pb.CreateRefundRequest(idempotency_key="k", payment_id=PAYMENT_ID, amount=money(-1)),
        "amount.amount_minor",
    ),
    "refund that is not named": (lambda: refunds_pb.GetRefundRequest(), "lookup"),
    "refunds of something else": (lambda: refunds_pb.ListRefundsRequest(payment_id="re_1"), "payment_id"),
    "empty batch": (lambda: statuses_pb.BatchGetStatusRequest(), "lookups"),
    "batch too large": (lambda: statuses_pb.BatchGetStatusRequest(lookups=[ANY_LOOKUP] * 101), "lookups"),
    "batch with an empty name": (
        lambda: statuses_pb.BatchGetStatusRequest(lookups=[ANY_LOOKUP, tollbridge.PaymentLookup()]),
        "lookups[1].reference",
    ),
    "status of nothing": (lambda: statuses_pb.GetStatusRequest(), "lookup"),
    "watch after a negative version": (
        lambda: statuses_pb.WatchStatusRequest(lookup=ANY_LOOKUP, after_version=-1),
        "after_version",
    ),
}  # fmt: skip


def _without(field: str) -> Any:
    request = create()
    request.ClearField(field)  # type: ignore[arg-type]
    return request
