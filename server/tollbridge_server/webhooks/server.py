"""The inbound HTTP side: providers' notifications as raw bytes, handed to their account's adapter.

Refuses large, packed and slow bodies, unknown accounts and anything but POST; an error here makes the provider send
again, so nothing is acknowledged before it is committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.provider import InboundNotification
from tollbridge_server.services.notifications import NotificationService
from tollbridge_server.services.repeated_lines import RepeatedLines
from tollbridge_server.webhooks.connections import Connections, ListenerLimits
from tollbridge_server.webhooks.http_errors import PEERS_FAULTS, HttpErrors

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 32 * 1024
"""Four times what the largest real notification has."""
_BACKLOG = 128
_LINGERING_S = 2.0
_MAX_SHOWN_PATH = 120


class NotificationServer:
    """An HTTP server with one path: /notifications/{provider}/{provider_account_id}."""

    def __init__(
        self,
        *,
        service: NotificationService,
        clock: Clock,
        host: str,
        port: int,
        limits: ListenerLimits | None = None,
    ) -> None:
        self._service = service
        self._clock = clock
        self._host = host
        self._port = port
        self._limits = limits or ListenerLimits()
        self._repeated = RepeatedLines(clock)
        self._connections = Connections(self._limits, self._repeated)
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._in_flight = 0

    async def start(self) -> int:
        """Listen and serve; return the port. Raises OSError when the address can not be bound."""
        application = web.Application(
            client_max_size=MAX_BODY_BYTES, middlewares=[self._connections.timed, _strays_noted(self._repeated)]
        )
        application.router.add_post("/notifications/{provider}/{provider_account_id}", self._receive)
        application.router.add_get("/health", _health)
        runner = web.AppRunner(
            application,
            access_log=None,
            logger=HttpErrors(logger, self._repeated),
            # A body that nobody asked to unpack would be unpacked while the rest of it is thrown away.
            auto_decompress=False,
            lingering_time=_LINGERING_S,
            # A provider that hangs up must not cut a merge short.
            handler_cancellation=False,
        )
        await runner.setup()
        serve = runner.server
        assert serve is not None
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: self._connections.guard(serve()), self._host, self._port, backlog=_BACKLOG
            )
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening and finish what is being handled."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _receive(self, request: web.Request) -> web.Response:
        refusal = _refusal(request) or self._busy()
        if refusal is not None:
            return refusal
        try:
            body = await request.read()
        except PEERS_FAULTS:
            return web.Response(status=400)
        # Only what has been read counts: whoever sends slowly must not take the place of others.
        refusal = self._busy()
        if refusal is not None:
            return refusal
        self._connections.handles(request)
        self._in_flight += 1
        try:
            return await self._handle(request, body)
        finally:
            self._in_flight -= 1

    def _busy(self) -> web.Response | None:
        if self._in_flight < self._limits.max_in_flight:
            return None
        return web.Response(status=503, headers={"Retry-After": "5"})

    async def _handle(self, request: web.Request, body: bytes) -> web.Response:
        inbound = InboundNotification(
            body=body,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=request.query_string,
            received_at_us=self._clock.now_us(),
        )
        account_id = request.match_info["provider_account_id"]
        try:
            async with asyncio.timeout(self._limits.handling_timeout_s):
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


def _refusal(request: web.Request) -> web.Response | None:
    """Return the answer to a body that is not worth to be read."""
    # No provider packs what it sends, and what is packed may be a thousand times as large as what came.
    if any(encoding.strip().lower() != "identity" for encoding in request.headers.getall("Content-Encoding", ())):
        return web.Response(status=415)
    if request.content_length is not None and request.content_length > MAX_BODY_BYTES:
        return web.Response(status=413)
    return None


def _strays_noted(repeated: RepeatedLines) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Return the middleware that sees what is sent to paths where nobody takes it: wrong ones, accounts that are none.

    Whoever sends that without end is said once.
    """

    @web.middleware
    async def noted(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPNotFound:
            _note_stray(request, repeated)
            raise
        if response.status == web.HTTPNotFound.status_code:
            _note_stray(request, repeated)
        return response

    return noted


def _note_stray(request: web.Request, repeated: RepeatedLines) -> None:
    # Providers post; scanners of the internet mostly do not.
    unsaid = repeated.unsaid_before("stray") if request.method == "POST" else None
    if unsaid is not None:
        logger.warning(
            "a notification came to a path that is none of an account's: check notify_url, which ends in "
            "/notifications/<provider>/<account id>; %d more since the last such line",
            unsaid,
            extra={"path": request.path[:_MAX_SHOWN_PATH]},
        )


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
