"""The errors that a request can end in; they carry a reason and facts, and know no transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ErrorReason(StrEnum):
    """Why a request was refused; the names are those of tollbridge.v1.ErrorReason without its prefix."""

    REQUEST_INVALID = "REQUEST_INVALID"
    CARD_NUMBER_INVALID = "CARD_NUMBER_INVALID"
    CARD_EXPIRED = "CARD_EXPIRED"
    CVV_INVALID = "CVV_INVALID"
    CARD_BRAND_UNSUPPORTED = "CARD_BRAND_UNSUPPORTED"
    AMOUNT_INVALID = "AMOUNT_INVALID"
    CURRENCY_NOT_SUPPORTED = "CURRENCY_NOT_SUPPORTED"
    PAYMENT_METHOD_NOT_SUPPORTED = "PAYMENT_METHOD_NOT_SUPPORTED"
    PROVIDER_ACCOUNT_NOT_FOUND = "PROVIDER_ACCOUNT_NOT_FOUND"
    NO_PROVIDER_ACCOUNT = "NO_PROVIDER_ACCOUNT"
    CREDENTIALS_MISSING = "CREDENTIALS_MISSING"
    CREDENTIALS_INVALID = "CREDENTIALS_INVALID"
    CREDENTIALS_EXPIRED = "CREDENTIALS_EXPIRED"
    SCOPE_MISSING = "SCOPE_MISSING"
    PAYMENT_NOT_FOUND = "PAYMENT_NOT_FOUND"
    REFUND_NOT_FOUND = "REFUND_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    OPERATION_IN_PROGRESS = "OPERATION_IN_PROGRESS"
    PAYMENT_STATE_CONFLICT = "PAYMENT_STATE_CONFLICT"
    CAPTURE_EXCEEDS_AUTHORIZED = "CAPTURE_EXCEEDS_AUTHORIZED"
    REFUND_EXCEEDS_CAPTURED = "REFUND_EXCEEDS_CAPTURED"
    REFERENCE_AMBIGUOUS = "REFERENCE_AMBIGUOUS"
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"
    PAYMENT_EXPIRED = "PAYMENT_EXPIRED"
    DEADLINE_TOO_SHORT = "DEADLINE_TOO_SHORT"
    OVERLOADED = "OVERLOADED"
    STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    INTERNAL = "INTERNAL"


class Effect(StrEnum):
    """What a failed request may have done: nothing, perhaps something, or its full effect."""

    EXCLUDED = "EXCLUDED"
    POSSIBLE = "POSSIBLE"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field of the request that is wrong, by its path in the proto, and how to mend it."""

    field: str
    description: str


class RequestError(Exception):
    """A request that is refused: its reason, a sentence that says what to do, facts, and what it may have done.

    `retry_after_s` says when the same request with the same key is worth another try; None says never.
    """

    def __init__(
        self,
        reason: ErrorReason,
        message: str,
        *,
        effect: Effect = Effect.EXCLUDED,
        facts: Mapping[str, str] | None = None,
        violations: tuple[FieldViolation, ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.effect = effect
        self.facts = dict(facts or {})
        self.violations = violations
        self.retry_after_s = retry_after_s


class BrokenInvariant(Exception):
    """A rule that must always hold does not: the transaction is undone and a person has to look."""
