"""The adapter of a merchant with two apps, before a platform on loopback, and logs as the server writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tollbridge_server.providers.wechatpay.adapter import WechatPayAdapter
from tollbridge_server.providers.wechatpay.merchant import Merchant

from tests.unit.logs.conftest import stream
from tests.unit.providers.wechatpay.desk import OTHER_APP_ID, Desk
from tests.unit.providers.wechatpay.platform import APP_ID, MCHID, serving_client

__all__ = ["desk", "stream"]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    merchant = Merchant(MCHID, APP_ID, "https://shop.example.com/wechat", frozenset({OTHER_APP_ID}))
    async with serving_client() as (platform, client):
        yield Desk(platform, WechatPayAdapter(client, merchant))
