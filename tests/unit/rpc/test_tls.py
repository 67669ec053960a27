"""TLS: real handshakes show which client certificates a server accepts, for whom, and how its files rotate."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc import tls
from tollbridge_server.services.requests import Caller

from tests.unit.rpc.certificates import LOCAL_NAMES, Issued, authority, issue

CA = authority()
SERVER = issue(CA, *LOCAL_NAMES)
SHOP_A = issue(CA, x509.DNSName("Shop-A.example"), x509.UniformResourceIdentifier("spiffe://example/Shop-A"))
SHOP_B = issue(CA, x509.DNSName("shop-b.example"))
IDENTITIES = {"shop_a": frozenset({"shop-a.example"}), "shop_b": frozenset({"shop-b.example"})}


class Files:
    """The PEM files of one server; writing one replaces it as a deployment does."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key, self.client_ca = (
            folder / "server.pem",
            folder / "server.key",
            folder / "clients.pem",
        )
        self.write(SERVER)
        self.client_ca.write_bytes(CA.certificate_pem)

    def write(self, issued: Issued) -> None:
        _replace(self.certificate, issued.certificate_pem)
        _replace(self.key, issued.key_pem)

    def credentials(self, *, mutual: bool = True) -> grpc.ServerCredentials:
        return tls.server_credentials(
            certificate_path=self.certificate,
            key_path=self.key,
            client_ca_path=self.client_ca if mutual else None,
            require_client_certificate=mutual,
        )


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


class Gate(grpc.GenericRpcHandler):
    """Answers with the client's names when the merchant, whose id is the request, owns them."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def answer(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            names = tls.client_identity(context.auth_context())
            if request:
                try:
                    tls.require_matching_identity(Caller(request.decode(), "test", frozenset()), names, IDENTITIES)
                except RequestError as refused:
                    await context.abort(grpc.StatusCode.UNAUTHENTICATED, refused.reason.value)
            return " ".join(names).encode()

        return grpc.unary_unary_rpc_method_handler(answer)


@asynccontextmanager
async def serving(credentials: grpc.ServerCredentials) -> AsyncIterator[int]:
    server = grpc.aio.server(handlers=[Gate()])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


async def call(port: int, client: Issued | None, *, merchant: str = "", roots: Issued = CA) -> str:
    """What the server answers over a connection of its own."""
    pair = (None, None) if client is None else (client.key_pem, client.certificate_pem)
    credentials = grpc.ssl_channel_credentials(roots.certificate_pem, *pair)
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        answer: Any = await channel.unary_unary("/test.Gate/Answer")(merchant.encode(), timeout=20)
    return bytes(answer).decode()


async def refused(port: int, client: Issued | None, **options: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(port, client, **options)
    return caught.value.code()


async def presented_serial(port: int) -> int:
    """The serial number of the certificate that the server shows on a new connection."""
    pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


# Handshakes.


async def test_the_merchants_own_certificate_is_accepted_with_its_token(files: Files) -> None:
    async with serving(files.credentials()) as port:
        assert await call(port, SHOP_A, merchant="shop_a") == "shop-a.example spiffe://example/Shop-A"


async def test_the_certificate_of_one_merchant_with_the_token_of_another_is_refused(files: Files) -> None:
    async with serving(files.credentials()) as port:
        assert await refused(port, SHOP_A, merchant="shop_b") is grpc.StatusCode.UNAUTHENTICATED
        assert await refused(port, SHOP_B, merchant="shop_a") is grpc.StatusCode.UNAUTHENTICATED


async def test_a_client_without_a_certificate_is_refused(files: Files) -> None:
    async with serving(files.credentials()) as port:
        assert await refused(port, None) is grpc.StatusCode.UNAVAILABLE
        assert await call(port, SHOP_A)


async def test_an_expired_client_certificate_is_refused(files: Files) -> None:
    expired = issue(CA, x509.DNSName("shop-a.example"), lasts_days=(-2, -1))
    async with serving(files.credentials()) as port:
        assert await refused(port, expired) is grpc.StatusCode.UNAVAILABLE


async def test_a_client_certificate_that_is_not_valid_yet_is_refused(files: Files) -> None:
    early = issue(CA, x509.DNSName("shop-a.example"), lasts_days=(1, 2))
    async with serving(files.credentials()) as port:
        assert await refused(port, early) is grpc.StatusCode.UNAVAILABLE


async def test_a_client_certificate_of_another_authority_of_the_same_name_is_refused(files: Files) -> None:
    forged = issue(authority(), x509.DNSName("shop-a.example"))
    async with serving(files.credentials()) as port:
        assert await refused(port, forged) is grpc.StatusCode.UNAVAILABLE


async def test_a_self_signed_client_certificate_is_refused(files: Files) -> None:
    async with serving(files.credentials()) as port:
        assert await refused(port, authority("shop-a.example")) is grpc.StatusCode.UNAVAILABLE


async def test_an_email_or_common_name_is_no_identity(files: Files) -> None:
    named = issue(CA, x509.RFC822Name("shop-a.example@example.com"))
    async with serving(files.credentials()) as port:
        assert await call(port, named) == ""
        assert await refused(port, named, merchant="shop_a") is grpc.StatusCode.UNAUTHENTICATED


async def test_without_mutual_tls_no_identity_is_known(files: Files) -> None:
    async with serving(files.credentials(mutual=False)) as port:
        assert await call(port, None) == ""
        assert await call(port, SHOP_A) == ""


async def test_a_plaintext_client_is_refused(files: Files) -> None:
    async with serving(files.credentials()) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/test.Gate/Answer")(b"", timeout=20)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_tls_older_than_1_2_is_refused(files: Files) -> None:
    def shake(version: ssl.TLSVersion, port: int) -> str | None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.set_alpn_protocols(["h2"])
        context.minimum_version = context.maximum_version = version
        with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw) as wrapped:
            return wrapped.version()

    async with serving(files.credentials(mutual=False)) as port:
        assert await asyncio.to_thread(shake, ssl.TLSVersion.TLSv1_2, port) == "TLSv1.2"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(shake, ssl.TLSVersion.TLSv1_1, port)


# Rotation.


async def test_a_rotated_certificate_is_shown_to_the_next_connection(files: Files) -> None:
    async with serving(files.credentials(mutual=False)) as port:
        assert await presented_serial(port) == SERVER.certificate.serial_number
        renewed = issue(CA, *LOCAL_NAMES)
        files.write(renewed)
        assert await presented_serial(port) == renewed.certificate.serial_number


async def test_a_rotated_client_authority_replaces_the_former_one(files: Files) -> None:
    other = authority("other")
    client = issue(other, x509.DNSName("shop-a.example"))
    async with serving(files.credentials()) as port:
        assert await refused(port, client) is grpc.StatusCode.UNAVAILABLE
        _replace(files.client_ca, other.certificate_pem)
        assert await call(port, client, merchant="shop_a") == "shop-a.example"
        assert await refused(port, SHOP_A) is grpc.StatusCode.UNAVAILABLE


async def test_files_that_do_not_fit_each_other_yet_keep_the_former_ones(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    renewed = issue(CA, *LOCAL_NAMES)
    async with serving(files.credentials(mutual=False)) as port:
        _replace(files.certificate, renewed.certificate_pem)
        with caplog.at_level(logging.ERROR):
            assert await presented_serial(port) == SERVER.certificate.serial_number
        assert "former ones stay in use" in caplog.text
        _replace(files.key, renewed.key_pem)
        assert await presented_serial(port) == renewed.certificate.serial_number


# Files that can not be used.


def _encrypted(issued: Issued) -> bytes:
    return issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize(
    ("spoil", "named", "saying"),
    [
        (lambda files: files.key.unlink(), "server.key", "can not be read"),
        (lambda files: files.certificate.unlink(), "server.pem", "can not be read"),
        (lambda files: files.client_ca.unlink(), "clients.pem", "can not be read"),
        (lambda files: files.key.write_bytes(SHOP_A.key_pem), "server.key", "not the key of the certificate"),
        (lambda files: files.key.write_bytes(_encrypted(SERVER)), "server.key", "not encrypted"),
        (lambda files: files.key.write_bytes(SERVER.certificate_pem), "server.key", "no private key"),
        (lambda files: files.certificate.write_bytes(b""), "server.pem", "no certificate"),
        (lambda files: files.client_ca.write_bytes(b"hello"), "clients.pem", "no certificate"),
        (lambda files: files.write(issue(CA, *LOCAL_NAMES, lasts_days=(-2, -1))), "server.pem", "has expired"),
        (lambda files: files.write(issue(CA, *LOCAL_NAMES, lasts_days=(1, 2))), "server.pem", "valid only from"),
        (
            lambda files: files.client_ca.write_bytes(issue(CA, lasts_days=(-2, -1)).certificate_pem),
            "clients.pem",
            "expired",
        ),
    ],
)
def test_an_unusable_file_is_named_at_the_start(
    files: Files, spoil: Callable[[Files], Any], named: str, saying: str
) -> None:
    spoil(files)
    with pytest.raises(tls.TlsFileInvalid, match=saying) as caught:
        files.credentials()
    assert str(caught.value).split(":")[0].endswith(named)


def test_an_expired_authority_beside_its_successor_is_accepted(files: Files) -> None:
    files.client_ca.write_bytes(issue(CA, lasts_days=(-2, -1)).certificate_pem + CA.certificate_pem)
    assert files.credentials()


@pytest.mark.parametrize("is_required", [True, False])
def test_a_requirement_without_authority_or_the_other_way_round_is_refused(files: Files, is_required: bool) -> None:
    with pytest.raises(ValueError, match="require"):
        tls.server_credentials(
            certificate_path=files.certificate,
            key_path=files.key,
            client_ca_path=None if is_required else files.client_ca,
            require_client_certificate=is_required,
        )


# Whose certificate it is.


@pytest.mark.parametrize(
    ("sans", "listed"),
    [
        ((), {"shop_a": frozenset({"shop-a.example"})}),
        (("shop-a.example",), {}),
        (("shop-a.example",), {"shop_a": frozenset()}),
        (("evil.shop-a.example",), {"shop_a": frozenset({"shop-a.example", "*.shop-a.example"})}),
        (("*.example",), {"shop_a": frozenset({"shop-a.example"})}),
        (("spiffe://example/shop-a",), {"shop_a": frozenset({"spiffe://example/Shop-A"})}),
    ],
)
def test_a_name_that_is_not_listed_whole_is_refused(sans: tuple[str, ...], listed: dict[str, frozenset[str]]) -> None:
    with pytest.raises(RequestError) as caught:
        tls.require_matching_identity(Caller("shop_a", "test", frozenset()), sans, listed)
    assert caught.value.reason is ErrorReason.CREDENTIALS_INVALID


def test_one_listed_name_is_enough_and_dns_names_know_no_case() -> None:
    listed = {"shop_a": frozenset({"Shop-A.Example"})}
    tls.require_matching_identity(Caller("shop_a", "test", frozenset()), ("other.example", "shop-a.example"), listed)
