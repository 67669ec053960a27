"""How a server ends: health tells it, streams are sent away, new calls are refused, and what was begun is finished."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import tollbridge
from grpc_health.v1 import health_pb2
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import status_service_pb2 as statuses_pb
from tollbridge_server.development import Development
from tollbridge_server.testing.processes import SimulatorProcess

from tests.integration.rpc import wire
from tests.integration.rpc.bridges import Bridge, create, initialized, pay, running, unique

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SLOW_AMOUNT = 19103  # The acquirer answers after a second: time enough to be told to stop.


class Watched:
    """A stream that a thread reads, so that the test sees what came, when it came, and how it ended."""

    def __init__(self, bridge: Bridge, path: str, request: Any, read: Callable[[bytes], Any]) -> None:
        metadata = (("authorization", f"Bearer {bridge.token()}"),)
        self._stream = bridge.channel.unary_stream(path)(request.SerializeToString(), metadata=metadata, timeout=30)
        self._read = read
        self.came: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self) -> Any:
        return self.came.get(timeout=20)

    def _run(self) -> None:
        try:
            for body in self._stream:
                self.came.put(self._read(body))
            self.came.put(grpc.StatusCode.OK)
        except grpc.RpcError as error:
            self.came.put(wire.refused(error))


def _health(body: bytes) -> int:
    return health_pb2.HealthCheckResponse.FromString(body).status


def _health_of(bridge: Bridge, service: str = "") -> int:
    request = health_pb2.HealthCheckRequest(service=service)
    return _health(wire.call(bridge.channel, "/grpc.health.v1.Health/Check", request).bodies[0])


@pytest.mark.parametrize("service", ["", *sorted({path.split("/")[1] for path in wire.METHODS})])
def test_a_running_server_says_of_each_service_that_it_serves(bridge: Bridge, service: str) -> None:
    assert _health_of(bridge, service) == SERVING


def test_the_health_of_a_service_that_is_not_there_is_not_found(bridge: Bridge) -> None:
    request = health_pb2.HealthCheckRequest(service="tollbridge.v1.Nothing")
    assert wire.call(bridge.channel, "/grpc.health.v1.Health/Check", request).code is grpc.StatusCode.NOT_FOUND


@pytest.fixture(scope="module")
def drained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One server is told to stop while a payment is with the acquirer and two streams are open; then another looks."""
    made = initialized(tmp_path_factory.mktemp("drained"))
    seen: dict[str, Any] = {"made": made}
    with _acquirer_apart(made) as acquirer, running(made) as bridge, ThreadPoolExecutor(1) as pool:
        waiting = pay(bridge, capture_method=tollbridge.CAPTURE_METHOD_MANUAL)
        lookup = tollbridge.PaymentLookup(payment_id=waiting.payment_id)
        watch = Watched(
            bridge,
            wire.PATHS["WatchStatus"],
            statuses_pb.WatchStatusRequest(lookup=lookup),
            statuses_pb.WatchStatusResponse.FromString,
        )
        health = Watched(bridge, "/grpc.health.v1.Health/Watch", health_pb2.HealthCheckRequest(), _health)
        seen["health before"], seen["watched"] = health.next(), watch.next()
        request = create(merchant_reference=unique("slow"))
        with _halted(acquirer):
            slow = pool.submit(bridge.call, "CreatePayment", request)
            _wait_until_recorded(bridge, request.merchant_reference)
            os.kill(bridge.server.pid, signal.SIGTERM)
            seen["health after"], seen["watch ended"] = health.next(), watch.next()
            seen["new call"] = bridge.call("CreatePayment", create())
        seen["slow"], seen["request"] = slow.result(), request
        seen["exit code"] = bridge.server.wait(20)
        seen["log"] = bridge.server.log()
    return seen


def test_health_turns_from_serving_to_not_serving(drained: dict[str, Any]) -> None:
    assert (drained["health before"], drained["health after"]) == (SERVING, NOT_SERVING)


def test_a_status_stream_ends_with_shutting_down(drained: dict[str, Any]) -> None:
    assert drained["watched"].status.state == tollbridge.PAYMENT_STATE_AUTHORIZED
    assert drained["watch ended"].refusal == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")


def test_a_new_call_is_refused_and_its_effect_excluded(drained: dict[str, Any]) -> None:
    assert drained["new call"].refusal == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    assert drained["new call"].facts["effect"] == "EXCLUDED"


def test_the_payment_in_flight_is_answered(drained: dict[str, Any]) -> None:
    payment = drained["slow"].read(payments_pb.CreatePaymentResponse).payment
    assert payment.state == tollbridge.PAYMENT_STATE_SUCCEEDED


def test_the_server_exits_with_zero(drained: dict[str, Any]) -> None:
    assert drained["exit code"] == 0


def test_no_line_of_the_access_log_is_lost_at_the_end(drained: dict[str, Any]) -> None:
    """The lines wait in groups, so the last ones have to be written out by whoever ends the server."""
    lines = [json.loads(line) for line in drained["log"].splitlines() if '"event":"rpc"' in line]
    ended = {(line["method"], line["code"], line["reason"]) for line in lines}
    assert ("CreatePayment", "OK", "") in ended
    assert ("CreatePayment", "UNAVAILABLE", "SHUTTING_DOWN") in ended
    assert ("WatchStatus", "UNAVAILABLE", "SHUTTING_DOWN") in ended


def test_the_next_server_knows_the_payment_and_does_not_make_it_again(drained: dict[str, Any]) -> None:
    with running(drained["made"]) as restarted:
        repeated = restarted.call("CreatePayment", drained["request"]).read(payments_pb.CreatePaymentResponse)
    assert repeated.replayed
    assert repeated.payment == drained["slow"].read(payments_pb.CreatePaymentResponse).payment


def test_a_payment_whose_caller_hung_up_is_finished_before_the_server_ends(tmp_path: Path) -> None:
    made = initialized(tmp_path)
    request = create(SLOW_AMOUNT, merchant_reference=unique("hung-up"))
    with running(made) as bridge:
        metadata = (("authorization", f"Bearer {bridge.token()}"),)
        call = bridge.channel.unary_unary(wire.PATHS["CreatePayment"]).future(
            request.SerializeToString(), metadata=metadata, timeout=20
        )
        _wait_until_recorded(bridge, request.merchant_reference)
        call.cancel()
        assert bridge.server.stop() == 0
        assert "still in flight" not in bridge.server.log()
    with running(made) as restarted:
        found = _find(restarted, request.merchant_reference).read(payments_pb.GetPaymentResponse).payment
    assert found.state == tollbridge.PAYMENT_STATE_SUCCEEDED
    assert found.captured_amount == found.amount


@contextmanager
def _acquirer_apart(made: Development) -> Iterator[SimulatorProcess]:
    """Run the acquirer of the first merchant as a process of its own."""
    with SimulatorProcess(made.config_path) as acquirer:
        text = made.config_path.read_text()
        old, new = '# base_url = "http://127.0.0.1:7490"', f'base_url = "{acquirer.base_url}"'
        assert text.count(old) == 1
        made.config_path.write_text(text.replace(old, new))
        yield acquirer


@contextmanager
def _halted(acquirer: SimulatorProcess) -> Iterator[None]:
    """Keep the acquirer from answering for as long as the test needs, however busy the machine is."""
    os.kill(acquirer.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(acquirer.pid, signal.SIGCONT)


def _wait_until_recorded(bridge: Bridge, reference: str) -> None:
    """Wait until the payment is in our books, so that the acquirer is being asked for it."""
    while _find(bridge, reference).code is not grpc.StatusCode.OK:
        pass


def _find(bridge: Bridge, reference: str) -> wire.Answer:
    lookup = tollbridge.PaymentLookup(merchant_reference=reference)
    return bridge.call("GetPayment", payments_pb.GetPaymentRequest(lookup=lookup))
