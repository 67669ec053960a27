"""What every call shows of its caller: the token, asked anew for each try, the trace, and a hook's metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tollbridge
from opentelemetry import trace
from tollbridge.v1.status_service_pb2 import GetStatusResponse, WatchStatusResponse

from tests.unit.client.callers import SyncCaller
from tests.unit.client.conftest import Caller
from tests.unit.client.scripted import LOST, ScriptedServer

GOOD = GetStatusResponse(refreshed=True)


def ask(client: Caller) -> Any:
    return client.call("get_status", payment_id="pay_1")


def authorizations(server: ScriptedServer) -> list[str | None]:
    return [call.metadata.get("authorization") for call in server.calls]


def test_a_token_reaches_a_plaintext_server_on_this_machine(
    server: ScriptedServer, connect: Callable[..., Caller]
) -> None:
    server.script("GetStatus", GOOD)

    ask(connect(server.target, token="abc.def-ghi"))

    assert authorizations(server) == ["Bearer abc.def-ghi"]


def test_without_a_token_nothing_is_claimed(server: ScriptedServer, client: Caller) -> None:
    server.script("GetStatus", GOOD)

    ask(client)

    assert authorizations(server) == [None]


def test_a_token_callable_is_asked_before_every_try(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    numbers = iter(range(9))
    server.script("GetStatus", LOST, GOOD, GOOD)
    client = connect(server.target, token=lambda: f"t{next(numbers)}")

    ask(client)
    ask(client)

    assert authorizations(server) == ["Bearer t0", "Bearer t1", "Bearer t2"]


def test_a_watch_that_reconnects_asks_for_the_token_anew(
    server: ScriptedServer, connect: Callable[..., Caller]
) -> None:
    numbers = iter(range(9))
    server.script("WatchStatus", [LOST], [WatchStatusResponse(status=tollbridge.PaymentStatus(version=1))])
    client = connect(server.target, token=lambda: f"t{next(numbers)}")

    list(client.items("watch_status", payment_id="pay_1"))

    assert authorizations(server) == ["Bearer t0", "Bearer t1"]


async def test_an_async_token_callable_is_awaited(server: ScriptedServer) -> None:
    async def token() -> str:
        return "awaited"

    server.script("GetStatus", GOOD)
    async with tollbridge.AsyncClient(server.target, token=token) as client:
        await client.get_status(payment_id="pay_1")

    assert authorizations(server) == ["Bearer awaited"]


def test_the_blocking_client_refuses_an_async_token_callable(server: ScriptedServer) -> None:
    async def token() -> str:
        return "awaited"

    caller = SyncCaller(server.target, token=token)
    try:
        with pytest.raises(TypeError, match="AsyncClient"):
            ask(caller)
    finally:
        caller.close()


@pytest.mark.parametrize("token", ["s3cret\n", "", "two words", "s3crét"])
def test_a_malformed_token_is_refused_without_being_shown(
    token: str, server: ScriptedServer, connect: Callable[..., Caller]
) -> None:
    with pytest.raises(ValueError) as fixed:
        connect(server.target, token=token)
    with pytest.raises(ValueError) as asked:
        ask(connect(server.target, token=lambda: token))

    for message in (str(fixed.value), str(asked.value)):
        assert "s3cr" not in message
        assert "two words" not in message


def test_a_token_that_can_not_be_had_fails_the_call(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    def token() -> str:
        raise LookupError("the vault is sealed")

    with pytest.raises(LookupError):
        ask(connect(server.target, token=token))


def test_a_token_that_can_not_be_had_again_does_not_hide_what_the_first_try_may_have_done(
    server: ScriptedServer, connect: Callable[..., Caller]
) -> None:
    tokens = iter(["t0"])
    server.script("CapturePayment", LOST)
    client = connect(server.target, token=lambda: next(tokens))

    with pytest.raises(tollbridge.Unavailable) as caught:
        client.call("capture_payment", payment_id="pay_1")

    assert caught.value.is_effect_possible
    assert caught.value.idempotency_key == server.calls[0].request.idempotency_key


def test_a_hook_adds_metadata_for_the_rpc_but_no_other_authorization(
    server: ScriptedServer, connect: Callable[..., Caller]
) -> None:
    server.script("GetStatus", GOOD)
    client = connect(
        server.target,
        token="mine",
        metadata_hook=lambda rpc: {"x-request": f"{rpc}-7", "authorization": "Bearer other"},
    )

    ask(client)

    assert server.calls[0].metadata["x-request"] == "GetStatus-7"
    assert authorizations(server) == ["Bearer mine"]


def test_the_current_trace_travels_with_the_call(server: ScriptedServer, client: Caller) -> None:
    server.script("GetStatus", GOOD, GOOD)
    span = trace.NonRecordingSpan(trace.SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=trace.TraceFlags(1)))

    with trace.use_span(span):
        ask(client)
    ask(client)

    assert server.calls[0].metadata["traceparent"] == f"00-{0xABC:032x}-{0xDEF:016x}-01"
    assert "traceparent" not in server.calls[1].metadata
