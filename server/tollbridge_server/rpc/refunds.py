"""RefundService of the contract: each RPC translates, calls its use case, and translates back."""

from __future__ import annotations

from typing import Any

from tollbridge.v1 import refund_service_pb2 as pb
from tollbridge.v1 import refund_service_pb2_grpc

from tollbridge_server.rpc import requests, views
from tollbridge_server.rpc.context import current_caller
from tollbridge_server.rpc.pages import PageTokens, page_limit
from tollbridge_server.services.refunds import RefundService


class RefundServicer(refund_service_pb2_grpc.RefundServiceServicer):
    """Serves refunds; errors leave as RequestError and are mapped by the pipeline."""

    def __init__(self, refunds: RefundService, pages: PageTokens) -> None:
        self._refunds = refunds
        self._pages = pages

    async def CreateRefund(self, request: pb.CreateRefundRequest, _: Any) -> pb.CreateRefundResponse:  # noqa: N802
        view = await self._refunds.create(current_caller(), requests.create_refund(request))
        return pb.CreateRefundResponse(refund=views.refund(view), replayed=view.is_replayed)

    async def GetRefund(self, request: pb.GetRefundRequest, _: Any) -> pb.GetRefundResponse:  # noqa: N802
        view = await self._refunds.get(current_caller(), requests.refund_lookup(request))
        return pb.GetRefundResponse(refund=views.refund(view))

    async def ListRefunds(self, request: pb.ListRefundsRequest, _: Any) -> pb.ListRefundsResponse:  # noqa: N802
        caller = current_caller()
        page = await self._refunds.page(
            caller,
            requests.refund_filter(request),
            before_id=self._pages.read(caller, request, request.page_token),
            limit=page_limit(request.page_size),
        )
        return pb.ListRefundsResponse(
            refunds=[views.refund(view) for view in page.refunds],
            next_page_token=self._pages.make(caller, request, page.next_id),
        )
