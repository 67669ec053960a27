"""What a payer decides, in the words of every simulator's pages and control; refuses any other."""

from __future__ import annotations

from aiohttp import web

APPROVE, REFUSE = "approve", "refuse"


def read_decision(text: str) -> str:
    """Return a decision. Raises HTTPBadRequest, which answers the request, for what is none."""
    if text not in (APPROVE, REFUSE):
        raise web.HTTPBadRequest(text=f"decision has to be {APPROVE} or {REFUSE}")
    return text
