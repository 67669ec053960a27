"""The gRPC server: servicers behind the pipeline, health that tells the truth, reflection, limits, graceful drain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from tollbridge.v1 import payment_service_pb2_grpc, refund_service_pb2_grpc, status_service_pb2_grpc

from tollbridge_server.rpc.methods import SERVICES
from tollbridge_server.rpc.payments import PaymentServicer
from tollbridge_server.rpc.pipeline import Pipeline
from tollbridge_server.rpc.refunds import RefundServicer
from tollbridge_server.rpc.status import StatusServicer

logger = logging.getLogger(__name__)

_HEALTH_INTERVAL_S = 5.0
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_NAMES = ("", *(service.full_name for service in SERVICES))


@dataclass(frozen=True, slots=True)
class Servicers:
    """What the server serves."""

    payments: PaymentServicer
    refunds: RefundServicer
    status: StatusServicer


@dataclass(frozen=True, slots=True)
class Transport:
    """Where and how to listen. `address` is host:port, port 0 takes a free one; no credentials means plaintext.

    Bounds: the largest message in bytes, streams on one connection, and how often a caller may ping (seconds).
    """

    address: str
    credentials: grpc.ServerCredentials | None = None
    max_message_bytes: int = 1024 * 1024
    max_metadata_bytes: int = 16 * 1024
    max_streams_per_connection: int = 1024
    max_connection_age_s: int = 3600
    min_ping_interval_s: int = 10

    def options(self) -> list[tuple[str, int]]:
        """Return the channel arguments of these bounds."""
        return [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", self.max_message_bytes),
            ("grpc.max_send_message_length", 16 * self.max_message_bytes),
            ("grpc.max_metadata_size", self.max_metadata_bytes),
            ("grpc.max_concurrent_streams", self.max_streams_per_connection),
            ("grpc.max_connection_age_ms", self.max_connection_age_s * 1000),
            ("grpc.max_connection_age_grace_ms", 120_000),
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.http2.min_ping_interval_without_data_ms", self.min_ping_interval_s * 1000),
            ("grpc.http2.max_ping_strikes", 3),
        ]


class RpcServer:
    """One listening gRPC server."""

    def __init__(
        self,
        *,
        transport: Transport,
        pipeline: Pipeline,
        servicers: Servicers,
        is_healthy: Callable[[], Awaitable[bool]],
    ) -> None:
        self._transport = transport
        self._pipeline = pipeline
        self._servicers = servicers
        self._is_healthy = is_healthy
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen and serve; return the port. Raises OSError when the address can not be bound."""
        server = grpc.aio.server(interceptors=[self._pipeline], options=self._transport.options())
        payment_service_pb2_grpc.add_PaymentServiceServicer_to_server(self._servicers.payments, server)
        refund_service_pb2_grpc.add_RefundServiceServicer_to_server(self._servicers.refunds, server)
        status_service_pb2_grpc.add_StatusServiceServicer_to_server(self._servicers.status, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((*_NAMES[1:], reflection.SERVICE_NAME), server)
        address, credentials = self._transport.address, self._transport.credentials
        try:
            if credentials is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise OSError(f"can not listen on {address}: is another server running there?") from error
        await self._set_health(is_serving=await self._is_healthy())
        await server.start()
        self._server = server
        self._watch = asyncio.create_task(self._keep_health_true(), name="health")
        return port

    async def drain(self) -> None:
        """Say NOT_SERVING, refuse new calls, end the streams."""
        if self._watch is not None:
            self._watch.cancel()
        await self._health.enter_graceful_shutdown()
        self._pipeline.drain()

    async def stop(self, *, grace_s: float) -> None:
        """Stop listening; calls that still run get `grace_s` to answer."""
        if self._server is not None:
            await self._server.stop(grace_s)
            self._server = None

    async def _keep_health_true(self) -> None:
        was_healthy = True
        while True:
            await asyncio.sleep(_HEALTH_INTERVAL_S)
            is_healthy = await self._is_healthy()
            if is_healthy is not was_healthy:
                logger.warning("health is now %s", "SERVING" if is_healthy else "NOT_SERVING")
            was_healthy = is_healthy
            await self._set_health(is_serving=is_healthy)

    async def _set_health(self, *, is_serving: bool) -> None:
        for name in _NAMES:
            await self._health.set(name, _SERVING if is_serving else _NOT_SERVING)
