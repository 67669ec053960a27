"""What callers ask of the services and what they get back: plain values, checked against the contract's rules before.

The merchant always comes from the caller's credentials, never from a request.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import Attempt, Operation
from tollbridge_server.domain.order import NO_DETAILS, Identity, PaymentDetails
from tollbridge_server.domain.payment import CaptureMethod, OnDecline, Payment
from tollbridge_server.domain.payment_method import PaymentMethod
from tollbridge_server.domain.refund import Refund


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the merchant of the token, its subject, and the scopes that it grants."""

    merchant_id: str
    subject: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class IdempotencyToken:
    """The key of a request, and the canonical bytes of the request without the key (they may hold a PAN)."""

    key: str
    canonical_request: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CreatePayment:
    """`provider_account_id` empty lets the configuration choose; `expires_at_us` 0 takes the configured default."""

    token: IdempotencyToken
    merchant_reference: str
    amount: Money
    method: PaymentMethod
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    on_decline: OnDecline = OnDecline.FAIL
    provider_account_id: str = ""
    expires_at_us: int = 0
    details: PaymentDetails = NO_DETAILS
    identity: Identity | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """Go on after a next action (`method` None: ask the provider now), or with another method."""

    token: IdempotencyToken
    payment_id: str
    method: PaymentMethod | None = None
    action_result: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CapturePayment:
    """`amount_minor` 0 captures all that is left; `currency` empty means the payment's."""

    token: IdempotencyToken
    payment_id: str
    amount_minor: int = 0
    currency: str = ""
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class CancelPayment:
    """Void the authorization, or close what is not paid yet."""

    token: IdempotencyToken
    payment_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CreateRefund:
    """`amount_minor` 0 refunds all that is left; `currency` empty means the payment's."""

    token: IdempotencyToken
    payment_id: str
    amount_minor: int = 0
    currency: str = ""
    reason: str = ""
    merchant_reference: str = ""


@dataclass(frozen=True, slots=True)
class PaymentLookup:
    """Exactly one of the three is set."""

    payment_id: str = ""
    merchant_reference: str = ""
    provider_reference: str = ""


@dataclass(frozen=True, slots=True)
class RefundLookup:
    """Exactly one of the three is set."""

    refund_id: str = ""
    merchant_reference: str = ""
    provider_reference: str = ""


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment with its timeline: each operation with its attempts, oldest first.

    `operation_id` is the operation that the request made, where it made one.
    """

    payment: Payment
    operations: tuple[tuple[Operation, tuple[Attempt, ...]], ...] = ()
    is_replayed: bool = False
    operation_id: str = ""


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund, the payment as it is after it, and the refund's attempt."""

    refund: Refund
    payment: Payment
    attempt: Attempt
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class StatusView:
    """The short answer to "where does it stand?"; `is_refreshed` says that a provider was asked just now."""

    payment: Payment
    refunds: tuple[Refund, ...] = ()
    is_refreshed: bool = False


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """One page of payments; `next_id` is the id before which the next page starts (empty on the last page)."""

    payments: tuple[Payment, ...]
    next_id: str = ""


@dataclass(frozen=True, slots=True)
class RefundPage:
    """One page of refunds; `next_id` as in PaymentPage."""

    refunds: tuple[RefundView, ...]
    next_id: str = ""
