"""A merchant's program with the SDK `wechatpayv3`: carries out calls, and says what the SDK returned or refused.

One JSON object on standard input: `merchant` (what WeChatPay() takes), `gateway` (where the SDK sends), and `steps`, a
list of [function, arguments]. One JSON list on standard output, an entry a step: `status` and `body` of an answer that
the SDK believed, the `value` of a function, or the `error` that it raised.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import load_public_key, rsa_verify


class Merchant:
    """The SDK as a merchant set it up, and its functions by their names."""

    def __init__(self, settings: dict[str, Any], gateway: str) -> None:
        # What the SDK finds in cert_dir, or a public key, keeps it from calling before it knows the gateway.
        self._sdk = WeChatPay(wechatpay_type=WeChatPayType.NATIVE, timeout=(5, 20), **settings)
        self._sdk._core._gate_way = gateway

    def carry_out(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        own: Callable[..., Any] | None = getattr(self, f"_{function}", None)
        try:
            if own is not None:
                return {"value": own(**arguments)}
            if "pay_type" in arguments:
                arguments["pay_type"] = WeChatPayType[arguments["pay_type"]]
            status, body = getattr(self._sdk, function)(**arguments)
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
        if isinstance(body, bytes):
            body = body.decode()
        return {"status": status, "body": json.loads(body) if body else None}

    def _callback(self, headers: dict[str, str], body: str) -> Any:
        return self._sdk.callback(headers, body)

    def _sign(self, data: list[str]) -> str:
        return self._sdk.sign(data)

    def _decrypt(self, ciphertext: str) -> str:
        return self._sdk.decrypt(ciphertext)

    def _encrypt(self, text: str) -> str:
        return self._sdk._core.encrypt(text)

    def _is_request_signed(self, lines: list[str], signature: str, public_key: str) -> bool:
        """Whether lines, each with its line feed, are signed; the SDK's function takes the lines before in one."""
        *before, nonce, body = lines
        return rsa_verify("\n".join(before), nonce, body, signature, load_public_key(public_key))


def main() -> None:
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = "127.0.0.1"
    request = json.load(sys.stdin)
    merchant = Merchant(request["merchant"], request["gateway"])
    results = [merchant.carry_out(function, arguments) for function, arguments in request["steps"]]
    folder = request["merchant"].get("cert_dir")
    kept = sorted(path.stem for path in Path(folder).iterdir()) if folder else []
    json.dump({"results": results, "certificates": kept}, sys.stdout)


if __name__ == "__main__":
    main()
