"""Waits for what a test has set going: until it is so, and at most as long as anything takes on a busy machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 30.0
_PAUSE_S = 0.001


async def until(is_so: Callable[[], object]) -> None:
    """Wait until the condition holds, and let others work meanwhile. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(_PAUSE_S)
