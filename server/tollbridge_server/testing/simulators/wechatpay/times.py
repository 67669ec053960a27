"""Beijing time, in which WeChat Pay writes every date and time; refuses what is no time of RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at_us: int) -> datetime:
    """Return a moment, microseconds since the epoch, in Beijing."""
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(BEIJING)


def written(at_us: int) -> str:
    """Return a moment as WeChat Pay writes it: 2026-01-02T15:04:31+08:00."""
    return moment(at_us).isoformat(timespec="seconds")


def read(text: str) -> int:
    """Return the microseconds since the epoch of a time of RFC 3339. Raises ValueError."""
    if _RFC_3339.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no time of RFC 3339")
    parsed = datetime.fromisoformat(text)
    return int((parsed - _EPOCH) / timedelta(microseconds=1))
