"""Reads a request's parameters from query and body, and checks them in Alipay's order before the business sees them.

Refuses with Alipay's own codes: what is missing, what is not signed by its application, and what can not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from cryptography.x509 import Certificate

from tollbridge_server.providers.alipay.certificates import (
    public_key_of,
    read_certificates,
    read_roots,
    root_serial_number,
    serial_number,
)
from tollbridge_server.providers.alipay.encryption import CiphertextInvalid, decrypt, read_aes_key
from tollbridge_server.providers.alipay.signing import request_text
from tollbridge_server.providers.rsa_keys import is_signed, read_public_key
from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount, AlipayKeys
from tollbridge_server.testing.simulators.alipay.fields import read_time
from tollbridge_server.testing.simulators.alipay.methods import METHODS

MISSING, INVALID = "40001", "40002"
UTF_8 = "utf-8"

_CHARSETS = frozenset({UTF_8, "gbk", "gb2312"})
_VERSION, _FORMAT = "1.0", "JSON"
_MOST = {"notify_url": 256, "return_url": 256, "app_auth_token": 40}
"""The lengths of what is taken as it comes; every other parameter is compared, or has a form of its own."""


class TurnedAway(Exception):
    """A request that does not reach the business; `is_signed` says whether the answer is."""

    def __init__(self, code: str, sub_code: str, message: str, *, is_signed: bool = False) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code, self.message, self.is_signed = code, sub_code, message, is_signed


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is Alipay's to answer: who sent it, and what it asks. `charset` is that of the answer, too."""

    account: AlipayAccount
    method: str
    members: Mapping[str, Any]
    parameters: Mapping[str, str]
    charset: str


async def received(request: web.Request) -> dict[str, str]:
    """Return the parameters of a request; what stands in the body wins over what stands in the query."""
    query = request.rel_url.raw_query_string
    body = await request.read() if request.method == "POST" else b""
    # The charset that everything else is written in is one of the parameters, and itself plain ASCII.
    charset = charset_of(_parsed(query, body, UTF_8)) or UTF_8
    return _parsed(query, body, charset)


def charset_of(parameters: Mapping[str, str]) -> str:
    """Return the charset that a request names, empty for none and for one that Alipay does not know."""
    named = parameters.get("charset", "").lower()
    return named if named in _CHARSETS else ""


class Reader:
    """Knows the applications. `timestamp_window_s` is how far a request's clock may be off; None: as far as it is."""

    def __init__(
        self,
        accounts: Mapping[str, AlipayAccount],
        keys: AlipayKeys,
        now_us: Callable[[], int],
        *,
        timestamp_window_s: float | None,
    ) -> None:
        self._accounts = {account.app_id: account for account in accounts.values()}
        self._keys = {
            account.app_id: read_public_key(account.app_public_key, setting="app_public_key")
            for account in accounts.values()
        }
        root = keys.root_certificate
        self._root_number = root_serial_number(read_roots(root, setting="root_certificate")) if root else ""
        self._now_us = now_us
        self._window_s = timestamp_window_s

    def account_of(self, parameters: Mapping[str, str]) -> AlipayAccount | None:
        """Return whose request it says it is; nothing is proven by that."""
        return self._accounts.get(parameters.get("app_id", ""))

    def read(self, parameters: Mapping[str, str]) -> Call:
        """Return the call in signed parameters. Raises TurnedAway."""
        method = _required(parameters, "method", "缺少方法名参数")
        if method not in METHODS:
            raise TurnedAway(INVALID, "isv.invalid-method", "不存在的方法名")
        _required(parameters, "app_id", "缺少AppID参数")
        account = self.account_of(parameters)
        if account is None:
            raise TurnedAway(INVALID, "isv.invalid-app-id", "无效的AppID参数")
        _required(parameters, "charset", "缺少字符集参数")
        charset = charset_of(parameters)
        if not charset:
            raise TurnedAway(INVALID, "isv.invalid-charset", "字符集错误")
        self._require_signature(parameters, account, charset)
        self._require_timely(_required(parameters, "timestamp", "缺少时间戳参数"))
        if _required(parameters, "version", "缺少版本参数") != _VERSION:
            raise TurnedAway(INVALID, "isv.invalid-parameter", "参数无效：version", is_signed=True)
        if parameters.get("format", _FORMAT).upper() != _FORMAT:
            raise TurnedAway(INVALID, "isv.invalid-format", "无效的数据格式", is_signed=True)
        _require_sound(parameters)
        return Call(account, method, _members(parameters, account, charset), parameters, charset)

    def _require_signature(self, parameters: Mapping[str, str], account: AlipayAccount, charset: str) -> None:
        signature = _required(parameters, "sign", "缺少签名参数", missing="isv.missing-signature")
        kind = _required(parameters, "sign_type", "缺少签名类型参数", missing="isv.missing-signature-type")
        if kind != "RSA2":
            raise TurnedAway(INVALID, "isv.invalid-signature-type", "无效的签名类型")
        key = self._keys[account.app_id]
        if account.app_certificate:
            certificate = read_certificates(account.app_certificate, setting="certificate")[0]
            key = public_key_of(certificate, setting="app_certificate")
            self._require_numbers(parameters, certificate)
        text = request_text(parameters).decode()
        if not is_signed(key, text.encode(charset, "replace"), signature):
            message = f"验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：{text}"
            raise TurnedAway(INVALID, "isv.invalid-signature", message, is_signed=True)

    def _require_numbers(self, parameters: Mapping[str, str], certificate: Certificate) -> None:
        for name, number in (
            ("app_cert_sn", serial_number(certificate)),
            ("alipay_root_cert_sn", self._root_number),
        ):
            if _required(parameters, name, f"缺少{name}参数") != number:
                raise TurnedAway(INVALID, "isv.invalid-signature", f"{name}不匹配", is_signed=True)

    def _require_timely(self, timestamp: str) -> None:
        at_us = read_time(timestamp)
        is_timely = at_us is not None and (
            self._window_s is None or abs(self._now_us() - at_us) <= self._window_s * 1_000_000
        )
        if not is_timely:
            raise TurnedAway(INVALID, "isv.invalid-timestamp", "非法的时间戳参数", is_signed=True)


def _parsed(query: str, body: bytes, charset: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in (query, body.decode(charset, "replace")):
        found |= dict(parse_qsl(text, keep_blank_values=True, encoding=charset, errors="replace"))
    return found


def _required(parameters: Mapping[str, str], name: str, message: str, *, missing: str = "") -> str:
    value = parameters.get(name, "")
    if not value:
        raise TurnedAway(MISSING, missing or f"isv.missing-{name.replace('_', '-')}", message)
    return value


def _require_sound(parameters: Mapping[str, str]) -> None:
    wrong = [name for name, most in _MOST.items() if len(parameters.get(name, "")) > most]
    if not parameters.get("notify_url", "https://").startswith(("http://", "https://")):
        wrong.append("notify_url")
    if wrong:
        raise TurnedAway(INVALID, "isv.invalid-parameter", f"参数无效：{wrong[0]}", is_signed=True)


def _members(parameters: Mapping[str, str], account: AlipayAccount, charset: str) -> Mapping[str, Any]:
    text = parameters.get("biz_content", "")
    if parameters.get("encrypt_type") and parameters["encrypt_type"] != "AES":
        raise TurnedAway(INVALID, "isv.invalid-encrypt-type", "无效的加密类型", is_signed=True)
    try:
        if parameters.get("encrypt_type"):
            text = decrypt(read_aes_key(account.aes_key), text).decode(charset)
        members = orjson.loads(text or "{}")
    except (CiphertextInvalid, ValueError):
        raise TurnedAway(INVALID, "isv.illegal-json", "非法的JSON参数", is_signed=True) from None
    if not isinstance(members, dict):
        raise TurnedAway(INVALID, "isv.illegal-json", "非法的JSON参数", is_signed=True)
    return members
