"""What WeChat Pay can not be asked at all, said before anything is sent.

Refuses nothing that WeChat Pay itself could answer: its limits by contract are its own to state.
"""

from __future__ import annotations

import re

from tollbridge_server.domain.evidence import DeclineReason, Evidence, Failure, Outcome, RetryAdvice
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import ChargeOrder, UnsupportedOperation
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import CURRENCY
from tollbridge_server.providers.wechatpay.merchant import Merchant

_REFERENCE = re.compile(r"[0-9A-Za-z_|*-]{6,32}", re.ASCII)


def require_references(*references: str) -> None:
    """Raise UnsupportedOperation for a reference that WeChat Pay does not take: ours always fit."""
    for reference in references:
        if not _REFERENCE.fullmatch(reference):
            raise UnsupportedOperation("WeChat Pay takes references of 6 to 32 letters, digits and _-|*")


def refusal_of_amount(amount: Money) -> Evidence | None:
    """Return the decline of an amount that WeChat Pay does not take, or None."""
    if amount.currency != CURRENCY:
        return _declined(DeclineReason.CURRENCY_NOT_SUPPORTED, RetryAdvice.OTHER_METHOD, "WeChat Pay takes CNY only")
    if amount.amount_minor < 1:
        return _declined(DeclineReason.AMOUNT_INVALID, RetryAdvice.CORRECTED_DATA, "WeChat Pay takes 0.01 CNY or more")
    return None


def refusal_of_order(order: ChargeOrder, merchant: Merchant) -> Evidence | None:
    """Return the decline of an order that lacks what WeChat Pay asks for, or None."""
    refused = refusal_of_amount(order.amount)
    if refused is not None:
        return refused
    app_id = wire.app_of(order, merchant)
    if not merchant.owns(app_id):
        message = f"app_id {app_id} is none of this account's; add it to more_app_ids"
        return _declined(DeclineReason.PROVIDER_CONFIGURATION, RetryAdvice.AFTER_OPERATOR, message)
    customer = order.details.customer
    if order.method.kind is MethodKind.WECHAT_H5 and not (customer and customer.ip_address):
        return _incomplete("a payment in a browser needs customer.ip_address")
    if order.method.kind is MethodKind.WECHAT_CODE and not order.method.parameter("point_of_sale.store_id"):
        return _incomplete("a payment by a scanned code needs point_of_sale.store_id")
    return None


def _incomplete(message: str) -> Evidence:
    return _declined(DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA, f"WeChat Pay: {message}")


def _declined(reason: DeclineReason, retry: RetryAdvice, message: str) -> Evidence:
    """Return a decline that we state ourselves, with no code of WeChat Pay's."""
    return Evidence(Outcome.DECLINED, failure=Failure(reason, provider_message=message, retry=retry))
