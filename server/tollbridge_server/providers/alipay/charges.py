"""Opens payments: a QR code, a scanned code, a page, an app's order, or a freeze of an amount.

Refuses what Alipay does not offer (a freeze in a browser, other currencies) before anything is sent, and to call a
scanned code declined while its payer could still confirm it. Pages and app orders are made here without a call, so
nothing exists at Alipay until the payer comes.
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
from tollbridge_server.providers.alipay.codes import BUSINESS, IN_PROCESS, Task
from tollbridge_server.providers.alipay.evidence import (
    Result,
    freeze_evidence,
    is_about,
    is_settled,
    payment_evidence,
    refusal_of,
    silence_of,
    unknown,
    waiting,
)
from tollbridge_server.providers.alipay.limits import declined, refusal_of_amount
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.queries import ask_freeze, ask_trade

_THROUGH_THE_PAYER = frozenset({MethodKind.ALIPAY_PAGE, MethodKind.ALIPAY_WAP, MethodKind.ALIPAY_APP})
APP_SDK = "alipay.app"
MAX_RETURN_URL_LENGTH = 256
MAX_QUIT_URL_LENGTH = 400
_REPLY = EvidenceSource.REPLY


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
            return await _shown(client, order, answer)
        case MethodKind.ALIPAY_BARCODE:
            answer = await client.call(wire.pay_with_code(order, product_code=merchant.barcode_product))
            return await _scanned(client, order, answer)
        case MethodKind.ALIPAY_PAGE:
            return _refusal_of_return_url(order) or _redirect(order, await client.browser_url(wire.page_pay(order)))
        case MethodKind.ALIPAY_WAP:
            refused = _refusal_of_return_url(order) or _refusal_of_quit_url(order)
            return refused or _redirect(order, await client.browser_url(wire.wap_pay(order)))
        case MethodKind.ALIPAY_APP:
            return _in_app(order, await client.order_string(wire.app_pay(order)))
        case other:
            raise UnsupportedOperation(f"Alipay takes no {other}")


def _refusal_of_identity(client: Client, order: ChargeOrder) -> Evidence | None:
    """Return the decline of an identity that Alipay would not check: to take the money all the same is not ours."""
    identity = order.identity
    if identity is None:
        return None
    if order.kind is OperationKind.AUTHORIZE and not wire.is_checked_by_freezes(identity):
        message = "when it freezes an amount, Alipay checks a national identity card with its name, and nothing else"
        return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA, message)
    if (identity.type or identity.number) and identity.type not in wire.DOCUMENT_TYPES:
        message = "Alipay checks national identity cards and passports only"
        return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA, message)
    if order.method.kind in _THROUGH_THE_PAYER and wire.names_payer(identity) and not client.is_encrypting:
        # It would stand readable in the payer's browser or app, in the caller's logs and in our database.
        message = "an identity passes the payer's device only encrypted: set aes_key, or take a QR or scanned code"
        return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.OTHER_METHOD, message)
    return None


def _refusal_of_return_url(order: ChargeOrder) -> Evidence | None:
    """Return the decline of an address that would bring the payer Alipay's error page instead of the cashier."""
    if len(order.details.return_url) <= MAX_RETURN_URL_LENGTH:
        return None
    message = f"return_url: Alipay takes at most {MAX_RETURN_URL_LENGTH} characters"
    return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA, message)


def _refusal_of_quit_url(order: ChargeOrder) -> Evidence | None:
    quit_url = order.method.parameter("quit_url") or order.details.return_url
    if not quit_url:
        message = "quit_url: Alipay's mobile page needs it; give it, or the payment's return_url"
    elif len(quit_url) > MAX_QUIT_URL_LENGTH:
        message = f"quit_url: Alipay takes at most {MAX_QUIT_URL_LENGTH} characters"
    else:
        return None
    return declined(DeclineReason.NOT_PERMITTED, RetryAdvice.CORRECTED_DATA, message)


async def _freeze(client: Client, merchant: Merchant, order: ChargeOrder) -> Evidence:
    if not merchant.preauth_product:
        raise UnsupportedOperation("this account has no preauth_product, so it freezes nothing")
    product, payee_id, category = (
        merchant.freeze_product(order.method.kind),
        merchant.seller_id,
        merchant.preauth_category,
    )
    match order.method.kind:
        case MethodKind.ALIPAY_QR:
            request = wire.freeze_by_qr(order, product_code=product, payee_id=payee_id, category=category)
            return await _shown(client, order, await client.call(request))
        case MethodKind.ALIPAY_BARCODE:
            request = wire.freeze_with_code(order, product_code=product, payee_id=payee_id, category=category)
            return await _scanned(client, order, await client.call(request))
        case MethodKind.ALIPAY_APP:
            request = wire.freeze_in_app(order, product_code=product, payee_id=payee_id, category=category)
            return _in_app(order, await client.order_string(request))
        case _:
            return declined(
                DeclineReason.NOT_PERMITTED,
                RetryAdvice.OTHER_METHOD,
                "Alipay authorizes by QR code, by scanned code and in an app; a browser can only pay at once",
            )


async def _shown(client: Client, order: ChargeOrder, answer: Result) -> Evidence:
    """Return the code to show. Nothing is paid by it yet, so no amount is in the answer."""
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if not answer.is_success:
        if is_settled(answer, Task.CHARGE):
            return replace(await _found(client, order), absent=False)
        return replace(refusal_of(answer, Task.CHARGE, account_id=client.identity.account_id), absent=False)
    is_freeze = order.kind is OperationKind.AUTHORIZE
    code = answer.code_value if is_freeze else answer.qr_code
    if not _is_about(order, answer) or not code:
        return unknown("a QR code was asked for, and the answer has none for this order")
    lifetime_end_us = client.now_us + wire.QR_LIFETIME_S * 1_000_000
    ends_us = min(order.expires_at_us or lifetime_end_us, lifetime_end_us)
    return Evidence(
        Outcome.REQUIRES_ACTION,
        next_action=NextAction(NextActionKind.SHOW_QR, payload=code, expires_at_us=ends_us),
    )


async def _scanned(client: Client, order: ChargeOrder, answer: Result) -> Evidence:
    """Return what became of a code that the payer showed: paid, or to be confirmed on the telephone."""
    if not isinstance(answer, Answer):
        return silence_of(answer)
    reference, is_freeze = order.request_reference, order.kind is OperationKind.AUTHORIZE
    if answer.is_success:
        if is_freeze:
            return waiting(freeze_evidence(answer, reference, _REPLY))
        return payment_evidence(answer, reference)
    if answer.is_signed and answer.code == IN_PROCESS:
        if not _is_about(order, answer):
            return unknown("the answer is about another order")
        number = answer.auth_no if is_freeze else answer.trade_no
        return waiting(Evidence(Outcome.REQUIRES_ACTION, provider_reference=number))
    if is_settled(answer, Task.SCAN):
        return replace(waiting(await _found(client, order)), absent=False)
    refusal = refusal_of(answer, Task.SCAN, account_id=client.identity.account_id)
    if refusal.outcome is Outcome.DECLINED and answer.code == BUSINESS:
        return await _declined(client, order, refusal)
    return replace(refusal, absent=False)


async def _declined(client: Client, order: ChargeOrder, refusal: Evidence) -> Evidence:
    """Return the decline of a scanned code once nobody can confirm it any more, or the payment that it became.

    Alipay may refuse what it has made a trade of (PAYMENT_FAIL, a limit): the payer can confirm that one all the same,
    with other money, and would pay for a payment that we call failed.
    """
    found = await _found(client, order)
    if found.outcome is Outcome.REQUIRES_ACTION:
        is_freeze = order.kind is OperationKind.AUTHORIZE
        end = wire.freeze_cancel if is_freeze else wire.close
        # Whatever is said to it, or lost: what it did is to be seen in the trade.
        await client.call(end(order.request_reference))
        found = await _found(client, order)
    if found.absent or found.outcome is Outcome.CANCELED:
        return refusal
    return found if found.outcome is Outcome.SUCCEEDED else unknown(f"refused, but {found.outcome} {found.detail}")


async def _found(client: Client, order: ChargeOrder) -> Evidence:
    """Return what Alipay says of a charge that it has just answered for, so that it was sent."""
    ask = ask_freeze if order.kind is OperationKind.AUTHORIZE else ask_trade
    return replace(await ask(client, order.request_reference, _REPLY), unsent=False)


def _is_about(order: ChargeOrder, answer: Answer) -> bool:
    if order.kind is OperationKind.AUTHORIZE:
        return answer.out_order_no == order.request_reference
    return is_about(answer, order.request_reference)


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
