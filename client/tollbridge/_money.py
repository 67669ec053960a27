"""Makes Money of an amount as people write it, and back; it refuses floats, unknown currencies and parts of a cent."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from tollbridge.v1.money_pb2 import Money

_ZERO_EXPONENT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_EXPONENT = "BHD IQD JOD KWD LYD OMR TND"
_TWO_EXPONENT = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
    "MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD "
    "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER "
    "ZAR ZMW"
)

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MAX_MINOR = 2**63 - 1  # What the contract's field holds.

EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_ZERO_EXPONENT.split(), 0),
    **dict.fromkeys(_TWO_EXPONENT.split(), 2),
    **dict.fromkeys(_THREE_EXPONENT.split(), 3),
}
"""ISO 4217 exponent by currency code: how many decimals the major unit has."""


def money(amount: Decimal | str | int, currency_code: str) -> Money:
    """Return `amount`, given in the currency's major unit, as Money: `money("19.99", "EUR")` is 1999 minor units.

    Raises TypeError for a float, and ValueError for what is no number, for an unknown currency, and for more decimals
    than the currency has.
    """
    if isinstance(amount, float):
        raise TypeError("a float can not hold an amount exactly; give a str or a Decimal")
    if isinstance(amount, str) and not _PLAIN.fullmatch(amount):
        raise ValueError(f"{amount!r} is no amount; write it in digits, like 19.99")
    try:
        major = Decimal(amount)
        minor = major.scaleb(_exponent(currency_code))
        is_whole = minor == minor.to_integral_value()
    except InvalidOperation as error:
        raise ValueError(f"{amount!r} is no amount") from error
    if not major.is_finite() or not is_whole:
        raise ValueError(f"{amount!r} can not be expressed in minor units of {currency_code}")
    if abs(minor) > _MAX_MINOR:
        raise ValueError(f"{amount!r} is more than any payment can be")
    return Money(currency_code=currency_code, amount_minor=int(minor))


def decimal_amount(money: Money) -> Decimal:
    """Return the amount in the currency's major unit: 1999 minor units of EUR are Decimal("19.99").

    Raises ValueError for an unknown currency.
    """
    return Decimal(money.amount_minor).scaleb(-_exponent(money.currency_code))


def _exponent(currency_code: str) -> int:
    exponent = EXPONENTS.get(currency_code)
    if exponent is None:
        raise ValueError(f"{currency_code!r} is no ISO 4217 currency that is known here")
    return exponent
