"""What an adapter knows of its merchant: numbers and products of the contract, and nothing that signs."""

from __future__ import annotations

from dataclasses import dataclass

from tollbridge_server.domain.payment_method import MethodKind


@dataclass(frozen=True, slots=True)
class Merchant:
    """The contract of one application.

    `preauth_product` empty: amounts can not be frozen. It is the product of freezes in an app; those by a code, shown
    or scanned, have `preauth_product_in_person`. `cancel_voids_unscanned`: Alipay's answer to the cancel of a sale's
    QR code that nobody has opened is taken as its end.
    """

    app_id: str
    seller_id: str
    qr_product: str
    preauth_product: str
    preauth_category: str
    cancel_voids_unscanned: bool
    preauth_product_in_person: str
    barcode_product: str

    def freeze_product(self, method: MethodKind) -> str:
        """Return the product of a freeze with `method`, which its captures have to repeat."""
        return self.preauth_product if method is MethodKind.ALIPAY_APP else self.preauth_product_in_person
