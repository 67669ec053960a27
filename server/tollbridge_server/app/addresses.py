"""Reads host:port, which the configuration has checked before, and finds two listeners that want the same one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from tollbridge_server.domain.hosts import is_loopback

_EVERY_HOST = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  To be recognised, not to be bound.
_LOCAL_NAME = "localhost"


def host_of(address: str) -> str:
    """Return the host of `host:port`."""
    return address.rpartition(":")[0]


def port_of(address: str) -> int:
    """Return the port of `host:port`."""
    return int(address.rpartition(":")[2])


def clashes(listeners: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield key and remedy for each pair of listeners (key, address) of which only one can listen; port 0 is free."""
    for (first, address), (second, other) in itertools.combinations(listeners, 2):
        if port_of(address) == port_of(other) != 0 and _meet(host_of(address), host_of(other)):
            yield second, f"{other} is the address of {first} too; give one of them another port"


def is_at(address: str, host: str, port: int) -> bool:
    """Whether who connects to `host` and `port` reaches what listens on `address`."""
    return port_of(address) == port and _meet(host_of(address), host)


def _meet(host: str, other: str) -> bool:
    pair = {host.strip("[]"), other.strip("[]")}
    if len(pair) == 1 or pair & _EVERY_HOST:
        return True
    # The name may stand for any address of this machine, and two different addresses never meet.
    return _LOCAL_NAME in pair and all(is_loopback(each) for each in pair)
