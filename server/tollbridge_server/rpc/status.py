"""StatusService of the contract: where a payment stands, for one, for many, and as a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tollbridge.v1 import status_service_pb2 as pb
from tollbridge.v1 import status_service_pb2_grpc

from tollbridge_server.domain.errors import RequestError
from tollbridge_server.rpc import requests, views
from tollbridge_server.rpc.context import CORRELATION_ID, current_caller
from tollbridge_server.rpc.errors import status_message
from tollbridge_server.services.requests import StatusView
from tollbridge_server.services.status import StatusService


class StatusServicer(status_service_pb2_grpc.StatusServiceServicer):
    """Serves status; errors leave as RequestError and are mapped by the pipeline."""

    def __init__(self, status: StatusService) -> None:
        self._status = status

    async def GetStatus(self, request: pb.GetStatusRequest, _: Any) -> pb.GetStatusResponse:  # noqa: N802
        lookup = requests.payment_lookup(request.lookup)
        view = await self._status.get(current_caller(), lookup, refresh=request.refresh)
        return pb.GetStatusResponse(status=views.status(view), refreshed=view.is_refreshed)

    async def BatchGetStatus(self, request: pb.BatchGetStatusRequest, _: Any) -> pb.BatchGetStatusResponse:  # noqa: N802
        lookups = [requests.payment_lookup(lookup) for lookup in request.lookups]
        answers = await self._status.batch_get(current_caller(), lookups)
        return pb.BatchGetStatusResponse(results=[_result(answer) for answer in answers])

    async def WatchStatus(  # noqa: N802
        self, request: pb.WatchStatusRequest, _: Any
    ) -> AsyncIterator[pb.WatchStatusResponse]:
        lookup = requests.payment_lookup(request.lookup)
        async for view in self._status.watch(current_caller(), lookup, after_version=request.after_version):
            yield pb.WatchStatusResponse(status=views.status(view))


def _result(answer: StatusView | RequestError) -> pb.BatchGetStatusResult:
    if isinstance(answer, RequestError):
        return pb.BatchGetStatusResult(error=status_message(answer, CORRELATION_ID.get()))
    return pb.BatchGetStatusResult(status=views.status(answer))
