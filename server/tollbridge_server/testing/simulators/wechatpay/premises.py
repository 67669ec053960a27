"""What WeChat Pay's back office works with: the practice in force, the only clock, and where the pages are.

Refuses a haste that would stop time or turn it back.
"""

from __future__ import annotations

from collections.abc import Callable

from tollbridge_server.testing.simulators.wechatpay.practice import Practice


class Premises:
    """The practice in force, which control may change while it runs, the only clock, and where the pages are."""

    def __init__(self, practice: Practice, *, time_scale: float, now_us: Callable[[], int]) -> None:
        if time_scale <= 0:
            raise ValueError("time_scale has to be more than 0")
        self.practice = practice
        self.pages_url = "http://127.0.0.1"
        """Where the payer's pages are, known when they listen."""
        self.now_us = now_us
        self._time_scale = time_scale

    def hastened_us(self, seconds: float) -> int:
        """Return a time of WeChat Pay's in microseconds as they pass here."""
        return int(seconds / self._time_scale * 1_000_000)

    def later_us(self, seconds: float) -> int:
        """Return the moment after such a time, in microseconds since the epoch."""
        return self.now_us() + self.hastened_us(seconds)
