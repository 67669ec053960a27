"""The yardstick: a bare grpc.aio server that parses a CreatePaymentRequest and sends it back. It does nothing else."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import grpc
import uvloop
from tollbridge.v1.payment_service_pb2 import CreatePaymentRequest

PATH = "/tollbridge.bench.Echo/Echo"


class _Echo(grpc.GenericRpcHandler):
    """Serves the one method."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        if handler_call_details.method != PATH:
            return None
        return grpc.unary_unary_rpc_method_handler(
            _echo,
            request_deserializer=CreatePaymentRequest.FromString,
            response_serializer=CreatePaymentRequest.SerializeToString,
        )


async def _echo(request: CreatePaymentRequest, _: Any) -> CreatePaymentRequest:
    return request


async def _serve() -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Echo(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"127.0.0.1:{port}\n")
    sys.stdout.flush()
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await stopping.wait()
    await server.stop(None)


if __name__ == "__main__":
    uvloop.run(_serve())
