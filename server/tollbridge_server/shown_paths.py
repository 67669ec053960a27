"""How a path of the configuration is shown in a message: by its name, unless it looks like the key that it should name.

Refuses to show what an operator put where the name of a file belongs: the text of a key.
"""

from __future__ import annotations

import os
import re

NOT_SHOWN = (
    "(not shown: it looks like the key itself; name a file that holds the key here, or give the key in the setting "
    "without _file where there is one)"
)

_MAX_SHOWN = 255
_KEY_RUN = re.compile(r"[A-Za-z0-9+/=_-]{32,}")


def shown_path(path: str | os.PathLike[str]) -> str:
    """Return the path as it may be printed. Folders that exist are no secret; what follows them may be one."""
    text = os.fspath(path)
    return NOT_SHOWN if looks_like_key(_missing_part(text)) else text


def looks_like_key(text: str) -> bool:
    """Whether a text may be a key: PEM, base64 or hexadecimal digits rather than the name of a file."""
    if not text.isprintable() or "-----BEGIN" in text or len(text) > _MAX_SHOWN:
        return True
    if text.endswith("="):  # Base64 is padded so; the names of files are not.
        return True
    parts = [part for part in text.split("/") if "." not in part]
    if any(_is_key_part(part) for part in parts):
        return True
    # Base64 has slashes: what is all capitals, small letters and digits over a length is no folder's name.
    return len(parts) == text.count("/") + 1 and _KEY_RUN.fullmatch(text) is not None and _is_mixed(text)


def _is_key_part(part: str) -> bool:
    # Only base64url has hyphens and underscores, as names of several words have.
    return any(_is_mixed(run) or re.search(r"[_-]", run) is None for run in _KEY_RUN.findall(part))


def _is_mixed(text: str) -> bool:
    return all(re.search(kind, text) for kind in ("[A-Z]", "[a-z]", "[0-9]"))


def _missing_part(path: str) -> str:
    """Return what of a path does not exist as a folder."""
    slash = 0
    while (end := path.find("/", slash)) >= 0:
        if end and not os.path.isdir(path[:end]):  # noqa: PTH112  Path.is_dir raises where a name is too long.
            break
        slash = end + 1
    return path[slash:]
