"""TLS and mutual TLS from the configuration to the last byte, and the refusal to listen without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import tollbridge
from cryptography import x509
from tollbridge_server.development import Development
from tollbridge_server.testing.processes import ProcessFailed, ServerProcess

from tests.integration.rpc import wire
from tests.integration.rpc.bridges import NO_RETRY, A, B, initialized, token
from tests.unit.rpc.certificates import LOCAL_NAMES, Issued, authority, issue

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
NAME_OF_A, NAME_OF_B = "shop-a.example", "spiffe://example/shop-b"


class Secured:
    """A server with mutual TLS, its authorities, and a certificate for each merchant."""

    def __init__(self, directory: Path) -> None:
        self.servers, self.clients = authority("servers"), authority("clients")
        self.of_a = issue(self.clients, x509.DNSName(NAME_OF_A))
        self.of_b = issue(self.clients, x509.UniformResourceIdentifier(NAME_OF_B))
        self.made = initialized(directory)
        _write_tls(self.made, issue(self.servers, *LOCAL_NAMES), clients=self.clients)
        _name_merchants(self.made)
        self.server = ServerProcess(self.made.config_path)

    def call(self, identity: Issued | None, merchant: str | None, path: str = "ListPayments") -> wire.Answer:
        """Call with a client certificate and the token of a merchant, either may be missing."""
        credentials = grpc.ssl_channel_credentials(
            self.servers.certificate_pem,
            identity.key_pem if identity else None,
            identity.certificate_pem if identity else None,
        )
        with grpc.secure_channel(self.server.target, credentials) as channel:
            return wire.call(channel, path, token=token(self.made, merchant) if merchant else None)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    made = Secured(tmp_path_factory.mktemp("secured"))
    with made.server:
        yield made


@pytest.mark.parametrize("merchant", [A, B])
def test_a_merchant_with_its_certificate_and_token_is_served(secured: Secured, merchant: str) -> None:
    identity = secured.of_a if merchant == A else secured.of_b
    assert secured.call(identity, merchant).code is grpc.StatusCode.OK


@pytest.mark.parametrize("merchant", [A, B])
def test_the_certificate_of_one_merchant_with_the_token_of_another_is_refused(secured: Secured, merchant: str) -> None:
    identity = secured.of_b if merchant == A else secured.of_a
    assert secured.call(identity, merchant).refusal == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")


def test_a_certificate_alone_is_no_caller(secured: Secured) -> None:
    assert secured.call(secured.of_a, None).refusal == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")


def test_a_certificate_that_names_nobody_is_refused(secured: Secured) -> None:
    stranger = issue(secured.clients, x509.DNSName("stranger.example"))
    assert secured.call(stranger, A).refusal == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")


def test_a_caller_without_a_certificate_gets_no_connection(secured: Secured) -> None:
    assert secured.call(None, A).refusal == (UNAVAILABLE, "")


def test_a_certificate_of_another_authority_gets_no_connection(secured: Secured) -> None:
    forged = issue(authority("clients"), x509.DNSName(NAME_OF_A))
    assert secured.call(forged, A).refusal == (UNAVAILABLE, "")


def test_an_expired_certificate_gets_no_connection(secured: Secured) -> None:
    expired = issue(secured.clients, x509.DNSName(NAME_OF_A), lasts_days=(-2, -1))
    assert secured.call(expired, A).refusal == (UNAVAILABLE, "")


def test_a_plaintext_caller_gets_no_connection(secured: Secured) -> None:
    with grpc.insecure_channel(secured.server.target) as channel:
        answer = wire.call(channel, "ListPayments", token=token(secured.made))
        health = wire.call(channel, "/grpc.health.v1.Health/Check")
    assert answer.refusal == health.refusal == (UNAVAILABLE, "")


def test_the_generated_client_speaks_mutual_tls(secured: Secured) -> None:
    with tollbridge.Client(
        secured.server.target,
        token=token(secured.made),
        tls=True,
        root_certificates=secured.servers.certificate_pem,
        client_certificate=secured.of_a.certificate_pem,
        client_key=secured.of_a.key_pem,
        retry=NO_RETRY,
    ) as client:
        assert list(client.list_payments()) == []


def test_tls_without_client_certificates_serves_whoever_has_a_token(tmp_path: Path) -> None:
    made, servers = initialized(tmp_path), authority()
    _write_tls(made, issue(servers, *LOCAL_NAMES))
    credentials = grpc.ssl_channel_credentials(servers.certificate_pem)
    mistrusting = grpc.ssl_channel_credentials(authority().certificate_pem)
    with ServerProcess(made.config_path) as server:
        with grpc.secure_channel(server.target, credentials) as channel:
            assert wire.call(channel, "ListPayments", token=token(made)).code is grpc.StatusCode.OK
        with grpc.secure_channel(server.target, mistrusting) as channel:
            assert wire.call(channel, "ListPayments", token=token(made)).refusal == (UNAVAILABLE, "")


# Listening without TLS.


@pytest.mark.parametrize("address", ["0.0.0.0:0", "bridge.example:7443"])
def test_an_address_that_others_reach_needs_tls(tmp_path: Path, address: str) -> None:
    made = initialized(tmp_path)
    _listen(made, address)
    checked = _check(made)
    assert checked.returncode == 2
    assert "server.listen" in checked.stderr
    assert "[server.tls]" in checked.stderr


def test_a_server_on_such_an_address_does_not_start(tmp_path: Path) -> None:
    made = initialized(tmp_path)
    _listen(made, "0.0.0.0:0")
    with pytest.raises(ProcessFailed, match=r"server\.listen"):
        ServerProcess(made.config_path).start()


def test_such_an_address_is_right_with_tls(tmp_path: Path) -> None:
    made = initialized(tmp_path)
    _listen(made, "0.0.0.0:0")
    _write_tls(made, issue(authority(), *LOCAL_NAMES))
    checked = _check(made)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_key_of_another_certificate_is_found_before_the_start(tmp_path: Path) -> None:
    made = initialized(tmp_path)
    _write_tls(made, issue(authority(), *LOCAL_NAMES))
    (tmp_path / "server.key").write_bytes(authority().key_pem)
    checked = _check(made)
    assert checked.returncode == 2
    assert "server.tls" in checked.stderr


def _check(made: Development) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tollbridge_server", "config", "check", "--config", str(made.config_path)]
    environment: dict[str, Any] = {"env": {"COLUMNS": "1000", "PATH": ""}}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **environment)


def _listen(made: Development, address: str) -> None:
    _replace(made, 'listen = "127.0.0.1:0"', f'listen = "{address}"')


def _write_tls(made: Development, server: Issued, *, clients: Issued | None = None) -> None:
    directory = made.config_path.parent
    (directory / "server.pem").write_bytes(server.certificate_pem)
    (directory / "server.key").write_bytes(server.key_pem)
    section = '[server.tls]\ncertificate_file = "server.pem"\nkey_file = "server.key"\n'
    if clients is not None:
        (directory / "clients.pem").write_bytes(clients.certificate_pem)
        section += 'client_ca_file = "clients.pem"\n'
    _replace(made, "[notifications]\n", f"{section}\n[notifications]\n")


def _name_merchants(made: Development) -> None:
    for merchant, name in ((A, NAME_OF_A), (B, NAME_OF_B)):
        _replace(made, f'id = "{merchant}"\n', f'id = "{merchant}"\ncertificate_names = ["{name}"]\n')


def _replace(made: Development, old: str, new: str) -> None:
    """Change the first place where `old` stands; a configuration that has changed its words fails the test."""
    text = made.config_path.read_text()
    assert old in text, old
    made.config_path.write_text(text.replace(old, new, 1))
