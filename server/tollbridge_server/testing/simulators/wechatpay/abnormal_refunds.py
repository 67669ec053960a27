"""Directs a refund that did not arrive to another account, inside one transaction of the book.

Refuses what is not abnormal, and a bank account or a name that was not encrypted for WeChat Pay's key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tollbridge_server.providers.wechatpay.encryption import CiphertextInvalid, unseal_with
from tollbridge_server.testing.simulators.wechatpay.accounts import WechatPayAccount
from tollbridge_server.testing.simulators.wechatpay.book import Ledger
from tollbridge_server.testing.simulators.wechatpay.documents import refund_document
from tollbridge_server.testing.simulators.wechatpay.premises import Premises
from tollbridge_server.testing.simulators.wechatpay.replies import Refused, Reply, document, invalid_request
from tollbridge_server.testing.simulators.wechatpay.rows import (
    ABNORMAL,
    ORIGINAL,
    OTHER_BANKCARD,
    PROCESSING,
    SUCCESS,
)
from tollbridge_server.testing.simulators.wechatpay.schema import param_error

_SEALED = ("bank_account", "real_name")
_CARD = "USER_BANK_CARD"
_ACCOUNT = re.compile(r"[0-9]{8,32}")
_TO_MERCHANT = "商户银行卡"


class AbnormalRefunds:
    """What the back office does with refunds that are ABNORMAL: PROCESSING once more, and then SUCCESS."""

    def __init__(self, ledger: Ledger, premises: Premises) -> None:
        self._ledger = ledger
        self._premises = premises

    def direct(self, account: WechatPayAccount, refund_id: str, content: Mapping[str, Any]) -> Reply:
        """Send a refund to another account, whose fields are open by now; the same again is the same refund."""
        entry = self._ledger.refund_by_id(account.account_id, refund_id)
        if entry is None or entry.out_refund_no != content["out_refund_no"]:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在", tail=268435483)
        received = _TO_MERCHANT
        if content["type"] == _CARD:
            _require_card(content)
            received = f"{content['bank_type']}{content['bank_account'][-4:]}"
        if entry.channel != ORIGINAL and entry.received == received:
            return document(refund_document(entry))
        if entry.status != ABNORMAL:
            raise invalid_request("退款单不是退款异常状态", tail=268435490)
        entry.status, entry.fate, entry.channel, entry.received = PROCESSING, SUCCESS, OTHER_BANKCARD, received
        entry.settles_at_us = self._premises.later_us(self._premises.practice.refund_settles_s)
        self._ledger.put_refund(entry)
        return document(refund_document(entry))


def unsealed(content: Mapping[str, Any], key: RSAPrivateKey | None) -> Mapping[str, Any]:
    """Return a request with its encrypted fields opened; `key` is the one that its header names. Raises Refused."""
    opened = dict(content)
    for name in _SEALED:
        if name in opened:
            opened[name] = _opened(opened[name], key, f"/{name}")
    return opened


def _opened(ciphertext: str, key: RSAPrivateKey | None, pointer: str) -> str:
    if key is None:
        raise param_error("加密所用的Wechatpay-Serial缺失或不正确", pointer, "")
    try:
        return unseal_with(key, ciphertext)
    except CiphertextInvalid:
        raise param_error("敏感信息解密失败", pointer, "") from None


def _require_card(content: Mapping[str, Any]) -> None:
    for name in ("bank_type", *_SEALED):
        if not content.get(name):
            raise param_error("必填性规则校验失败，退款至用户银行卡时此字段为必填项", f"/{name}", "")
    if _ACCOUNT.fullmatch(content["bank_account"]) is None:
        raise param_error("收款银行卡号不正确", "/bank_account", "")
