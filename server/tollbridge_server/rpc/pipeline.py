"""What every call passes, in one interceptor: correlation id, authentication, scope, limits, deadline, validation,
errors, one log line, metrics.

It denies by default: a method that is neither in the contract nor on the short list of open ones needs a valid token.
Nothing of a request is parsed before its credentials are checked, and nothing internal ever leaves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import Message

from tollbridge_server.domain.errors import Effect, ErrorReason, RequestError
from tollbridge_server.rpc.access_log import AccessLog
from tollbridge_server.rpc.authentication import Authenticator
from tollbridge_server.rpc.context import CALLER, CORRELATION_ID
from tollbridge_server.rpc.errors import to_status
from tollbridge_server.rpc.methods import Method, declared_methods
from tollbridge_server.rpc.metrics import RpcMetrics
from tollbridge_server.rpc.parsing import RequestParser
from tollbridge_server.rpc.streams import OpenStreams
from tollbridge_server.services.requests import Caller

# grpcio itself has no types; the published ones describe the synchronous server.
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = Any

logger = logging.getLogger(__name__)

OPEN_METHODS = frozenset({"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"})
"""What may be called without a token: probes have none, and health tells nothing about payments."""

_CORRELATION_ID = re.compile(r"[!-~]{1,64}")
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_STATUS_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one server: calls and streams at once, and the shortest and longest deadline in seconds."""

    max_in_flight: int = 512
    max_streams: int = 4096
    min_deadline_s: float = 0.05
    max_deadline_s: float = 60.0


@dataclass(slots=True)
class _Call:
    """What the log line of one call tells."""

    method: str
    started_s: float
    correlation_id: str
    trace_id: str = ""
    caller: Caller | None = None
    code: str = "OK"
    reason: str = ""


class Pipeline(grpc.aio.ServerInterceptor):
    """The one interceptor of the server; handlers are wrapped once for each method and kept."""

    def __init__(
        self, *, authenticator: Authenticator, limits: Limits, metrics: RpcMetrics, access_log: AccessLog
    ) -> None:
        self._access_log = access_log
        self._authenticator = authenticator
        self._limits = limits
        self._metrics = metrics
        self._methods = declared_methods()
        self._parser = RequestParser(self._methods.values())
        self._handlers: dict[str, Handler] = {}
        self._in_flight = 0
        self._streams = OpenStreams()
        self._is_draining = False
        metrics.in_flight.set_function(lambda: self._in_flight)
        metrics.streams.set_function(lambda: len(self._streams))

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        path = handler_call_details.method
        wrapped = self._handlers.get(path)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        if handler is None:  # Not remembered: callers could fill the memory with names that nobody serves.
            return None
        wrapped = self._wrap(path, handler)
        self._handlers[path] = wrapped
        return wrapped

    def drain(self) -> None:
        """Refuse new calls, and end the open streams so that their callers go to another server."""
        self._is_draining = True
        self._streams.end()

    def _wrap(self, path: str, handler: Handler) -> Handler:
        method = self._methods.get(path)
        if method is None:
            return handler if path in OPEN_METHODS else self._wrap_foreign(path, handler)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(self._streaming(method, handler.unary_stream))
        return grpc.unary_unary_rpc_method_handler(self._unary(method, handler.unary_unary))

    def _unary(
        self, method: Method, serve: Callable[[Message, Context], Awaitable[Message]]
    ) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def handle(raw: bytes, context: Context) -> bytes:
            call, metadata = self._begin(method.name, context)
            self._in_flight += 1
            try:
                self._admit(is_full=self._in_flight > self._limits.max_in_flight)
                self._authenticate(call, metadata, context, method.scope)
                limit_s = self._deadline(method, context)
                request = self._parser.parse(method, raw)
                if limit_s is None:
                    return (await serve(request, context)).SerializeToString()
                async with asyncio.timeout(limit_s):
                    return (await serve(request, context)).SerializeToString()
            except asyncio.CancelledError:
                call.code = "CANCELLED"
                raise
            except Exception as error:  # noqa: BLE001  Whatever it is, the caller gets a clean status.
                await self._abort(call, context, error, is_keyed=method.is_keyed)
            finally:
                self._in_flight -= 1
                self._end(call)

        return handle

    def _streaming(
        self, method: Method, serve: Callable[[Message, Context], AsyncIterator[Message]]
    ) -> Callable[[bytes, Context], AsyncIterator[bytes]]:
        async def handle(raw: bytes, context: Context) -> AsyncIterator[bytes]:
            call, metadata = self._begin(method.name, context)
            try:
                with self._streams.opened() as stream:
                    self._admit(is_full=len(self._streams) > self._limits.max_streams)
                    self._authenticate(call, metadata, context, method.scope)
                    request = self._parser.parse(method, raw)
                    async for response in stream.until_ended(serve(request, context)):
                        yield response.SerializeToString()
                        self._admit(is_full=False)
            except asyncio.CancelledError:
                if not self._is_draining:
                    call.code = "CANCELLED"
                    raise
                await self._abort(call, context, _shutting_down(), is_keyed=False)
            except GeneratorExit:  # gRPC drops a stream that its caller cancels while a message is sent.
                call.code = "CANCELLED"
                raise
            except Exception as error:  # noqa: BLE001  Whatever it is, the caller gets a clean status.
                await self._abort(call, context, error, is_keyed=False)
            finally:
                self._end(call)

        return handle

    def _wrap_foreign(self, path: str, handler: Handler) -> Handler:
        """Put authentication before a service that is not of our contract, such as reflection: any valid token."""
        serve = handler.stream_stream or handler.unary_unary or handler.unary_stream or handler.stream_unary

        async def guard(context: Context) -> None:
            call, metadata = self._begin(path, context)
            try:
                self._admit(is_full=False)
                self._authenticate(call, metadata, context, scope="")
            except Exception as error:  # noqa: BLE001  Whatever it is, the caller gets a clean status.
                await self._abort(call, context, error, is_keyed=False)
            finally:
                self._end(call)

        async def unary(request: Any, context: Context) -> Any:
            await guard(context)
            return await serve(request, context)

        async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
            await guard(context)
            async for response in serve(request, context):
                yield response

        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        behavior = stream if handler.response_streaming else unary
        return make(behavior, handler.request_deserializer, handler.response_serializer)

    def _begin(self, name: str, context: Context) -> tuple[_Call, dict[str, str | bytes]]:
        metadata: dict[str, str | bytes] = dict(context.invocation_metadata() or ())
        given = metadata.get("x-correlation-id", "")
        is_usable = isinstance(given, str) and _CORRELATION_ID.fullmatch(given) is not None
        correlation_id = str(given) if is_usable else os.urandom(16).hex()
        CORRELATION_ID.set(correlation_id)
        call = _Call(name, time.perf_counter(), correlation_id)
        parent = metadata.get("traceparent")
        if isinstance(parent, str) and (match := _TRACE_PARENT.fullmatch(parent)):
            call.trace_id = match.group(1)
        return call, metadata

    def _admit(self, *, is_full: bool) -> None:
        if self._is_draining:
            raise _shutting_down()
        if is_full:
            raise RequestError(
                ErrorReason.OVERLOADED,
                "this server has as many calls in flight as it may; send the same request with the same key again",
                retry_after_s=0.25,
            )

    def _authenticate(self, call: _Call, metadata: dict[str, str | bytes], context: Context, scope: str) -> None:
        caller = self._authenticator.authenticate(metadata.get("authorization"), context)
        call.caller = caller
        if scope and scope not in caller.scopes:
            raise RequestError(
                ErrorReason.SCOPE_MISSING,
                f"the token does not grant the scope {scope}; ask for one that does",
                facts={"scope": scope},
            )
        CALLER.set(caller)

    def _deadline(self, method: Method, context: Context) -> float | None:
        """Return the cap in seconds where the caller's own deadline does not come first."""
        remaining_s: Any = context.time_remaining()  # None without a deadline, whatever the stub says.
        if remaining_s is None or remaining_s > self._limits.max_deadline_s:
            return self._limits.max_deadline_s
        if method.is_keyed and remaining_s < self._limits.min_deadline_s:
            raise RequestError(
                ErrorReason.DEADLINE_TOO_SHORT,
                f"less than {self._limits.min_deadline_s:g} s are left of the deadline, so nothing was begun; "
                "send the same request with the same key and more time",
                facts={"minimum_s": f"{self._limits.min_deadline_s:g}"},
            )
        return None

    async def _abort(self, call: _Call, context: Context, error: Exception, *, is_keyed: bool) -> NoReturn:
        if isinstance(error, TimeoutError):
            error = _too_long(is_keyed=is_keyed)
        status = to_status(error, call.correlation_id)
        call.code, call.reason = status.code.name, status.reason
        if status.reason == ErrorReason.INTERNAL.value:
            logger.error(
                "unhandled error",
                exc_info=error,
                extra={"method": call.method, "correlation_id": call.correlation_id},
            )
        await context.abort(status.code, status.message, ((_STATUS_DETAILS, status.details),))
        raise AssertionError("abort always raises")

    def _end(self, call: _Call) -> None:
        seconds = time.perf_counter() - call.started_s
        self._metrics.handled(call.method, call.code, call.reason, seconds=seconds)
        caller = call.caller
        self._access_log.write(
            method=call.method,
            code=call.code,
            reason=call.reason,
            merchant_id=caller.merchant_id if caller else "",
            subject=caller.subject if caller else "",
            correlation_id=call.correlation_id,
            trace_id=call.trace_id,
            seconds=seconds,
        )


def _shutting_down() -> RequestError:
    return RequestError(
        ErrorReason.SHUTTING_DOWN,
        "this server is shutting down; send the same request with the same key to another one",
        retry_after_s=1.0,
    )


def _too_long(*, is_keyed: bool) -> RequestError:
    return RequestError(
        ErrorReason.DEADLINE_TOO_SHORT,
        "the call took longer than this server allows; what was begun goes on; ask again with the same key",
        effect=Effect.POSSIBLE if is_keyed else Effect.EXCLUDED,
    )
