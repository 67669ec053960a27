"""The settings of an account in key mode, changed in one place by each test."""

from __future__ import annotations

from typing import Any

from tollbridge_server.providers.alipay import AlipaySettings

from tests.unit.providers.alipay import published_keys
from tests.unit.providers.alipay.gateway import APP_ID, NOTIFY_URL, SELLER_ID
from tests.unit.providers.alipay.keys import ALIPAY, public_pem


def settings(**changes: Any) -> AlipaySettings:
    given: dict[str, Any] = {
        "app_id": APP_ID,
        "seller_id": SELLER_ID,
        "notify_url": NOTIFY_URL,
        "private_key": published_keys.APPLICATION_KEY,
        "alipay_public_key": public_pem(ALIPAY),
    }
    return AlipaySettings(**{**given, **changes})
