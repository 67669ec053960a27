"""The pipeline before a real gRPC server: nothing internal leaves, nobody passes unasked, and every call is counted."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
import tollbridge
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import status_service_pb2 as status_pb
from tollbridge_server import logs
from tollbridge_server.rpc.pipeline import Limits

from tests.integration.rpc import wire
from tests.unit.logs.captured import Stream
from tests.unit.rpc.pipelines import Stage, Work, forever, nothing, staged
from tests.unit.rpc.signing import claims, sign
from tests.waiting import until

CARD_NUMBER = "4111111111111111"
INTERNAL = (grpc.StatusCode.INTERNAL, "INTERNAL")
LOOKUP = tollbridge.PaymentLookup(payment_id=f"pay_{'0' * 26}")
GET = payments_pb.GetPaymentRequest(lookup=LOOKUP)
WATCH = status_pb.WatchStatusRequest(lookup=LOOKUP)
CREATE = payments_pb.CreatePaymentRequest(
    idempotency_key="k",
    amount=tollbridge.Money(currency_code="EUR", amount_minor=1),
    payment_method=tollbridge.PaymentMethod(unionpay=tollbridge.UnionpayMethod()),
)
WITH_ID = (("x-correlation-id", "call-7"),)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, Limits(max_in_flight=2, max_streams=1, max_deadline_s=30.0)) as opened:
        yield opened


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    """The log as the product configures it, written to where a test reads."""
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    opened = Stream()
    monkeypatch.setattr(sys, "stderr", opened)
    logs.configure("DEBUG")
    yield opened
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


# What nobody expected.


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError(CARD_NUMBER)


def _raising(kind: str) -> Work:
    async def work() -> None:
        match kind:
            case "with the number in its text":
                raise ValueError(f"can not charge {CARD_NUMBER}")
            case "with the number as its key":
                raise KeyError(CARD_NUMBER)
            case "with the number in its cause":
                raise RuntimeError("failed") from ValueError(f"PAN={CARD_NUMBER}")
            case "in a group":
                raise ExceptionGroup("several", [ValueError(CARD_NUMBER)])
            case "whose text can not be made":
                raise Unprintable
            case "of a broken assertion":
                raise AssertionError(f"{CARD_NUMBER} != 0")

    return work


KINDS = (
    "with the number in its text",
    "with the number as its key",
    "with the number in its cause",
    "in a group",
    "whose text can not be made",
    "of a broken assertion",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("path", "request_"), [("GetPayment", GET), ("CreatePayment", CREATE), ("WatchStatus", WATCH)])
async def test_an_unexpected_error_tells_the_caller_only_the_correlation_id(
    stage: Stage, stream: Stream, path: str, request_: Any, kind: str
) -> None:
    stage.payments.work = stage.statuses.work = _raising(kind)
    answer = await stage.call(path, request_, metadata=WITH_ID)
    assert answer.refusal == INTERNAL
    assert answer.facts == {"effect": "POSSIBLE", "correlation_id": "call-7"}
    told = answer.message.encode() + answer.details
    for inside in (
        CARD_NUMBER,
        "PAN",
        "charge",
        "ValueError",
        "KeyError",
        "AssertionError",
        "Traceback",
        "several",
        ".py",
    ):
        assert inside.encode() not in told
    assert CARD_NUMBER not in stream.text + stage.access_lines


async def test_the_log_tells_of_an_unexpected_error_what_the_caller_is_not_told(stage: Stage, stream: Stream) -> None:
    stage.payments.work = _raising("with the number in its text")
    await stage.call("GetPayment", GET, metadata=WITH_ID)
    (line,) = [line for line in stream.lines if line["event"] == "unhandled error"]
    assert (line["method"], line["correlation_id"], line["level"]) == ("GetPayment", "call-7", "error")
    assert "ValueError: can not charge [redacted]" in line["exception"]


async def test_a_correlation_id_that_is_a_card_number_is_echoed_and_not_logged(stage: Stage, stream: Stream) -> None:
    stage.payments.work = _raising("of a broken assertion")
    answer = await stage.call("GetPayment", GET, metadata=(("x-correlation-id", CARD_NUMBER),))
    assert answer.facts["correlation_id"] == CARD_NUMBER
    assert CARD_NUMBER not in stream.text + stage.access_lines


async def test_the_messages_before_an_unexpected_error_of_a_stream_arrive(stage: Stage) -> None:
    stage.statuses.work = _raising("with the number in its text")
    answer = await stage.call("WatchStatus", WATCH)
    assert (len(answer.bodies), answer.refusal) == (1, INTERNAL)


async def test_a_server_goes_on_after_unexpected_errors(stage: Stage) -> None:
    """More errors than there are places: each of them has to give its place back."""
    stage.payments.work = stage.statuses.work = _raising("with the number in its text")
    for _ in range(4):
        await stage.call("GetPayment", GET)
        await stage.call("WatchStatus", WATCH)
    stage.payments.work = stage.statuses.work = nothing
    assert (await stage.call("GetPayment", GET)).code is grpc.StatusCode.OK
    assert (await stage.call("WatchStatus", WATCH)).code is grpc.StatusCode.OK
    assert stage.count("GetPayment", "INTERNAL", "INTERNAL") == 4
    assert stage.count("GetPayment", "OK", "") == 1


# Before the service.


@pytest.mark.parametrize(
    ("refused", "options"),
    [
        ("CREDENTIALS_MISSING", {"token": None}),
        ("CREDENTIALS_INVALID", {"token": "garbage"}),
        ("SCOPE_MISSING", {"token": sign(claims(scope="payments:read"))}),
        ("REQUEST_INVALID", {"request": payments_pb.CreatePaymentRequest()}),
        ("REQUEST_INVALID", {"request": b"\xff"}),
    ],
)
async def test_a_call_that_is_refused_never_reaches_the_service(
    stage: Stage, refused: str, options: dict[str, Any]
) -> None:
    answer = await stage.call("CreatePayment", options.pop("request", CREATE), **options)
    assert (answer.reason, stage.payments.calls) == (refused, 0)


async def test_a_call_above_the_limit_never_reaches_the_service_and_is_not_authenticated(stage: Stage) -> None:
    stage.payments.work = forever
    holding = [asyncio.create_task(stage.call("GetPayment", GET)) for _ in range(2)]
    await until(lambda: stage.payments.calls == 2)
    answer = await stage.call("GetPayment", GET, token=None)
    assert (answer.code, answer.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert stage.payments.calls == 2
    for task in holding:
        task.cancel()


@pytest.mark.parametrize(
    ("path", "request_", "effect"), [("GetPayment", GET, "EXCLUDED"), ("CreatePayment", CREATE, "POSSIBLE")]
)
async def test_a_call_without_an_end_is_ended_and_says_what_it_may_have_done(
    tmp_path: Path, path: str, request_: Any, effect: str
) -> None:
    async with staged(tmp_path, Limits(max_deadline_s=0.05)) as stage:
        stage.payments.work = forever
        answer = await stage.call(path, request_, timeout_s=None)
    assert answer.refusal == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
    assert answer.facts["effect"] == effect


# Draining.


def _watching(stage: Stage) -> Any:
    metadata = (("authorization", f"Bearer {sign(claims(scope='status:read'))}"),)
    call = stage.channel.unary_stream("/tollbridge.v1.StatusService/WatchStatus")
    return call(WATCH.SerializeToString(), metadata=metadata, timeout=20.0)


async def _shut_down(open_stream: Any) -> bool:
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await open_stream.read()
    details = dict(ended.value.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    return ended.value.code() is grpc.StatusCode.UNAVAILABLE and b"SHUTTING_DOWN" in details


async def test_draining_refuses_new_calls_and_ends_open_streams(stage: Stage) -> None:
    stage.statuses.work = forever
    open_stream = _watching(stage)
    await open_stream.read()
    stage.pipeline.drain()
    assert await _shut_down(open_stream)
    for path, request in (("CreatePayment", CREATE), ("WatchStatus", WATCH)):
        refused = await stage.call(path, request)
        assert (refused.reason, refused.facts["effect"]) == ("SHUTTING_DOWN", "EXCLUDED")
    assert stage.payments.calls == 0


async def test_draining_ends_a_stream_that_is_sending_after_its_message(stage: Stage) -> None:
    stage.statuses.work = forever
    stage.statuses.response.status.payment_id = "x" * 3_000_000  # More than is sent before the caller reads.
    open_stream = _watching(stage)
    await until(stage.statuses.is_sending.is_set)
    stage.pipeline.drain()
    assert await open_stream.read() == stage.statuses.response.SerializeToString()
    assert await _shut_down(open_stream)


async def test_a_stream_that_its_caller_leaves_while_it_is_sending_is_canceled(stage: Stage) -> None:
    stage.statuses.work, stage.statuses.times = forever, 100
    stage.statuses.response.status.payment_id = "x" * 3_000_000  # More than is sent before the caller reads.
    open_stream = _watching(stage)
    await stage.statuses.is_sending.wait()
    open_stream.cancel()
    await until(lambda: "WatchStatus" in stage.access_lines)
    assert stage.count("WatchStatus", "CANCELLED", "") == 1


async def test_draining_lets_a_call_that_runs_finish(stage: Stage) -> None:
    going_on = asyncio.Event()

    async def work() -> None:
        await going_on.wait()

    stage.payments.work = work
    call = asyncio.create_task(stage.call("CreatePayment", CREATE))
    await until(lambda: stage.payments.calls)
    stage.pipeline.drain()
    going_on.set()
    assert (await call).code is grpc.StatusCode.OK


# Services that are not of the contract.


async def _echo(request: bytes, _: Any) -> bytes:
    return request


async def _echo_stream(request: bytes, _: Any) -> AsyncIterator[bytes]:
    yield request


async def _echo_first(requests: AsyncIterator[bytes], _: Any) -> bytes:
    return [request async for request in requests][0]  # noqa: RUF015  It is an async iterator.


async def _echo_all(requests: AsyncIterator[bytes], _: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request


FOREIGN = grpc.method_handlers_generic_handler(
    "another.Service",
    {
        "UnaryUnary": grpc.unary_unary_rpc_method_handler(_echo),
        "UnaryStream": grpc.unary_stream_rpc_method_handler(_echo_stream),
        "StreamUnary": grpc.stream_unary_rpc_method_handler(_echo_first),
        "StreamStream": grpc.stream_stream_rpc_method_handler(_echo_all),
    },
)


@pytest.mark.parametrize("name", ["UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream"])
async def test_a_service_that_declares_nothing_needs_a_token_all_the_same(tmp_path: Path, name: str) -> None:
    """Whoever registers one more service, as reflection is, has not opened it to everybody."""
    async with staged(tmp_path, Limits(), FOREIGN) as stage:
        assert await _call_foreign(stage, name, ()) == "CREDENTIALS_MISSING"
        assert await _call_foreign(stage, name, (("authorization", "Bearer garbage"),)) == "CREDENTIALS_INVALID"
        token = sign(claims(scope=""))
        assert await _call_foreign(stage, name, (("authorization", f"Bearer {token}"),)) == "echo"


async def _call_foreign(stage: Stage, name: str, metadata: tuple[tuple[str, str], ...]) -> str:
    path, body = f"/another.Service/{name}", b"echo"
    make = {
        "UnaryUnary": stage.channel.unary_unary,
        "UnaryStream": stage.channel.unary_stream,
        "StreamUnary": stage.channel.stream_unary,
        "StreamStream": stage.channel.stream_stream,
    }[name]
    call: Any = make(path)(iter([body]) if name.startswith("Stream") else body, metadata=metadata)
    try:
        answered = [one async for one in call][0] if name.endswith("Stream") else await call  # noqa: RUF015
    except grpc.aio.AioRpcError as error:
        return wire.refused(error).reason
    return bytes(answered).decode()
