"""API v3: requests are verified in WeChat Pay's order, answered, and the answers signed over their raw bytes.

Refuses with WeChat Pay's own codes and messages; errors are not signed, as the real ones are not.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import web
from cryptography import x509

from tollbridge_server.providers.rsa_keys import is_signed, read_public_key
from tollbridge_server.providers.wechatpay.certificates import serial_number
from tollbridge_server.providers.wechatpay.encryption import ALGORITHM, seal
from tollbridge_server.providers.wechatpay.signing import (
    SERIAL_HEADER,
    Authorization,
    AuthorizationInvalid,
    SchemeUnknown,
    read_authorization,
    request_text,
)
from tollbridge_server.testing.simulators.common.faults import Fault, improper_answer
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.bills import DOWNLOAD_PATH
from tollbridge_server.testing.simulators.wechatpay.keys import Signing
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.orders import PRODUCTS
from tollbridge_server.testing.simulators.wechatpay.replies import Refused, Reply, document, error
from tollbridge_server.testing.simulators.wechatpay.rules import (
    BOOKED,
    SLOW_S,
    SPOILED,
    UNBOOKED,
    Behavior,
    behavior_of,
    behavior_of_code,
)

MAX_SKEW_S = 300
_ORDERS, _REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
Work = Callable[[], Reply]


class Api:
    """Every route under /v3/."""

    def __init__(self, office: Office, signing: Signing) -> None:
        self._office = office
        self._signing = signing
        self._accounts = {account.mchid: account for account in office.accounts.values()}
        self._keys = {
            account.mchid: read_public_key(account.merchant_public_key, setting="merchant_public_key")
            for account in office.accounts.values()
        }

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        for product in PRODUCTS:
            application.router.add_post(f"{_ORDERS}/{product}", self._order)
        application.router.add_post(f"{_ORDERS}/codepay", self._order)
        application.router.add_get(f"{_ORDERS}/out-trade-no/{{number}}", self._query)
        application.router.add_get(f"{_ORDERS}/id/{{transaction_id}}", self._query)
        application.router.add_post(f"{_ORDERS}/out-trade-no/{{number}}/{{verb:close|reverse}}", self._end)
        application.router.add_post(_REFUNDS, self._refund)
        application.router.add_get(f"{_REFUNDS}/{{number}}", self._refund_query)
        application.router.add_get("/v3/certificates", self._certificates)
        application.router.add_get("/v3/bill/{kind:tradebill|fundflowbill}", self._bill)
        application.router.add_get(DOWNLOAD_PATH, self._bill_file)

    async def _order(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content, orders = _object(body), self._office.orders
            product = request.path.rpartition("/")[2]
            if product == "codepay":
                code = (content.get("payer") or {}).get("auth_code")
                behavior = behavior_of_code(code) or behavior_of((content.get("amount") or {}).get("total"))
                work: Work = lambda: orders.pay(account, content)  # noqa: E731  Named for its type.
            else:
                behavior = behavior_of((content.get("amount") or {}).get("total"))
                work = lambda: orders.open(account, product, content)  # noqa: E731  As above.
            return await self._effect(request, account, work, behavior, str(content.get("out_trade_no")))

        return await self._served(request, serve)

    async def _end(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content, number, verb = _object(body), request.match_info["number"], request.match_info["verb"]
            orders = self._office.orders
            act = orders.close if verb == "close" else orders.reverse
            return await self._effect(request, account, lambda: act(account, number, content), None, f"{verb} {number}")

        return await self._served(request, serve)

    async def _refund(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, body: bytes) -> web.Response:
            content = _object(body)
            behavior = behavior_of((content.get("amount") or {}).get("refund"))
            work: Work = lambda: self._office.refunds.refund(account, content)  # noqa: E731  Named for its type.
            return await self._effect(request, account, work, behavior, f"refund {content.get('out_refund_no')}")

        return await self._served(request, serve)

    async def _query(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            named = {name: request.match_info.get(name, "") for name in ("number", "transaction_id")}
            mchid = request.query.get("mchid", "")
            return await self._question(
                request, account, lambda: self._office.orders.query(account, **named, mchid=mchid)
            )

        return await self._served(request, serve)

    async def _refund_query(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            number = request.match_info["number"]
            return await self._question(request, account, lambda: self._office.refunds.query(account, number))

        return await self._served(request, serve)

    async def _bill(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            kind, bills = request.match_info["kind"], self._office.bills
            fault = self._office.armed.take_one_of(Behavior.HASH_MISMATCH, Behavior.STATEMENT_CREATING)
            return await self._question(request, account, lambda: bills.link(account, kind, request.query, fault=fault))

        return await self._served(request, serve)

    async def _bill_file(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            token = request.query.get("token", "")
            reply = await self._office.carry_out(lambda: self._office.bills.file(account, token))
            # A file is not signed: its hash was in the signed answer that named it.
            return web.Response(body=reply.body, content_type="application/octet-stream", headers=_request_id(0))

        return await self._served(request, serve)

    async def _certificates(self, request: web.Request) -> web.Response:
        async def serve(account: WechatPayAccount, _: bytes) -> web.Response:
            if account.public_key_id and not account.has_certificates:
                raise Refused(
                    404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。"
                )
            listed = [_entry(each.certificate, account.api_v3_key) for each in self._signing.announced]
            return await self._answer(request, account, document({"data": listed}))

        return await self._served(request, serve)

    async def _served(self, request: web.Request, serve: Callable[[WechatPayAccount, bytes], Any]) -> web.Response:
        """Verify a request, serve it, and write what was refused."""
        try:
            body = await request.read()
            if not request.path.startswith(_ORDERS):
                _require_headers(request)
            account = self._authentic(request, body)
            _require_headers(request)
            found: web.Response = await serve(account, body)
        except Refused as refused:
            return _unsigned(refused.reply, has_id=refused.reply.status != 401 or not request.path.startswith(_ORDERS))
        return found

    def _authentic(self, request: web.Request, body: bytes) -> WechatPayAccount:
        """Return whose request it is. Raises Refused with SIGN_ERROR."""
        try:
            given = read_authorization(request.headers.get("Authorization", ""))
        except SchemeUnknown:
            raise _sign_error("HTTP头Authorization认证类型不正确") from None
        except AuthorizationInvalid:
            message = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
            raise _sign_error(message) from None
        account = self._accounts.get(given.mchid)
        if account is None or given.serial_no != account.serial_no:
            raise _sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号")
        if abs(int(given.timestamp) - self._office.now_us() // 1_000_000) > MAX_SKEW_S:
            raise _sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        text = _signed_text(request, given, body)
        if not is_signed(self._keys[account.mchid], text, given.signature):
            raise _mismatch(request, text)
        return account

    async def _question(self, request: web.Request, account: WechatPayAccount, work: Work) -> web.Response:
        return await self._answer(request, account, await self._office.carry_out(work))

    async def _effect(
        self,
        request: web.Request,
        account: WechatPayAccount,
        work: Work,
        behavior: Behavior | None,
        reference: str,
    ) -> web.Response:
        """Carry out what has an effect, unless a fault wants it otherwise."""
        behavior = self._office.armed.take() or behavior
        if behavior in UNBOOKED and await self._office.lose_once(account.account_id, reference):
            return await _failed(request, behavior)
        reply = await self._office.carry_out(work)
        if behavior in BOOKED:
            return await _failed(request, behavior)
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        return await self._answer(request, account, reply, behavior=behavior)

    async def _answer(
        self, request: web.Request, account: WechatPayAccount, reply: Reply, *, behavior: Behavior | None = None
    ) -> web.Response:
        """Sign an answer, or spoil it."""
        spoiled = behavior if behavior in SPOILED else None
        wanted = request.headers.get(SERIAL_HEADER, "")
        now_s = self._office.now_us() // 1_000_000
        headers = await self._signing.headers(account, reply.body, wanted=wanted, now_s=now_s, behavior=spoiled)
        body = reply.body[: len(reply.body) // 2] if spoiled is Behavior.TRUNCATED else reply.body
        kind = {} if reply.status == 204 else {"Content-Type": "application/json"}
        return web.Response(
            status=reply.status, body=body or None, headers={**headers, **kind, **_request_id(reply.tail)}
        )


async def _failed(request: web.Request, behavior: Behavior) -> web.Response:
    match behavior:
        case Behavior.BAD_GATEWAY | Behavior.BOOKED_BAD_GATEWAY:
            return web.Response(status=502, body=_HTML, content_type="text/html")
        case Behavior.ACCEPTED:
            return _unsigned(error(202, "ACCEPTED", "请求已受理，请使用原参数重试"))
        case Behavior.THROTTLED:
            return _unsigned(error(429, "FREQUENCY_LIMITED", "频率超限"))
        case Behavior.SYSTEM_ERROR | Behavior.BOOKED_SYSTEM_ERROR:
            return _unsigned(error(500, "SYSTEM_ERROR", "系统错误"))
        case Behavior.BANK_ERROR:
            return _unsigned(error(500, "BANK_ERROR", "银行系统异常"))
        case _:
            return await improper_answer(request, Fault(behavior))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, "PARAM_ERROR", "请求体不是合法的JSON") from None
    if not isinstance(content, dict):
        raise Refused(400, "PARAM_ERROR", "请求体不是合法的JSON")
    return content


def _require_headers(request: web.Request) -> None:
    if not request.headers.get("Accept") or not request.headers.get("User-Agent"):
        raise Refused(400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent")


def _signed_text(request: web.Request, given: Authorization, body: bytes) -> bytes:
    path = request.raw_path
    if "://" in path:  # The absolute form that goes to a proxy; what is signed has no host.
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


def _entry(certificate: str, api_v3_key: bytes) -> dict[str, Any]:
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    nonce = secrets.token_hex(6)
    return {
        "serial_no": serial_number(parsed),
        "effective_time": parsed.not_valid_before_utc.isoformat(),
        "expire_time": parsed.not_valid_after_utc.isoformat(),
        "encrypt_certificate": {
            "algorithm": ALGORITHM,
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": seal(api_v3_key, certificate.encode(), nonce=nonce, associated_data="certificate"),
        },
    }


def _unsigned(reply: Reply, *, has_id: bool = True) -> web.Response:
    headers = _request_id(reply.tail) if has_id else {}
    return web.Response(status=reply.status, body=reply.body, content_type="application/json", headers=headers)


def _request_id(tail: int) -> dict[str, str]:
    return {"Request-ID": f"08{secrets.token_hex(12).upper()}-{tail}"}
