"""Says whether files changed on disk, so that keys and certificates rotate without a restart; it never reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class WatchedFiles:
    """Remembers what the files looked like when it was last asked.

    Construct it before the files are read: a change in between is then seen as one, and never lost.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._stamps = self._look()

    def have_changed(self) -> bool:
        """True once for each change since the last question; a file that appears or vanishes has changed."""
        stamps = self._look()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        return True

    def _look(self) -> tuple[tuple[int, int, int, int] | None, ...]:
        return tuple(_stamp(path) for path in self._paths)


def _stamp(path: Path) -> tuple[int, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    # A rename within one tick of the clock keeps the time, so the size and the inode count too.
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
