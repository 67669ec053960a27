"""Opens payments: a QR code, parameters for WeChat or for an app, a browser's page, or a scanned code.

Refuses what lacks a field that WeChat Pay asks for before anything is sent, and to call a payment declined on an
error alone: the order is asked for first, and one that a code did not pay is ended first.
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
from tollbridge_server.providers.wechatpay.cancels import end
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import USER_PAYING, Reading, Task
from tollbridge_server.providers.wechatpay.evidence import reading, refusal_of, silence_of, unknown
from tollbridge_server.providers.wechatpay.limits import refusal_of_order
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.queries import WAIT, Found, Standing, find_charge, found_in
from tollbridge_server.providers.wechatpay.signing import invocation_text

JSAPI_SDK, APP_SDK = "wechat_pay.jsapi", "wechat_pay.app"
"""The names that the contract documents (SdkParametersAction.sdk)."""
PREPAID_LIFETIME_S, PAGE_LIFETIME_S = 2 * 3600, 5 * 60
"""What WeChat Pay hands out for a payer can be used for two hours, and a browser's page for five minutes."""
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
        return Evidence(Outcome.REQUIRES_ACTION, next_action=WAIT)
    if not answer.is_success:
        return await _refused(client, merchant, order, answer)
    if order.method.kind is MethodKind.WECHAT_CODE:
        own, kind = client.identity.account_id, order.method.kind
        return found_in(answer, merchant, order.request_reference, _REPLY, method=kind, account_id=own).evidence
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


async def _refused(client: Client, merchant: Merchant, order: ChargeOrder, answer: Answer) -> Evidence:
    """Return the refusal where WeChat Pay knows no such order, else what the order says."""
    read = reading(answer, Task.CHARGE, account_id=client.identity.account_id)
    refusal = refusal_of(answer, read)
    if not read.is_doubtful:
        return refusal
    found = await find_charge(client, merchant, order.request_reference, _REPLY, method=order.method.kind)
    if found.standing is Standing.ABSENT:
        # Our numbers are random: one that is used, paid or closed is that of a request of ours; its order will show.
        return unknown(f"{answer.code} for an order that is not to be found") if read.is_repeated else refusal
    if order.method.kind is MethodKind.WECHAT_CODE:
        return await _refused_code(client, merchant, order, found, read=read, refusal=refusal)
    return _said_of(found)


async def _refused_code(
    client: Client, merchant: Merchant, order: ChargeOrder, found: Found, *, read: Reading, refusal: Evidence
) -> Evidence:
    """Return the refusal of a code when its order is over, and make sure of that while it stands open.

    Nobody knows whether an open order is still about to be paid with its code, and WeChat Pay gives back what it took
    for an order that is reversed. It may refuse to reverse within 15 seconds of the payment: then nothing is known, and
    the order is asked for and ended by the engine when its time to pay is over.
    """
    if found.standing is Standing.ENDED and read.is_repeated:
        return _said_of(found)  # Ended before, by a cancel of ours: that is no refusal of this code.
    if found.standing is Standing.OPEN and not found.is_being_paid:
        found = await end(client, merchant, order.request_reference, found)
    return refusal if found.standing is Standing.ENDED else _said_of(found)


def _said_of(found: Found) -> Evidence:
    """Return what an order says, for a request that has been answered."""
    return replace(found.evidence, unsent=False, absent=False)
