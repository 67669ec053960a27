"""What an adapter knows of its merchant: numbers and products of the contract, and nothing that signs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merchant:
    """The contract of one application.

    `preauth_product` empty: amounts can not be frozen. `cancel_voids_unscanned`: Alipay's answer to the cancel of a
    code that nobody scanned is taken as its end.
    """

    app_id: str
    seller_id: str
    qr_product: str
    preauth_product: str
    preauth_category: str
    cancel_voids_unscanned: bool
