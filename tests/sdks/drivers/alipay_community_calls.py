"""A merchant's program with the SDK `python-alipay-sdk`: carries out calls, and says what the SDK returned or refused.

One JSON object on standard input: `merchant` (what AliPay() takes, or DCAliPay() with certificates), `gateway` (where
the SDK sends), and `steps`, a list of [function, arguments]. One JSON list on standard output, an entry a step: the
`value` that the SDK returned, or the `error` that it raised.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from alipay import AliPay, DCAliPay


def set_up(settings: dict[str, Any], gateway: str) -> AliPay | DCAliPay:
    sdk = (DCAliPay if "app_public_key_cert_string" in settings else AliPay)(**settings)
    sdk._gateway = gateway
    return sdk


def carry_out(sdk: AliPay | DCAliPay, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        found = getattr(sdk, function)
        return {"value": found(**arguments) if callable(found) else found}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = "127.0.0.1"
    request = json.load(sys.stdin)
    sdk = set_up(request["merchant"], request["gateway"])
    json.dump([carry_out(sdk, function, arguments) for function, arguments in request["steps"]], sys.stdout)


if __name__ == "__main__":
    main()
