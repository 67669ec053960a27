"""What a payer pays with: raw methods that live in memory only, and the masked summary that may be stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class MethodKind(StrEnum):
    """Every way to pay that the contract knows; an adapter declares which of them it serves."""

    CARD = "CARD"
    STORED = "STORED"
    ALIPAY_PAGE = "ALIPAY_PAGE"
    ALIPAY_WAP = "ALIPAY_WAP"
    ALIPAY_APP = "ALIPAY_APP"
    ALIPAY_QR = "ALIPAY_QR"
    ALIPAY_BARCODE = "ALIPAY_BARCODE"
    WECHAT_NATIVE = "WECHAT_NATIVE"
    WECHAT_JSAPI = "WECHAT_JSAPI"
    WECHAT_H5 = "WECHAT_H5"
    WECHAT_APP = "WECHAT_APP"
    WECHAT_CODE = "WECHAT_CODE"
    PAYPAL = "PAYPAL"
    UNIONPAY = "UNIONPAY"
    PROVIDER_TOKEN = "PROVIDER_TOKEN"


@dataclass(frozen=True, slots=True)
class Card:
    """A raw card as the payer typed it; nothing of it appears in a repr, and it is never stored."""

    number: str = field(repr=False)
    expiry_month: int = field(repr=False)
    expiry_year: int = field(repr=False)
    cvv: str = field(repr=False)
    holder_name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """What the caller sent to pay with.

    `card` is set for CARD. `parameters` holds what the other kinds need (`auth_code`, `open_id`, `token`,
    `payment_method_id`, `cvv`, ...) under the proto's field names; it is as secret as the card.
    """

    kind: MethodKind
    card: Card | None = field(default=None, repr=False)
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def parameter(self, name: str) -> str:
        """Return the parameter `name`, or the empty string."""
        for key, value in self.parameters:
            if key == name:
                return value
        return ""

    @property
    def is_replayable(self) -> bool:
        """Whether the provider request can be rebuilt after a crash: only if the method holds no secret."""
        return self.card is None and not self.parameters


@dataclass(frozen=True, slots=True)
class MethodSummary:
    """The part of a method that may be stored and shown: at most BIN and last four of a card."""

    kind: MethodKind
    brand: str = ""
    bin: str = ""
    last_four: str = ""
    expiry_month: int = 0
    expiry_year: int = 0
