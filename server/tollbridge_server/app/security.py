"""Who may call and over what: tokens, certificates, limits, and the keys that are derived from the configured one."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from pathlib import Path

from tollbridge_server.config import Config, ConfigInvalid, Loaded, is_loopback
from tollbridge_server.rpc.authentication import Authenticator
from tollbridge_server.rpc.pipeline import Limits
from tollbridge_server.rpc.server import Transport
from tollbridge_server.rpc.tls import TlsFileInvalid, server_credentials
from tollbridge_server.rpc.tokens import KeyFileInvalid, TokenVerifier, load_keys


def authenticator_of(loaded: Loaded) -> Authenticator:
    """Return what checks tokens and certificates. Raises ConfigInvalid for a key file that can not be used."""
    config = loaded.config
    own = {merchant.id: merchant.key_files for merchant in config.merchants if merchant.key_files}
    everyone = frozenset(merchant.id for merchant in config.merchants)

    def verifier(files: tuple[Path, ...], merchants: frozenset[str]) -> TokenVerifier:
        return TokenVerifier(
            load_keys([loaded.path(file) for file in files]),
            issuer=config.authentication.issuer,
            audience=config.authentication.audience,
            leeway_s=config.authentication.leeway_s,
            clock=time.time,
            known_merchants=merchants,
        )

    try:
        shared_files = config.authentication.key_files
        shared = verifier(shared_files, everyone - own.keys()) if shared_files else None
        verifiers = {merchant: verifier(files, frozenset({merchant})) for merchant, files in own.items()}
    except KeyFileInvalid as error:
        raise ConfigInvalid([str(error)]) from error
    tls = config.server.tls
    identities: Mapping[str, frozenset[str]] | None = None
    if tls is not None and tls.client_ca_file is not None:
        identities = {merchant.id: frozenset(merchant.certificate_names) for merchant in config.merchants}
    return Authenticator(shared, verifiers, identities)


def transport_of(loaded: Loaded) -> Transport:
    """Return how the server listens. Raises ConfigInvalid for certificates that can not be used."""
    server = loaded.config.server
    credentials = None
    if server.tls is not None:
        authority = server.tls.client_ca_file
        try:
            credentials = server_credentials(
                certificate_path=loaded.path(server.tls.certificate_file),
                key_path=loaded.path(server.tls.key_file),
                client_ca_path=loaded.path(authority) if authority else None,
                require_client_certificate=authority is not None,
            )
        except TlsFileInvalid as error:
            raise ConfigInvalid([loaded.mistake("server.tls", str(error))]) from error
    if credentials is None and not is_loopback(server.listen):
        raise ConfigInvalid([loaded.mistake("server.listen", f"{server.listen} needs [server.tls]")])
    return Transport(server.listen, credentials, max_message_bytes=server.max_message_bytes)


def limits_of(config: Config) -> Limits:
    """Return the bounds of the configuration."""
    return Limits(
        max_in_flight=config.server.max_in_flight,
        max_streams=config.server.max_streams,
        min_deadline_s=config.server.min_deadline_s,
        max_deadline_s=config.server.max_deadline_s,
    )


def derive_key(loaded: Loaded, purpose: str) -> bytes:
    """Return the key for one purpose: one secret is configured, and no two uses share a key."""
    return hmac.digest(loaded.fingerprint_key.get_secret_value(), purpose.encode(), hashlib.sha256)
