"""The gateway: parameters from query and body, checked in Alipay's order, and answers signed over their raw bytes.

Refuses with Alipay's own codes; the answer is HTTP 200 and text/html whatever it says, as the real one's is.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from tollbridge_server.providers.alipay.certificates import (
    public_key_of,
    read_certificates,
    root_serial_number,
    serial_number,
)
from tollbridge_server.providers.alipay.encryption import CiphertextInvalid, decrypt, encrypt, read_aes_key
from tollbridge_server.providers.alipay.signing import request_text
from tollbridge_server.providers.rsa_keys import Signer, is_signed, read_private_key, read_public_key
from tollbridge_server.testing.simulators.alipay import pages
from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount, AlipayKeys
from tollbridge_server.testing.simulators.alipay.fields import Refused, read_time
from tollbridge_server.testing.simulators.alipay.office import APP_METHODS, BROWSER_METHODS, QUESTIONS, Office
from tollbridge_server.testing.simulators.alipay.rules import BOOKED, UNBOOKED, Behavior
from tollbridge_server.testing.simulators.common.faults import Fault, improper_answer

PATH = "/gateway.do"
CERTIFICATE_DOWNLOAD = "alipay.open.app.alipaycert.download"
SLOW_S = 1.0

_METHODS = frozenset(
    {
        "alipay.trade.precreate",
        "alipay.trade.pay",
        "alipay.trade.close",
        "alipay.trade.cancel",
        "alipay.trade.refund",
        "alipay.fund.auth.order.freeze",
        "alipay.fund.auth.order.voucher.create",
        "alipay.fund.auth.order.unfreeze",
        "alipay.fund.auth.operation.cancel",
        CERTIFICATE_DOWNLOAD,
        *QUESTIONS,
        *BROWSER_METHODS,
        *APP_METHODS,
    }
)
_MISSING, _INVALID, _BUSINESS, _UNAVAILABLE = "40001", "40002", "40004", "20000"
_MESSAGES = {_MISSING: "Missing Required Arguments", _INVALID: "Invalid Arguments", _BUSINESS: "Business Failed"}


class TurnedAway(Exception):
    """A request that does not reach the business; `is_signed` says whether the answer is."""

    def __init__(self, code: str, sub_code: str, message: str, *, is_signed: bool = False) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code, self.message, self.is_signed = code, sub_code, message, is_signed


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is Alipay's to answer: who sent it, and what it asks."""

    account: AlipayAccount
    method: str
    members: Mapping[str, Any]
    parameters: Mapping[str, str]


class Gateway:
    """One URL for every method, as the real one."""

    def __init__(self, office: Office, accounts: Mapping[str, AlipayAccount], keys: AlipayKeys) -> None:
        self._office = office
        self._accounts = {account.app_id: account for account in accounts.values()}
        self._keys = {
            account.app_id: read_public_key(account.app_public_key, setting="app_public_key")
            for account in accounts.values()
        }
        self._theirs = keys
        self.signer = Signer(read_private_key(keys.private_key, setting="private_key"))
        self._root_number = root_serial_number(_certificates(keys.root_certificate)) if keys.root_certificate else ""

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_route("*", PATH, self.handle)

    def close(self) -> None:
        """End the signing threads."""
        self.signer.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, from a server or from the payer's browser."""
        parameters = dict(request.rel_url.query)
        if request.method == "POST":
            parameters |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        if parameters.get("method") in BROWSER_METHODS:
            return await self._browser(parameters)
        account: AlipayAccount | None = None
        try:
            call = self.read(parameters)
            account = call.account
            return await self._serve(request, call)
        except TurnedAway as away:
            node = {"code": away.code, "msg": _MESSAGES[away.code], "sub_code": away.sub_code, "sub_msg": away.message}
            account = account or self._accounts.get(parameters.get("app_id", ""))
            return await self._answer(
                account, parameters.get("method", ""), node, is_signed=away.is_signed, behavior=None, is_clear=True
            )

    def read(self, parameters: Mapping[str, str]) -> Call:
        """Return the call in signed parameters. Raises TurnedAway."""
        method = _required(parameters, "method", "isv.missing-method", "缺少方法名参数")
        if method not in _METHODS:
            raise TurnedAway(_INVALID, "isv.invalid-method", "不存在的方法名")
        app_id = _required(parameters, "app_id", "isv.missing-app-id", "缺少AppID参数")
        account = self._accounts.get(app_id)
        if account is None:
            raise TurnedAway(_INVALID, "isv.invalid-app-id", "无效的AppID参数")
        self._require_signature(parameters, account)
        for name in ("timestamp", "version"):
            _required(parameters, name, f"isv.missing-{name}", f"缺少{name}参数")
        if read_time(parameters["timestamp"]) is None:
            raise TurnedAway(_INVALID, "isv.invalid-timestamp", "非法的时间戳参数", is_signed=True)
        return Call(account, method, _members(parameters, account), parameters)

    async def signed(self, text: bytes) -> str:
        """Return Alipay's signature of a text."""
        return await self.signer.sign(text)

    def _require_signature(self, parameters: Mapping[str, str], account: AlipayAccount) -> None:
        signature = _required(parameters, "sign", "isv.missing-signature", "缺少签名参数")
        kind = _required(parameters, "sign_type", "isv.missing-signature-type", "缺少签名类型参数")
        if kind != "RSA2":
            raise TurnedAway(_INVALID, "isv.invalid-signature-type", "无效的签名类型")
        key = self._keys[account.app_id]
        if account.app_certificate:
            certificate = _certificates(account.app_certificate)[0]
            key = public_key_of(certificate, setting="app_certificate")
            for name, number in (
                ("app_cert_sn", serial_number(certificate)),
                ("alipay_root_cert_sn", self._root_number),
            ):
                missing = f"isv.missing-{name.replace('_', '-')}"
                if _required(parameters, name, missing, f"缺少{name}参数") != number:
                    raise TurnedAway(_INVALID, "isv.invalid-signature", f"{name}不匹配", is_signed=True)
        text = request_text(parameters)
        if not is_signed(key, text, signature):
            shown = text.decode().replace("&", "&amp;")
            message = f"验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：{shown}"
            raise TurnedAway(_INVALID, "isv.invalid-signature", message, is_signed=True)

    async def _serve(self, request: web.Request, call: Call) -> web.Response:
        if call.method == CERTIFICATE_DOWNLOAD:
            return await self._certificate(call)
        behavior = None if call.method in QUESTIONS else self._office.armed.take()
        number = f"{call.method} {call.members.get('out_request_no') or call.members.get('out_trade_no')}"
        if behavior in UNBOOKED and await self._office.lose_once(call.account, number):
            if behavior is Behavior.SYSTEM_ERROR:
                return await self._answer(call.account, call.method, _system_error(call.method), behavior=behavior)
            return await improper_answer(request, Fault(behavior))
        try:
            notify_url = call.parameters.get("notify_url", "")
            found = await self._office.carry_out(call.account, call.method, call.members, notify_url=notify_url)
            node = {"code": "10000", "msg": "Success", **found}
        except Refused as refused:
            node = {
                "code": _BUSINESS,
                "msg": _MESSAGES[_BUSINESS],
                "sub_code": refused.sub_code,
                "sub_msg": refused.message,
                **refused.more,
            }
        if behavior in BOOKED:
            return await improper_answer(request, Fault(behavior))
        if behavior is Behavior.BOOKED_SYSTEM_ERROR:
            node = _system_error(call.method)
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        return await self._answer(call.account, call.method, node, behavior=behavior)

    async def _certificate(self, call: Call) -> web.Response:
        wanted = str(call.members.get("alipay_cert_sn", ""))
        for text in (self._theirs.certificate, self._theirs.reissued_certificate):
            if text and serial_number(_certificates(text)[0]) == wanted:
                content = base64.b64encode(text.encode()).decode()
                node = {"code": "10000", "msg": "Success", "alipay_cert_content": content}
                return await self._answer(call.account, call.method, node)
        node = {"code": _BUSINESS, "msg": _MESSAGES[_BUSINESS], "sub_code": "CERT_NOT_EXIST", "sub_msg": "证书不存在"}
        return await self._answer(call.account, call.method, node)

    async def _answer(
        self,
        account: AlipayAccount | None,
        method: str,
        node: dict[str, Any],
        *,
        is_signed: bool = True,
        behavior: Behavior | None = None,
        is_clear: bool = False,
    ) -> web.Response:
        raw = orjson.dumps(node).replace(b"/", b"\\/")  # As the real one writes its URLs; what is sent is signed.
        if account is not None and account.aes_key and not is_clear:
            raw = orjson.dumps(encrypt(read_aes_key(account.aes_key), raw))
        name = f"{method.replace('.', '_')}_response".encode() if method in _METHODS else b"error_response"
        body = b'{"' + name + b'":' + raw
        if behavior is Behavior.DUPLICATED_NODE:
            body += b',"' + name + b'":' + raw
        if account is not None and account.app_certificate:
            present = behavior is Behavior.REISSUED and self._theirs.reissued_certificate
            number = serial_number(_certificates(present or self._theirs.certificate)[0])
            body += b',"alipay_cert_sn":"' + number.encode() + b'"'
        if is_signed and behavior is not Behavior.MISSING_SIGNATURE:
            text = raw[::-1] if behavior is Behavior.WRONG_SIGNATURE else raw
            body += b',"sign":"' + (await self.signed(text)).encode() + b'"'
        body += b"}"
        if behavior is Behavior.TRUNCATED:
            body = body[: len(body) // 2]
        return web.Response(body=body, content_type="text/html", charset="utf-8")

    async def _browser(self, parameters: dict[str, str]) -> web.Response:
        """Show the cashier's page to whoever brings a page's parameters, and take the decision from the same place."""
        decision = parameters.pop("decision", "")
        try:
            call = self.read(parameters)
            prepared = await self._office.prepare(
                call.account,
                call.method,
                call.members,
                notify_url=parameters.get("notify_url", ""),
                return_url=parameters.get("return_url", ""),
            )
        except TurnedAway as away:
            return pages.error(away.sub_code, away.message)
        except Refused as refused:
            return pages.error(refused.sub_code, refused.message)
        return await pages.serve(self._office, prepared.token, decision)


def _required(parameters: Mapping[str, str], name: str, sub_code: str, message: str) -> str:
    value = parameters.get(name, "")
    if not value:
        raise TurnedAway(_MISSING, sub_code, message)
    return value


def _members(parameters: Mapping[str, str], account: AlipayAccount) -> Mapping[str, Any]:
    text = parameters.get("biz_content", "")
    if parameters.get("encrypt_type") and parameters["encrypt_type"] != "AES":
        raise TurnedAway(_INVALID, "isv.invalid-encrypt-type", "无效的加密类型", is_signed=True)
    try:
        if parameters.get("encrypt_type"):
            text = decrypt(read_aes_key(account.aes_key), text).decode()
        members = orjson.loads(text or "{}")
    except (CiphertextInvalid, ValueError):
        raise TurnedAway(_INVALID, "isv.illegal-json", "非法的JSON参数", is_signed=True) from None
    if not isinstance(members, dict):
        raise TurnedAway(_INVALID, "isv.illegal-json", "非法的JSON参数", is_signed=True)
    return members


def _system_error(method: str) -> dict[str, Any]:
    prefix = "" if ".fund.auth." in method else "ACQ."
    return {
        "code": _BUSINESS,
        "msg": _MESSAGES[_BUSINESS],
        "sub_code": f"{prefix}SYSTEM_ERROR",
        "sub_msg": "系统异常",
    }


def _certificates(text: str) -> Any:
    return read_certificates(text, setting="certificate")
