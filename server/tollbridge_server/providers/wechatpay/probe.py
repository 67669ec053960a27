"""Harmless questions to WeChat Pay: does it know this merchant, do our keys fit, and do we believe its answers?

It asks for an order that nobody made, for the platform certificates, and, where neither answer is signed, for a bill.
Refuses to take an unsigned answer for a proof of WeChat Pay's key.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tollbridge_server.domain.ids import REFERENCE_ENTROPY_BYTES, request_reference
from tollbridge_server.ports.provider import ProbeResult
from tollbridge_server.providers.transport import Answered
from tollbridge_server.providers.wechatpay import advice, wire
from tollbridge_server.providers.wechatpay.answers import Answer, AnswerUnreadable, read_answer
from tollbridge_server.providers.wechatpay.certificates import CertificateInvalid
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.codes import names_no_merchant
from tollbridge_server.providers.wechatpay.identity import Identity
from tollbridge_server.providers.wechatpay.platform_keys import NotAuthentic, Stale
from tollbridge_server.providers.wechatpay.signing import (
    MAX_CLOCK_SKEW_S,
    PUBLIC_KEY_ID_PREFIX,
    SealInvalid,
    has_seal,
    read_seal,
)

_BILL_AGE = timedelta(days=2)
_CERTIFICATE_WORDS = ("证书", "序列号")
_APP_REMARK = "app_id is not asked about: only an order tells whether it is bound to mchid"
_KEY_REMARK = "nothing signed came, so public_key is proven by the first payment"
_API_KEY_REMARK = "api_v3_key is proven by the first notification: this account has no platform certificates"


class _Findings:
    """What is known so far; None: nothing was told yet."""

    def __init__(self) -> None:
        self.is_own_key_accepted: bool | None = None
        self.is_provider_key_verified: bool | None = None
        self.mistakes: list[str] = []
        self.remarks: list[str] = []


async def probe(client: Client) -> ProbeResult:
    """Ask, and return what the answers prove. It never raises for what WeChat Pay said or did not say."""
    identity, found = client.identity, _Findings()
    reference = request_reference(entropy=secrets.token_bytes(REFERENCE_ENTROPY_BYTES))
    result = await client.ask(wire.query(reference, mchid=identity.mchid))
    if not isinstance(result, Answered):
        found.mistakes.append(
            f"base_url: it can not be reached ({result.reason}); check the address, and whether a proxy is in between"
        )
        return _told(client, found, ahead_s=None, is_reached=False)
    now_s = client.now_us / 1_000_000
    ahead_s = None if result.sent_at_s is None else now_s - result.sent_at_s
    _read_order(result, found, identity, ahead_s)
    _verify(client, result, found)
    if found.is_own_key_accepted:
        await _ask_for_certificates(client, found)
        await _ask_for_a_bill(client, found)
        found.remarks.append(_APP_REMARK)
    return _told(client, found, ahead_s=ahead_s, is_reached=True)


def _told(client: Client, found: _Findings, *, ahead_s: float | None, is_reached: bool) -> ProbeResult:
    return ProbeResult(
        address=client.origin,
        is_reached=is_reached,
        is_own_key_accepted=found.is_own_key_accepted,
        is_provider_key_verified=found.is_provider_key_verified,
        clock_ahead_s=ahead_s,
        mistakes=tuple(found.mistakes),
        remarks=tuple(found.remarks),
    )


def _read_order(result: Answered, found: _Findings, identity: Identity, ahead_s: float | None) -> None:
    """Note what the answer about an unknown order says of our own side."""
    try:
        answer = read_answer(result.status, result.body, is_signed=False)
    except AnswerUnreadable:
        answer = None
    if answer is None or not (answer.code or result.status < 300):
        found.mistakes.append(
            f"base_url: HTTP {result.status}, and what came is no answer of WeChat Pay's; check the address"
        )
    elif answer.status == 401:
        found.is_own_key_accepted = False
        found.mistakes.append(_on_401(answer, identity, ahead_s))
    elif names_no_merchant(answer.code):
        found.is_own_key_accepted = False
        found.mistakes.append(f"mchid: WeChat Pay knows no merchant {identity.mchid} ({advice.said(answer)})")
    elif answer.status in (200, 404):
        found.is_own_key_accepted = True
    else:
        # Whatever else it refuses, it has verified our signature before.
        found.is_own_key_accepted = answer.status in (400, 403) or None
        found.mistakes.append(f"mchid: WeChat Pay refuses the question ({advice.said(answer)})")


def _on_401(answer: Answer, identity: Identity, ahead_s: float | None) -> str:
    message, said = answer.text("message"), advice.said(answer)
    if "timestamp" in message:
        return f"clock: WeChat Pay refuses our time ({said}); synchronise this machine's clock"
    if "APIv3" in message:
        return f"api_v3_key: set an APIv3 key in the merchant console ({said})"
    if any(word in message for word in _CERTIFICATE_WORDS):
        return (
            f"serial_no: merchant {identity.mchid} has no API certificate in use with the serial number "
            f"{identity.serial_no} ({said}); check mchid, and serial_no or certificate"
        )
    if ahead_s is not None and abs(ahead_s) >= MAX_CLOCK_SKEW_S:
        return f"clock: it differs by {abs(ahead_s):.0f} s ({said}); synchronise this machine's clock first"
    return f"private_key: it is not the key of certificate {identity.serial_no} ({said}); give apiclient_key.pem"


def _verify(client: Client, result: Answered, found: _Findings) -> None:
    """Note whether the configured public key verifies an answer, if the answer is signed with one at all."""
    identity = client.identity
    if identity.public_key is None or not has_seal(result.headers):
        return
    try:
        client.keys.require_signed_by_known_key(result)
        found.is_provider_key_verified = True
    except Stale as error:
        found.is_provider_key_verified = True
        found.mistakes.append(f"clock: {error}")
    except NotAuthentic as error:
        if not _names_a_public_key(result.headers):
            return  # It is signed with a platform certificate, of which public_key knows nothing.
        found.is_provider_key_verified = False
        found.mistakes.append(f"public_key: {error}")


async def _ask_for_certificates(client: Client, found: _Findings) -> None:
    """Note what the list of platform certificates proves: the APIv3 key opens it, and one of them signs it."""
    has_public_key = client.identity.public_key is not None
    result = await client.ask_for_certificates()
    if not isinstance(result, Answered):
        found.remarks.append(f"the platform certificates were not asked for: {result.reason}")
        return
    if result.status == 404 and has_public_key:
        found.remarks.append(_API_KEY_REMARK)
        return
    if result.status != 200:
        found.mistakes.append(f"public_key: no platform certificates came: {advice.on_no_certificates(result)}")
        return
    _verify(client, result, found)
    try:
        client.keys.read_certificates(result)
    except CertificateInvalid as error:
        found.mistakes.append(f"api_v3_key: {error}")
    except Stale as error:
        found.is_provider_key_verified = True
        found.mistakes.append(f"clock: {error}")
    except NotAuthentic as error:
        if not has_public_key:
            found.is_provider_key_verified = False
            found.mistakes.append(f"api_v3_key: the platform certificates can not be believed: {error}")
    else:
        # With a public key the list may be signed with a certificate, which says nothing of that key.
        found.is_provider_key_verified = found.is_provider_key_verified if has_public_key else True


async def _ask_for_a_bill(client: Client, found: _Findings) -> None:
    """Ask for a bill where no answer was signed: a bill that is there is the one thing that WeChat Pay signs."""
    if client.identity.public_key is None or found.is_provider_key_verified is not None:
        return
    day = (datetime.fromtimestamp(client.now_us / 1_000_000, UTC) - _BILL_AGE).date()
    result = await client.ask(wire.bill(day))
    if isinstance(result, Answered):
        _verify(client, result, found)
    if found.is_provider_key_verified is None:
        found.remarks.append(_KEY_REMARK)


def _names_a_public_key(headers: Mapping[str, str]) -> bool:
    try:
        return read_seal(headers).serial.startswith(PUBLIC_KEY_ID_PREFIX)
    except SealInvalid:
        return True
