"""Free ports of this test process alone: two that choose at random may choose the same one before either listens."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

FIRST, END = 12_000, 32_000
"""Below what outgoing connections take."""


class Ports:
    """The ports of one of several test processes, each given out once; it begins anywhere, for runs side by side."""

    def __init__(self, process: int, processes: int) -> None:
        share = range(FIRST + process, END, processes)
        begin = random.SystemRandom().randrange(len(share))
        self._left: Iterator[int] = iter([*share[begin:], *share[:begin]])

    def free(self, count: int) -> list[int]:
        """Return ports that nobody listens on, in ascending order. Raises RuntimeError when none is left."""
        return sorted(next(port for port in self._left if _is_free(port)) for _ in range(count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
