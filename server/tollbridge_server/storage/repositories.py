"""The repositories over raw connections, for both dialects.

Refuses an update of a row that is not at the version it was read at (StaleVersion).
"""

from __future__ import annotations

from collections.abc import Sequence

from tollbridge_server.domain.event import Event, ExceptionRecord
from tollbridge_server.domain.operation import Attempt, Operation
from tollbridge_server.domain.payment import Payment
from tollbridge_server.domain.refund import Refund
from tollbridge_server.ports.storage import (
    IdempotencyRecord,
    InboxEntry,
    PaymentFilter,
    RefundFilter,
    StaleVersion,
)
from tollbridge_server.storage import rows
from tollbridge_server.storage.queries import Statements
from tollbridge_server.storage.session import Session


class Payments:
    """PaymentRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def insert(self, payment: Payment) -> None:
        self._session.run(self._sql.payment_insert, rows.payment_row(payment))
        self._session.changed(payment.payment_id)

    def get(self, payment_id: str) -> Payment | None:
        row = self._session.one(self._sql.payment_get, (payment_id,))
        return rows.to_payment(row) if row else None

    def lock(self, payment_id: str) -> Payment | None:
        row = self._session.one(self._sql.payment_lock, (payment_id,))
        return rows.to_payment(row) if row else None

    def update(self, payment: Payment) -> None:
        arguments = (*rows.payment_changes(payment), payment.payment_id, payment.version - 1)
        if self._session.run(self._sql.payment_update.sql, arguments) != 1:
            raise StaleVersion(payment.payment_id)
        self._session.changed(payment.payment_id)

    def find_by_merchant_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Payment]:
        if not reference:  # An empty filter would find everything.
            return []
        wanted = PaymentFilter(merchant_reference=reference)
        return self.page(merchant_id, wanted, before_id="", limit=limit)

    def find_by_provider_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Payment]:
        found = self._session.all(*self._sql.payment_pages.by_provider_reference(merchant_id, reference, limit))
        return [rows.to_payment(row) for row in found]

    def page(self, merchant_id: str, wanted: PaymentFilter, *, before_id: str, limit: int) -> Sequence[Payment]:
        query = self._sql.payment_pages.page(
            merchant_id,
            states=tuple(state.value for state in wanted.states),
            words={
                "provider": wanted.provider,
                "provider_account_id": wanted.provider_account_id,
                "merchant_reference": wanted.merchant_reference,
            },
            created_from_us=wanted.created_from_us,
            created_to_us=wanted.created_to_us,
            before_id=before_id,
            limit=limit,
        )
        return [rows.to_payment(row) for row in self._session.all(*query)]

    def due_to_expire(self, now_us: int, *, limit: int) -> Sequence[str]:
        statement = self._sql.payment_expired
        return [row[0] for row in self._session.all(statement.sql, statement.arguments(now_us=now_us, limit=limit))]

    def scan(self, after_id: str, *, limit: int) -> Sequence[Payment]:
        statement = self._sql.payment_scan
        found = self._session.all(statement.sql, statement.arguments(after_id=after_id, limit=limit))
        return [rows.to_payment(row) for row in found]


class Operations:
    """OperationRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def insert(self, operation: Operation) -> None:
        self._session.run(self._sql.operation_insert, rows.operation_row(operation))

    def get(self, operation_id: str) -> Operation | None:
        row = self._session.one(self._sql.operation_get, (operation_id,))
        return rows.to_operation(row) if row else None

    def update(self, operation: Operation) -> None:
        arguments = (*rows.operation_changes(operation), operation.operation_id)
        _require_row(self._session.run(self._sql.operation_update, arguments), operation.operation_id)

    def of_payment(self, payment_id: str) -> Sequence[Operation]:
        found = self._session.all(self._sql.operations_of_payment, (payment_id,))
        return [rows.to_operation(row) for row in found]


class Attempts:
    """AttemptRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def insert(self, attempt: Attempt) -> None:
        self._session.run(self._sql.attempt_insert, rows.attempt_row(attempt))

    def get(self, attempt_id: str) -> Attempt | None:
        row = self._session.one(self._sql.attempt_get, (attempt_id,))
        return rows.to_attempt(row) if row else None

    def update(self, attempt: Attempt) -> None:
        arguments = (*rows.attempt_changes(attempt), attempt.attempt_id)
        _require_row(self._session.run(self._sql.attempt_update, arguments), attempt.attempt_id)

    def update_unchanged(self, attempt: Attempt, *, seen_at_us: int) -> None:
        arguments = (*rows.attempt_changes(attempt), attempt.attempt_id, seen_at_us)
        _require_row(self._session.run(self._sql.attempt_update_unchanged, arguments), attempt.attempt_id)

    def of_operation(self, operation: Operation) -> Sequence[Attempt]:
        found = self._session.all(self._sql.attempts_of_operation, (operation.payment_id, operation.operation_id))
        return [rows.to_attempt(row) for row in found]

    def of_payment(self, payment_id: str) -> Sequence[Attempt]:
        return [rows.to_attempt(row) for row in self._session.all(self._sql.attempts_of_payment, (payment_id,))]

    def find_by_request_reference(self, provider_account_id: str, request_reference: str) -> Attempt | None:
        row = self._session.one(self._sql.attempt_by_reference, (request_reference, provider_account_id))
        return rows.to_attempt(row) if row else None

    def claim_due(self, now_us: int, *, lease_until_us: int, limit: int) -> Sequence[Attempt]:
        statement = self._sql.attempts_claim
        arguments = statement.arguments(now_us=now_us, lease_until_us=lease_until_us, limit=limit)
        return [rows.to_attempt(row) for row in self._session.all(statement.sql, arguments)]


class Refunds:
    """RefundRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def insert(self, refund: Refund) -> None:
        self._session.run(self._sql.refund_insert, rows.refund_row(refund))

    def get(self, refund_id: str) -> Refund | None:
        row = self._session.one(self._sql.refund_get, (refund_id,))
        return rows.to_refund(row) if row else None

    def update(self, refund: Refund) -> None:
        arguments = (*rows.refund_changes(refund), refund.refund_id, refund.version - 1)
        if self._session.run(self._sql.refund_update.sql, arguments) != 1:
            raise StaleVersion(refund.refund_id)

    def of_payment(self, payment_id: str) -> Sequence[Refund]:
        return [rows.to_refund(row) for row in self._session.all(self._sql.refunds_of_payment, (payment_id,))]

    def find_by_merchant_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Refund]:
        if not reference:  # An empty filter would find everything.
            return []
        return self.page(merchant_id, RefundFilter(merchant_reference=reference), before_id="", limit=limit)

    def find_by_provider_reference(self, merchant_id: str, reference: str, *, limit: int) -> Sequence[Refund]:
        found = self._session.all(*self._sql.refund_pages.by_provider_reference(merchant_id, reference, limit))
        return [rows.to_refund(row) for row in found]

    def page(self, merchant_id: str, wanted: RefundFilter, *, before_id: str, limit: int) -> Sequence[Refund]:
        query = self._sql.refund_pages.page(
            merchant_id,
            states=tuple(state.value for state in wanted.states),
            words={
                "payment_id": wanted.payment_id,
                "provider": wanted.provider,
                "provider_account_id": wanted.provider_account_id,
                "merchant_reference": wanted.merchant_reference,
            },
            created_from_us=wanted.created_from_us,
            created_to_us=wanted.created_to_us,
            before_id=before_id,
            limit=limit,
        )
        return [rows.to_refund(row) for row in self._session.all(*query)]


class IdempotencyKeys:
    """IdempotencyRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def put(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        if self._session.run(self._sql.key_put, rows.idempotency_row(record)) == 1:
            return None
        holder = self.get(record.merchant_id, record.method, record.key)
        if holder is None:
            raise StaleVersion(f"key {record.key}: its holder was purged between the two statements")
        return holder

    def get(self, merchant_id: str, method: str, key: str) -> IdempotencyRecord | None:
        row = self._session.one(self._sql.key_get, (merchant_id, method, key))
        return rows.to_idempotency(row) if row else None

    def purge(self, before_us: int, *, limit: int) -> int:
        statement = self._sql.keys_purge
        return self._session.run(statement.sql, statement.arguments(before_us=before_us, limit=limit))


class Events:
    """EventRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def insert(self, event: Event) -> None:
        self._session.run(self._sql.event_insert, rows.event_row(event))

    def of_payment(self, payment_id: str, *, after_version: int = 0, limit: int = 100) -> Sequence[Event]:
        statement = self._sql.events_of_payment
        arguments = statement.arguments(payment_id=payment_id, after_version=after_version, limit=limit)
        return [rows.to_event(row) for row in self._session.all(statement.sql, arguments)]


class Inbox:
    """InboxRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def put(self, entry: InboxEntry) -> bool:
        row = (entry.provider, entry.provider_account_id, entry.event_id, entry.body, entry.received_at_us)
        return self._session.run(self._sql.inbox_put, row) == 1


class Exceptions:
    """ExceptionRepository."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self._session = session
        self._sql = statements

    def insert(self, record: ExceptionRecord) -> None:
        self._session.run(self._sql.exception_insert, rows.exception_row(record))

    def of_payment(self, payment_id: str) -> Sequence[ExceptionRecord]:
        return [rows.to_exception(row) for row in self._session.all(self._sql.exceptions_of_payment, (payment_id,))]


class Repositories:
    """The Transaction of ports.storage over one session."""

    def __init__(self, session: Session, statements: Statements) -> None:
        self.payments = Payments(session, statements)
        self.operations = Operations(session, statements)
        self.attempts = Attempts(session, statements)
        self.refunds = Refunds(session, statements)
        self.idempotency = IdempotencyKeys(session, statements)
        self.events = Events(session, statements)
        self.inbox = Inbox(session, statements)
        self.exceptions = Exceptions(session, statements)


def _require_row(count: int, row_id: str) -> None:
    if count != 1:
        raise StaleVersion(row_id)
