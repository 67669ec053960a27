"""The log of the HTTP library: what a peer did wrong is said once a minute, without a traceback; the rest is an error.

Refuses to write a line for each bad request: anybody can send them without end.
"""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from tollbridge_server.services.repeated_lines import RepeatedLines

PEERS_FAULTS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)
"""What the library raises for a request that breaks off, or is none."""


class HttpErrors(logging.LoggerAdapter[logging.Logger]):
    """Takes the place of the library's own logger."""

    def __init__(self, logger: logging.Logger, repeated: RepeatedLines) -> None:
        super().__init__(logger, {})
        self._repeated = repeated

    def exception(self, msg: object, *args: object, exc_info: Any = True, **rest: Any) -> None:
        """Log an error of the library's, unless it is the peer's."""
        if isinstance(exc_info, PEERS_FAULTS):
            self._note()
        else:
            super().exception(msg, *args, exc_info=exc_info, **rest)

    def debug(self, msg: object, *args: object, exc_info: Any = None, **rest: Any) -> None:
        """Log what the library tells a programmer, unless it is the peer's fault."""
        if isinstance(exc_info, PEERS_FAULTS):
            self._note()
        else:
            super().debug(msg, *args, exc_info=exc_info, **rest)

    def _note(self) -> None:
        unsaid = self._repeated.unsaid_before("no request")
        if unsaid is not None:
            self.warning(
                "what came to the listener of notifications is no HTTP/1.1 request: does a proxy speak TLS or HTTP/2 "
                "to it? %d more since the last such line",
                unsaid,
            )
