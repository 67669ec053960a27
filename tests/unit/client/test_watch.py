"""A watch gives out every newer status once, across broken streams, and ends when the server ends it."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest
import tollbridge
from tollbridge.v1.status_service_pb2 import WatchStatusResponse

from tests.unit.client.conftest import Caller
from tests.unit.client.scripted import BUSY, LOST, Refusal, ScriptedServer, Silence


def status(version: int, state: tollbridge.PaymentState = tollbridge.PAYMENT_STATE_PROCESSING) -> WatchStatusResponse:
    return WatchStatusResponse(status=tollbridge.PaymentStatus(payment_id="pay_1", version=version, state=state))


def versions(client: Caller, **arguments: object) -> list[int]:
    return [found.version for found in client.items("watch_status", payment_id="pay_1", **arguments)]


def asked_after(server: ScriptedServer) -> list[int]:
    return [call.request.after_version for call in server.calls]


def test_statuses_come_as_the_server_sends_them_until_it_ends(server: ScriptedServer, client: Caller) -> None:
    server.script("WatchStatus", [status(1), status(4, tollbridge.PAYMENT_STATE_SUCCEEDED)])

    assert versions(client) == [1, 4]
    assert asked_after(server) == [0]


@pytest.mark.parametrize("trouble", [LOST, BUSY], ids=["lost", "busy"])
def test_a_broken_stream_is_resumed_after_the_last_version(
    trouble: Refusal, server: ScriptedServer, client: Caller
) -> None:
    server.script("WatchStatus", [status(1), status(3), trouble], [trouble], [status(4)])

    assert versions(client) == [1, 3, 4]
    assert asked_after(server) == [0, 3, 3]
    assert {call.request.lookup.payment_id for call in server.calls} == {"pay_1"}


def test_a_watch_begins_after_the_version_that_the_caller_has(server: ScriptedServer, client: Caller) -> None:
    server.script("WatchStatus", [LOST], [status(8)])

    assert versions(client, after_version=7) == [8]
    assert asked_after(server) == [7, 7]


def test_a_version_that_was_seen_is_not_given_out_again(server: ScriptedServer, client: Caller) -> None:
    server.script("WatchStatus", [status(2), LOST], [status(2), status(1), status(3)])

    assert versions(client) == [2, 3]


def test_a_refusal_ends_the_watch(server: ScriptedServer, client: Caller) -> None:
    server.script("WatchStatus", [Refusal(code=grpc.StatusCode.NOT_FOUND, reason="PAYMENT_NOT_FOUND")])

    with pytest.raises(tollbridge.PaymentNotFound):
        versions(client)

    assert len(server.calls) == 1


def test_streams_that_bring_nothing_are_given_up(server: ScriptedServer, client: Caller) -> None:
    server.script("WatchStatus", *[[LOST]] * 4, [status(1)])

    with pytest.raises(tollbridge.Unavailable):
        versions(client)

    assert len(server.calls) == 4


def test_a_stream_that_brought_something_may_break_as_often_as_the_first(
    server: ScriptedServer, client: Caller
) -> None:
    server.script("WatchStatus", *[[status(number), LOST] for number in range(1, 10)], [])

    assert versions(client) == list(range(1, 10))


def test_a_watch_ends_at_its_deadline(server: ScriptedServer, client: Caller) -> None:
    server.script("WatchStatus", [status(1), Silence()])

    with pytest.raises(tollbridge.DeadlineExceeded):
        versions(client, timeout_s=0.3)


def test_the_clients_deadline_does_not_end_a_watch(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    client = connect(server.target, timeout_s=1e-9)
    server.script("WatchStatus", [status(1)])

    assert versions(client) == [1]


def test_leaving_a_watch_ends_the_stream_at_the_server(server: ScriptedServer, client: Caller) -> None:
    server.script("WatchStatus", [status(1), Silence()])
    watch = client.items("watch_status", payment_id="pay_1")

    next(watch)
    assert not server.stream_ended.is_set()
    watch.close()  # type: ignore[attr-defined]

    assert server.stream_ended.wait(30)
