"""A clock for simulators and those who talk to them. It refuses nothing."""

from __future__ import annotations

import time
from datetime import datetime
from datetime import time as datetime_time

from tollbridge_server.testing.simulators.frame.billing import CHINA


class Clock:
    """The time of the simulator and of its merchants, microseconds since the epoch; a test may set it forward.

    It begins at China's noon of today, so that no test runs into another day.
    """

    def __init__(self) -> None:
        self.ahead_s = 0
        noon = datetime.combine(datetime.now(CHINA).date(), datetime_time(12), CHINA)
        self._offset_us = int(noon.timestamp()) * 1_000_000 - time.time_ns() // 1000

    def __call__(self) -> int:
        return time.time_ns() // 1000 + self._offset_us + self.ahead_s * 1_000_000
