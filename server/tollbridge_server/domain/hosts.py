"""Tells this machine from others by the name or address that somebody gave for it; it resolves no name."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether `host` (a name, or an address without brackets) can be nothing but this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
