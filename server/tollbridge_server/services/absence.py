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
        return now_us >= attempt.send_deadline_us + self.grace_us(declared)

    def is_over(self, charge: Charge, payment: Payment, declared: Capabilities, *, now_us: int) -> bool:
        """Whether a charge that its provider does not know will not begin any more, as CancelOrder means it."""
        attempt, after_us = charge.attempt, self.ends_after_us(declared)
        if after_us is None or attempt.state not in _NEVER_KNOWN or attempt.provider_reference:
            return False
        quiet_us = now_us - after_us
        if attempt.next_action is not None:
            return 0 < payment.expires_at_us <= quiet_us
        return attempt.state is not AttemptState.REQUIRES_ACTION and attempt.send_deadline_us <= quiet_us

    def grace_us(self, declared: Capabilities) -> int:
        """Return how long after the send deadline "not found" proves nothing, in microseconds."""
        configured_s = self._settings.not_found_grace_s
        return int((declared.not_found_grace_s if configured_s is None else configured_s) * MICROSECONDS)

    def ends_after_us(self, declared: Capabilities) -> int | None:
        """Return how long after its time a charge that is not found counts as over, in microseconds; None: never."""
        if declared.absence_ends_after_s is None:
            return None
        configured_s = self._settings.absence_ends_after_s
        return int((declared.absence_ends_after_s if configured_s is None else configured_s) * MICROSECONDS)
