"""The one way out: HTTP to providers with bounded pools and times, an allow-list, and an exact word on what was sent.

Refuses redirects, plaintext to other machines, hosts that are not configured, and answers without end. Only a request
that provably never left may be repeated, so every failure says whether that is so.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

import aiohttp
from yarl import URL

from tollbridge_server.domain.hosts import is_loopback

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 1024 * 1024
_HOST = re.compile(r"[0-9A-Za-z._:-]+", re.ASCII)
TOO_LARGE = "the answer is too large"
"""The reason of a Silent whose answer came, and was longer than the caller wanted to read."""
_PLAIN = {"Accept-Encoding": "identity"}
"""What providers sign are the bytes of a plain answer, and packed ones could be bombs."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The provider answered; the body is as it came, since it is what was signed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def sent_at_s(self) -> float | None:
        """The provider's own clock when it answered, in seconds since the epoch; None where it does not say."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Unsent:
    """Not one byte of the request reached the provider."""

    reason: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The request may have arrived; nobody knows what became of it."""

    reason: str


Result = Answered | Unsent | Silent


class EgressRefused(ValueError):
    """An address that this transport must not talk to."""


class Transport:
    """A connection pool for one provider account. Times in seconds; `origin` is scheme://host[:port]."""

    def __init__(
        self,
        origin: str,
        *,
        timeout_s: float = 20.0,
        connect_timeout_s: float = 5.0,
        max_connections: int = 64,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if tls is not None and (tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname):
            raise EgressRefused("TLS without verified certificates and host names is no TLS")
        self._origin = check_origin(origin)
        self._timeout = _timeout(timeout_s, connect_timeout_s)
        self._max_connections = max_connections
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    @property
    def origin(self) -> str:
        """Where this pool leads, as scheme://host[:port]."""
        return self._origin

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Result:
        """Send one POST and return what is known of it; it never raises for what the network did.

        Raises EgressRefused for a path that would lead to another host.
        """
        return await self._send("POST", path, body, headers)

    async def get(
        self,
        path: str,
        headers: Mapping[str, str],
        *,
        max_bytes: int = MAX_ANSWER_BYTES,
        timeout_s: float | None = None,
    ) -> Result:
        """Send one GET and return what is known of it; as `post` otherwise.

        A file may be larger than an answer, and take longer: `timeout_s` (seconds) is then for this request alone.
        """
        return await self._send("GET", path, None, headers, max_bytes=max_bytes, timeout_s=timeout_s)

    async def _send(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        max_bytes: int = MAX_ANSWER_BYTES,
        timeout_s: float | None = None,
    ) -> Result:
        if not path.startswith("/"):
            raise EgressRefused("a path starts with a slash")
        if not logger.isEnabledFor(logging.DEBUG):
            return await self._exchange(verb, path, body, headers, max_bytes, timeout_s)
        started_s = time.monotonic()
        result = await self._exchange(verb, path, body, headers, max_bytes, timeout_s)
        told = result.status if isinstance(result, Answered) else f"{type(result).__name__}: {result.reason}"
        # Neither bodies nor headers nor queries: they hold cards, signatures and the payer's data.
        logger.debug(
            "%s %s%s: %s after %.3f s", verb, self._origin, urlsplit(path).path, told, time.monotonic() - started_s
        )
        return result

    async def _exchange(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        max_bytes: int,
        timeout_s: float | None,
    ) -> Result:
        try:
            # The path is signed as it stands, so nothing may quote it again.
            url = URL(self._origin + path, encoded=True)
            timeout = self._timeout if timeout_s is None else _timeout(timeout_s, self._timeout.connect)
            async with self._open().request(
                verb, url, data=body, headers={**_PLAIN, **headers}, allow_redirects=False, timeout=timeout
            ) as response:
                encoding = response.headers.get("Content-Encoding", "identity")
                if encoding != "identity":
                    return Silent(f"the answer came in the encoding {encoding[:16]!r}, which nobody asked for")
                answer = bytearray(await response.content.read(max_bytes + 1))
                while len(answer) <= max_bytes and not response.content.at_eof():
                    answer += await response.content.read(max_bytes + 1 - len(answer))
                if len(answer) > max_bytes:
                    return Silent(TOO_LARGE)
                return Answered(response.status, {k.lower(): v for k, v in response.headers.items()}, bytes(answer))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # Refused, unresolved, or no TLS: the connection never stood, so nothing was written to it.
            return Unsent(type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Silent(type(error).__name__)

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None
            await asyncio.sleep(0)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._max_connections, ssl=self._tls or ssl.create_default_context(), ttl_dns_cache=60
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session


def check_origin(origin: str) -> str:
    """Return `origin` as scheme://host[:port].

    Raises EgressRefused for what is more or less than an origin, and for plaintext to another machine.
    """
    parts = urlsplit(origin)
    is_origin = parts.scheme in ("https", "http") and _HOST.fullmatch(parts.hostname or "") and parts.path in ("", "/")
    if not is_origin or parts.username is not None or parts.query or parts.fragment or _has_bad_port(parts):
        # Not the text itself: what stands before an @ may be a password.
        raise EgressRefused("this is no origin; write https://host or https://host:port, and nothing else")
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        raise EgressRefused(f"http://{host} would send payment data in the clear; use https")
    return f"{parts.scheme}://{parts.netloc}"


def _timeout(total_s: float, connect_s: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total_s, connect=connect_s, sock_connect=connect_s)


def _has_bad_port(parts: SplitResult) -> bool:
    try:
        return parts.port == 0
    except ValueError:
        return True
