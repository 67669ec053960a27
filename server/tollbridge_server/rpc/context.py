"""What the pipeline found out about the call that runs now; every RPC runs in a task of its own."""

from __future__ import annotations

from contextvars import ContextVar

from tollbridge_server.services.requests import Caller

CALLER: ContextVar[Caller] = ContextVar("caller")
CORRELATION_ID: ContextVar[str] = ContextVar("correlation_id", default="")


def current_caller() -> Caller:
    """Return the caller that the pipeline authenticated; a servicer that runs without one is a defect."""
    return CALLER.get()
