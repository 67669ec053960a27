"""A simulator on a port of its own, whose answers can be slowed, and which says whether it is up."""

from __future__ import annotations

from aiohttp import web

from tollbridge_server.testing.simulators.frame.pace import HEALTH_PATH, Pace

_SHUTDOWN_TIMEOUT_S = 1.0


class Listener(web.AppRunner):
    """Serves an application that has its routes by now, and the guard of its control, and adds what all have."""

    def __init__(self, application: web.Application) -> None:
        application.router.add_get(HEALTH_PATH, _health)
        Pace().add_to(application)
        # Whoever waits for an answer that never comes must not hold up the end.
        super().__init__(application, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_TIMEOUT_S)

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which is a free one for 0."""
        await self.setup()
        await web.TCPSite(self, host, port).start()
        bound: int = self.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Stop listening."""
        await self.cleanup()


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
