"""How slowly a simulator answers whatever it is asked, as a provider does on a bad day. Control sets it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from tollbridge_server.testing.simulators.frame.control import Given, Route, add_route
from tollbridge_server.testing.simulators.frame.guard import CONTROL_PREFIX

MAX_PACE_S = 120.0
HEALTH_PATH = "/health"


class Pace:
    """Holds every answer back for `seconds`, after the request has taken effect; control and health are not slowed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def add_to(self, application: web.Application) -> None:
        """Add the route that sets it. The guard of control has to be there already."""

        @web.middleware
        async def hold_back(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            answer = await handler(request)
            if self.seconds and not request.path.startswith((CONTROL_PREFIX, HEALTH_PATH)):
                await asyncio.sleep(self.seconds)
            return answer

        application.middlewares.append(hold_back)
        add_route(application, Route("POST", "pace", self._set, ("seconds",)))

    async def _set(self, given: Given) -> web.Response:
        """Answer everything late from now on: ?seconds=5; 0: at once again."""
        try:
            seconds = float(given.get("seconds", ""))
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= MAX_PACE_S:
            return web.Response(status=400, text=f"seconds has to be a number from 0 to {MAX_PACE_S:.0f}")
        self.seconds = seconds
        return web.Response(text="noted")
