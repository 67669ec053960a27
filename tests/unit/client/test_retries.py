"""What is repeated, with which key and for how long; and what all tries together may have done."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest
import tollbridge
from tollbridge._retry import Attempts
from tollbridge.v1.payment_service_pb2 import CapturePaymentResponse
from tollbridge.v1.status_service_pb2 import GetStatusResponse

from tests.unit.client.conftest import Caller
from tests.unit.client.scripted import BUSY, CUT_OFF, LOST, Refusal, ScriptedServer, Silence

GOOD = CapturePaymentResponse(operation_id="op_1")
IN_PROGRESS = Refusal(code=grpc.StatusCode.ABORTED, reason="OPERATION_IN_PROGRESS", metadata={"effect": "POSSIBLE"})
GOING_DOWN = Refusal(code=grpc.StatusCode.UNAVAILABLE, reason="SHUTTING_DOWN", metadata={"effect": "EXCLUDED"})


@pytest.mark.parametrize(
    "refusal", [IN_PROGRESS, BUSY, GOING_DOWN, CUT_OFF, LOST], ids=["aborted", "busy", "down", "cut", "lost"]
)
def test_a_passing_trouble_is_repeated_with_the_same_key(
    refusal: Refusal, server: ScriptedServer, client: Caller
) -> None:
    server.script("CapturePayment", refusal, refusal, GOOD)

    answer = client.call("capture_payment", payment_id="pay_1")

    keys = [call.request.idempotency_key for call in server.calls]
    assert answer == GOOD
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert keys[0] != ""


@pytest.mark.parametrize(
    "code",
    [
        code
        for code in grpc.StatusCode
        if code.name not in {"OK", "ABORTED", "CANCELLED", "UNAVAILABLE", "RESOURCE_EXHAUSTED"}
    ],
    ids=lambda code: code.name,
)
def test_no_other_code_is_repeated(code: grpc.StatusCode, server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", Refusal(code=code), GOOD)

    with pytest.raises(tollbridge.TollbridgeError):
        client.call("capture_payment", payment_id="pay_1")

    assert len(server.calls) == 1


def test_a_read_is_repeated_too(server: ScriptedServer, client: Caller) -> None:
    server.script("GetStatus", LOST, GetStatusResponse(refreshed=True))

    assert client.call("get_status", payment_id="pay_1").refreshed
    assert len(server.calls) == 2


def test_the_callers_own_key_is_sent_unchanged(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", LOST, GOOD)

    client.call("capture_payment", payment_id="pay_1", idempotency_key="order-7/capture")

    assert [call.request.idempotency_key for call in server.calls] == ["order-7/capture"] * 2


def test_an_empty_key_is_not_replaced_by_a_new_one(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", GOOD)

    client.call("capture_payment", payment_id="pay_1", idempotency_key="")

    assert server.calls[0].request.idempotency_key == ""


def test_two_calls_get_two_keys(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", GOOD, GOOD)

    client.call("capture_payment", payment_id="pay_1")
    client.call("capture_payment", payment_id="pay_1")

    assert len({call.request.idempotency_key for call in server.calls}) == 2


def test_tries_are_bounded_by_the_policy(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", *[LOST] * 4, GOOD)

    with pytest.raises(tollbridge.Unavailable):
        client.call("capture_payment", payment_id="pay_1")

    assert len(server.calls) == 4


def test_one_attempt_switches_repeats_off(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    client = connect(server.target, retry=tollbridge.RetryPolicy(max_attempts=1))
    server.script("CapturePayment", LOST, GOOD)

    with pytest.raises(tollbridge.Unavailable):
        client.call("capture_payment", payment_id="pay_1")

    assert len(server.calls) == 1


def test_a_pause_that_would_outlast_the_deadline_is_not_begun(server: ScriptedServer, client: Caller) -> None:
    asks_an_hour = Refusal(code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason="OVERLOADED", retry_after_s=3600)
    server.script("CapturePayment", asks_an_hour, GOOD)

    with pytest.raises(tollbridge.Overloaded) as caught:
        client.call("capture_payment", payment_id="pay_1", timeout_s=20)

    assert caught.value.retry_after_s == 3600
    assert len(server.calls) == 1


def test_a_refusal_after_a_lost_try_does_not_exclude_the_effect(server: ScriptedServer, client: Caller) -> None:
    refusal = Refusal(
        code=grpc.StatusCode.UNAUTHENTICATED, reason="CREDENTIALS_EXPIRED", metadata={"effect": "EXCLUDED"}
    )
    server.script("CapturePayment", LOST, refusal)

    with pytest.raises(tollbridge.CredentialsExpired) as caught:
        client.call("capture_payment", payment_id="pay_1")

    assert caught.value.effect is tollbridge.Effect.POSSIBLE


def test_refusals_that_all_exclude_an_effect_exclude_it_together(server: ScriptedServer, client: Caller) -> None:
    server.script("CapturePayment", *[BUSY] * 4)

    with pytest.raises(tollbridge.Overloaded) as caught:
        client.call("capture_payment", payment_id="pay_1")

    assert caught.value.effect is tollbridge.Effect.EXCLUDED


def test_the_clients_deadline_counts_where_a_call_names_none(
    server: ScriptedServer, connect: Callable[..., Caller]
) -> None:
    client = connect(server.target, timeout_s=0.2)
    server.script("CapturePayment", Silence(), GOOD)

    with pytest.raises(tollbridge.DeadlineExceeded):
        client.call("capture_payment", payment_id="pay_1")

    # On a busy machine the call itself may come late; a repeat would have taken the answer that is left.
    assert server.answers["CapturePayment"][-1] is GOOD


def test_a_server_that_is_not_there_is_unavailable(connect: Callable[..., Caller]) -> None:
    with pytest.raises(tollbridge.Unavailable):
        connect("unix:/nonexistent/tollbridge.sock").call("get_payment", payment_id="pay_1")


# --- the arithmetic, on a clock of the test's own -------------------------------------------------------------------


def lost(retry_after_s: float | None = None) -> tollbridge.TollbridgeError:
    return tollbridge.Unavailable("lost", code=grpc.StatusCode.UNAVAILABLE, retry_after_s=retry_after_s)


def test_the_pause_doubles_up_to_its_bound() -> None:
    policy = tollbridge.RetryPolicy(max_attempts=9, initial_backoff_s=1, max_backoff_s=5)
    attempts = Attempts(policy, timeout_s=None, fraction=lambda: 1.0)

    assert [attempts.pause_s(lost()) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_the_jitter_takes_at_most_half_of_the_pause() -> None:
    policy = tollbridge.RetryPolicy(initial_backoff_s=1)

    assert [policy.backoff_s(1, fraction=fraction) for fraction in (0.0, 0.5, 1.0)] == [0.5, 0.75, 1.0]


def test_the_servers_longer_pause_is_kept_and_a_shorter_one_is_not_waited_under() -> None:
    policy = tollbridge.RetryPolicy(initial_backoff_s=1)

    assert Attempts(policy, timeout_s=None, fraction=lambda: 1.0).pause_s(lost(30)) == 30
    assert Attempts(policy, timeout_s=None, fraction=lambda: 1.0).pause_s(lost(0.01)) == 1


def test_a_try_gets_what_is_left_of_the_deadline() -> None:
    now = [100.0]
    attempts = Attempts(tollbridge.RetryPolicy(), timeout_s=10, clock=lambda: now[0])

    now[0] = 107.0
    assert attempts.begin() == 3
    now[0] = 111.0
    assert attempts.begin() == 0


def test_without_a_number_of_tries_the_deadline_alone_ends_the_repeats() -> None:
    now = [0.0]
    attempts = Attempts(tollbridge.RetryPolicy(), timeout_s=30, clock=lambda: now[0], fraction=lambda: 1.0)
    while (pause_s := attempts.pause_s(lost())) is not None:
        now[0] += pause_s

    assert 28 <= now[0] < 30


def _watching(now: list[float]) -> Attempts:
    return Attempts(tollbridge.RetryPolicy(), timeout_s=None, patience_s=30, clock=lambda: now[0], fraction=lambda: 1.0)


def test_a_watch_that_never_reached_a_server_gives_up() -> None:
    now = [0.0]
    attempts = _watching(now)
    while (pause_s := attempts.pause_s(lost())) is not None:
        now[0] += pause_s

    assert 28 <= now[0] < 30


@pytest.mark.parametrize("has_told", [True, False])
def test_a_watch_that_once_stood_is_resumed_however_long_the_server_is_away(has_told: bool) -> None:
    now = [0.0]
    attempts = _watching(now)
    attempts.begin()
    if has_told:
        attempts.progressed()
    now[0] = 3600.0  # The stream stood for an hour.
    for _ in range(1000):
        pause_s = attempts.pause_s(lost())
        assert pause_s is not None
        now[0] += pause_s
        attempts.begin()


def test_a_very_patient_policy_does_not_overflow() -> None:
    assert tollbridge.RetryPolicy(max_attempts=10**6).backoff_s(10**6, fraction=1.0) == 2.0


@pytest.mark.parametrize("wrong", [{"max_attempts": 0}, {"initial_backoff_s": 0}, {"max_backoff_s": 0.01}])
def test_a_policy_without_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        tollbridge.RetryPolicy(**wrong)  # type: ignore[arg-type]
