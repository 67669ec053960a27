"""Who pays for what: the order and customer data that providers ask for; refuses to appear in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of the merchant's order; amounts in minor units of the payment's currency."""

    name: str
    quantity: int = 1
    unit_amount_minor: int = 0
    unit_tax_minor: int = 0
    sku: str = ""
    kind: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A postal address; the country is ISO 3166-1 alpha-2."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is being paid for; amounts in minor units of the payment's currency."""

    lines: tuple[OrderLine, ...] = ()
    shipping_address: Address | None = field(default=None, repr=False)
    shipping_name: str = field(default="", repr=False)
    shipping_amount_minor: int = 0
    discount_amount_minor: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Device:
    """What the payer pays from, as 3-D Secure and risk checks ask for it."""

    channel: str = ""
    user_agent: str = ""
    accept_header: str = ""
    language: str = ""
    color_depth_bits: int = 0
    screen_height_px: int = 0
    screen_width_px: int = 0
    time_zone_offset_minutes: int | None = None
    is_java_enabled: bool | None = None
    device_id: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who the payer has to be: a document, a name, an age in years, or several of them; never stored.

    `type` and `number` go together; `min_age` 0 asks for no age.
    """

    type: str = ""
    number: str = ""
    name: str = ""
    min_age: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Customer:
    """The payer as the merchant knows them: personal data, so it has no repr."""

    customer_id: str = ""
    email: str = ""
    name: str = ""
    phone: str = ""
    locale: str = ""
    ip_address: str = ""
    device: Device | None = None
    billing_address: Address | None = None


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """What the caller said about a payment when it was created; it never changes."""

    description: str = ""
    statement_descriptor: str = ""
    return_url: str = ""
    order: Order | None = None
    customer: Customer | None = field(default=None, repr=False)
    metadata: tuple[tuple[str, str], ...] = ()


NO_DETAILS = PaymentDetails()
