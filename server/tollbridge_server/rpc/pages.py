"""Page tokens: opaque, signed, and good only for the merchant, the RPC and the filter that they were made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from google.protobuf.message import Message

from tollbridge_server.domain.errors import ErrorReason, FieldViolation, RequestError
from tollbridge_server.services.requests import Caller

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_TAG_BYTES = 16
_PAGE_FIELDS = ("page_size", "page_token")


class PageTokens:
    """Makes and reads the tokens of all lists. `key` is secret, and the same on every server of one database."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, caller: Caller, request: Message, next_id: str) -> str:
        """Return the token of the page that starts below `next_id`; empty when there is none."""
        if not next_id:
            return ""
        return _encoded(self._tag(caller, request, next_id) + next_id.encode())

    def read(self, caller: Caller, request: Message, token: str) -> str:
        """Return the id below which the page starts; empty for the first page. Raises PAGE_TOKEN_INVALID."""
        if not token:
            return ""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            tag, next_id = raw[:_TAG_BYTES], raw[_TAG_BYTES:].decode("ascii")
        except (binascii.Error, ValueError):
            raise _refusal() from None
        # Base64 has several spellings of the same bytes; only ours is taken, so that "unchanged" means just that.
        if _encoded(raw) != token or not hmac.compare_digest(tag, self._tag(caller, request, next_id)):
            raise _refusal()
        return next_id

    def _tag(self, caller: Caller, request: Message, next_id: str) -> bytes:
        unpaged = type(request)()
        unpaged.CopyFrom(request)
        for name in _PAGE_FIELDS:
            unpaged.ClearField(name)
        scope = "\0".join((caller.merchant_id, request.DESCRIPTOR.full_name, next_id, ""))
        message = scope.encode() + unpaged.SerializeToString(deterministic=True)
        return hmac.digest(self._key, message, hashlib.sha256)[:_TAG_BYTES]


def page_limit(page_size: int) -> int:
    """Return how many entries a page has at the most."""
    return min(page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _refusal() -> RequestError:
    description = "use the token as the last answer gave it, with the same filters, or begin without one"
    return RequestError(
        ErrorReason.PAGE_TOKEN_INVALID,
        "this page token does not belong to this list",
        facts={"field": "page_token"},
        violations=(FieldViolation("page_token", description),),
    )
