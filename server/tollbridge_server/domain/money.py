"""Money as an integer and a currency; refuses floats, mixed currencies and unknown currencies."""

from __future__ import annotations

from dataclasses import dataclass

MAX_AMOUNT_MINOR = 999_999_999_999
"""The largest amount that the contract takes, in minor units."""

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

CURRENCY_EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_ZERO_EXPONENT.split(), 0),
    **dict.fromkeys(_TWO_EXPONENT.split(), 2),
    **dict.fromkeys(_THREE_EXPONENT.split(), 3),
}
"""ISO 4217 exponent by currency code: how many decimals the major unit has."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the minor unit of its currency (JPY has exponent 0, CNY 2, KWD 3)."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise TypeError(f"an amount is an int of minor units, not {type(self.amount_minor).__name__}")

    def __str__(self) -> str:
        exponent = CURRENCY_EXPONENTS.get(self.currency, 0)
        if exponent == 0:
            return f"{self.amount_minor} {self.currency}"
        sign = "-" if self.amount_minor < 0 else ""
        major, minor = divmod(abs(self.amount_minor), 10**exponent)
        return f"{sign}{major}.{minor:0{exponent}d} {self.currency}"


def is_known_currency(code: str) -> bool:
    """Tell whether `code` is an ISO 4217 currency in use."""
    return code in CURRENCY_EXPONENTS
