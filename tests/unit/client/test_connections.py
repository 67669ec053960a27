"""How a client reaches its server, and what it shows of itself: TLS, tokens, metadata; never plaintext by accident."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
import tollbridge
from tollbridge._channel import ChannelSettings, is_local
from tollbridge.v1.payment_service_pb2 import CapturePaymentResponse
from tollbridge.v1.status_service_pb2 import GetStatusResponse

from tests.unit.client.conftest import Caller
from tests.unit.client.scripted import CUT_OFF, LOST, Refusal, ScriptedServer, Silence
from tests.unit.rpc.certificates import LOCAL_NAMES, Issued, authority, issue
from tests.waiting import PATIENCE_S, until

GOOD = GetStatusResponse(refreshed=True)
ELSEWHERE = ["10.0.0.1:7443", "gateway:7443", "pay.example.com:443", "dns:///gateway:7443", "[2001:db8::1]:7443"]
HERE = [
    *("127.0.0.1:7443", "127.8.9.10:1", "localhost:7443", "[::1]:7443", "::1", "dns:///localhost:1", "dns:127.0.0.1:1"),
    *("ipv4:127.0.0.1:1,127.0.0.2:1", "ipv6:[::1]:1", "unix:/run/t.sock", "unix:///run/t.sock", "unix-abstract:t"),
]
DISGUISED = [
    *("127.0.0.1.example.com:1", "localhost.example.com:1", "dns://10.0.0.1/localhost:1", "xds:///localhost", ""),
    *("ipv4:127.0.0.1:1,10.0.0.1:1", "ipv6:[2001:db8::1]:1", "0.0.0.0:1", "[::]:1", "vsock:2:1"),
]


@pytest.fixture(scope="module")
def ca() -> Issued:
    return authority()


@pytest.fixture
def tls_server(ca: Issued) -> Iterator[Callable[..., ScriptedServer]]:
    running: list[ScriptedServer] = []

    def start(*, mutual: bool) -> ScriptedServer:
        leaf = issue(ca, *LOCAL_NAMES)
        credentials = grpc.ssl_server_credentials(
            [(leaf.key_pem, leaf.certificate_pem)],
            root_certificates=ca.certificate_pem if mutual else None,
            require_client_auth=mutual,
        )
        running.append(ScriptedServer(credentials))
        running[-1].script("GetStatus", GOOD)
        return running[-1]

    yield start
    for server in running:
        server.stop()


def ask(client: Caller) -> Any:
    return client.call("get_status", payment_id="pay_1")


# --- which targets get plaintext -------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", HERE)
def test_this_machine_is_local(target: str) -> None:
    assert is_local(target)


@pytest.mark.parametrize("target", ELSEWHERE + DISGUISED)
def test_another_machine_is_not_local(target: str) -> None:
    assert not is_local(target)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_plaintext_to_another_machine_is_refused(target: str, connect: Callable[..., Caller]) -> None:
    with pytest.raises(ValueError, match="plaintext"):
        connect(target, tls=False)


def test_plaintext_to_another_machine_can_be_allowed(connect: Callable[..., Caller]) -> None:
    connect("10.0.0.1:7443", tls=False, allow_insecure=True)
    connect("10.0.0.1:7443", allow_insecure=True)


@pytest.mark.parametrize(
    ("target", "said", "is_secure"),
    [
        ("gateway:7443", {}, True),
        ("127.0.0.1:7443", {}, False),
        ("unix:/run/t.sock", {}, False),
        ("127.0.0.1:7443", {"tls": True}, True),
        ("127.0.0.1:7443", {"root_certificates": b"x"}, True),
        ("127.0.0.1:7443", {"client_certificate": b"x", "client_key": b"x"}, True),
        ("gateway:7443", {"allow_insecure": True}, False),
        ("gateway:7443", {"allow_insecure": True, "root_certificates": b"x"}, True),
        ("gateway:7443", {"allow_insecure": True, "tls": True}, True),
        ("gateway:7443", {"allow_insecure": True, "tls": False}, False),
    ],
)
def test_tls_is_spoken_unless_the_target_is_local_or_plaintext_was_allowed(
    target: str, said: dict[str, Any], is_secure: bool
) -> None:
    unsaid: dict[str, Any] = {
        "tls": None,
        "root_certificates": None,
        "client_certificate": None,
        "client_key": None,
        "allow_insecure": False,
        "keepalive_s": None,
        "max_message_bytes": 1000,
    }

    assert ChannelSettings(target=target, **(unsaid | said)).is_secure is is_secure


@pytest.mark.parametrize(
    "settings",
    [
        {"client_certificate": b"x"},
        {"client_key": b"x"},
        {"tls": False, "root_certificates": b"x"},
        {"timeout_s": 0},
        {"timeout_s": float("inf")},
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    settings: dict[str, Any], connect: Callable[..., Caller]
) -> None:
    with pytest.raises(ValueError):
        connect("127.0.0.1:7443", **settings)


def test_a_socket_file_is_spoken_to_in_plaintext(connect: Callable[..., Caller], tmp_path: Path) -> None:
    server = ScriptedServer(address=f"unix:{tmp_path}/t.sock")
    server.script("GetStatus", GOOD)

    try:
        assert ask(connect(server.target, token="t0ken")) == GOOD
    finally:
        server.stop()


# --- TLS -------------------------------------------------------------------------------------------------------------


def test_tls_is_spoken_with_the_given_authority(
    tls_server: Callable[..., ScriptedServer], ca: Issued, connect: Callable[..., Caller]
) -> None:
    client = connect(tls_server(mutual=False).target, root_certificates=ca.certificate_pem)

    assert ask(client) == GOOD


def test_a_server_of_another_authority_is_not_trusted(
    tls_server: Callable[..., ScriptedServer], connect: Callable[..., Caller]
) -> None:
    server = tls_server(mutual=False)
    client = connect(server.target, root_certificates=authority("another").certificate_pem)

    with pytest.raises(tollbridge.Unavailable):
        ask(client)

    assert server.calls == []


def test_mutual_tls_shows_the_clients_certificate(
    tls_server: Callable[..., ScriptedServer], ca: Issued, connect: Callable[..., Caller]
) -> None:
    own = issue(ca, *LOCAL_NAMES)
    client = connect(
        tls_server(mutual=True).target,
        root_certificates=ca.certificate_pem,
        client_certificate=own.certificate_pem,
        client_key=own.key_pem,
    )

    assert ask(client) == GOOD


def test_without_a_certificate_mutual_tls_fails(
    tls_server: Callable[..., ScriptedServer], ca: Issued, connect: Callable[..., Caller]
) -> None:
    server = tls_server(mutual=True)
    client = connect(server.target, root_certificates=ca.certificate_pem)

    with pytest.raises(tollbridge.Unavailable):
        ask(client)

    assert server.calls == []


def test_a_proxy_of_the_environment_does_not_get_what_is_for_this_machine(
    server: ScriptedServer, connect: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    server.script("GetStatus", GOOD)

    assert ask(connect(server.target)) == GOOD


def test_a_message_that_is_too_large_is_not_taken(server: ScriptedServer, connect: Callable[..., Caller]) -> None:
    large = GetStatusResponse(status=tollbridge.PaymentStatus(payment_id="p" * 5000))
    client = connect(server.target, max_message_bytes=1000)
    server.script("GetStatus", *[large] * 4)

    with pytest.raises(tollbridge.ResourceExhausted):
        ask(client)


# --- beginning and end -----------------------------------------------------------------------------------------------


def test_a_server_that_dies_in_a_call_leaves_the_effect_possible(connect: Callable[..., Caller]) -> None:
    server = ScriptedServer()
    server.script("CapturePayment", Silence())
    client = connect(server.target, retry=tollbridge.RetryPolicy(max_attempts=1))
    killer = threading.Thread(target=lambda: server.called.wait(30) and server.stop())

    killer.start()
    with pytest.raises(tollbridge.TollbridgeError) as caught:
        client.call("capture_payment", payment_id="pay_1")
    killer.join()

    assert (caught.value.reason, caught.value.effect) == (None, tollbridge.Effect.POSSIBLE)


def test_the_end_of_the_context_closes_the_client(server: ScriptedServer) -> None:
    server.script("GetStatus", GOOD)
    with tollbridge.Client(server.target) as client:
        client.get_status(payment_id="pay_1")

    with pytest.raises(ValueError, match="closed"):
        client.get_status(payment_id="pay_1")


async def test_the_end_of_the_context_closes_the_async_client(server: ScriptedServer) -> None:
    server.script("GetStatus", GOOD)
    async with tollbridge.AsyncClient(server.target) as client:
        await client.get_status(payment_id="pay_1")

    with pytest.raises(grpc.aio.UsageError):
        await client.get_status(payment_id="pay_1")


def test_a_call_that_runs_when_its_client_is_closed_is_canceled_and_not_made_again(server: ScriptedServer) -> None:
    server.script("GetStatus", Silence(), GOOD)
    client = tollbridge.Client(server.target)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.get_status, payment_id="pay_1")
        assert server.called.wait(PATIENCE_S)
        client.close()
        with pytest.raises(tollbridge.Canceled):
            call.result(PATIENCE_S)
    assert len(server.calls) == 1


async def test_a_call_that_runs_when_its_async_client_is_closed_is_not_made_again(server: ScriptedServer) -> None:
    server.script("GetStatus", Silence(), GOOD)
    client = tollbridge.AsyncClient(server.target)
    call = asyncio.create_task(client.get_status(payment_id="pay_1"))
    await until(lambda: server.calls)
    await client.close()
    with pytest.raises((tollbridge.Canceled, asyncio.CancelledError)):
        await asyncio.wait_for(call, PATIENCE_S)
    assert len(server.calls) == 1


@pytest.mark.parametrize("refusal", [LOST, CUT_OFF], ids=["lost", "cut"])
def test_a_call_that_pauses_when_its_client_is_closed_ends_with_what_it_waited_for(
    server: ScriptedServer, refusal: Refusal
) -> None:
    server.script("CapturePayment", refusal, CapturePaymentResponse())
    client = tollbridge.Client(server.target, retry=tollbridge.RetryPolicy(initial_backoff_s=2.0))
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.capture_payment, payment_id="pay_1", idempotency_key="k")
        assert server.called.wait(PATIENCE_S)
        client.close()
        with pytest.raises(tollbridge.TollbridgeError) as ended:
            call.result(PATIENCE_S)
    assert (ended.value.effect, ended.value.idempotency_key) == (tollbridge.Effect.POSSIBLE, "k")
    assert len(server.calls) == 1


@pytest.mark.parametrize("refusal", [LOST, CUT_OFF], ids=["lost", "cut"])
async def test_a_call_that_pauses_when_its_async_client_is_closed_ends_with_what_it_waited_for(
    server: ScriptedServer, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    pausing, sleep = asyncio.Event(), asyncio.sleep

    async def noticed(seconds: float) -> None:
        pausing.set()
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", noticed)
    server.script("CapturePayment", refusal, CapturePaymentResponse())
    client = tollbridge.AsyncClient(server.target, retry=tollbridge.RetryPolicy(initial_backoff_s=2.0))
    call = asyncio.create_task(client.capture_payment(payment_id="pay_1", idempotency_key="k"))
    await asyncio.wait_for(pausing.wait(), PATIENCE_S)
    await client.close()
    with pytest.raises(tollbridge.TollbridgeError) as ended:
        await asyncio.wait_for(call, PATIENCE_S)
    assert (ended.value.effect, ended.value.idempotency_key) == (tollbridge.Effect.POSSIBLE, "k")
    assert len(server.calls) == 1
