"""Says what it proves that a provider does not know a request; "not found" by itself proves nothing.

Refuses to call over what a provider has known: whatever it says of that now, it may know it again.
"""

from __future__ import annotations

from tollbridge_server.domain.operation import Attempt, AttemptState
from tollbridge_server.domain.payment import Payment
from tollbridge_server.ports.provider import Capabilities
from tollbridge_server.services.calls import Charge
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings

_NEVER_KNOWN = frozenset({AttemptState.SENDING, AttemptState.UNKNOWN, AttemptState.REQUIRES_ACTION})
"""States of a charge that its provider may never have heard of: one whose code is shown, as long as nobody scans it."""


class Absence:
    """The rules of an engine: the provider's times, unless the configuration says others."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def is_proof(self, attempt: Attempt, declared: Capabilities, *, now_us: int) -> bool:
        """Whether "not found" can no longer be a request that is still on its way (RELIABILITY: grace)."""
        grace_s = self._settings.not_found_grace_s
        if grace_s is None:
            grace_s = declared.not_found_grace_s
        return now_us >= attempt.send_deadline_us + int(grace_s * MICROSECONDS)

    def is_over(self, charge: Charge, payment: Payment, declared: Capabilities, *, now_us: int) -> bool:
        """Whether a charge that its provider does not know will not begin any more, as CancelOrder means it."""
        attempt, after_s = charge.attempt, self.ends_after_s(declared)
        if after_s is None or attempt.state not in _NEVER_KNOWN or attempt.provider_reference:
            return False
        quiet_us = now_us - int(after_s * MICROSECONDS)
        if attempt.next_action is not None:
            return 0 < payment.expires_at_us <= quiet_us
        return attempt.state is not AttemptState.REQUIRES_ACTION and attempt.send_deadline_us <= quiet_us

    def ends_after_s(self, declared: Capabilities) -> float | None:
        """Return how long after its time a charge that is not found counts as over, None for never."""
        if declared.absence_ends_after_s is None or self._settings.absence_ends_after_s is None:
            return declared.absence_ends_after_s
        return self._settings.absence_ends_after_s
