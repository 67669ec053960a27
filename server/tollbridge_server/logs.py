"""Structured logs: one JSON object a line on standard error, with an allow-list of fields and a sweep for card numbers.

Refuses to print a field that is not on the list, and any digits that could be a card number, wherever they stand.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal

import orjson
import structlog

from tollbridge_server.domain.cards import brand_of, passes_luhn

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
_JSON_INTEGERS = 2**53
_CARD_LENGTHS = range(12, 20)
_LONG_NUMBER = re.compile(r"\d(?:[ \t\u00a0-]{0,2}\d){11,}")
_EventDict = MutableMapping[str, Any]


def redact_text(text: str) -> str:
    """Return `text` without any digits that could be a card number, spaces and hyphens between them or not."""
    return _LONG_NUMBER.sub(_without_card, text)


def _without_card(match: re.Match[str]) -> str:
    # int() knows the digits of every script.
    digits = "".join(str(int(character)) for character in match.group() if character.isdecimal())
    return REDACTED if _holds_card(digits) else match.group()


def _holds_card(digits: str) -> bool:
    """Whether the digits as a whole pass the Luhn check, or any part of them is a number that a network could issue."""
    if len(digits) in _CARD_LENGTHS and passes_luhn(digits):
        return True
    for start in range(len(digits) - _CARD_LENGTHS.start + 1):
        brand = brand_of(digits[start:])
        if brand is None:
            continue
        for length in brand.lengths:
            part = digits[start : start + length]
            if len(part) == length and (passes_luhn(part) or not brand.has_luhn):
                return True
    return False


def redact(_: Any, __: str, event: _EventDict) -> _EventDict:
    """Keep only the listed fields, and sweep every key and value for card numbers (a structlog processor)."""
    return {_printable(str(key)): _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: object) -> object:
    if key not in FIELDS:
        return REDACTED
    if value is None or isinstance(value, bool):
        return value
    text = _printable(str(value))
    is_plain = isinstance(value, float) or (isinstance(value, int) and abs(value) < _JSON_INTEGERS)
    return value if is_plain and text == str(value) else text


def _printable(text: str) -> str:
    """Return the text without card numbers and without what JSON can not hold."""
    return redact_text(text.encode("utf-8", "backslashreplace").decode())


class _Handler(logging.StreamHandler[Any]):
    """Writes lines, and never what could not be made a line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  The standard library's name.
        """Say that a line is lost; the standard library would print its arguments, swept by nobody."""
        line = {"event": "a log line could not be formatted", "logger": record.name, "level": "error"}
        self.stream.write(_render(redact(None, "", line)) + self.terminator)


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
    handler = _Handler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(serializer=_render_bytes),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=False,
    )


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).critical("uncaught", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(raised: threading.ExceptHookArgs) -> None:
    if raised.exc_value is not None:
        _log_uncaught(raised.exc_type, raised.exc_value, raised.exc_traceback)


def _render_bytes(event: _EventDict, **_: Any) -> bytes:
    return orjson.dumps(event)


def _render(event: _EventDict, **_: Any) -> str:
    return orjson.dumps(event).decode()
