"""What the core asks of storage: units of work as plain synchronous code over repositories.

A unit is a function of a Transaction. It runs alone against its rows, may run again after a conflict, and so
must do nothing but read and write through the transaction. Whatever it raises undoes all that it wrote.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tollbridge_server.domain.event import Event, ExceptionRecord
from tollbridge_server.domain.operation import Attempt, Operation
from tollbridge_server.domain.payment import Payment, PaymentState
from tollbridge_server.domain.refund import Refund, RefundState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """A key that a merchant used: UNIQUE (merchant, method, key), bound to the request by its fingerprint."""

    merchant_id: str
    method: str
    key: str
    fingerprint: bytes
    resource_id: str
    created_at_us: int


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What ListPayments filters by; empty means all. Times in microseconds: from inclusive, to exclusive (0: open)."""

    states: tuple[PaymentState, ...] = ()
    provider: str = ""
    provider_account_id: str = ""
    merchant_reference: str = ""
    created_from_us: int = 0
    created_to_us: int = 0


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """What ListRefunds filters by; empty means all."""

    payment_id: str = ""
    states: tuple[RefundState, ...] = ()
    provider: str = ""
    provider_account_id: str = ""
    merchant_reference: str = ""
    created_from_us: int = 0
    created_to_us: int = 0


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A notification that was verified: UNIQUE (provider, account, event id)."""

    provider: str
    provider_account_id: str
    event_id: str
    body: bytes
    received_at_us: int


class PaymentRepository(Protocol):
    """Payments. `lock` holds the row until the end of the unit; `update` expects the row at version - 1."""

    def insert(self, payment: Payment) -> None: ...

    def get(self, payment_id: str) -> Payment | None: ...

    def lock(self, payment_id: str) -> Payment | None: ...

    def update(self, payment: Payment) -> None: ...

    def find_by_merchant_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Payment]: ...

    def find_by_provider_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Payment]: ...

    def page(self, merchant_id: str, wanted: PaymentFilter, *, before_id: str, limit: int) -> Sequence[Payment]:
        """Newest first, payment_id < before_id (empty: from the newest)."""
        ...

    def due_to_expire(self, now_us: int, *, limit: int) -> Sequence[str]:
        """Return ids of expired payments in REQUIRES_ACTION with charge DECLINED or CANCELED: nobody else waits."""
        ...

    def scan(self, after_id: str, *, limit: int) -> Sequence[Payment]:
        """Oldest first, payment_id > after_id, of all merchants: for a check of the whole database."""
        ...


class OperationRepository(Protocol):
    """Operations, in the order in which they were made."""

    def insert(self, operation: Operation) -> None: ...

    def get(self, operation_id: str) -> Operation | None: ...

    def update(self, operation: Operation) -> None: ...

    def of_payment(self, payment_id: str) -> Sequence[Operation]: ...


class AttemptRepository(Protocol):
    """Attempts, and the resolver's work list over them."""

    def insert(self, attempt: Attempt) -> None: ...

    def get(self, attempt_id: str) -> Attempt | None: ...

    def update(self, attempt: Attempt) -> None: ...

    def update_unchanged(self, attempt: Attempt, *, seen_at_us: int) -> None:
        """Update the attempt if `updated_at_us` is still `seen_at_us`; raise StaleVersion otherwise."""
        ...

    def of_operation(self, operation: Operation) -> Sequence[Attempt]: ...

    def of_payment(self, payment_id: str) -> Sequence[Attempt]: ...

    def find_by_request_reference(self, provider_account_id: str, request_reference: str) -> Attempt | None: ...

    def claim_due(self, now_us: int, *, lease_until_us: int, limit: int) -> Sequence[Attempt]:
        """Take attempts with 0 < next_check_at_us <= now_us and lease_until_us <= now_us, and lease each of them.

        Two processes never claim the same attempt. The attempts come back as they are after the claim.
        """
        ...


class RefundRepository(Protocol):
    """Refunds. `update` expects the row at version - 1."""

    def insert(self, refund: Refund) -> None: ...

    def get(self, refund_id: str) -> Refund | None: ...

    def update(self, refund: Refund) -> None: ...

    def of_payment(self, payment_id: str) -> Sequence[Refund]: ...

    def find_by_merchant_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Refund]: ...

    def find_by_provider_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Refund]: ...

    def page(self, merchant_id: str, wanted: RefundFilter, *, before_id: str, limit: int) -> Sequence[Refund]: ...


class IdempotencyRepository(Protocol):
    """Idempotency keys."""

    def put(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        """Store the record and return None, or return the record that already holds the key."""
        ...

    def get(self, merchant_id: str, method: str, key: str) -> IdempotencyRecord | None: ...

    def purge(self, before_us: int, *, limit: int) -> int:
        """Delete up to `limit` records created before `before_us`; return how many."""
        ...


class EventRepository(Protocol):
    """Events: inserted with each change, never changed."""

    def insert(self, event: Event) -> None: ...

    def of_payment(self, payment_id: str, *, after_version: int = 0, limit: int = 100) -> Sequence[Event]: ...


class InboxRepository(Protocol):
    """Verified notifications."""

    def put(self, entry: InboxEntry) -> bool:
        """Store the entry; False when it was there already."""
        ...


class ExceptionRepository(Protocol):
    """Exception records, open until a person closes them."""

    def insert(self, record: ExceptionRecord) -> None: ...

    def of_payment(self, payment_id: str) -> Sequence[ExceptionRecord]: ...


class Transaction(Protocol):
    """The repositories of one unit of work."""

    @property
    def payments(self) -> PaymentRepository: ...

    @property
    def operations(self) -> OperationRepository: ...

    @property
    def attempts(self) -> AttemptRepository: ...

    @property
    def refunds(self) -> RefundRepository: ...

    @property
    def idempotency(self) -> IdempotencyRepository: ...

    @property
    def events(self) -> EventRepository: ...

    @property
    def inbox(self) -> InboxRepository: ...

    @property
    def exceptions(self) -> ExceptionRepository: ...


class StorageUnavailable(Exception):
    """The database can not be reached or refused the unit for a reason that is not the unit's; nothing was written
    unless `is_commit_unknown`, when the connection was lost at the commit itself."""

    def __init__(self, message: str, *, is_commit_unknown: bool = False) -> None:
        super().__init__(message)
        self.is_commit_unknown = is_commit_unknown


class StaleVersion(Exception):
    """The row was changed by somebody else since it was read; the unit may be run again."""


@dataclass(frozen=True, slots=True)
class StorageStatistics:
    """What a storage did since it was opened: transactions that changed something, and statements in all."""

    commits: int
    statements: int


class Storage(Protocol):
    """A database."""

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Run `unit` and return its result after its commit is durable; retry on serialization conflicts."""
        ...

    async def read(self, unit: Callable[[Transaction], T]) -> T:
        """Run `unit`, which only reads, against the last committed state."""
        ...

    def changes(self) -> ChangeFeed: ...

    def statistics(self) -> StorageStatistics: ...

    async def is_healthy(self) -> bool:
        """Prove with a real read and a real write lock that the database works."""
        ...

    async def close(self) -> None:
        """Finish what is queued, then close."""
        ...


class ChangeFeed(Protocol):
    """Tells of committed changes of payments, whichever process made them."""

    def subscribe(self, payment_ids: Iterable[str]) -> Subscription: ...


class Subscription(Protocol):
    """An asynchronous iterator over ids of changed payments; a lost connection shows up as every id once."""

    def __aiter__(self) -> AsyncIterator[str]: ...

    def close(self) -> None: ...
