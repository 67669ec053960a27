"""PaymentService of the contract: each RPC translates, calls its use case, and translates back."""

from __future__ import annotations

from typing import Any

from tollbridge.v1 import payment_service_pb2 as pb
from tollbridge.v1 import payment_service_pb2_grpc

from tollbridge_server.rpc import requests, views
from tollbridge_server.rpc.context import current_caller
from tollbridge_server.rpc.pages import PageTokens, page_limit
from tollbridge_server.services.payments import PaymentService


class PaymentServicer(payment_service_pb2_grpc.PaymentServiceServicer):
    """Serves payments; errors leave as RequestError and are mapped by the pipeline."""

    def __init__(self, payments: PaymentService, pages: PageTokens) -> None:
        self._payments = payments
        self._pages = pages

    async def CreatePayment(self, request: pb.CreatePaymentRequest, _: Any) -> pb.CreatePaymentResponse:  # noqa: N802
        view = await self._payments.create(current_caller(), requests.create_payment(request))
        return pb.CreatePaymentResponse(payment=views.payment(view), replayed=view.is_replayed)

    async def GetPayment(self, request: pb.GetPaymentRequest, _: Any) -> pb.GetPaymentResponse:  # noqa: N802
        view = await self._payments.get(current_caller(), requests.payment_lookup(request.lookup))
        return pb.GetPaymentResponse(payment=views.payment(view))

    async def ListPayments(self, request: pb.ListPaymentsRequest, _: Any) -> pb.ListPaymentsResponse:  # noqa: N802
        caller = current_caller()
        page = await self._payments.page(
            caller,
            requests.payment_filter(request),
            before_id=self._pages.read(caller, request, request.page_token),
            limit=page_limit(request.page_size),
        )
        return pb.ListPaymentsResponse(
            payments=[views.payment_alone(payment) for payment in page.payments],
            next_page_token=self._pages.make(caller, request, page.next_id),
        )

    async def ConfirmPayment(self, request: pb.ConfirmPaymentRequest, _: Any) -> pb.ConfirmPaymentResponse:  # noqa: N802
        view = await self._payments.confirm(current_caller(), requests.confirm_payment(request))
        return pb.ConfirmPaymentResponse(payment=views.payment(view), replayed=view.is_replayed)

    async def CapturePayment(self, request: pb.CapturePaymentRequest, _: Any) -> pb.CapturePaymentResponse:  # noqa: N802
        view = await self._payments.capture(current_caller(), requests.capture_payment(request))
        return pb.CapturePaymentResponse(
            payment=views.payment(view), replayed=view.is_replayed, operation_id=view.operation_id
        )

    async def CancelPayment(self, request: pb.CancelPaymentRequest, _: Any) -> pb.CancelPaymentResponse:  # noqa: N802
        view = await self._payments.cancel(current_caller(), requests.cancel_payment(request))
        return pb.CancelPaymentResponse(payment=views.payment(view), replayed=view.is_replayed)
