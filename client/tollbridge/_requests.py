"""Turns the arguments of a method into the fields of its request; it checks only what the contract can not express."""

from __future__ import annotations

import uuid
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def new_idempotency_key() -> str:
    """Return a key for one intention: a random UUID."""
    return str(uuid.uuid4())


def timestamp(value: datetime | Timestamp | None) -> Timestamp | None:
    """Return `value` as the contract's time. Raises ValueError for a datetime without a time zone."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a datetime without a time zone is no point in time; use datetime.now(UTC), for example")
    made = Timestamp()
    made.FromDatetime(value)
    return made


def exactly_one(**names: str | None) -> None:
    """Raise TypeError unless exactly one of `names` is given; protobuf would silently keep the last."""
    given = [name for name, value in names.items() if value is not None]
    if len(given) != 1:
        raise TypeError(f"give exactly one of {', '.join(names)}, not {' and '.join(given) or 'none'}")
