"""Named places at which a test may kill the process; in production nothing listens.

The names are listed here once, so that the crash kit can go through all of them.
"""

from __future__ import annotations

from collections.abc import Callable

Failpoint = Callable[[str], None]

FAILPOINTS = (
    "intent.before_commit",
    "intent.after_commit",
    "send.before",
    "send.after",
    "outcome.before_commit",
    "outcome.after_commit",
    "resolver.after_claim",
    "resolver.after_query",
    "resolver.after_commit",
    "notification.after_verify",
    "notification.after_commit",
)


def no_failpoint(name: str) -> None:
    """Do nothing: the failpoint of a production server."""
