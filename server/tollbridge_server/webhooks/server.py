"""The inbound HTTP side: providers' notifications as raw bytes, handed to their account's adapter.

Refuses large bodies, unknown accounts and anything but POST; an error here makes the provider send again, so nothing
is acknowledged before it is committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import InboundNotification
from tollbridge_server.services.notifications import NotificationService

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024
_MAX_IN_FLIGHT = 256
_HANDLING_TIMEOUT_S = 25.0
_STRAY_PAUSE_US = 60_000_000
_MAX_SHOWN_PATH = 120


class NotificationServer:
    """An HTTP server with one path: /notifications/{provider}/{provider_account_id}."""

    def __init__(self, *, service: NotificationService, clock: Clock, host: str, port: int) -> None:
        self._service = service
        self._clock = clock
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._in_flight = 0
        self._strays = _Strays(clock)

    async def start(self) -> int:
        """Listen and serve; return the port. Raises OSError when the address can not be bound."""
        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._strays.noted])
        application.router.add_post("/notifications/{provider}/{provider_account_id}", self._receive)
        application.router.add_get("/health", _health)
        # A provider that hangs up must not cut a merge short.
        runner = web.AppRunner(application, access_log=None, handler_cancellation=False)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        await site.start()
        self._runner = runner
        port: int = runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Stop listening and finish what is being handled."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _receive(self, request: web.Request) -> web.Response:
        if self._in_flight >= _MAX_IN_FLIGHT:
            return web.Response(status=503, headers={"Retry-After": "5"})
        self._in_flight += 1
        try:
            return await self._handle(request)
        finally:
            self._in_flight -= 1

    async def _handle(self, request: web.Request) -> web.Response:
        inbound = InboundNotification(
            body=await request.read(),
            headers={name.lower(): value for name, value in request.headers.items()},
            query=request.query_string,
            received_at_us=self._clock.now_us(),
        )
        account_id = request.match_info["provider_account_id"]
        try:
            async with asyncio.timeout(_HANDLING_TIMEOUT_S):
                reply = await self._service.receive(request.match_info["provider"], account_id, inbound)
        except Exception:
            # The provider sends again; what was merged so far merges once more without harm.
            logger.exception("notification failed", extra={"provider_account_id": account_id[:64]})
            return web.Response(status=500)
        if reply is None:
            return web.Response(status=404)
        return web.Response(
            status=reply.status, body=reply.body, content_type=reply.content_type, headers=dict(reply.headers)
        )


class _Strays:
    """Says that something was sent to a path where nobody takes it; whoever sends that without end is said once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said_at_us: int | None = None
        self._unsaid = 0

    @property
    def noted(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        """The middleware that sees them all: wrong paths, and accounts that are none."""

        @web.middleware
        async def note(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            try:
                response = await handler(request)
            except web.HTTPNotFound:
                self._note(request)
                raise
            if response.status == web.HTTPNotFound.status_code:
                self._note(request)
            return response

        return note

    def _note(self, request: web.Request) -> None:
        # Providers post; scanners of the internet mostly do not.
        if request.method != "POST":
            return
        now_us = self._clock.now_us()
        if self._said_at_us is not None and abs(now_us - self._said_at_us) < _STRAY_PAUSE_US:
            self._unsaid += 1
            return
        logger.warning(
            "a notification came to a path that is none of an account's: check notify_url, which ends in "
            "/notifications/<provider>/<account id>; %d more since the last such line",
            self._unsaid,
            extra={"path": request.path[:_MAX_SHOWN_PATH]},
        )
        self._said_at_us, self._unsaid = now_us, 0


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
