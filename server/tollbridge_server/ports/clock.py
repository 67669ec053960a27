"""Time and chance as the core sees them, so that a test can own both."""

from __future__ import annotations

import os
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time in microseconds since the epoch (UTC), and random bytes fit for identifiers."""

    def now_us(self) -> int: ...

    def entropy(self, count: int) -> bytes: ...


class SystemClock:
    """The clock and the random source of the operating system."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def entropy(self, count: int) -> bytes:
        return os.urandom(count)
