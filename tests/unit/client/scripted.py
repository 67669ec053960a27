"""A real gRPC server whose answers a test writes down beforehand, and which keeps every call that it got."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from tollbridge.v1 import payment_service_pb2_grpc, refund_service_pb2_grpc, status_service_pb2_grpc


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """How a call ends badly. Without a reason it looks as if the transport had broken."""

    code: grpc.StatusCode
    reason: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    domain: str = "tollbridge"
    violations: tuple[tuple[str, str], ...] = ()
    retry_after_s: float | None = None
    details: bytes | None = None

    def to_status(self) -> status_pb2.Status:
        status = status_pb2.Status(code=self.code.value[0], message="as the test wrote it")
        if self.reason is not None:
            _pack(status, error_details_pb2.ErrorInfo(reason=self.reason, domain=self.domain, metadata=self.metadata))
        if self.violations:
            found = [
                error_details_pb2.BadRequest.FieldViolation(field=path, description=text)
                for path, text in self.violations
            ]
            _pack(status, error_details_pb2.BadRequest(field_violations=found))
        if self.retry_after_s is not None:
            delay = Duration()
            delay.FromNanoseconds(int(self.retry_after_s * 1e9))
            _pack(status, error_details_pb2.RetryInfo(retry_delay=delay))
        return status

    def end(self, context: grpc.ServicerContext) -> None:
        status = self.to_status()
        raw = self.details if self.details is not None else status.SerializeToString() if status.details else None
        if raw is not None:
            context.set_trailing_metadata((("grpc-status-details-bin", raw),))
        context.abort(self.code, status.message)


LOST = Refusal(code=grpc.StatusCode.UNAVAILABLE)
CUT_OFF = Refusal(code=grpc.StatusCode.CANCELLED)
BUSY = Refusal(code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason="OVERLOADED", metadata={"effect": "EXCLUDED"})


class Silence:
    """No answer until the caller has gone."""


@dataclass(frozen=True)
class Call:
    """One call as it arrived."""

    rpc: str
    request: Any
    metadata: dict[str, str]


class _Servicer:
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server


def _unary(rpc: str) -> Any:
    def method(self: _Servicer, request: Message, context: grpc.ServicerContext) -> Any:
        answer = self._server.take(rpc, request, context)
        if isinstance(answer, Silence):
            _wait_for_the_end(context)
        if isinstance(answer, Refusal):
            answer.end(context)
        return answer

    return method


def _stream(rpc: str) -> Any:
    def method(self: _Servicer, request: Message, context: grpc.ServicerContext) -> Iterator[Any]:
        context.add_callback(self._server.stream_ended.set)
        for answer in self._server.take(rpc, request, context):
            if isinstance(answer, Silence):
                _wait_for_the_end(context)
            if isinstance(answer, Refusal):
                answer.end(context)
            yield answer

    return method


class _Payments(_Servicer, payment_service_pb2_grpc.PaymentServiceServicer):
    CreatePayment = _unary("CreatePayment")
    GetPayment = _unary("GetPayment")
    ListPayments = _unary("ListPayments")
    ConfirmPayment = _unary("ConfirmPayment")
    CapturePayment = _unary("CapturePayment")
    CancelPayment = _unary("CancelPayment")


class _Refunds(_Servicer, refund_service_pb2_grpc.RefundServiceServicer):
    CreateRefund = _unary("CreateRefund")
    GetRefund = _unary("GetRefund")
    ListRefunds = _unary("ListRefunds")


class _Statuses(_Servicer, status_service_pb2_grpc.StatusServiceServicer):
    GetStatus = _unary("GetStatus")
    BatchGetStatus = _unary("BatchGetStatus")
    WatchStatus = _stream("WatchStatus")


class ScriptedServer:
    """The server. `answers[rpc]` is taken from the left: a response, a Refusal or Silence; for WatchStatus a list."""

    def __init__(self, credentials: grpc.ServerCredentials | None = None, address: str = "127.0.0.1:0") -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, deque[Any]] = defaultdict(deque)
        self.called = Event()
        """Set when a call has arrived."""
        self.stream_ended = Event()
        """Set when a stream has ended, by whichever side."""
        self._server = grpc.server(ThreadPoolExecutor(8))
        payment_service_pb2_grpc.add_PaymentServiceServicer_to_server(_Payments(self), self._server)
        refund_service_pb2_grpc.add_RefundServiceServicer_to_server(_Refunds(self), self._server)
        status_service_pb2_grpc.add_StatusServiceServicer_to_server(_Statuses(self), self._server)
        if credentials is None:
            port = self._server.add_insecure_port(address)
        else:
            port = self._server.add_secure_port(address, credentials)
        self.target = f"127.0.0.1:{port}" if address.endswith(":0") else address
        self.port = port
        self._server.start()

    def script(self, rpc: str, *answers: Any) -> None:
        self.answers[rpc].extend(answers)

    def take(self, rpc: str, request: Message, context: grpc.ServicerContext) -> Any:
        self.calls.append(Call(rpc, request, dict(context.invocation_metadata())))
        self.called.set()
        if not self.answers[rpc]:
            context.abort(grpc.StatusCode.DATA_LOSS, f"the test wrote no further answer to {rpc}")
        return self.answers[rpc].popleft()

    def stop(self) -> None:
        self._server.stop(None).wait()


def _pack(status: status_pb2.Status, message: Message) -> None:
    status.details.add().Pack(message)


def _wait_for_the_end(context: grpc.ServicerContext) -> None:
    ended = Event()
    if context.add_callback(ended.set):
        ended.wait(60)
