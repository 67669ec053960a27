"""Checks that the settings of every provider's accounts share: types, keys and files, addresses, times.

Each message names the setting first and then says what to put there; none shows any part of a key. Whoever checks
settings collects the mistakes in all of them, so that an operator mends them in one go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic, Never, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit

from cryptography import x509

from tollbridge_server.domain.hosts import is_loopback
from tollbridge_server.providers.transport import check_origin
from tollbridge_server.shown_paths import shown_path

MAX_FILE_BYTES = 64 * 1024
MAX_CONNECTIONS = 1024

_BYTE_ORDER_MARK = "\ufeff"

T = TypeVar("T")


class SettingsInvalid(ValueError):
    """An account's settings that can not be used; `mistakes` has one text for each thing to mend."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@runtime_checkable
class Doubtful(Protocol):
    """Settings that can be used, and may still not be what was meant."""

    def doubts(self, account_id: str) -> tuple[str, ...]:
        """Return what an operator should look at, each text with its setting first."""
        ...


class Pool(Protocol):
    """Settings of the connections to a provider. Times in seconds."""

    @property
    def connect_timeout_s(self) -> float: ...

    @property
    def timeout_s(self) -> float: ...

    @property
    def max_connections(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Passed(Generic[T]):
    """A check that found nothing wrong, and what it returned."""

    result: T

    @property
    def known(self) -> T:
        """The result, for a check that can do without it."""
        return self.result


@dataclass(frozen=True, slots=True)
class Failed:
    """A check that found a mistake; whoever asks for its result gets the same mistake."""

    mistake: ValueError

    @property
    def result(self) -> Never:
        raise self.mistake

    @property
    def known(self) -> None:
        """Nothing, for a check that can do without the result."""


class Mistakes:
    """What is found while settings are checked; a check that fails keeps no other from running."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def note(self, check: Callable[[], T]) -> Passed[T] | Failed:
        """Run a check and return what came of it; the text of a ValueError that it raises is a mistake.

        A check may ask for the result of an earlier one: where that one failed, it fails with the same mistake.
        """
        try:
            return Passed(check())
        except ValueError as error:
            mistakes = error.mistakes if isinstance(error, SettingsInvalid) else (str(error),)
            # A key that is needed in two places is still one mistake.
            self._found = list(dict.fromkeys((*self._found, *mistakes)))
            return Failed(error)

    def require_none(self) -> None:
        """Raise SettingsInvalid with all that was found."""
        if self._found:
            raise SettingsInvalid(self._found)


def text_of(settings: Any, name: str) -> tuple[str, str]:
    """Return the setting that gives `name`, in place or by a file (`name_file`), and its text; empty when none does.

    Raises ValueError when both do, and for a file that can not be read or is no text.
    """
    text: str = getattr(settings, name).removeprefix(_BYTE_ORDER_MARK).strip()
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
        raise ValueError(
            f"{setting}: the file can not be read: {error.strerror}: {shown_path(path)}; correct the path or the "
            "file's permissions"
        ) from None
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{setting}: the file is larger than {MAX_FILE_BYTES} bytes; it is no key or certificate")
    try:
        # Editors of Windows put a byte order mark before the text.
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{setting}: the file is no text; give PEM or base64: {shown_path(path)}") from None
    if not text:
        raise ValueError(f"{setting}: the file is empty: {shown_path(path)}")
    return setting, text


def require_types(settings: Any) -> None:
    """Raise SettingsInvalid unless every setting has the type of its field: text, number, or true and false."""
    mistakes = Mistakes()
    for each in fields(settings):
        mistakes.note(partial(_require_type, each.name, str(each.type), getattr(settings, each.name)))
    mistakes.require_none()


def require_pool(settings: Pool, *, send_timeout_s: float) -> None:
    """Raise ValueError unless one call ends before the server gives up waiting for it (`send_timeout_s`)."""
    if not 0 < settings.connect_timeout_s <= settings.timeout_s <= send_timeout_s:
        raise ValueError(
            f"timeout_s: write 0 < connect_timeout_s <= timeout_s <= {send_timeout_s:g} (seconds); "
            "what the server waits for a send ends then"
        )
    if not 1 <= settings.max_connections <= MAX_CONNECTIONS:
        raise ValueError(f"max_connections: write 1 to {MAX_CONNECTIONS}")


def require_url(url: str, *, setting: str, example: str) -> None:
    """Raise ValueError for an address with a query, or one that leads in the clear to another machine."""
    if not _is_bare_url(url):
        raise ValueError(f"{setting}: write a URL without query and fragment, such as {example}")
    try:
        check_origin(origin_of(url))
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def require_origin(url: str, *, setting: str, example: str) -> None:
    """Raise ValueError for more than scheme, host and port: the paths are the provider's, and are added here."""
    require_url(url, setting=setting, example=example)
    if urlsplit(url).path not in ("", "/"):
        raise ValueError(f"{setting}: write scheme and host without a path, such as {example}")


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
            f"{setting}: it expired on {certificate.not_valid_after_utc:%Y-%m-%d}; apply for a new one in the "
            "provider's console, and put it here"
        )
    if now < certificate.not_valid_before_utc:
        raise ValueError(
            f"{setting}: it is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; is the clock right?"
        )


def notify_url_doubts(url: str, *, provider: str, account_id: str, is_simulated: bool) -> tuple[str, ...]:
    """Return why notifications may not arrive at `url`, although it can be sent to."""
    parts, path = urlsplit(url), f"/notifications/{provider}/{account_id}"
    doubts = []
    if not parts.path.rstrip("/").endswith(path):
        doubts.append(
            f"notify_url: this server takes notifications of the account at {path}; let the address end so, unless a "
            "proxy rewrites it"
        )
    if is_this_machine(url) and not is_simulated:
        doubts.append("notify_url: the provider can not reach a loopback address; write the public https:// address")
    return tuple(doubts)


def is_this_machine(url: str) -> bool:
    """Whether a URL leads to this machine itself, where only a simulator can be."""
    return is_loopback(urlsplit(url).hostname or "")


def origin_of(url: str) -> str:
    """Return scheme://host[:port] of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _require_type(name: str, kind: str, value: object) -> None:
    if kind == "str" and not isinstance(value, str):
        raise ValueError(f"{name}: write it as text, in quotes")
    if kind == "bool" and not isinstance(value, bool):
        raise ValueError(f"{name}: write true or false")
    if kind == "int" and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{name}: write a whole number")
    if kind == "float" and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise ValueError(f"{name}: write a number of seconds")


def _is_bare_url(url: str) -> bool:
    return re.fullmatch(r"[!-~]+", url) is not None and not {"?", "#"} & set(url)
