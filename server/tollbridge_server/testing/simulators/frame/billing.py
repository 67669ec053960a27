"""Which days have a bill by now, and the links to its file, each of which is good for a short time.

A day's bill is made at nine o'clock of the day after in China, as both providers do it; refuses a link that is over.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
_MADE_AT = time(9, tzinfo=CHINA)
_DAY = timedelta(days=1)
_MAX_LINKS = 1000


@dataclass(frozen=True, slots=True)
class BillFile:
    """One file that may be fetched: whose, which kind of bill, and of which day."""

    account_id: str
    kind: str
    day: date


class BillDesk:
    """Hands out links; `lifetime_s` is how long each is good. A restart forgets links and what was made early."""

    def __init__(self, now_us: Callable[[], int], *, lifetime_s: int) -> None:
        self._now_us = now_us
        self._lifetime_us = lifetime_s * 1_000_000
        self._early: set[date] = set()
        self._links: dict[str, tuple[BillFile, int]] = {}

    def make_early(self, day: date) -> None:
        """Make the bill of a day before its time, with what is booked when it is fetched."""
        self._early.add(day)

    def is_over(self, day: date) -> bool:
        """Whether a day is over in China, so that it may be asked for at all, or its bill was made early."""
        return day in self._early or day < self._now().astimezone(CHINA).date()

    def is_made(self, day: date) -> bool:
        """Whether the bill of a day is there."""
        return day in self._early or self._now() >= datetime.combine(day + _DAY, _MADE_AT)

    def link(self, file: BillFile) -> str:
        """Return a token that opens the file from now on."""
        while len(self._links) >= _MAX_LINKS:
            del self._links[next(iter(self._links))]
        token = secrets.token_urlsafe(24)
        self._links[token] = (file, self._now_us() + self._lifetime_us)
        return token

    def opened(self, token: str) -> BillFile | None:
        """Return what a token opens; None when it is unknown or over."""
        file, until_us = self._links.get(token, (None, 0))
        return file if self._now_us() <= until_us else None

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._now_us() / 1_000_000, UTC)


def day_us(day: date) -> tuple[int, int]:
    """Return when a day begins and ends in China, in microseconds since the epoch; the end is the next day's begin."""
    begin = int(datetime.combine(day, time(tzinfo=CHINA)).timestamp()) * 1_000_000
    return begin, begin + 86_400_000_000


def read_day(text: str) -> date | None:
    """Return the day in a text such as 2026-01-02, else None."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def fee_of(amount: int, per_mille: int = 6) -> int:
    """Return the provider's fee for an amount, both in fen, rounded half up as providers round it."""
    return (amount * per_mille + 500) // 1000
