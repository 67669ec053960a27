"""Identifiers: a prefix that names the kind, then 26 characters that sort by time; refuses to draw chance itself."""

from __future__ import annotations

from functools import lru_cache

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# A byte gives a character; that some come a little more often costs two of the reference's 190 bits.
_BASE62_OF_BYTE = bytes(_BASE62[byte % 62] for byte in range(256))
_PAIRS = tuple(high + low for high in _CROCKFORD for low in _CROCKFORD)

PAYMENT_PREFIX = "pay"
REFUND_PREFIX = "re"
OPERATION_PREFIX = "op"
ATTEMPT_PREFIX = "att"
EVENT_PREFIX = "evt"
EXCEPTION_PREFIX = "exc"
ENTROPY_BYTES = 10
REFERENCE_ENTROPY_BYTES = 32


def time_ordered_id(prefix: str, *, now_ms: int, entropy: bytes) -> str:
    """Return `prefix_` and 26 Crockford base-32 characters: 48 bits of `now_ms` in ten, then 80 bits of `entropy`."""
    low, high = int.from_bytes(entropy[:5], "big"), int.from_bytes(entropy[5:ENTROPY_BYTES], "big")
    return f"{prefix}_{_time_part(now_ms)}{_forty_bits(low)}{_forty_bits(high)}"


@lru_cache(maxsize=16)
def _time_part(now_ms: int) -> str:
    """Return the first ten characters; many ids are made in the same millisecond."""
    return "".join(_PAIRS[now_ms >> shift & 1023] for shift in (40, 30, 20, 10, 0))


def _forty_bits(number: int) -> str:
    pairs = _PAIRS
    return pairs[number >> 30] + pairs[number >> 20 & 1023] + pairs[number >> 10 & 1023] + pairs[number & 1023]


def request_reference(*, entropy: bytes) -> str:
    """Return the 32 characters `[0-9A-Za-z]` under which every provider accepts a request of ours."""
    return entropy[:REFERENCE_ENTROPY_BYTES].translate(_BASE62_OF_BYTE).decode("ascii")
