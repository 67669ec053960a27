"""Writes the gateway's answers: one node, the number of the certificate, and a signature over the node's raw bytes.

Refuses nothing; HTTP 200 and text/html whatever it says, as the real one's is. What is armed spoils an answer here.
"""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from tollbridge_server.domain.money import Money
from tollbridge_server.providers.alipay.certificates import read_certificates, serial_number
from tollbridge_server.providers.alipay.encryption import encrypt, read_aes_key
from tollbridge_server.providers.alipay.money import money_of, yuan_of
from tollbridge_server.providers.rsa_keys import Signer, read_private_key
from tollbridge_server.testing.simulators.alipay.accounts import AlipayAccount, AlipayKeys
from tollbridge_server.testing.simulators.alipay.methods import response_name
from tollbridge_server.testing.simulators.alipay.parameters import UTF_8
from tollbridge_server.testing.simulators.alipay.rules import Behavior

_AMOUNTS = frozenset(
    {"total_amount", "receipt_amount", "buyer_pay_amount", "invoice_amount", "refund_amount", "amount"}
)
_NOTHING = "0.00"
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Answers:
    """Alipay's pen: its keys, and how it writes."""

    def __init__(self, keys: AlipayKeys) -> None:
        self._keys = keys
        self._signer = Signer(read_private_key(keys.private_key, setting="private_key"))

    def close(self) -> None:
        """End the signing threads."""
        self._signer.close()

    async def signed(self, text: bytes) -> str:
        """Return Alipay's signature of a text."""
        return await self._signer.sign(text)

    async def answer(
        self,
        account: AlipayAccount | None,
        method: str,
        node: dict[str, Any],
        *,
        is_signed: bool = True,
        behavior: Behavior | None = None,
        is_clear: bool = False,
        charset: str = UTF_8,
    ) -> web.Response:
        """Return the answer to `method`; `is_clear`: not encrypted, though the account's answers are."""
        if behavior is Behavior.WRONG_AMOUNT:
            node = {name: _more(value) if name in _AMOUNTS else value for name, value in node.items()}
        # The real one escapes the slashes of its URLs too, and signs what it sends.
        raw = orjson.dumps(node).replace(b"/", b"\\/").decode().encode(charset, "replace")
        if account is not None and account.aes_key and not is_clear:
            raw = orjson.dumps(encrypt(read_aes_key(account.aes_key), raw))
        name = response_name(method).encode()
        body = b'{"' + name + b'":' + raw
        if behavior is Behavior.DUPLICATED_NODE:
            body += b',"' + name + b'":' + raw
        if account is not None and account.app_certificate:
            body += b',"alipay_cert_sn":"' + self._number(behavior).encode() + b'"'
        if is_signed and behavior is not Behavior.MISSING_SIGNATURE:
            text = raw[::-1] if behavior is Behavior.WRONG_SIGNATURE else raw
            body += b',"sign":"' + (await self.signed(text)).encode() + b'"'
        body += b"}"
        if behavior is Behavior.TRUNCATED:
            body = body[: len(body) // 2]
        return web.Response(body=body, content_type="text/html", charset=charset)

    def _number(self, behavior: Behavior | None) -> str:
        reissued = self._keys.reissued_certificate if behavior is Behavior.REISSUED else ""
        return serial_number(read_certificates(reissued or self._keys.certificate, setting="certificate")[0])


def bad_gateway() -> web.Response:
    """Return what a machine before the gateway says when the gateway does not answer it."""
    return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")


def _more(yuan: str) -> str:
    """Return another amount than the one that is right; nothing stays nothing."""
    return yuan if yuan == _NOTHING else yuan_of(Money(money_of(yuan).amount_minor + 1, "CNY"))
