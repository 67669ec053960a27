"""The server's TLS credentials, rotated with their files, and who a client certificate names; refuses unusable files.

gRPC speaks no TLS older than 1.2. It either requires a client certificate or never asks for one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc.watched_files import WatchedFiles
from tollbridge_server.services.requests import Caller

# Only these kinds of names: an authority that also signs e-mail names must not let one pass for a host's.
_IDENTITY_PROPERTIES = ("peer_dns", "peer_uri")

logger = logging.getLogger(__name__)


class TlsFileInvalid(ValueError):
    """A certificate or key file that can not be used; the message names the file and what to do."""


def server_credentials(
    *, certificate_path: Path, key_path: Path, client_ca_path: Path | None, require_client_certificate: bool
) -> grpc.ServerCredentials:
    """Credentials from PEM files: the certificate with its chain, its key, and the authorities that sign clients.

    Changed files are taken for the next connection; while they can not be used (as between the writing of the
    certificate and of its key), the former ones stay. Raises TlsFileInvalid where the files can not be used at the
    start, and ValueError where a client certificate is required without an authority, or the other way round.
    """
    if require_client_certificate and client_ca_path is None:
        raise ValueError("client certificates are required, so the file of the authorities that sign them is needed")
    if client_ca_path is not None and not require_client_certificate:
        raise ValueError(f"{client_ca_path}: no client is asked for a certificate unless it is required; require it")
    files = _TlsFiles(certificate_path=certificate_path, key_path=key_path, client_ca_path=client_ca_path)
    return grpc.dynamic_ssl_server_credentials(files.read(), _fetcher(files), require_client_certificate)


def client_identity(auth_context: Mapping[str, Iterable[bytes]]) -> tuple[str, ...]:
    """The DNS and URI names (SAN) of the client's certificate, from grpc's auth_context(); none without mTLS."""
    names = [name for kind in _IDENTITY_PROPERTIES for name in auth_context.get(kind, ())]
    return tuple(_canonical(name.decode("utf-8", "replace")) for name in names)


def require_matching_identity(
    caller: Caller, sans: tuple[str, ...], merchant_identities: Mapping[str, frozenset[str]]
) -> None:
    """Refuse a token whose merchant does not own the client certificate: one of its names must be listed for it.

    Names are compared whole, with no wildcards; a merchant without listed names owns no certificate. Raises
    RequestError CREDENTIALS_INVALID.
    """
    owned = {_canonical(name) for name in merchant_identities.get(caller.merchant_id, frozenset())}
    if owned.isdisjoint(sans):
        raise RequestError(
            ErrorReason.CREDENTIALS_INVALID,
            "the client certificate does not belong to the merchant of the token; use that merchant's certificate, "
            "or list one of the certificate's DNS or URI names for the merchant in the configuration",
        )


class _TlsFiles:
    """The files of the credentials; what is read of them is checked before it is given out."""

    def __init__(self, *, certificate_path: Path, key_path: Path, client_ca_path: Path | None) -> None:
        self._certificate_path = certificate_path
        self._key_path = key_path
        self._client_ca_path = client_ca_path
        paths = [certificate_path, key_path, client_ca_path]
        self.watch = WatchedFiles([path for path in paths if path is not None])

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Raises TlsFileInvalid."""
        chain = _read(self._certificate_path)
        key = _read(self._key_path)
        authorities = None if self._client_ca_path is None else _read(self._client_ca_path)
        leaf = _certificates(self._certificate_path, chain)[0]
        _check_validity(self._certificate_path, leaf)
        _check_key(leaf, key, certificate_path=self._certificate_path, key_path=self._key_path)
        if self._client_ca_path is not None and authorities is not None:
            _check_authorities(self._client_ca_path, _certificates(self._client_ca_path, authorities))
        return grpc.ssl_server_certificate_configuration([(key, chain)], authorities)


def _fetcher(files: _TlsFiles) -> Callable[[], grpc.ServerCertificateConfiguration]:
    """What grpc asks, on a thread of its own, before each handshake; None means: no change."""
    lock = threading.Lock()

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        with lock:
            if not files.watch.have_changed():
                return None
            try:
                configuration = files.read()
            except TlsFileInvalid as broken:
                logger.error("TLS files not reloaded, the former ones stay in use: %s", broken)  # noqa: TRY400
                return None
            logger.info("TLS files reloaded")
            return configuration

    # grpc's documentation allows None, its type stubs forgot it.
    return fetch  # type: ignore[return-value]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsFileInvalid(f"{path}: can not be read ({error.strerror}); check the path and its rights") from None


def _certificates(path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise TlsFileInvalid(f"{path}: holds no certificate that can be read; write it as PEM") from None


def _check_validity(path: Path, certificate: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc <= now:
        ended = certificate.not_valid_after_utc.isoformat()
        raise TlsFileInvalid(f"{path}: the certificate has expired ({ended}); renew it")
    if certificate.not_valid_before_utc > now:
        starts = certificate.not_valid_before_utc.isoformat()
        raise TlsFileInvalid(f"{path}: the certificate is valid only from {starts}; check it and this machine's clock")


def _check_authorities(path: Path, authorities: list[x509.Certificate]) -> None:
    # While authorities are exchanged, a bundle may well hold an expired one beside its successor.
    if all(authority.not_valid_after_utc <= datetime.now(UTC) for authority in authorities):
        raise TlsFileInvalid(f"{path}: each authority in it has expired, so no client could connect; renew them")


def _check_key(leaf: x509.Certificate, key: bytes, *, certificate_path: Path, key_path: Path) -> None:
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The cause is not shown: it may quote the key.
        raise TlsFileInvalid(
            f"{key_path}: holds no private key that can be read; write it as PEM, not encrypted"
        ) from None
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*encoding) != leaf.public_key().public_bytes(*encoding):
        raise TlsFileInvalid(
            f"{key_path}: is not the key of the certificate in {certificate_path}, whose own one must come first"
        )


def _canonical(name: str) -> str:
    """DNS names know no upper case; a URI, which alone holds a colon, does."""
    return name if ":" in name else name.lower()
