"""A real gRPC server behind the pipeline, whose servicers do what a test tells them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from prometheus_client import CollectorRegistry
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import payment_service_pb2_grpc, status_service_pb2_grpc
from tollbridge.v1 import status_service_pb2 as status_pb
from tollbridge_server.development import all_scopes
from tollbridge_server.rpc import tokens
from tollbridge_server.rpc.access_log import AccessLog
from tollbridge_server.rpc.authentication import Authenticator
from tollbridge_server.rpc.metrics import RpcMetrics
from tollbridge_server.rpc.pipeline import Limits, Pipeline

from tests.integration.rpc import wire
from tests.unit.rpc.signing import ED25519 as KEY
from tests.unit.rpc.signing import claims, sign, verifier_of, write_keys

TOKEN = sign(claims(scope=" ".join(all_scopes())))

Work = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Succeed at once."""


async def forever() -> None:
    await asyncio.Event().wait()


class Payments(payment_service_pb2_grpc.PaymentServiceServicer):
    def __init__(self) -> None:
        self.work: Work = nothing
        self.calls = 0

    async def GetPayment(self, _: Any, __: Any) -> payments_pb.GetPaymentResponse:  # noqa: N802  The contract's name.
        await self._run()
        return payments_pb.GetPaymentResponse()

    async def CreatePayment(self, _: Any, __: Any) -> payments_pb.CreatePaymentResponse:  # noqa: N802  As above.
        await self._run()
        return payments_pb.CreatePaymentResponse()

    async def _run(self) -> None:
        self.calls += 1
        await self.work()


class Statuses(status_service_pb2_grpc.StatusServiceServicer):
    """Sends one status as often as it is told, and works before it ends."""

    def __init__(self) -> None:
        self.work: Work = nothing
        self.response = status_pb.WatchStatusResponse()
        self.times = 1
        self.is_sending = asyncio.Event()

    async def WatchStatus(self, _: Any, __: Any) -> AsyncIterator[status_pb.WatchStatusResponse]:  # noqa: N802  As above.
        for _ in range(self.times):
            self.is_sending.set()
            yield self.response
        await self.work()


@dataclass(slots=True)
class Stage:
    """A running server and a channel to it."""

    pipeline: Pipeline
    access_log: AccessLog
    channel: grpc.aio.Channel
    payments: Payments
    statuses: Statuses
    registry: CollectorRegistry
    _log: io.BytesIO = field(default_factory=io.BytesIO)

    @property
    def access_lines(self) -> str:
        self.access_log.flush()
        return self._log.getvalue().decode()

    async def call(
        self,
        path: str,
        request: Any = b"",
        *,
        token: str | None = TOKEN,
        metadata: tuple[tuple[str, str], ...] = (),
        timeout_s: float | None = 20.0,
    ) -> wire.Answer:
        path = wire.PATHS.get(path, path)
        body = request if isinstance(request, bytes) else request.SerializeToString()
        if token is not None:
            metadata = (*metadata, ("authorization", f"Bearer {token}"))
        bodies: list[bytes] = []
        try:
            if path in wire.STREAMS:
                async for message in self.channel.unary_stream(path)(body, metadata=metadata, timeout=timeout_s):
                    bodies.append(message)  # noqa: PERF401  What came before an error must not be lost.
            else:
                bodies.append(await self.channel.unary_unary(path)(body, metadata=metadata, timeout=timeout_s))
        except grpc.aio.AioRpcError as error:
            return wire.refused(error, tuple(bodies))
        return wire.Answer(grpc.StatusCode.OK, bodies=tuple(bodies))

    def count(self, method: str, code: str, reason: str) -> float:
        labels = {"method": method, "code": code, "reason": reason}
        return self.registry.get_sample_value("tollbridge_rpc_handled_total", labels) or 0.0


@asynccontextmanager
async def staged(directory: Path, limits: Limits, *handlers: grpc.GenericRpcHandler) -> AsyncIterator[Stage]:
    """Serve with these limits, and further handlers beside the contract's, until the block ends."""
    authenticator = Authenticator(verifier_of(tokens.load_keys([write_keys(directory / "keys.pem", KEY)])), {})
    registry, log = CollectorRegistry(), io.BytesIO()
    access_log = AccessLog(log)
    pipeline = Pipeline(authenticator=authenticator, limits=limits, metrics=RpcMetrics(registry), access_log=access_log)
    payments, statuses = Payments(), Statuses()
    server = grpc.aio.server(interceptors=[pipeline])
    payment_service_pb2_grpc.add_PaymentServiceServicer_to_server(payments, server)
    status_service_pb2_grpc.add_StatusServiceServicer_to_server(statuses, server)
    server.add_generic_rpc_handlers(handlers)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Stage(pipeline, access_log, channel, payments, statuses, registry, log)
    finally:
        await server.stop(0)
