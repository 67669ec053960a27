"""The inbound HTTP side: providers' notifications as raw bytes, handed to their account's adapter.

Refuses large bodies, unknown accounts and anything but POST; an error here makes the provider send again, so nothing
is acknowledged before it is committed.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import InboundNotification
from tollbridge_server.services.notifications import NotificationService

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024
_MAX_IN_FLIGHT = 256
_HANDLING_TIMEOUT_S = 25.0


class NotificationServer:
    """An HTTP server with one path: /notifications/{provider}/{provider_account_id}."""

    def __init__(self, *, service: NotificationService, clock: Clock, host: str, port: int) -> None:
        self._service = service
        self._clock = clock
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._in_flight = 0

    async def start(self) -> int:
        """Listen and serve; return the port. Raises OSError when the address can not be bound."""
        application = web.Application(client_max_size=MAX_BODY_BYTES)
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


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
