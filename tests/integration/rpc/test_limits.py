"""The bounds of a server: how many calls at once, how short and how long a deadline; and the id that each call has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
import tollbridge
from tollbridge.v1 import payment_service_pb2 as payments_pb
from tollbridge.v1 import status_service_pb2 as statuses_pb

from tests.integration.rpc import wire
from tests.integration.rpc.bridges import Bridge, create, initialized, money, pay, running, unique

DEADLINE_EXCEEDED = grpc.StatusCode.DEADLINE_EXCEEDED
RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
SLOW_AMOUNT = 19103
MISSING = payments_pb.GetPaymentRequest(lookup=tollbridge.PaymentLookup(merchant_reference="no-such-order"))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """A server that takes one call and one stream at once, and cuts calls off just before a slow one is answered."""
    environment = {
        "TOLLBRIDGE_SERVER__MAX_IN_FLIGHT": "1",
        "TOLLBRIDGE_SERVER__MAX_STREAMS": "1",
        "TOLLBRIDGE_SERVER__MIN_DEADLINE_S": "0.2",
        "TOLLBRIDGE_SERVER__MAX_DEADLINE_S": "0.9",
        "TOLLBRIDGE_SERVER__MAX_MESSAGE_BYTES": "4096",
    }
    with running(initialized(tmp_path_factory.mktemp("narrow")), **environment) as started:
        yield started


def test_a_call_above_the_limit_is_refused_and_told_when_to_come_back(narrow: Bridge) -> None:
    """The slow payment holds the one place; calls without a token are refused before they are even looked at."""
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(_take_the_one_place, narrow)
        while (answer := narrow.call("GetPayment", MISSING)).code is not RESOURCE_EXHAUSTED:
            assert not slow.done(), "the slow payment ended before the limit was seen"
        anonymous = wire.call(narrow.channel, "GetPayment")
        slow.result()
    assert answer.reason == "OVERLOADED"
    assert answer.facts["effect"] == "EXCLUDED"
    assert b"google.rpc.RetryInfo" in answer.details
    assert anonymous.reason in ("OVERLOADED", "CREDENTIALS_MISSING")
    assert narrow.call("GetPayment", MISSING).reason == "PAYMENT_NOT_FOUND"


def test_a_stream_above_the_limit_is_refused_and_does_not_disturb_the_other(narrow: Bridge) -> None:
    payment = pay(narrow, capture_method=tollbridge.CAPTURE_METHOD_MANUAL)
    request = statuses_pb.WatchStatusRequest(lookup=tollbridge.PaymentLookup(payment_id=payment.payment_id))
    metadata = (("authorization", f"Bearer {narrow.token()}"),)
    stream = narrow.channel.unary_stream(wire.PATHS["WatchStatus"])(
        request.SerializeToString(), metadata=metadata, timeout=20
    )
    next(stream)
    assert narrow.call("WatchStatus", request).refusal == (RESOURCE_EXHAUSTED, "OVERLOADED")
    capture = payments_pb.CapturePaymentRequest(idempotency_key=unique(), payment_id=payment.payment_id)
    narrow.call("CapturePayment", capture)
    states = [statuses_pb.WatchStatusResponse.FromString(body).status.state for body in stream]
    assert states[-1] == tollbridge.PAYMENT_STATE_SUCCEEDED


def test_a_changing_call_with_too_little_time_left_is_refused_before_anything_is_begun(narrow: Bridge) -> None:
    request = create(merchant_reference=unique("hurried"))
    answer = narrow.call("CreatePayment", request, timeout_s=0.15)
    assert answer.code is DEADLINE_EXCEEDED
    if answer.details:  # A machine that is too busy lets the deadline pass on the way, which says the same.
        assert (answer.reason, answer.facts["effect"]) == ("DEADLINE_TOO_SHORT", "EXCLUDED")
    lookup = tollbridge.PaymentLookup(merchant_reference=request.merchant_reference)
    found = narrow.call("GetPayment", payments_pb.GetPaymentRequest(lookup=lookup))
    assert found.reason == "PAYMENT_NOT_FOUND"


def test_a_call_that_outlasts_the_server_s_own_limit_ends_but_its_payment_does_not(narrow: Bridge) -> None:
    request = create(SLOW_AMOUNT, merchant_reference=unique("patient"))
    answer = narrow.call("CreatePayment", request)
    assert answer.refusal == (DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
    assert answer.facts["effect"] == "POSSIBLE"
    with narrow.client() as client:
        statuses = list(client.watch_status(merchant_reference=request.merchant_reference, timeout_s=20))
    assert statuses[-1].state == tollbridge.PAYMENT_STATE_SUCCEEDED


def test_the_configured_message_limit_is_the_one_that_counts(narrow: Bridge) -> None:
    request = create(metadata={f"note-{number}": "v" * 500 for number in range(20)})
    assert narrow.call("CreatePayment", request).code is RESOURCE_EXHAUSTED


# The correlation id.


@pytest.mark.parametrize("given", ["a", "order/7:try=2", "x" * 64])
def test_a_given_correlation_id_is_echoed_and_logged(bridge: Bridge, given: str) -> None:
    answer = bridge.call("GetPayment", MISSING, metadata=(("x-correlation-id", given),))
    assert answer.facts["correlation_id"] == given
    assert _logged(bridge, given)["reason"] == "PAYMENT_NOT_FOUND"


@pytest.mark.parametrize("given", ["", "x" * 65, "two words"])
def test_a_correlation_id_that_no_log_could_take_is_replaced(bridge: Bridge, given: str) -> None:
    answer = bridge.call("GetPayment", MISSING, metadata=(("x-correlation-id", given),))
    assert re.fullmatch("[0-9a-f]{32}", answer.facts["correlation_id"])


def test_an_entry_of_a_batch_carries_the_id_of_its_call(bridge: Bridge) -> None:
    request = statuses_pb.BatchGetStatusRequest(lookups=[MISSING.lookup])
    answer = bridge.call("BatchGetStatus", request, metadata=(("x-correlation-id", "batch-7"),))
    (result,) = answer.read(statuses_pb.BatchGetStatusResponse).results
    assert wire.read_details(result.error)[1]["correlation_id"] == "batch-7"


def test_the_log_line_of_a_call_tells_method_code_reason_and_merchant(bridge: Bridge) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    metadata = (("x-correlation-id", "logged-1"), ("traceparent", f"00-{trace}-b7ad6b7169203331-01"))
    bridge.call("CreatePayment", create(amount=money(1, "XXX")), metadata=metadata)
    line = _logged(bridge, "logged-1")
    expected = {"method": "CreatePayment", "merchant_id": "demo", "subject": "development", "trace_id": trace}
    assert {name: line[name] for name in expected} == expected
    assert line["code"] != "OK"
    assert line["reason"]
    assert line["duration_ms"] >= 0


def _take_the_one_place(narrow: Bridge) -> None:
    """Begin a slow payment, as often as it takes until no look at the limit is in its way."""
    while narrow.call("CreatePayment", create(SLOW_AMOUNT)).reason == "OVERLOADED":
        pass


def _logged(bridge: Bridge, correlation_id: str) -> dict[str, Any]:
    """The line of a call; it is written after the call was answered, so it may take a moment."""
    while True:
        for text in bridge.server.log().splitlines():
            line: dict[str, Any] = json.loads(text) if text.startswith("{") and text.endswith("}") else {}
            if line.get("event") == "rpc" and line.get("correlation_id") == correlation_id:
                return line
