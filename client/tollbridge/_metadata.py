"""Makes the metadata of one call: the token, the trace, what the caller adds. It never shows a token in an error."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping

from tollbridge._telemetry import TraceHeaders

TokenSource = str | Callable[[], str]
"""A bearer token, or what returns one; it is asked before every try of a call, so keep the token while it is good."""

AsyncTokenSource = str | Callable[[], str | Awaitable[str]]
"""A bearer token, or what returns one, directly or to be awaited; it is asked before every try of a call."""

MetadataHook = Callable[[str], Mapping[str, str]]
"""Returns further metadata for a call; it is given the name of the RPC, for example "CreatePayment"."""

Metadata = tuple[tuple[str, str], ...]

# RFC 6750, section 2.1. A line break (from a file that was not stripped) would be refused by gRPC with the token shown.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


class CallMetadata:
    """What every call of one client carries."""

    def __init__(
        self, token: AsyncTokenSource | None, *, trace: TraceHeaders | None, hook: MetadataHook | None
    ) -> None:
        if isinstance(token, str):
            _authorization(token)
        self._token = token
        self._trace = trace
        self._hook = hook

    def now(self, rpc: str) -> Metadata:
        """Return the metadata for a try of `rpc`. Raises ValueError for a malformed token, and whatever a hook does."""
        token = self._token() if callable(self._token) else self._token
        if token is not None and not isinstance(token, str):
            if inspect.iscoroutine(token):
                token.close()
            raise TypeError("the token callable of a Client returns a str; only AsyncClient awaits")
        return self._joined(rpc, token)

    async def now_async(self, rpc: str) -> Metadata:
        """Return the metadata for a try of `rpc`, awaiting the token if it must be."""
        token = self._token() if callable(self._token) else self._token
        if inspect.isawaitable(token):
            token = await token
        return self._joined(rpc, token)

    def _joined(self, rpc: str, token: str | None) -> Metadata:
        headers: dict[str, str] = {}
        if self._trace is not None:
            headers.update(self._trace())
        if self._hook is not None:
            headers.update(self._hook(rpc))
        if token is not None:
            headers["authorization"] = _authorization(token)
        return tuple(headers.items())


def _authorization(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token is no bearer token: it is empty or holds white space or other characters")
    return f"Bearer {token}"
