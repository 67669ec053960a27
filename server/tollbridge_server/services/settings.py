"""The engine's times and bounds; the configuration fills them in."""

from __future__ import annotations

from dataclasses import dataclass, field

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Times in seconds.

    `fingerprint_key` keys the HMAC that binds an idempotency key to its request. `lease_margin_s` is what a lease
    outlives the send deadline by. `check_schedule_s` is when the resolver asks after each silent answer; its
    last step repeats until `give_up_after_s`, when a person is called. `max_sends` bounds how often one request
    is handed to the transport after the provider said that it does not know it. `unsent_retries` bounds
    immediate repeats of a request that provably never left. `max_sending_per_account` bounds the operations of one
    provider account that are under way at once. `not_found_grace_s`, `absence_ends_after_s` and `send_timeout_s` are
    the provider's own (see Capabilities) where they are None.
    """

    fingerprint_key: bytes = field(repr=False)
    lease_margin_s: float = 5.0
    check_schedule_s: tuple[float, ...] = (5, 15, 60, 300, 1800, 7200, 21600)
    give_up_after_s: float = 7 * 86400
    max_sends: int = 5
    max_sending_per_account: int = 256
    unsent_retries: int = 2
    unsent_pause_s: float = 0.05
    not_found_grace_s: float | None = None
    absence_ends_after_s: float | None = None
    send_timeout_s: float | None = None
    default_expiry_s: float = 86400
    idempotency_lifetime_s: float = 30 * 86400
    resolver_interval_s: float = 1.0
    resolver_batch: int = 32
    query_timeout_s: float = 15.0

    def pause_after_us(self, checks: int) -> int:
        """Return how long after question number `checks` (0: the sending itself) the next one follows."""
        step = min(checks, len(self.check_schedule_s) - 1)
        return int(self.check_schedule_s[step] * MICROSECONDS)
