"""Opens the channel to a server: TLS or mutual TLS, and plaintext only to this machine unless that is asked for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import grpc
import grpc.aio

_UNIX_SCHEMES = ("unix:", "unix-abstract:")
_ADDRESS_SCHEMES = ("ipv4:", "ipv6:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """How to reach a server; see Client for what each means."""

    target: str
    tls: bool | None
    root_certificates: bytes | None
    client_certificate: bytes | None
    client_key: bytes | None
    allow_insecure: bool
    keepalive_s: float | None
    max_message_bytes: int

    def __post_init__(self) -> None:
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("mutual TLS needs both client_certificate and client_key")
        if self.tls is False and (self.root_certificates is not None or self.client_certificate is not None):
            raise ValueError("tls=False contradicts the certificates that were given")
        if self.tls is False and not self.allow_insecure and not is_local(self.target):
            raise ValueError(
                f"plaintext to {self.target!r} would show card data and the token to the network; "
                "leave tls=False out, or say allow_insecure=True"
            )

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken: said, implied by a certificate, or the default for a server that is not local."""
        if self.tls is not None:
            return self.tls
        if self.root_certificates is not None or self.client_certificate is not None:
            return True
        return not (self.allow_insecure or is_local(self.target))


def open_channel(settings: ChannelSettings) -> grpc.Channel:
    """Open the channel. Nothing is sent before the first call."""
    if settings.is_secure:
        return grpc.secure_channel(settings.target, _credentials(settings), options=_options(settings))
    return grpc.insecure_channel(settings.target, options=_options(settings))


def open_async_channel(settings: ChannelSettings) -> grpc.aio.Channel:
    """Open the channel for asyncio. Nothing is sent before the first call."""
    if settings.is_secure:
        return grpc.aio.secure_channel(settings.target, _credentials(settings), options=_options(settings))
    return grpc.aio.insecure_channel(settings.target, options=_options(settings))


def is_local(target: str) -> bool:
    """Tell whether a gRPC target can only be on this machine: a loopback address, localhost, or a socket file."""
    if target.startswith(_UNIX_SCHEMES):
        return True
    for scheme in _ADDRESS_SCHEMES:
        if target.startswith(scheme):
            return all(_is_loopback(_host(address)) for address in target.removeprefix(scheme).split(","))
    # A name server of its own ("dns://10.0.0.1/localhost") could answer anything, so only the default one counts.
    return _is_loopback(_host(target.removeprefix("dns:///").removeprefix("dns:")))


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    # Two colons or more without brackets are an IPv6 address without a port.
    return address if address.count(":") > 1 else address.partition(":")[0]


def _credentials(settings: ChannelSettings) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        root_certificates=settings.root_certificates,
        private_key=settings.client_key,
        certificate_chain=settings.client_certificate,
    )


def _options(settings: ChannelSettings) -> Sequence[tuple[str, int | str]]:
    options: list[tuple[str, int | str]] = [
        ("grpc.primary_user_agent", "tollbridge-python"),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # A restarted server is found again within a second; gRPC's own pause would grow to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1000),
        ("grpc.max_reconnect_backoff_ms", 1000),
        # Repeats are made by _retry.py, which knows the reasons; two layers would multiply them.
        ("grpc.enable_retries", 0),
    ]
    if settings.keepalive_s is not None:
        options += [
            ("grpc.keepalive_time_ms", int(settings.keepalive_s * 1000)),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.http2.max_pings_without_data", 0),
        ]
    if is_local(settings.target):
        # A proxy of the environment must not get what is meant for this machine.
        options.append(("grpc.enable_http_proxy", 0))
    return options
