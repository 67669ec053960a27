"""Reads the business fields of a request as strictly as Alipay does, and writes times and amounts as it writes them.

Refuses a field that is missing, too long, of another form or of another type, with Alipay's own code.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

from tollbridge_server.domain.money import Money
from tollbridge_server.providers.alipay.money import AmountUnreadable, is_payable, money_of, yuan_of
from tollbridge_server.testing.simulators.alipay.schema import Rule, flaw_of, text_of

_CHINA = timezone(timedelta(hours=8))
_DAY_S = 86400
_RELATIVE = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
_UNITS_S = {"m": 60, "h": 3600, "d": _DAY_S}
_MOST_S = 15 * _DAY_S

NUMBER = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
"""A number of the merchant's."""
UNTIL_MIDNIGHT = "1c"
"""How an order asks to be payable until the end of its day in China."""


class Refused(Exception):
    """A business refusal: Alipay's sub code, its message, and further fields of the answer."""

    def __init__(self, sub_code: str, message: str, /, **more: str) -> None:
        super().__init__(sub_code)
        self.sub_code = sub_code
        self.message = message
        self.more = more


class Content:
    """The business fields of one request; `prefix` is that of the product's codes (`ACQ.`, or nothing)."""

    def __init__(self, members: Mapping[str, Any], *, prefix: str = "ACQ.") -> None:
        self._members = {name: value for name, value in members.items() if value is not None}
        self._invalid = f"{prefix}INVALID_PARAMETER" if prefix else "ILLEGAL_ARGUMENT"

    def require(self, form: Mapping[str, Rule]) -> None:
        """Raise Refused for the first field that breaks its rule."""
        flaw = flaw_of(self._members, form)
        if flaw is None:
            return
        if flaw.is_too_many:
            raise Refused("ACQ.SUB_GOODS_SIZE_MAX_COUNT", f"商品明细数量超限{flaw.name}")
        raise self.wrong(flaw.name)

    def text(self, name: str, *, most: int = 512, required: bool = False) -> str:
        """Return a text, empty when it is not given."""
        value = text_of(self._members.get(name, ""))
        if value is None or len(value) > most or (required and not value):
            raise self.wrong(name)
        return value

    def number(self, name: str, *, required: bool = True) -> str:
        """Return a number of the merchant's: letters, digits and underscores."""
        value = self.text(name, most=64, required=required)
        if value and not NUMBER.fullmatch(value):
            raise self.wrong(name)
        return value

    def amount(self, name: str) -> int:
        """Return an amount in fen."""
        try:
            amount = money_of(self.text(name, required=True))
        except AmountUnreadable:
            raise self.wrong(name) from None
        if not is_payable(amount):
            raise self.wrong(name)
        return amount.amount_minor

    def object(self, name: str) -> Mapping[str, Any]:
        """Return the members of an object, none when it is not given."""
        value = self._members.get(name) or {}
        if not isinstance(value, dict):
            raise self.wrong(name)
        return value

    def expiry_us(self, now_us: int, *periods: str, otherwise_s: int) -> int:
        """Return when nobody can pay an order any more: `time_expire`, which wins, or the end of its first period."""
        absolute = self.text("time_expire")
        if not absolute:
            return self.end_us(now_us, *periods, otherwise_s=otherwise_s)
        expires_us = read_time(absolute)
        if expires_us is None:
            raise self.wrong("time_expire")
        if expires_us <= now_us:
            raise Refused("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "当前时间已经晚于订单失效时间")
        return expires_us

    def end_us(self, now_us: int, *periods: str, otherwise_s: int) -> int:
        """Return the earliest end of the periods that are given, of one of `otherwise_s` seconds if none is."""
        ends = [self._end_us(now_us, name) for name in periods if self.text(name)]
        return min(ends, default=now_us + otherwise_s * 1_000_000)

    def _end_us(self, now_us: int, name: str) -> int:
        period = self.text(name)
        if period == UNTIL_MIDNIGHT:
            return _midnight_us(now_us)
        found_s = period_s(period)
        if found_s is None:
            raise self.wrong(name)
        return now_us + found_s * 1_000_000

    def wrong(self, name: str) -> Refused:
        """Return the refusal of a field."""
        return Refused(self._invalid, f"参数有误{name}")


def yuan(fen: int) -> str:
    """Return an amount as Alipay writes it; nothing moved is 0.00."""
    return yuan_of(Money(fen, "CNY")) if fen else "0.00"


def told_back(**texts: str) -> dict[str, str]:
    """Return what a merchant gave and gets back as it came; what it did not give is left out."""
    return {name: text for name, text in texts.items() if text}


def written_time(at_us: int) -> str:
    """Return a time as Alipay writes it: whole seconds, GMT+8."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")


def read_time(text: str) -> int | None:
    """Return a time in microseconds since the epoch, None for a text that is none."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    except ValueError:
        return None
    return int(found.timestamp()) * 1_000_000


def period_s(text: str) -> int | None:
    """Return the seconds of one minute to fifteen days as in "90m", None for a text that is no such period."""
    found = _RELATIVE.fullmatch(text)
    length_s = int(found[1]) * _UNITS_S[found[2]] if found else 0
    return length_s if 0 < length_s <= _MOST_S else None


def new_number(now_us: int) -> str:
    """Return a number of Alipay's own: the day, and 20 digits."""
    return written_time(now_us)[:10].replace("-", "") + f"{secrets.randbelow(10**20):020d}"


def _midnight_us(now_us: int) -> int:
    """Return the end of the day in China."""
    day = datetime.fromtimestamp(now_us // 1_000_000, UTC).astimezone(_CHINA).date()
    return int(datetime.combine(day + timedelta(days=1), time(), _CHINA).timestamp()) * 1_000_000
