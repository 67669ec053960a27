"""Makes calls on an open channel, blocking: one answer, pages, a watch. It knows no RPC by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

import grpc
from google.protobuf.message import Message

from tollbridge._error_details import error_from_call
from tollbridge._metadata import CallMetadata
from tollbridge._pages import ItemT, Pager, PageT
from tollbridge._retry import Attempts, RetryPolicy
from tollbridge._validation import Check
from tollbridge._watch import Cursor
from tollbridge.v1.status_service_pb2 import PaymentStatus, WatchStatusRequest, WatchStatusResponse

ResponseT = TypeVar("ResponseT")


@dataclass(frozen=True, slots=True)
class Method(Generic[ResponseT]):
    """One RPC of the contract."""

    path: str
    """The name on the wire, "/tollbridge.v1.PaymentService/CreatePayment"."""

    parse: Callable[[bytes], ResponseT]
    """Makes the response of its bytes."""

    @property
    def name(self) -> str:
        """The name without the service, "CreatePayment"."""
        return self.path.rpartition("/")[2]


class PagedRequest(Protocol):
    """What a list RPC takes, as far as the page goes."""

    page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """What all calls of one client share."""

    metadata: CallMetadata
    policy: RetryPolicy
    timeout_s: float
    check: Check | None

    def checked(self, request: Message) -> str | None:
        """Check `request` if that is wanted, and return its idempotency key, None for a read."""
        key: str | None = getattr(request, "idempotency_key", None)
        if self.check is not None:
            self.check(request, key)
        return key


class Calls:
    """The calls of one channel."""

    def __init__(self, channel: grpc.Channel, settings: CallSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._callables: dict[str, Any] = {}
        self._is_closed = False

    def _unary(self, method: Method[ResponseT], request: Message, timeout_s: float | None) -> ResponseT:
        """Call, and repeat as the policy says, until there is an answer. Raises TollbridgeError."""
        key = self._settings.checked(request)
        call = self._callable(method, self._channel.unary_unary)
        timeout_s = self._settings.timeout_s if timeout_s is None else timeout_s
        attempts = Attempts(self._settings.policy, timeout_s=timeout_s)
        while True:
            with attempts.preparing():
                metadata = self._settings.metadata.now(method.name)
            try:
                return cast("ResponseT", call(request, timeout=attempts.begin(), metadata=metadata))
            except grpc.RpcError as broken:
                error = error_from_call(broken, idempotency_key=key)
                pause_s = attempts.pause_s(error)
                if pause_s is None or self._is_closed:
                    raise error from broken
            time.sleep(pause_s)
            if self._is_closed:
                raise error

    def _pages(
        self,
        method: Method[PageT],
        request: Message,
        timeout_s: float | None,
        items: Callable[[PageT], Iterable[ItemT]],
    ) -> Pager[ItemT, PageT]:
        """Return the pager over `items` of each page. `timeout_s` is for each page."""
        paged = cast("PagedRequest", request)

        def fetch(token: str) -> PageT:
            paged.page_token = token
            return self._unary(method, request, timeout_s)

        return Pager(fetch, items, paged.page_token)

    def _watch(
        self, method: Method[WatchStatusResponse], request: WatchStatusRequest, timeout_s: float | None
    ) -> Generator[PaymentStatus, None, None]:
        """Return the statuses that follow `request.after_version`, across broken connections."""
        self._settings.checked(request)
        return self._watched(method, Cursor(request), timeout_s)

    def _watched(
        self, method: Method[WatchStatusResponse], cursor: Cursor, timeout_s: float | None
    ) -> Generator[PaymentStatus, None, None]:
        call = self._callable(method, self._channel.unary_stream)
        attempts = Attempts(self._settings.policy, timeout_s=timeout_s, patience_s=self._settings.timeout_s)
        while True:
            with attempts.preparing():
                metadata = self._settings.metadata.now(method.name)
            stream = call(cursor.request(), timeout=attempts.begin(), metadata=metadata)
            try:
                for response in stream:
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
            time.sleep(pause_s)
            if self._is_closed:
                raise error

    def _callable(self, method: Method[Any], make: Callable[..., Any]) -> Any:
        found = self._callables.get(method.path)
        if found is None:
            found = make(method.path, request_serializer=serialized, response_deserializer=method.parse)
            self._callables[method.path] = found
        return found


def serialized(request: Message) -> bytes:
    """Return the bytes of a request."""
    return request.SerializeToString()
