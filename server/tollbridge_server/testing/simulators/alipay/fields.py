"""Reads the business fields of a request as strictly as Alipay does, and writes times and amounts as it writes them.

Refuses a field that is missing, too long, of another form or of another type, with Alipay's own code.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tollbridge_server.domain.money import Money
from tollbridge_server.providers.alipay.money import AmountUnreadable, is_payable, money_of, yuan_of

_CHINA = timezone(timedelta(hours=8))
_NUMBER = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_RELATIVE = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
_UNITS_S = {"m": 60, "h": 3600, "d": 86400}


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
        self._members = members
        self._invalid = f"{prefix}INVALID_PARAMETER" if prefix else "ILLEGAL_ARGUMENT"

    def text(self, name: str, *, most: int = 512, required: bool = False) -> str:
        """Return a text, empty when it is not given."""
        value = self._members.get(name, "")
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)  # Alipay takes numbers where it asks for texts.
        if not isinstance(value, str) or len(value) > most or (required and not value):
            raise self.wrong(name)
        return value

    def number(self, name: str, *, required: bool = True) -> str:
        """Return a number of the merchant's: letters, digits and underscores."""
        value = self.text(name, most=64, required=required)
        if value and not _NUMBER.fullmatch(value):
            raise self.wrong(name)
        return value

    def amount(self, name: str) -> int:
        """Return an amount in fen."""
        try:
            amount = money_of(self.text(name, most=11, required=True))
        except AmountUnreadable:
            raise self.wrong(name) from None
        if not is_payable(amount):
            raise self.wrong(name)
        return amount.amount_minor

    def title(self, name: str, *, most: int) -> str:
        """Return what the payer reads."""
        value = self.text(name, most=most, required=True)
        if set("/=&") & set(value):
            raise self.wrong(name)
        return value

    def choice(self, name: str, *allowed: str) -> str:
        """Return one of the values that are allowed, the first when it is not given."""
        value = self.text(name) or allowed[0]
        if value not in allowed:
            raise self.wrong(name)
        return value

    def object(self, name: str) -> Mapping[str, Any]:
        """Return the members of an object, none when it is not given."""
        value = self._members.get(name) or {}
        if not isinstance(value, dict):
            raise self.wrong(name)
        return value

    def expiry_us(self, now_us: int, *, otherwise_s: int) -> int:
        """Return when nobody can pay any more: `time_expire`, which wins, or `timeout_express`."""
        absolute, relative = self.text("time_expire"), self.text("timeout_express")
        if absolute:
            expires_us = read_time(absolute)
            if expires_us is None:
                raise self.wrong("time_expire")
            if expires_us <= now_us:
                raise Refused("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "当前时间已经晚于订单失效时间")
            return expires_us
        if not relative:
            return now_us + otherwise_s * 1_000_000
        found = _RELATIVE.fullmatch(relative)
        if found is None:
            raise self.wrong("timeout_express")
        return now_us + int(found[1]) * _UNITS_S[found[2]] * 1_000_000

    def wrong(self, name: str) -> Refused:
        """Return the refusal of a field."""
        return Refused(self._invalid, f"参数有误{name}")


def yuan(fen: int) -> str:
    """Return an amount as Alipay writes it; nothing moved is 0.00."""
    return yuan_of(Money(fen, "CNY")) if fen else "0.00"


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


def new_number(now_us: int) -> str:
    """Return a number of Alipay's own: the day, and 20 digits."""
    return written_time(now_us)[:10].replace("-", "") + f"{secrets.randbelow(10**20):020d}"
