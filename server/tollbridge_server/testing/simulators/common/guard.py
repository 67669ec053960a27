"""Guards a simulator's control: it knows no credentials, so only programs on this machine may use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import web

CONTROL_PREFIX = "/control/"


@web.middleware
async def only_this_machine(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse control to other machines, and to whatever a web page makes a browser send."""
    # A browser on this machine sends Origin with every POST that a foreign page makes it send.
    if request.path.startswith(CONTROL_PREFIX) and (not _is_loopback(request.remote) or "Origin" in request.headers):
        return web.Response(status=403)
    return await handler(request)


def _is_loopback(remote: str | None) -> bool:
    try:
        return ip_address(remote or "").is_loopback
    except ValueError:
        return False
