"""A merchant's program with Alipay's own SDK: carries out calls, and says what the SDK returned or refused.

One JSON object on standard input: `merchant` (the settings of AlipayClientConfig), `gateway` (host:port of what answers
in Alipay's place), and `steps`, a list of [function, arguments]. One JSON list on standard output, an entry a step: the
`value` that the SDK returned, or the `error` that it raised.
"""

from __future__ import annotations

import importlib
import json
import socket
import sys
from typing import Any

from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.constant.CommonConstants import THREAD_LOCAL
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.util import EncryptUtils, SignatureUtils

HOST = "openapi.alipay.com"
THREAD_LOCAL.uuid = ""


class BytesAes:
    """AES of the library that the SDK uses. The SDK hands it text, which the library takes as bytes alone."""

    MODE_CBC, block_size = EncryptUtils.AES.MODE_CBC, EncryptUtils.AES.block_size
    _real = EncryptUtils.AES

    def __init__(self, cipher: Any) -> None:
        self._cipher = cipher

    @classmethod
    def new(cls, key: bytes, mode: int, iv: str) -> BytesAes:
        return cls(cls._real.new(key, mode, iv.encode()))

    def encrypt(self, text: str) -> bytes:
        encrypted: bytes = self._cipher.encrypt(text.encode())
        return encrypted

    def decrypt(self, ciphertext: bytes) -> bytes:
        decrypted: bytes = self._cipher.decrypt(ciphertext)
        return decrypted


def lead(gateway: str) -> None:
    """Let connections to Alipay end at the gateway, as an entry in /etc/hosts would; the SDK knows no other port."""
    real, (host, _, port) = socket.create_connection, gateway.partition(":")

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        assert address == (HOST, 80), address
        return real((host, int(port)), *args, **kwargs)

    socket.create_connection = connect


class Merchant:
    """The SDK as a merchant set it up."""

    def __init__(self, settings: dict[str, Any]) -> None:
        config = AlipayClientConfig()
        config.server_url = f"http://{HOST}/gateway.do"
        for name, value in settings.items():
            setattr(config, name, value)
        self._config = config
        self._client = DefaultAlipayClient(config)

    def execute(self, request: str, content: dict[str, Any], **more: Any) -> Any:
        return json.loads(self._client.execute(self._request(request, content, more)))

    def page(self, request: str, content: dict[str, Any], **more: Any) -> str:
        return str(self._client.page_execute(self._request(request, content, more), http_method="GET"))

    def in_app(self, request: str, content: dict[str, Any], **more: Any) -> str:
        return str(self._client.sdk_execute(self._request(request, content, more)))

    def signed_text(self, parameters: dict[str, str]) -> str:
        return str(SignatureUtils.get_sign_content(parameters))

    def sign(self, text: str) -> str:
        return str(SignatureUtils.sign_with_rsa2(self._config.app_private_key, text, "utf-8"))

    def is_signed(self, text: str, signature: str) -> bool:
        """Whether Alipay signed the text."""
        return bool(SignatureUtils.verify_with_rsa(self._config.alipay_public_key, text.encode(), signature))

    def decrypt(self, content: str) -> Any:
        return json.loads(EncryptUtils.decrypt_content(content, "AES", self._config.encrypt_key, "utf-8"))

    def _request(self, name: str, content: dict[str, Any], more: dict[str, Any]) -> Any:
        """Return the SDK's own request of that name, with its own model of the content."""
        model = getattr(importlib.import_module(f"alipay.aop.api.domain.{name}Model"), f"{name}Model")
        kind = getattr(importlib.import_module(f"alipay.aop.api.request.{name}Request"), f"{name}Request")
        request = kind(biz_model=model.from_alipay_dict(content))
        request.add_other_text_param("alipay_sdk", "alipay-sdk-python")
        for key, value in more.items():
            setattr(request, key, value)
        return request


def carry_out(merchant: Merchant, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": getattr(merchant, function)(**arguments)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    EncryptUtils.AES = BytesAes
    request = json.load(sys.stdin)
    lead(request["gateway"])
    merchant = Merchant(request["merchant"])
    json.dump([carry_out(merchant, function, arguments) for function, arguments in request["steps"]], sys.stdout)


if __name__ == "__main__":
    main()
