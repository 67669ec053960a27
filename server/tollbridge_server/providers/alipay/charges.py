"""Opens payments: a QR code, a scanned code, a page, an app's order, or a freeze of an amount.

Refuses what Alipay does not offer (a freeze in a browser, other currencies) before anything is sent. Pages and app
orders are made here without a call, so nothing exists at Alipay until the payer comes.
"""

from __future__ import annotations

from tollbridge_server.domain.evidence import (
    DeclineReason,
    Evidence,
    EvidenceSource,
    NextAction,
    NextActionKind,
    Outcome,
    RetryAdvice,
)
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import ChargeOrder, UnsupportedOperation
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.codes import IN_PROCESS, Task
from tollbridge_server.providers.alipay.evidence import (
    Result,
    freeze_evidence,
    is_about,
    is_settled,
    payment_evidence,
    refusal_of,
    silence_of,
    unknown,
)
from tollbridge_server.providers.alipay.limits import declined, refusal_of_amount
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.queries import ask_freeze, ask_trade

_THROUGH_THE_PAYER = frozenset({MethodKind.ALIPAY_PAGE, MethodKind.ALIPAY_WAP, MethodKind.ALIPAY_APP})
APP_SDK = "alipay.app"
POLL_AFTER_S = 5
"""Alipay recommends the first question after five seconds."""


async def charge(client: Client, merchant: Merchant, order: ChargeOrder) -> Evidence:
    """Carry out a sale, or an authorization as a freeze."""
    refused = refusal_of_amount(order.amount) or _refusal_of_identity(client, order)
    if refused is not None:
        return refused
    if order.kind is OperationKind.AUTHORIZE:
        return await _freeze(client, merchant, order)
    match order.method.kind:
        case MethodKind.ALIPAY_QR:
            answer = await client.call(wire.precreate(order, product_code=merchant.qr_product))
            return await _shown(client, order, answer, is_freeze=False)
        case MethodKind.ALIPAY_BARCODE:
            answer = await client.call(wire.pay_with_code(order))
            return await _scanned(client, order, answer, is_freeze=False)
        case MethodKind.ALIPAY_PAGE:
            return _redirect(order, await client.browser_url(wire.page_pay(order)))
        case MethodKind.ALIPAY_WAP:
            return _redirect(order, await client.browser_url(wire.wap_pay(order)))
        case MethodKind.ALIPAY_APP:
            return _in_app(order, await client.order_string(wire.app_pay(order)))
        case other:
            raise UnsupportedOperation(f"Alipay takes no {other}")


def _refusal_of_identity(client: Client, order: ChargeOrder) -> Evidence | None:
    """Return the decline of an identity that Alipay would not check: to take the money all the same is not ours."""
    if order.identity is None:
        return None
    if order.kind is OperationKind.AUTHORIZE:
        message = "Alipay checks the payer's identity in payments, not when it freezes an amount"
        return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA, message)
    if order.identity.type not in wire.DOCUMENT_TYPES:
        message = "Alipay checks national identity cards and passports only"
        return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA, message)
    if order.method.kind in _THROUGH_THE_PAYER and not client.is_encrypting:
        # It would stand readable in the payer's browser or app, in the caller's logs and in our database.
        message = "an identity passes the payer's device only encrypted: set aes_key, or take a QR or scanned code"
        return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.OTHER_METHOD, message)
    return None


async def _freeze(client: Client, merchant: Merchant, order: ChargeOrder) -> Evidence:
    product, payee_id, category = merchant.preauth_product, merchant.seller_id, merchant.preauth_category
    if not product:
        raise UnsupportedOperation("this account has no preauth_product, so it freezes nothing")
    match order.method.kind:
        case MethodKind.ALIPAY_QR:
            request = wire.freeze_by_qr(order, product_code=product, payee_id=payee_id, category=category)
            return await _shown(client, order, await client.call(request), is_freeze=True)
        case MethodKind.ALIPAY_BARCODE:
            request = wire.freeze_with_code(order, product_code=product, payee_id=payee_id, category=category)
            return await _scanned(client, order, await client.call(request), is_freeze=True)
        case MethodKind.ALIPAY_APP:
            request = wire.freeze_in_app(order, product_code=product, payee_id=payee_id, category=category)
            return _in_app(order, await client.order_string(request))
        case _:
            return declined(
                DeclineReason.NOT_PERMITTED,
                RetryAdvice.OTHER_METHOD,
                "Alipay authorizes by QR code, by scanned code and in an app; a browser can only pay at once",
            )


async def _shown(client: Client, order: ChargeOrder, answer: Result, *, is_freeze: bool) -> Evidence:
    """Return the code to show. Nothing is paid by it yet, so no amount is in the answer."""
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if not answer.is_success:
        return await _refused(client, order, answer, is_freeze=is_freeze)
    code = answer.code_value if is_freeze else answer.qr_code
    named = answer.out_order_no == order.request_reference if is_freeze else is_about(answer, order.request_reference)
    if not named or not code:
        return unknown("a QR code was asked for, and the answer has none for this order")
    lifetime_end_us = client.now_us + wire.QR_LIFETIME_S * 1_000_000
    ends_us = min(order.expires_at_us or lifetime_end_us, lifetime_end_us)
    return Evidence(
        Outcome.REQUIRES_ACTION,
        next_action=NextAction(NextActionKind.SHOW_QR, payload=code, expires_at_us=ends_us),
    )


async def _scanned(client: Client, order: ChargeOrder, answer: Result, *, is_freeze: bool) -> Evidence:
    """Return what became of a code that the payer showed: paid, or to be confirmed on the telephone."""
    if not isinstance(answer, Answer):
        return silence_of(answer)
    reference = order.request_reference
    if answer.is_success:
        if is_freeze:
            return _waiting(freeze_evidence(answer, reference, EvidenceSource.REPLY))
        return payment_evidence(answer, reference)
    if answer.is_signed and answer.code == IN_PROCESS:
        if reference != (answer.out_order_no if is_freeze else answer.out_trade_no):
            return unknown("the answer is about another order")
        number = answer.auth_no if is_freeze else answer.trade_no
        return _waiting(Evidence(Outcome.REQUIRES_ACTION, provider_reference=number))
    return await _refused(client, order, answer, is_freeze=is_freeze)


def _waiting(evidence: Evidence) -> Evidence:
    if evidence.outcome is not Outcome.REQUIRES_ACTION:
        return evidence
    return replace(evidence, next_action=NextAction(NextActionKind.WAIT, poll_after_s=POLL_AFTER_S))


async def _refused(client: Client, order: ChargeOrder, answer: Answer, *, is_freeze: bool) -> Evidence:
    """Return the refusal, or what a query says where our reference has a history already."""
    if not is_settled(answer, Task.CHARGE):
        return replace(refusal_of(answer, Task.CHARGE), absent=False)
    ask = ask_freeze if is_freeze else ask_trade
    found = await ask(client, order.request_reference, EvidenceSource.REPLY)
    return replace(found, unsent=False, absent=False)


def _redirect(order: ChargeOrder, url: str) -> Evidence:
    action = NextAction(NextActionKind.REDIRECT, url=url, expires_at_us=order.expires_at_us)
    return Evidence(Outcome.REQUIRES_ACTION, next_action=action)


def _in_app(order: ChargeOrder, order_string: str) -> Evidence:
    action = NextAction(
        NextActionKind.SDK_PARAMETERS,
        sdk=APP_SDK,
        fields=(("order_string", order_string),),
        expires_at_us=order.expires_at_us,
    )
    return Evidence(Outcome.REQUIRES_ACTION, next_action=action)
