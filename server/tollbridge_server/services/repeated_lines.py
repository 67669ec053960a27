"""A line of the log that anybody on the internet can cause: said once a minute for each kind, with what was left out.

Refuses to remember without end: what is too many kinds of one subject within a minute is counted as one kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from tollbridge_server.ports.clock import Clock

_PAUSE_US = 60_000_000
_MAX_KINDS = 16
_OTHERS = ""


@dataclass(slots=True)
class _Said:
    at_us: int
    unsaid: int = 0


class RepeatedLines:
    """Counts the repeats of one line; whoever logs asks first."""

    def __init__(self, clock: Clock, *, pause_us: int = _PAUSE_US, max_kinds: int = _MAX_KINDS) -> None:
        self._clock = clock
        self._pause_us = pause_us
        self._max_kinds = max_kinds
        self._said: dict[str, dict[str, _Said]] = {}

    def unsaid_before(self, subject: str = "", kind: str = "") -> int | None:
        """Return how many lines of this kind were left out since the last one; None: leave out this one too.

        `subject` is one of few, such as an account; `kind` may be anything.
        """
        now_us = self._clock.now_us()
        kinds = self._said.setdefault(subject, {})
        if kind not in kinds and len(kinds) >= self._max_kinds:
            self._forget_old(kinds, now_us)
            if len(kinds) >= self._max_kinds:
                kind = _OTHERS
        said = kinds.get(kind)
        if said is not None and not self._is_old(said, now_us):
            said.unsaid += 1
            return None
        kinds[kind] = _Said(now_us)
        return said.unsaid if said is not None else 0

    def _forget_old(self, kinds: dict[str, _Said], now_us: int) -> None:
        for kind in [kind for kind, said in kinds.items() if self._is_old(said, now_us)]:
            del kinds[kind]

    def _is_old(self, said: _Said, now_us: int) -> bool:
        # A clock that was set back must not silence a line for as long as it was set back.
        return abs(now_us - said.at_us) >= self._pause_us
