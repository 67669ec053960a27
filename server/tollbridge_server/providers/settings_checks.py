"""Checks that the settings of every provider's accounts share: types, keys and files, addresses, times.

Each message names the setting first and then says what to put there; none shows any part of a key.
"""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from tollbridge_server.providers.transport import check_origin

MAX_FILE_BYTES = 64 * 1024
MAX_CONNECTIONS = 1024


def text_of(settings: Any, name: str) -> tuple[str, str]:
    """Return the setting that gives `name`, in place or by a file (`name_file`), and its text; empty when none does.

    Raises ValueError when both do, and for a file that can not be read or is no text.
    """
    text: str = getattr(settings, name).strip()
    path: str = getattr(settings, f"{name}_file")
    if not path:
        return name, text
    setting = f"{name}_file"
    if text:
        raise ValueError(f"{setting}: give {name} or {setting}, not both")
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{setting}: the file can not be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{setting}: the file is larger than {MAX_FILE_BYTES} bytes; it is no key or certificate")
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{setting}: the file is no text; give PEM or base64") from None
    if not text:
        raise ValueError(f"{setting}: the file is empty")
    return setting, text


def require_types(settings: Any) -> None:
    """Raise ValueError unless every setting has the type of its field: text, number, or true and false."""
    for each in fields(settings):
        value = getattr(settings, each.name)
        if each.type == "str" and not isinstance(value, str):
            raise ValueError(f"{each.name}: write it as text, in quotes")
        if each.type == "bool" and not isinstance(value, bool):
            raise ValueError(f"{each.name}: write true or false")
        if each.type == "int" and (not isinstance(value, int) or isinstance(value, bool)):
            raise ValueError(f"{each.name}: write a whole number")
        if each.type == "float" and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise ValueError(f"{each.name}: write a number of seconds")


def require_pool(*, connect_timeout_s: float, timeout_s: float, max_connections: int, send_timeout_s: float) -> None:
    """Raise ValueError unless one call ends before the server gives up waiting for it."""
    if not 0 < connect_timeout_s <= timeout_s <= send_timeout_s:
        raise ValueError(
            f"timeout_s: write 0 < connect_timeout_s <= timeout_s <= {send_timeout_s:g} (seconds); "
            "what the server waits for a send ends then"
        )
    if not 1 <= max_connections <= MAX_CONNECTIONS:
        raise ValueError(f"max_connections: write 1 to {MAX_CONNECTIONS}")


def require_url(url: str, *, setting: str, example: str) -> None:
    """Raise ValueError for an address with a query, or one that leads in the clear to another machine."""
    if not _is_bare_url(url):
        raise ValueError(f"{setting}: write a URL without query and fragment, such as {example}")
    try:
        check_origin(origin_of(url))
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def require_notify_url(url: str, *, provider: str, max_length: int) -> None:
    """Raise ValueError for an address at which notifications can not arrive, or only in the clear."""
    # The provider's own fields and those of a query would meet in one form, and a space or fragment never arrives.
    if len(url) > max_length or not _is_bare_url(url):
        raise ValueError(
            f"notify_url: write the address at which {provider} reaches this server, without query and fragment, "
            f"at most {max_length} characters"
        )
    try:
        check_origin(origin_of(url))
    except ValueError:
        raise ValueError("notify_url: write an https:// address; http:// only for this machine itself") from None


def require_valid(certificate: x509.Certificate, setting: str, *, now: datetime) -> None:
    """Raise ValueError for a certificate that has expired, or is not valid yet."""
    if now > certificate.not_valid_after_utc:
        raise ValueError(
            f"{setting}: it expired on {certificate.not_valid_after_utc:%Y-%m-%d}; download the present one from "
            "the console"
        )
    if now < certificate.not_valid_before_utc:
        raise ValueError(
            f"{setting}: it is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; is the clock right?"
        )


def origin_of(url: str) -> str:
    """Return scheme://host[:port] of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_bare_url(url: str) -> bool:
    return re.fullmatch(r"[!-~]+", url) is not None and not {"?", "#"} & set(url)
