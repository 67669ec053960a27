"""Carries the caller's trace into the call's metadata where OpenTelemetry is installed; it makes no span itself."""

from __future__ import annotations

from collections.abc import Callable

TraceHeaders = Callable[[], dict[str, str]]
"""Returns the headers of the trace that is current where it is called; none outside a trace."""


def trace_headers() -> TraceHeaders | None:
    """Return what reads the current trace, or None when opentelemetry-api is not installed."""
    try:
        from opentelemetry import propagate
    except ImportError:
        return None

    def current() -> dict[str, str]:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        return {key.lower(): value for key, value in headers.items()}

    return current
