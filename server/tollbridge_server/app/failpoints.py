"""The failpoint that the environment arms, for tests that kill a real server; refuses names that do not exist."""

from __future__ import annotations

import os
import signal

from tollbridge_server.config import ConfigInvalid
from tollbridge_server.ports.failpoint import FAILPOINTS, Failpoint, no_failpoint

FAILPOINT_VARIABLE = "TOLLBRIDGE_FAILPOINT"


def failpoint_from_environment() -> Failpoint:
    """Return the failpoint that TOLLBRIDGE_FAILPOINT arms (`name` or `name:nth`), which kills this very process.

    Raises ConfigInvalid for a name that does not exist: a crash test that crashes nothing proves nothing.
    """
    wanted = os.environ.get(FAILPOINT_VARIABLE, "")
    if not wanted:
        return no_failpoint
    name, _, place = wanted.partition(":")
    if name not in FAILPOINTS:
        raise ConfigInvalid([f"{FAILPOINT_VARIABLE}: {name!r} is no failpoint; there are: {', '.join(FAILPOINTS)}"])
    remaining = int(place or "1")

    def kill(reached: str) -> None:
        nonlocal remaining
        if reached == name:
            remaining -= 1
            if remaining == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return kill
