"""Who calls: the bearer token names the merchant, and the client certificate has to belong to the same one.

Refuses anything that is not a verified token; a certificate alone is no caller.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Protocol

from tollbridge_server.domain.errors import ErrorReason, RequestError
from tollbridge_server.rpc.tls import client_identity, require_matching_identity
from tollbridge_server.rpc.tokens import TokenVerifier
from tollbridge_server.services.requests import Caller

_SCHEME = "bearer "


class PeerContext(Protocol):
    """The part of a call's context that tells who is at the other end of the connection."""

    def auth_context(self) -> Mapping[str, Any]: ...


class Authenticator:
    """Turns the metadata and the connection of a call into its Caller.

    `shared` verifies the tokens of every merchant that has no keys of its own; `own` holds the verifiers of those
    that have, and nobody else's key is believed for them. `merchant_identities` are the certificate names (DNS or
    URI) of each merchant; None where the server asks for no client certificates.
    """

    def __init__(
        self,
        shared: TokenVerifier | None,
        own: Mapping[str, TokenVerifier],
        merchant_identities: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._shared = shared
        self._own = own
        self._merchant_identities = merchant_identities

    def authenticate(self, authorization: str | bytes | None, peer: PeerContext) -> Caller:
        """Return the caller. Raises RequestError with a CREDENTIALS_… reason."""
        if not authorization:
            raise RequestError(
                ErrorReason.CREDENTIALS_MISSING,
                "send a token as metadata: authorization: Bearer <token>; `tollbridge token` mints one for development",
            )
        if not isinstance(authorization, str) or authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise RequestError(
                ErrorReason.CREDENTIALS_INVALID, "the metadata `authorization` has to be: Bearer <token>"
            )
        token = authorization[len(_SCHEME) :].strip()
        verifier = self._own.get(_claimed_merchant(token), self._shared) if self._own else self._shared
        if verifier is None:
            raise RequestError(ErrorReason.CREDENTIALS_INVALID, "this server knows no key for such a token")
        caller = verifier.verify(token)
        if self._merchant_identities is not None:
            require_matching_identity(caller, client_identity(peer.auth_context()), self._merchant_identities)
        return caller


def _claimed_merchant(token: str) -> str:
    """Return the merchant that a token claims, unverified: it only chooses the keys that have to verify it."""
    payload = token.partition(".")[2].partition(".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    merchant = claims.get("merchant") if isinstance(claims, dict) else None
    return merchant if isinstance(merchant, str) else ""
