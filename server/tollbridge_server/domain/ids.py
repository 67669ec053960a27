"""Identifiers: a prefix that names the kind, then 26 characters that sort by time; refuses to draw chance itself."""

from __future__ import annotations

from functools import lru_cache

_CROCKFORD = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# A byte gives a character. 256 is a multiple of 32, so that each of Crockford's comes equally often; that some of the
# 62 come a little more often costs two of the reference's 190 bits.
_CROCKFORD_OF_BYTE = bytes(_CROCKFORD[byte % 32] for byte in range(256))
_BASE62_OF_BYTE = bytes(_BASE62[byte % 62] for byte in range(256))

PAYMENT_PREFIX = "pay"
REFUND_PREFIX = "re"
OPERATION_PREFIX = "op"
ATTEMPT_PREFIX = "att"
EVENT_PREFIX = "evt"
EXCEPTION_PREFIX = "exc"
ENTROPY_BYTES = 16
REFERENCE_ENTROPY_BYTES = 32


def time_ordered_id(prefix: str, *, now_ms: int, entropy: bytes) -> str:
    """Return `prefix_` and 26 Crockford base-32 characters: 48 bits of `now_ms` in ten, then 80 bits of `entropy`."""
    chance = entropy[:ENTROPY_BYTES].translate(_CROCKFORD_OF_BYTE).decode("ascii")
    return f"{prefix}_{_time_part(now_ms)}{chance}"


@lru_cache(maxsize=16)
def _time_part(now_ms: int) -> str:
    """Return the first ten characters; many ids are made in the same millisecond."""
    return bytes(_CROCKFORD[now_ms >> shift & 31] for shift in range(45, -1, -5)).decode("ascii")


def request_reference(*, entropy: bytes) -> str:
    """Return the 32 characters `[0-9A-Za-z]` under which every provider accepts a request of ours."""
    return entropy[:REFERENCE_ENTROPY_BYTES].translate(_BASE62_OF_BYTE).decode("ascii")
