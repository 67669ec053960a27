"""Alipay (mainland China): the open platform's gateway with RSA2 signatures, in key mode and in certificate mode."""

from __future__ import annotations

from urllib.parse import urlsplit

from tollbridge_server.providers.alipay.adapter import CAPABILITIES, AlipayAdapter
from tollbridge_server.providers.alipay.client import Client
from tollbridge_server.providers.alipay.merchant import Merchant
from tollbridge_server.providers.alipay.settings import AlipaySettings, identity_of, signing_key_of
from tollbridge_server.providers.rsa_keys import Signer
from tollbridge_server.providers.transport import Transport

__all__ = ["CAPABILITIES", "AlipayAdapter", "AlipaySettings", "build"]


def build(account_id: str, settings: AlipaySettings, link: None) -> AlipayAdapter:
    """Return the adapter of an account; Alipay is always reached by HTTP, so `link` is not used."""
    del link
    parts = urlsplit(settings.gateway)
    transport = Transport(
        f"{parts.scheme}://{parts.netloc}",
        timeout_s=settings.timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        max_connections=settings.max_connections,
    )
    merchant = Merchant(
        app_id=settings.app_id,
        seller_id=settings.seller_id,
        qr_product=settings.qr_product,
        preauth_product=settings.preauth_product,
        preauth_category=settings.preauth_category,
        cancel_voids_unscanned=settings.cancel_voids_unscanned,
        preauth_product_in_person=settings.preauth_product_in_person,
        barcode_product=settings.barcode_product,
    )
    return AlipayAdapter(
        Client(identity_of(settings, account_id=account_id), transport, Signer(signing_key_of(settings))), merchant
    )
