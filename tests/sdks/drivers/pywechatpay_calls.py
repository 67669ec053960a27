"""A merchant's program with the SDK `pywechatpay`: carries out calls, and says what the SDK returned or refused.

One JSON object on standard input: `merchant` (what WechatPay() takes), `gateway` (where the SDK sends), and `steps`, a
list of [function, arguments]. One JSON list on standard output, an entry a step: the `value` that the function
returned, or the `error` that it raised.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import requests

# The SDK imports Cryptodome and OpenSSL, which its package does not require; another SDK's folder has them.
sys.path.append(str(Path(requests.__file__).parents[2] / "alipay-community"))

from pywechatpay.core import WechatPay


def carry_out(sdk: WechatPay, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        value = getattr(sdk, function)(**arguments)
        return {"value": value.decode() if isinstance(value, bytes) else value}
    except requests.HTTPError as error:
        return {"error": f"HTTPError: {error}", "status": error.response.status_code, "body": error.response.json()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = "127.0.0.1"
    request = json.load(sys.stdin)
    sdk = WechatPay(**request["merchant"])
    sdk._gateway = request["gateway"]
    json.dump([carry_out(sdk, function, arguments) for function, arguments in request["steps"]], sys.stdout)


if __name__ == "__main__":
    main()
