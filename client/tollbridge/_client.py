"""The two clients: where their channel, their settings and the contract's methods come together. They log nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tollbridge._calls import CallSettings
from tollbridge._channel import ChannelSettings, open_async_channel, open_channel
from tollbridge._facade import AsyncMethods, SyncMethods
from tollbridge._metadata import AsyncTokenSource, CallMetadata, MetadataHook, TokenSource
from tollbridge._retry import RetryPolicy
from tollbridge._telemetry import trace_headers
from tollbridge._validation import checker

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_KEEPALIVE_S = 320.0
"""Longer than the 5 minutes below which a gRPC server with its own defaults takes pings for an attack."""
DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class Client(SyncMethods):
    """A blocking client of one server. May be used by several threads; close it, or use it as a context manager.

    Arguments:
        target: Where the server is: "127.0.0.1:7443", "pay.example.com:443", "unix:/run/tollbridge.sock".
        token: The bearer token, or a callable that returns it, asked before every try of a call.
        tls: None speaks TLS unless the target is on this machine; True always does; False never does, and is refused
            for a target elsewhere.
        root_certificates: The authorities that the server's certificate may come from, as PEM; the system's when None.
        client_certificate: The client's own certificate chain for mutual TLS, as PEM; needs `client_key`.
        client_key: The private key of `client_certificate`, as PEM.
        allow_insecure: True permits plaintext to other machines, and speaks it there unless TLS is asked for.
        timeout_s: Seconds for a call with all its repeats, unless the call says otherwise. A watch has no limit.
        retry: How often and how patiently calls are repeated.
        validate: True checks each request before it is sent, and raises RequestInvalid if it breaks a rule of the
            contract. Needs the extra `tollbridge[validate]`.
        metadata_hook: Returns further metadata for a call; it is given the RPC's name, for example "CreatePayment".
        keepalive_s: Seconds of silence after which the connection is probed; None never probes.
        max_message_bytes: The largest message that is sent or taken, in bytes.

    Raises ValueError for settings that contradict each other or would show secrets to a network, and ImportError if
    `validate` is asked for without its extra.
    """

    def __init__(
        self,
        target: str,
        *,
        token: TokenSource | None = None,
        tls: bool | None = None,
        root_certificates: bytes | None = None,
        client_certificate: bytes | None = None,
        client_key: bytes | None = None,
        allow_insecure: bool = False,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retry: RetryPolicy | None = None,
        validate: bool = False,
        metadata_hook: MetadataHook | None = None,
        keepalive_s: float | None = DEFAULT_KEEPALIVE_S,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
    ) -> None:
        calls = _call_settings(
            token=token, timeout_s=timeout_s, retry=retry, validate=validate, metadata_hook=metadata_hook
        )
        channel = ChannelSettings(
            target=target,
            tls=tls,
            root_certificates=root_certificates,
            client_certificate=client_certificate,
            client_key=client_key,
            allow_insecure=allow_insecure,
            keepalive_s=keepalive_s,
            max_message_bytes=max_message_bytes,
        )
        super().__init__(open_channel(channel), calls)

    def close(self) -> None:
        """Close the channel; calls that still run end with Canceled. Closing twice does nothing more."""
        self._is_closed = True
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(AsyncMethods):
    """A client of one server for asyncio. Make and use it in one event loop; close it, or use it with `async with`.

    The arguments are those of Client, except that the callable `token` may also return what must be awaited. A callable
    that is not to be awaited runs in the event loop, so it must not block.
    """

    def __init__(
        self,
        target: str,
        *,
        token: AsyncTokenSource | None = None,
        tls: bool | None = None,
        root_certificates: bytes | None = None,
        client_certificate: bytes | None = None,
        client_key: bytes | None = None,
        allow_insecure: bool = False,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retry: RetryPolicy | None = None,
        validate: bool = False,
        metadata_hook: MetadataHook | None = None,
        keepalive_s: float | None = DEFAULT_KEEPALIVE_S,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
    ) -> None:
        calls = _call_settings(
            token=token, timeout_s=timeout_s, retry=retry, validate=validate, metadata_hook=metadata_hook
        )
        channel = ChannelSettings(
            target=target,
            tls=tls,
            root_certificates=root_certificates,
            client_certificate=client_certificate,
            client_key=client_key,
            allow_insecure=allow_insecure,
            keepalive_s=keepalive_s,
            max_message_bytes=max_message_bytes,
        )
        super().__init__(open_async_channel(channel), calls)

    async def close(self) -> None:
        """Close the channel; calls that still run end with asyncio.CancelledError. Closing twice does nothing more."""
        self._is_closed = True
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _call_settings(
    *,
    token: AsyncTokenSource | None,
    timeout_s: float,
    retry: RetryPolicy | None,
    validate: bool,
    metadata_hook: MetadataHook | None,
) -> CallSettings:
    if not 0 < timeout_s < float("inf"):
        raise ValueError("timeout_s is a number of seconds above 0; a call without an end is not offered")
    return CallSettings(
        metadata=CallMetadata(token, trace=trace_headers(), hook=metadata_hook),
        policy=retry or RetryPolicy(),
        timeout_s=timeout_s,
        check=checker() if validate else None,
    )
