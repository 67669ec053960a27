"""Does what a payer would on the sandbox acquirer's pages: approve or refuse."""

from __future__ import annotations

import urllib.parse
import urllib.request
from typing import Literal

Decision = Literal["approve", "refuse"]

_TIMEOUT_S = 10.0


def decide(url: str, decision: Decision) -> str:
    """Press the button on the page at `url` (a redirect's address or a QR code's payload); return the next page."""
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError(f"{url!r} is no page of a sandbox on this machine")
    form = urllib.parse.urlencode({"decision": decision}).encode()
    request = urllib.request.Request(url, data=form, method="POST")  # noqa: S310  Checked above.
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310  As above.
        page: bytes = response.read()
    return page.decode()
