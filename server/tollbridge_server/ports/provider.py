"""What the core asks of a provider adapter: one short method an operation, a query, and a notification reader.

Orders hold all that an adapter needs; an adapter holds no state of a payment. An adapter never raises for
what a provider said or failed to say: it returns Evidence. It raises only `NotificationRefused`, and
`UnsupportedOperation` for what its SPEC does not declare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from tollbridge_server.domain.evidence import Evidence
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.order import NO_DETAILS, Identity, PaymentDetails
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter declares. Asking for anything else is refused before any call.

    `currencies` empty means every ISO 4217 currency. `key_lifetime_s` is how long the provider treats our reference as
    the same request. `not_found_grace_s` is how long after the send deadline "not found" still proves nothing.
    `send_timeout_s` bounds one call. `cancels_unsent` says that a cancel of a reference which the provider has never
    seen is confirmed and also keeps a late request with that reference from taking effect. `absence_ends_after_s` is
    for a provider that promises no such thing: how long after the send deadline a charge that it does not know counts
    as over (see CancelOrder); None: never. It is longer than clocks may differ, and such a charge is asked about for
    days more. `time_to_pay_s` is the longest that a charge may wait for a payer who has nothing to open or to scan any
    more, by method; whatever is not named waits until the payment expires. `refunds_captures` says that a refund of an
    authorized payment is a refund of one of its captures. `checks_identity` says that the provider can be asked to see
    to it that the payer is who the caller says, or is declined. `has_bills` says that the adapter is a BillSource.
    """

    operations: frozenset[OperationKind]
    methods: frozenset[MethodKind]
    currencies: frozenset[str] = frozenset()
    key_lifetime_s: int = 24 * 3600
    not_found_grace_s: float = 60.0
    send_timeout_s: float = 20.0
    cancels_unsent: bool = False
    absence_ends_after_s: float | None = None
    time_to_pay_s: Mapping[MethodKind, float] = field(default_factory=dict)
    refunds_captures: bool = False
    checks_identity: bool = False
    has_bills: bool = False


@dataclass(frozen=True, slots=True)
class ChargeReference:
    """The opening attempt of a payment, as both sides know it: a sale or an authorization, with which method."""

    request_reference: str
    provider_reference: str
    amount: Money
    kind: OperationKind
    method: MethodKind


@dataclass(frozen=True, slots=True)
class CaptureReference:
    """A capture that succeeded, as both sides know it."""

    request_reference: str
    provider_reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """Authorize (`kind` AUTHORIZE) or authorize and capture (SALE) `amount` with `method`."""

    request_reference: str
    kind: OperationKind
    amount: Money
    method: PaymentMethod
    payment_id: str
    merchant_reference: str
    details: PaymentDetails
    created_at_us: int
    expires_at_us: int = 0
    identity: Identity | None = None

    def as_charge(self, provider_reference: str = "") -> ChargeReference:
        """Return what captures, cancels and refunds of this order refer to."""
        return ChargeReference(
            self.request_reference, provider_reference, self.amount, kind=self.kind, method=self.method.kind
        )


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """Capture `amount` of an authorization; `is_final` releases the rest. `details` are the payment's."""

    request_reference: str
    charge: ChargeReference
    amount: Money
    is_final: bool
    merchant_reference: str = ""
    details: PaymentDetails = NO_DETAILS


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Void what is authorized and not captured, or close what the payer has not paid yet.

    `is_charge_over` says that a charge which the provider does not know will not begin any more, as far as it is ours
    to say: no request of it is on its way, and nobody was given anything to pay with, or its time to pay has passed.
    It is never set for a charge that the provider has known. A cancel that is done because there was nothing to end
    says so: `absent` beside SUCCEEDED.
    """

    request_reference: str
    charge: ChargeReference
    cause: CancelCause
    is_charge_over: bool = False


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Give back `amount` of what was captured, of `capture` where the adapter `refunds_captures`."""

    request_reference: str
    charge: ChargeReference
    amount: Money
    reason: str
    capture: CaptureReference | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question about one attempt: what became of `request_reference`?

    `action_result` is what the payer's browser or app brought back, where the caller sent it along. `capture` is that
    of the refund which is asked about.
    """

    kind: OperationKind
    request_reference: str
    provider_reference: str
    charge: ChargeReference
    amount: Money
    action_result: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    capture: CaptureReference | None = None


@dataclass(frozen=True, slots=True)
class InboundNotification:
    """A provider's HTTP request as it arrived: the raw body is what was signed."""

    body: bytes
    headers: Mapping[str, str]
    query: str
    received_at_us: int


@dataclass(frozen=True, slots=True)
class Notification:
    """A verified notification: whose event it is, which attempt it speaks of, what it says.

    `kinds` are the operations that such a notification can speak of: under the reference of another one it says nothing
    but that something has happened.
    """

    event_id: str
    request_reference: str
    kinds: frozenset[OperationKind]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class NotificationReply:
    """What the provider wants to hear: after a commit (accepted), or when it should try again."""

    status: int
    body: bytes
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


class NotificationRefused(Exception):
    """A notification that is not authentic, not ours, or too old; `reason` is for the log, never for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedOperation(Exception):
    """An operation that the adapter does not declare: a defect of ours, raised before any call."""


class Adapter(Protocol):
    """One merchant account at one provider."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def charge(self, order: ChargeOrder) -> Evidence: ...

    async def capture(self, order: CaptureOrder) -> Evidence: ...

    async def cancel(self, order: CancelOrder) -> Evidence: ...

    async def refund(self, order: RefundOrder) -> Evidence: ...

    async def query(self, inquiry: Inquiry) -> Evidence: ...

    def read_notification(self, inbound: InboundNotification) -> tuple[Notification, ...]: ...

    def notification_reply(self, *, accepted: bool) -> NotificationReply: ...

    async def close(self) -> None: ...


@runtime_checkable
class Warmable(Protocol):
    """An adapter that does well to fetch something before its first use, such as keys that verify notifications."""

    async def warm(self) -> None:
        """Fetch it. It never raises: what fails here is tried again when it is needed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What harmless questions to a provider have proved about an account; None: no answer told.

    `address` is where they were sent. `clock_ahead_s` is how far this machine's clock is ahead of the provider's.
    `mistakes` name the setting to mend first; `remarks` say what could not be asked.
    """

    address: str
    is_reached: bool
    is_own_key_accepted: bool | None = None
    is_provider_key_verified: bool | None = None
    clock_ahead_s: float | None = None
    mistakes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@runtime_checkable
class Probing(Protocol):
    """An adapter that can ask its provider whether both sides know each other, with nothing that can have an effect."""

    async def probe(self) -> ProbeResult:
        """Ask. It never raises for what the provider said or did not say."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """A merchant's account at a provider, ready to use; accounts are tried in the order of the configuration."""

    account_id: str
    merchant_id: str
    provider: str
    adapter: Adapter
    methods: frozenset[MethodKind]
    currencies: frozenset[str] = frozenset()


class ProviderAccounts(Protocol):
    """Every configured provider account."""

    def get(self, account_id: str) -> ProviderAccount | None: ...

    def of_merchant(self, merchant_id: str) -> tuple[ProviderAccount, ...]: ...
