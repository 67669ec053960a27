"""Opens payments: a QR code, parameters for WeChat or for an app, a browser's page, or a scanned code.

Refuses what lacks a field that WeChat Pay asks for before anything is sent, and to call a payment declined on an
error alone: the order is asked for first.
"""

from __future__ import annotations

import secrets
from urllib.parse import quote

from tollbridge_server.domain.evidence import Evidence, EvidenceSource, NextAction, NextActionKind, Outcome
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.provider import ChargeOrder, UnsupportedOperation
from tollbridge_server.providers.wechatpay import wire
from tollbridge_server.providers.wechatpay.answers import Answer
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import USER_PAYING, Task
from tollbridge_server.providers.wechatpay.evidence import reading, refusal_of, silence_of, trade_evidence, unknown
from tollbridge_server.providers.wechatpay.limits import refusal_of_order
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.queries import Standing, find_charge
from tollbridge_server.providers.wechatpay.signing import invocation_text

JSAPI_SDK, APP_SDK = "wechatpay.jsapi", "wechatpay.app"
PREPAID_LIFETIME_S, PAGE_LIFETIME_S = 2 * 3600, 5 * 60
"""What WeChat Pay hands out for a payer can be used for two hours, and a browser's page for five minutes."""
POLL_AFTER_S = 5
"""WeChat Pay recommends the first question after five seconds."""
_REPLY = EvidenceSource.REPLY


async def charge(client: Client, merchant: Merchant, order: ChargeOrder) -> Evidence:
    """Carry out a sale."""
    refused = refusal_of_order(order, merchant)
    if refused is not None:
        return refused
    answer = await client.call(wire.order(order, merchant))
    if not isinstance(answer, Answer):
        return silence_of(answer)
    if order.method.kind is MethodKind.WECHAT_CODE and answer.code in USER_PAYING:
        return _waiting(Evidence(Outcome.REQUIRES_ACTION))
    if not answer.is_success:
        return await _refused(client, merchant, order, answer)
    if order.method.kind is MethodKind.WECHAT_CODE:
        return _waiting(trade_evidence(answer, order.request_reference, _REPLY))
    return await _opened(client, merchant, order, answer)


async def _opened(client: Client, merchant: Merchant, order: ChargeOrder, answer: Answer) -> Evidence:
    """Return what the payer has to do. Nothing is paid by it yet, so no amount is in the answer."""
    match order.method.kind:
        case MethodKind.WECHAT_NATIVE:
            action = NextAction(NextActionKind.SHOW_QR, payload=answer.text("code_url"))
            return _acting(client, order, action, is_given=bool(action.payload))
        case MethodKind.WECHAT_H5:
            action = NextAction(NextActionKind.REDIRECT, url=_returning(answer.text("h5_url"), order))
            return _acting(client, order, action, is_given=bool(action.url), lifetime_s=PAGE_LIFETIME_S)
        case MethodKind.WECHAT_JSAPI | MethodKind.WECHAT_APP:
            prepay_id = answer.text("prepay_id")
            action = await _invocation(client, merchant, order, prepay_id)
            return _acting(client, order, action, is_given=bool(prepay_id))
        case other:
            raise UnsupportedOperation(f"WeChat Pay takes no {other}")


async def _invocation(client: Client, merchant: Merchant, order: ChargeOrder, prepay_id: str) -> NextAction:
    """Return the signed parameters with which the payer's device opens WeChat."""
    app_id = wire.app_of(order, merchant)
    timestamp, nonce = str(client.now_us // 1_000_000), secrets.token_hex(16)
    if order.method.kind is MethodKind.WECHAT_APP:
        text = invocation_text(app_id, timestamp=timestamp, nonce=nonce, package=prepay_id)
        in_app = (
            ("appid", app_id),
            ("partnerid", merchant.mchid),
            ("prepayid", prepay_id),
            ("package", "Sign=WXPay"),
            ("noncestr", nonce),
            ("timestamp", timestamp),
            ("sign", await client.sign_text(text)),
        )
        return NextAction(NextActionKind.SDK_PARAMETERS, sdk=APP_SDK, fields=in_app)
    package = f"prepay_id={prepay_id}"
    text = invocation_text(app_id, timestamp=timestamp, nonce=nonce, package=package)
    fields = (
        ("appId", app_id),
        ("timeStamp", timestamp),
        ("nonceStr", nonce),
        ("package", package),
        ("signType", "RSA"),
        ("paySign", await client.sign_text(text)),
    )
    return NextAction(NextActionKind.SDK_PARAMETERS, sdk=JSAPI_SDK, fields=fields)


def _acting(
    client: Client, order: ChargeOrder, action: NextAction, *, is_given: bool, lifetime_s: int = PREPAID_LIFETIME_S
) -> Evidence:
    if not is_given:
        return unknown("the answer has nothing for the payer to act on")
    lifetime_end_us = client.now_us + lifetime_s * 1_000_000
    ends_us = min(order.expires_at_us or lifetime_end_us, lifetime_end_us)
    return Evidence(Outcome.REQUIRES_ACTION, next_action=replace(action, expires_at_us=ends_us))


def _returning(url: str, order: ChargeOrder) -> str:
    """Return the page's address, with where WeChat leads the payer afterwards."""
    if not url or not order.details.return_url:
        return url
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}redirect_url={quote(order.details.return_url, safe='')}"


def _waiting(evidence: Evidence) -> Evidence:
    if evidence.outcome is not Outcome.REQUIRES_ACTION:
        return evidence
    return replace(evidence, next_action=NextAction(NextActionKind.WAIT, poll_after_s=POLL_AFTER_S))


async def _refused(client: Client, merchant: Merchant, order: ChargeOrder, answer: Answer) -> Evidence:
    """Return the refusal where WeChat Pay knows no such order, else what the order says."""
    refusal = replace(refusal_of(answer, Task.CHARGE), absent=False)
    if not reading(answer, Task.CHARGE).is_doubtful:
        return refusal
    found = await find_charge(client, merchant, order.request_reference, _REPLY)
    if found.standing is Standing.ABSENT:
        return refusal
    evidence = replace(found.evidence, unsent=False, absent=False)
    if order.method.kind is not MethodKind.WECHAT_CODE or found.standing is not Standing.OPEN:
        return evidence
    # An order that no code pays can not be paid with another one; while the payer types the password it still can.
    return _waiting(evidence) if found.is_being_paid else refusal
