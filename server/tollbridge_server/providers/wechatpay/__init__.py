"""WeChat Pay (mainland China, direct merchant): API v3, with platform certificates or WeChat Pay's public key."""

from __future__ import annotations

from tollbridge_server.providers.rsa_keys import Signer
from tollbridge_server.providers.transport import Transport
from tollbridge_server.providers.wechatpay.adapter import CAPABILITIES, WechatPayAdapter
from tollbridge_server.providers.wechatpay.client import Client
from tollbridge_server.providers.wechatpay.merchant import Merchant
from tollbridge_server.providers.wechatpay.settings import WechatPaySettings, app_ids_of, identity_of, signing_key_of

__all__ = ["CAPABILITIES", "WechatPayAdapter", "WechatPaySettings", "build"]


def build(account_id: str, settings: WechatPaySettings, link: None) -> WechatPayAdapter:
    """Return the adapter of an account; WeChat Pay is always reached by HTTP, so `link` is not used."""
    del link
    transport = Transport(
        settings.base_url,
        timeout_s=settings.timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        max_connections=settings.max_connections,
    )
    merchant = Merchant(
        mchid=settings.mchid,
        app_id=settings.app_id,
        notify_url=settings.notify_url,
        more_app_ids=frozenset(app_ids_of(settings)),
    )
    identity = identity_of(settings, account_id=account_id)
    return WechatPayAdapter(Client(identity, transport, Signer(signing_key_of(settings))), merchant)
