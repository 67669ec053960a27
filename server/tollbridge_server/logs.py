"""Structured logs: one JSON object a line on standard error, with an allow-list of fields and a sweep for card numbers.

Refuses to print a field that is not on the list, and any digits that could be a card number, wherever they stand.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import orjson
import structlog

from tollbridge_server.domain.cards import passes_luhn

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

FIELDS = frozenset(
    {
        "account",
        "address",
        "attempt_id",
        "attempts",
        "code",
        "correlation_id",
        "count",
        "duration_ms",
        "effect",
        "elapsed_ms",
        "event",
        "event_id",
        "exception",
        "host",
        "level",
        "logger",
        "merchant_id",
        "method",
        "operation",
        "outcome",
        "path",
        "payment_id",
        "peer",
        "port",
        "provider",
        "provider_account_id",
        "reason",
        "refund_id",
        "request_reference",
        "status",
        "subject",
        "timestamp",
        "trace_id",
        "version",
    }
)
"""The only keys that a log line may have; the value of any other key is replaced."""

REDACTED = "[redacted]"
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)")
_EventDict = MutableMapping[str, Any]


def redact_text(text: str) -> str:
    """Return `text` with every sequence of 12 to 19 digits that passes the Luhn check replaced."""
    return _LONG_NUMBER.sub(_without_card, text)


def _without_card(match: re.Match[str]) -> str:
    digits = match.group().replace(" ", "").replace("-", "")
    return REDACTED if passes_luhn(digits) else match.group()


def redact(_: Any, __: str, event: _EventDict) -> _EventDict:
    """Keep only the listed fields, and sweep every text for card numbers (a structlog processor)."""
    for key, value in event.items():
        if key not in FIELDS:
            event[key] = REDACTED
        elif isinstance(value, str):
            event[key] = redact_text(value)
        elif not isinstance(value, int | float | bool | None):
            event[key] = redact_text(str(value))
    return event


def configure(level: Level = "INFO") -> None:
    """Send the logs of this process, structlog's and the standard library's, to standard error."""
    before: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        redact,
        structlog.processors.JSONRenderer(serializer=_render),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=render, foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *before]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(serializer=_render_bytes),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=False,
    )


def _render_bytes(event: _EventDict, **_: Any) -> bytes:
    return orjson.dumps(event)


def _render(event: _EventDict, **_: Any) -> str:
    return orjson.dumps(event).decode()
