"""Time and chance as the core sees them, so that a test can own both."""

from __future__ import annotations

import os
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time in microseconds since the epoch (UTC), and random bytes fit for identifiers."""

    def now_us(self) -> int: ...

    def entropy(self, count: int) -> bytes: ...


_POOL_BYTES = 4096


class _Pool(threading.local):
    """Random bytes of one thread that nobody has used yet: asking the system for each identifier costs more."""

    def __init__(self) -> None:
        self.unused = b""


class SystemClock:
    """The clock and the random source of the operating system."""

    def __init__(self) -> None:
        self._pool = _Pool()

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def entropy(self, count: int) -> bytes:
        pool = self._pool
        if len(pool.unused) < count:
            pool.unused = os.urandom(max(count, _POOL_BYTES))
        taken, pool.unused = pool.unused[:count], pool.unused[count:]
        return taken
