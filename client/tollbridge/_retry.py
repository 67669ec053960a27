"""When a failed call is made again and after which pause; it sleeps nowhere and never invents a second key.

Repeated are ABORTED, RESOURCE_EXHAUSTED and UNAVAILABLE, a lost connection included, and CANCELLED, with which a server
ends the calls of its last moment: every request that changes something carries an idempotency key, and a repeat carries
the same. DEADLINE_EXCEEDED is never repeated, because the deadline is the caller's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from tollbridge._errors import Effect, TollbridgeError

RETRYABLE = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    }
)

_WEIGHT = {Effect.EXCLUDED: 0, Effect.POSSIBLE: 1, Effect.DONE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently a call is repeated. The call's own deadline bounds all of it."""

    max_attempts: int | None = None
    """Tries of one call, the first included; 1 switches repeats off, None leaves the end to the deadline."""

    initial_backoff_s: float = 0.1
    """The pause after the first failure, in seconds. It doubles with each further one, up to `max_backoff_s`."""

    max_backoff_s: float = 2.0
    """The longest pause of our own, in seconds. A longer one that the server asks for is kept."""

    def __post_init__(self) -> None:
        if self.max_attempts is not None and self.max_attempts < 1:
            raise ValueError("max_attempts counts the first try, so it is at least 1")
        if not 0 < self.initial_backoff_s <= self.max_backoff_s:
            raise ValueError("backoffs are more than 0 s, and max_backoff_s is not below initial_backoff_s")

    def backoff_s(self, failures: int, *, fraction: float) -> float:
        """Return the pause after so many failures (from 1), in seconds.

        `fraction`, from 0 to 1, spreads callers that failed together between half the backoff and all of it.
        """
        # The exponent is bounded because a float overflows long before a patient policy ends.
        full = min(self.initial_backoff_s * 2.0 ** min(failures - 1, 60), self.max_backoff_s)
        return full * (0.5 + 0.5 * fraction)


class Attempts:
    """The tries of one call: how much time is left, and what all of them together may have done.

    `patience_s` ends a watch that never reached a server; once it did, only the deadline ends it, if there is one.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        timeout_s: float | None,
        patience_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        fraction: Callable[[], float] = random.random,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._fraction = fraction
        self._ends_at = None if timeout_s is None else clock() + timeout_s
        self._patience_s = patience_s
        self._gives_up_at = None if patience_s is None else clock() + patience_s
        self._tried_at = clock()
        self._failures = 0
        self._effect = Effect.EXCLUDED
        self._last: TollbridgeError | None = None

    def begin(self) -> float | None:
        """Begin a try: return what is left of the call's deadline in seconds, 0 at least; None when it has none."""
        self._tried_at = self._clock()
        return None if self._ends_at is None else max(self._ends_at - self._tried_at, 0.0)

    def pause_s(self, error: TollbridgeError) -> float | None:
        """Count a failed try, and return the pause before the next one in seconds; None when there is to be none.

        Widens `error.effect` to that of the tries before: a refusal of the third does not undo what the first may
        have done.
        """
        now_s = self._clock()
        if self._patience_s is not None and now_s - self._tried_at > self._patience_s:
            self.progressed()  # No connection takes so long to fail: this stream stood, and had nothing to tell.
        self._failures += 1
        self._last = error
        self._effect = error.effect = max(self._effect, error.effect, key=_WEIGHT.__getitem__)
        if error.code not in RETRYABLE or self._failures == self._policy.max_attempts:
            return None
        pause_s = max(self._policy.backoff_s(self._failures, fraction=self._fraction()), error.retry_after_s or 0.0)
        ends = [at for at in (self._ends_at, self._gives_up_at) if at is not None]
        return None if ends and now_s + pause_s >= min(ends) else pause_s

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Let the try before explain the call if what the next one needs (a token, a header) can not be had.

        Its error says what may have happened and holds the key; the caller's own exception would hide both.
        """
        try:
            yield
        except Exception as broken:
            if self._last is None:
                raise
            raise self._last from broken

    def progressed(self) -> None:
        """Begin to count anew, because the last try brought something before it broke off (a stream does)."""
        self._failures = 0
        self._gives_up_at = None
