"""Verifies requests, in WeChat Pay's order: headers, merchant and serial number, time, then the signature.

Refuses with WeChat Pay's own codes and messages, and says what it took for signed.
"""

from __future__ import annotations

from aiohttp import web

from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.wechatpay.signing import (
    Authorization,
    AuthorizationInvalid,
    SchemeUnknown,
    read_authorization,
    request_text,
)
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.replies import Refused

MAX_SKEW_S = 300


class Gate:
    """Whom the simulator lets in."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._accounts = {account.mchid: account for account in office.accounts.values()}

    def admitted(self, request: web.Request, body: bytes) -> WechatPayAccount:
        """Return whose request it is. Raises Refused with SIGN_ERROR."""
        try:
            given = read_authorization(request.headers.get("Authorization", ""))
            text = _signed_text(request, given, body)
        except SchemeUnknown:
            raise _sign_error("HTTP头Authorization认证类型不正确") from None
        except (AuthorizationInvalid, UnicodeEncodeError):
            message = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
            raise _sign_error(message) from None
        account = self._accounts.get(given.mchid)
        if account is None or given.serial_no != account.serial_no:
            raise _sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号")
        if abs(int(given.timestamp) - self._office.premises.now_us() // 1_000_000) > MAX_SKEW_S:
            raise _sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        if not is_signed(self._office.merchant_keys[account.account_id], text, given.signature):
            raise _mismatch(request, text)
        return account


def require_headers(request: web.Request) -> None:
    """Refuse a request that does not say what it accepts and who sends it."""
    if not request.headers.get("Accept") or not request.headers.get("User-Agent"):
        raise Refused(400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent")


def _signed_text(request: web.Request, given: Authorization, body: bytes) -> bytes:
    path = request.raw_path
    if not path.startswith("/"):  # The absolute form that goes to a proxy; what is signed has no host.
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    return request_text(request.method, path, timestamp=given.timestamp, nonce=given.nonce, body=body)


def _sign_error(message: str) -> Refused:
    return Refused(401, "SIGN_ERROR", message)


def _mismatch(request: web.Request, text: bytes) -> Refused:
    """Return the refusal of a wrong signature, with what was signed; WeChat Pay shows the body's first characters."""
    lines = text.decode("utf-8", "replace").split("\n")
    shown = "\n".join((*lines[:4], "\n".join(lines[4:])[:8])) + "\n"
    detail = {
        "detail": {"issue": "sign not match"},
        "field": "signature",
        "location": "authorization",
        "sign_information": {
            "method": request.method,
            "sign_message_length": len(text),
            "truncated_sign_message": shown,
            "url": request.raw_path,
        },
    }
    return Refused(401, "SIGN_ERROR", "签名错误", detail=detail)
