"""Card checks before any call: digits, Luhn, brand by BIN range, length, CVV and expiry; refuses to echo a number."""

from __future__ import annotations

from dataclasses import dataclass

from tollbridge_server.domain.errors import ErrorReason, FieldViolation, RequestError
from tollbridge_server.domain.payment_method import Card, MethodKind, MethodSummary


@dataclass(frozen=True, slots=True)
class CardBrand:
    """A card network: its number prefixes (inclusive ranges of equal length), lengths and CVV length."""

    name: str
    prefixes: tuple[tuple[str, str], ...]
    lengths: frozenset[int]
    cvv_length: int = 3
    has_luhn: bool = True


def _digits(*lengths: int) -> frozenset[int]:
    return frozenset(lengths)


# Order matters: the more specific range of a shared prefix comes first (ISO/IEC 7812 issuer ranges as the
# networks publish them).
CARD_BRANDS: tuple[CardBrand, ...] = (
    CardBrand("amex", (("34", "34"), ("37", "37")), _digits(15), cvv_length=4),
    CardBrand("diners", (("300", "305"), ("3095", "3095"), ("36", "36"), ("38", "39")), _digits(*range(14, 20))),
    CardBrand("jcb", (("3528", "3589"),), _digits(16, 17, 18, 19)),
    CardBrand("mastercard", (("51", "55"), ("2221", "2720")), _digits(16)),
    CardBrand("discover", (("6011", "6011"), ("644", "649"), ("65", "65")), _digits(16, 17, 18, 19)),
    CardBrand("unionpay", (("62", "62"), ("81", "81")), _digits(16, 17, 18, 19), has_luhn=False),
    CardBrand("maestro", (("50", "50"), ("56", "58"), ("6304", "6304"), ("6759", "6763")), _digits(*range(12, 20))),
    CardBrand("visa", (("4", "4"),), _digits(13, 16, 18, 19)),
)


def _ranges_by_first_digit() -> dict[str, tuple[tuple[str, str, CardBrand], ...]]:
    ranges = [(low, high, brand) for brand in CARD_BRANDS for low, high in brand.prefixes]
    return {digit: tuple(r for r in ranges if r[0][0] <= digit <= r[1][0]) for digit in "0123456789"}


_RANGES = _ranges_by_first_digit()


def brand_of(number: str) -> CardBrand | None:
    """Return the network of a card number, or None when no known range holds it."""
    for low, high, brand in _RANGES.get(number[:1], ()):
        if low <= number[: len(low)] <= high:
            return brand
    return None


def passes_luhn(number: str) -> bool:
    """Tell whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B)."""
    digits = number.encode()[::-1]
    doubled = digits[1::2].translate(_DOUBLED)
    return (sum(digits[::2]) + sum(doubled) - 48 * len(digits)) % 10 == 0


# The digit that twice a digit adds up to (7 gives 14 gives 5), for the ASCII codes of the ten digits.
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")


def check_card(card: Card, *, year: int, month: int, field: str = "payment_method.card") -> CardBrand:
    """Return the brand of a card that may be sent, or raise RequestError that names the field, never the number.

    `year` and `month` are today's; a card is good through the last day of its expiry month.
    """
    number = card.number
    if not (number.isascii() and number.isdigit()):
        raise _refusal(ErrorReason.CARD_NUMBER_INVALID, f"{field}.number", "send digits only, without spaces")
    brand = brand_of(number)
    if brand is None:
        raise _refusal(
            ErrorReason.CARD_BRAND_UNSUPPORTED, f"{field}.number", "no known card network has this prefix", "unknown"
        )
    if len(number) not in brand.lengths:
        raise _refusal(ErrorReason.CARD_NUMBER_INVALID, f"{field}.number", f"{brand.name} numbers have another length")
    if brand.has_luhn and not passes_luhn(number):
        raise _refusal(ErrorReason.CARD_NUMBER_INVALID, f"{field}.number", "the check digit is wrong; ask the payer")
    if (card.expiry_year, card.expiry_month) < (year, month):
        raise _refusal(ErrorReason.CARD_EXPIRED, f"{field}.expiry_year", "the card has expired; ask for another one")
    if card.cvv and not (card.cvv.isascii() and card.cvv.isdigit() and len(card.cvv) == brand.cvv_length):
        description = f"{brand.name} has {brand.cvv_length} CVV digits"
        raise _refusal(ErrorReason.CVV_INVALID, f"{field}.cvv", description, brand.name)
    return brand


def summarize_card(card: Card, brand: CardBrand) -> MethodSummary:
    """Return what may be stored of a card: BIN (first six), last four, brand and expiry (PCI DSS 3.4.1)."""
    return MethodSummary(
        kind=MethodKind.CARD,
        brand=brand.name,
        bin=card.number[:6],
        last_four=card.number[-4:],
        expiry_month=card.expiry_month,
        expiry_year=card.expiry_year,
    )


def _refusal(reason: ErrorReason, field: str, description: str, brand: str = "") -> RequestError:
    facts = {"field": field, **({"brand": brand} if brand else {})}
    violations = (FieldViolation(field, description),)
    return RequestError(reason, f"{field}: {description}", facts=facts, violations=violations)
