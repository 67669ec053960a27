"""Signatures of the sandbox acquirer: HMAC-SHA256 over time, direction, place and raw bytes, both ways.

Refuses what is altered, what is signed with another key, and what is older or newer than five minutes. An answer is
signed together with the signature of its request, so that it can not be the answer to another one.
"""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP_HEADER = "sandbox-timestamp"
SIGNATURE_HEADER = "sandbox-signature"
WINDOW_S = 300


class SignatureInvalid(Exception):
    """The message is not authentic; the text is for the log."""


def sign(secret: bytes, body: bytes, *, timestamp_s: int, context: str) -> str:
    """Return the signature of `body` in `context` (what it is, and what it answers) as lower-case hex."""
    message = b"%d\n%s\n%s" % (timestamp_s, context.encode(), body)
    return hmac.digest(secret, message, hashlib.sha256).hex()


def verify(secret: bytes, body: bytes, *, timestamp: str, signature: str, context: str, now_s: float) -> None:
    """Raise SignatureInvalid unless the signature is right and fresh."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid("no timestamp")
    expected = sign(secret, body, timestamp_s=int(timestamp), context=context)
    # A header may hold bytes that are no text; they are a wrong signature, and never an error of ours.
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape")):
        raise SignatureInvalid("wrong signature")
    if abs(now_s - int(timestamp)) > WINDOW_S:
        raise SignatureInvalid("too old or too new")


def request_context(path: str) -> str:
    """Return the context of a request."""
    return f"request POST {path}"


def answer_context(request_signature: str, status: int) -> str:
    """Return the context of the answer to the request with that signature."""
    return f"answer {status} {request_signature}"


NOTIFICATION_CONTEXT = "notification"
