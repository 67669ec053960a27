"""One log line for each call, made without the general machinery: it is written for every call that there is.

The fields are fixed, and only those that a caller can fill are swept for card numbers. Lines are written in groups, a
moment later; a process that is killed loses the last of them, never a payment.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import BinaryIO

import orjson

from tollbridge_server.logs import redact_text

_FLUSH_AFTER_S = 0.05
_MAX_WAITING = 256


class AccessLog:
    """Writes JSON lines to `stream`, as logs.configure has them written by everybody else. None writes nothing."""

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream
        self._waiting: list[bytes] = []

    def write(
        self,
        *,
        method: str,
        code: str,
        reason: str,
        merchant_id: str,
        subject: str,
        correlation_id: str,
        trace_id: str,
        seconds: float,
    ) -> None:
        """Note one call that ended."""
        if self._stream is None:
            return
        line = {
            "event": "rpc",
            "level": "info",
            "timestamp": datetime.now(UTC),
            "method": method,
            "code": code,
            "reason": reason,
            "merchant_id": merchant_id,
            "subject": redact_text(subject),
            "correlation_id": redact_text(correlation_id),
            "trace_id": trace_id,
            "duration_ms": round(seconds * 1000, 3),
        }
        self._waiting.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_AFTER_S, self.flush)
        elif len(self._waiting) >= _MAX_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting and self._stream is not None:
            self._stream.write(b"".join(self._waiting))
            self._stream.flush()
            self._waiting.clear()
