"""What a failed call raises, with what it may have done; it knows no reason by name (those are generated).

TollbridgeError
├── InvalidArgument       the request breaks a rule: RequestInvalid, CardExpired, CvvInvalid, …
├── FailedPrecondition    the state of things forbids it: PaymentStateConflict, IdempotencyKeyReused, …
├── NotFound              PaymentNotFound, RefundNotFound, ProviderAccountNotFound
├── Unauthenticated       CredentialsMissing, CredentialsInvalid, CredentialsExpired
├── PermissionDenied      ScopeMissing
├── Aborted               OperationInProgress
├── ResourceExhausted     Overloaded
├── Unavailable           StorageUnavailable, ShuttingDown, and a lost connection
├── DeadlineExceeded      DeadlineTooShort, and the caller's own deadline
├── Internal              InternalError
└── Canceled, Unimplemented, Unknown    only from the transport, without a reason

The classes of the second and third column are generated into `_errors_generated.py`. A decline by a provider is no
error: it is `payment.failure` of an ordinary response.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import grpc


class Effect(StrEnum):
    """Whether a failed call had an effect. Compares equal to its name: `error.effect == "EXCLUDED"`."""

    EXCLUDED = "EXCLUDED"
    """Certainly none. Correct the request, or repeat it."""

    POSSIBLE = "POSSIBLE"
    """There may be one. Repeat with the same idempotency key, or look the payment up; never use a new key."""

    DONE = "DONE"
    """There is one; only the answer failed. Look the payment up."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request that breaks a rule of the contract."""

    field: str
    """The path of the field, for example `payment_method.card.number`; empty when it is the message as a whole."""

    description: str
    """What the rule is, in words."""


class TollbridgeError(Exception):
    """A call that failed for good: refused by the server, or given up by the client after its repeats.

    `effect` speaks of the whole call with all its repeats: it is EXCLUDED only if no try of it can have had an effect.
    Where the server's word is missing (a lost connection, a deadline that passed) it is POSSIBLE.
    """

    REASON: ClassVar[str | None] = None
    """The reason that the class stands for; None for the classes that stand for a gRPC code."""

    DEFAULT_EFFECT: ClassVar[Effect] = Effect.POSSIBLE
    """The effect that the contract gives to the reason unless the server says otherwise."""

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode,
        reason: str | None = None,
        effect: Effect | None = None,
        facts: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after_s: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """What the server says, in words for a developer."""
        self.code = code
        """The gRPC status code."""
        self.reason = reason if reason is not None else self.REASON
        """The contract's reason, for example "CARD_EXPIRED"; None when the error comes from the transport."""
        self.effect = effect if effect is not None else self.DEFAULT_EFFECT
        """Whether the call had an effect."""
        self.facts = dict(facts or {})
        """What the server tells beside the reason: ErrorInfo's metadata, as `capturable_minor`."""
        self.violations = tuple(violations)
        """The fields that break a rule, if the reason is REQUEST_INVALID."""
        self.retry_after_s = retry_after_s
        """How long the server asks to wait before a repeat, in seconds; None when it does not say."""
        self.idempotency_key = idempotency_key
        """The key that the call was made with; give it to the same method to repeat the call. None for reads."""

    @property
    def is_effect_possible(self) -> bool:
        """Whether something may have happened, so that the call must only be repeated with the same key."""
        return self.effect is not Effect.EXCLUDED

    @property
    def correlation_id(self) -> str | None:
        """What an operator of the server finds the call by; None when the server did not answer."""
        return self.facts.get("correlation_id")

    def __str__(self) -> str:
        name = self.reason or self.code.name
        correlation = f", correlation id {self.correlation_id}" if self.correlation_id else ""
        told = [f"{violation.field}: {violation.description}" for violation in self.violations]
        fields = "".join(f"; {line}" for line in told if line not in self.message)
        return f"{name}: {self.message}{fields} (effect {self.effect}{correlation})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are copied by what was given to Exception, which is the message alone; task queues pickle them.
        rebuild = functools.partial(
            type(self),
            code=self.code,
            reason=self.reason,
            effect=self.effect,
            facts=self.facts,
            violations=self.violations,
            retry_after_s=self.retry_after_s,
            idempotency_key=self.idempotency_key,
        )
        return rebuild, (self.message,)
