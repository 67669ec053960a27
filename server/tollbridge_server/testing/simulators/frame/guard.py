"""Guards a simulator's control: it knows no credentials, so only programs on this machine may use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from tollbridge_server.domain.hosts import is_loopback

CONTROL_PREFIX = "/control/"


@web.middleware
async def only_this_machine(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse control to other machines, and to whatever a web page makes a browser send."""
    # A browser on this machine sends Origin with every POST that a foreign page makes it send, and names the page's own
    # host where a name was made to lead here.
    is_ours = (
        is_loopback(request.remote or "") and is_loopback(_host_of(request) or "") and "Origin" not in request.headers
    )
    if request.path.startswith(CONTROL_PREFIX) and not is_ours:
        return web.Response(status=403)
    return await handler(request)


def _host_of(request: web.Request) -> str:
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return ""
