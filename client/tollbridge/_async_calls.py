"""Makes calls on an open channel for asyncio: one answer, pages, a watch. It knows no RPC by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, cast

import grpc
import grpc.aio
from google.protobuf.message import Message

from tollbridge._calls import CallSettings, Method, PagedRequest, ResponseT, serialized
from tollbridge._error_details import error_from_call
from tollbridge._pages import AsyncPager, ItemT, PageT
from tollbridge._retry import Attempts
from tollbridge._watch import Cursor
from tollbridge.v1.status_service_pb2 import PaymentStatus, WatchStatusRequest, WatchStatusResponse


class AsyncCalls:
    """The calls of one channel."""

    def __init__(self, channel: grpc.aio.Channel, settings: CallSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._callables: dict[str, Any] = {}
        self._is_closed = False

    async def _unary(self, method: Method[ResponseT], request: Message, timeout_s: float | None) -> ResponseT:
        """Call, and repeat as the policy says, until there is an answer. Raises TollbridgeError."""
        key = self._settings.checked(request)
        call = self._callable(method, self._channel.unary_unary)
        timeout_s = self._settings.timeout_s if timeout_s is None else timeout_s
        attempts = Attempts(self._settings.policy, timeout_s=timeout_s)
        while True:
            with attempts.preparing():
                metadata = await self._settings.metadata.now_async(method.name)
            try:
                return cast("ResponseT", await call(request, timeout=attempts.begin(), metadata=metadata))
            except grpc.RpcError as broken:
                error = error_from_call(broken, idempotency_key=key)
                pause_s = attempts.pause_s(error)
                if pause_s is None or self._is_closed:
                    raise error from broken
            await asyncio.sleep(pause_s)
            if self._is_closed:
                raise error

    def _pages(
        self,
        method: Method[PageT],
        request: Message,
        timeout_s: float | None,
        items: Callable[[PageT], Iterable[ItemT]],
    ) -> AsyncPager[ItemT, PageT]:
        """Return the pager over `items` of each page. `timeout_s` is for each page."""
        paged = cast("PagedRequest", request)

        async def fetch(token: str) -> PageT:
            paged.page_token = token
            return await self._unary(method, request, timeout_s)

        return AsyncPager(fetch, items, paged.page_token)

    def _watch(
        self, method: Method[WatchStatusResponse], request: WatchStatusRequest, timeout_s: float | None
    ) -> AsyncGenerator[PaymentStatus, None]:
        """Return the statuses that follow `request.after_version`, across broken connections."""
        self._settings.checked(request)
        return self._watched(method, Cursor(request), timeout_s)

    async def _watched(
        self, method: Method[WatchStatusResponse], cursor: Cursor, timeout_s: float | None
    ) -> AsyncGenerator[PaymentStatus, None]:
        call = self._callable(method, self._channel.unary_stream)
        attempts = Attempts(self._settings.policy, timeout_s=timeout_s, patience_s=self._settings.timeout_s)
        while True:
            with attempts.preparing():
                metadata = await self._settings.metadata.now_async(method.name)
            stream = call(cursor.request(), timeout=attempts.begin(), metadata=metadata)
            try:
                async for response in stream:
                    if cursor.advance(response.status):
                        attempts.progressed()
                        yield response.status
                return
            except grpc.RpcError as broken:
                error = error_from_call(broken, idempotency_key=None)
                pause_s = attempts.pause_s(error)
                if pause_s is None or self._is_closed:
                    raise error from broken
            finally:
                # The consumer may leave in the middle; the server need not go on then.
                stream.cancel()
            await asyncio.sleep(pause_s)
            if self._is_closed:
                raise error

    def _callable(self, method: Method[Any], make: Callable[..., Any]) -> Any:
        found = self._callables.get(method.path)
        if found is None:
            found = make(method.path, request_serializer=serialized, response_deserializer=method.parse)
            self._callables[method.path] = found
        return found
