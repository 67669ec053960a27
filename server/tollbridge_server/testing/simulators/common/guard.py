"""Guards a simulator's control: it knows no credentials, so only programs on this machine may use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

CONTROL_PREFIX = "/control/"


@web.middleware
async def only_this_machine(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse control to other machines, and to whatever a web page makes a browser send."""
    # A browser on this machine sends Origin with every POST that a foreign page makes it send, and names the page's own
    # host where a name was made to lead here.
    is_ours = _is_loopback(request.remote) and _is_loopback(_host_of(request)) and "Origin" not in request.headers
    if request.path.startswith(CONTROL_PREFIX) and not is_ours:
        return web.Response(status=403)
    return await handler(request)


def _host_of(request: web.Request) -> str | None:
    try:
        return urlsplit(f"//{request.host}").hostname
    except ValueError:
        return None


def _is_loopback(remote: str | None) -> bool:
    if remote == "localhost":
        return True
    try:
        return ip_address(remote or "").is_loopback
    except ValueError:
        return False
