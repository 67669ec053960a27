"""Every statement that the repositories run, compiled when a server starts; refuses to build SQL for a request.

Lists alone are compiled at their first use, once for each combination of filters.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from tollbridge_server.storage import rows
from tollbridge_server.storage.pages import Pages
from tollbridge_server.storage.statements import DialectName, Statement, TableStatements, dialect_of
from tollbridge_server.storage.tables import (
    AttemptRow,
    EventRow,
    ExceptionRow,
    IdempotencyRow,
    InboxRow,
    OperationRow,
    PaymentRow,
    RefundRow,
)


class Statements:
    """Every statement of every repository, compiled for one dialect."""

    def __init__(self, name: DialectName) -> None:
        dialect = dialect_of(name)
        payments = TableStatements(PaymentRow, dialect)
        self.payment_insert = payments.insert.sql
        self.payment_get = payments.select_by("payment_id").sql
        self.payment_lock = payments.select_by("payment_id", is_locking=True).sql
        self.payment_update = payments.update_by("payment_id", *rows.PAYMENT_CHANGES, expects="version")
        self.payment_pages = Pages(PaymentRow, "payment_id", dialect)
        table = payments.table
        self.payment_expired = payments.compile(
            select(table.c.payment_id)
            .where(
                # Written out, not bound: only so can a planner know that the partial index serves.
                text("state = 'REQUIRES_ACTION' AND charge IN ('DECLINED', 'CANCELED') AND is_canceling = 0"),
                text("expires_at_us > 0"),
                table.c.expires_at_us <= bindparam("now_us"),
            )
            .order_by(table.c.expires_at_us)
            .limit(bindparam("limit"))
        )
        self.payment_scan = payments.compile(
            select(table)
            .where(table.c.payment_id > bindparam("after_id"))
            .order_by(table.c.payment_id)
            .limit(bindparam("limit"))
        )

        operations = TableStatements(OperationRow, dialect)
        self.operation_insert = operations.insert.sql
        self.operation_get = operations.select_by("operation_id").sql
        self.operation_update = operations.update_by("operation_id", *rows.OPERATION_CHANGES).sql
        self.operations_of_payment = operations.select_by("payment_id", order_by="operation_id").sql

        attempts = TableStatements(AttemptRow, dialect)
        self.attempt_insert = attempts.insert.sql
        self.attempt_get = attempts.select_by("attempt_id").sql
        self.attempt_update = attempts.update_by("attempt_id", *rows.ATTEMPT_CHANGES).sql
        self.attempt_update_unchanged = attempts.update_by(
            "attempt_id", *rows.ATTEMPT_CHANGES, expects="updated_at_us"
        ).sql
        self.attempts_of_operation = attempts.select_by("payment_id", "operation_id", order_by="attempt_id").sql
        self.attempts_of_payment = attempts.select_by("payment_id", order_by="attempt_id").sql
        self.attempt_by_reference = attempts.select_by("request_reference", "provider_account_id").sql
        self.attempts_claim = _claim(attempts)

        refunds = TableStatements(RefundRow, dialect)
        self.refund_insert = refunds.insert.sql
        self.refund_get = refunds.select_by("refund_id").sql
        self.refund_update = refunds.update_by("refund_id", *rows.REFUND_CHANGES, expects="version")
        self.refunds_of_payment = refunds.select_by("payment_id", order_by="refund_id").sql
        self.refund_pages = Pages(RefundRow, "refund_id", dialect)

        keys = TableStatements(IdempotencyRow, dialect)
        self.key_put = _insert_if_absent(keys, name).sql
        self.key_get = keys.select_by("merchant_id", "method", "key").sql
        self.keys_purge = _purge(keys)

        inbox = TableStatements(InboxRow, dialect)
        self.inbox_put = _insert_if_absent(inbox, name).sql

        events = TableStatements(EventRow, dialect)
        self.event_insert = events.insert.sql
        self.events_of_payment = events.compile(
            select(events.table)
            .where(
                events.table.c.payment_id == bindparam("payment_id"),
                events.table.c.version > bindparam("after_version"),
            )
            .order_by(events.table.c.version)
            .limit(bindparam("limit"))
        )

        exceptions = TableStatements(ExceptionRow, dialect)
        self.exception_insert = exceptions.insert.sql
        self.exceptions_of_payment = exceptions.select_by("payment_id", order_by="exception_id").sql


def _insert_if_absent(statements: TableStatements, name: DialectName) -> Statement:
    insert = sqlite_insert if name == "sqlite" else postgresql_insert
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in statements.table.columns}
    return statements.compile(insert(statements.table).values(values).on_conflict_do_nothing())


def _claim(attempts: TableStatements) -> Statement:
    table = attempts.table
    # A common table expression, which is evaluated once: a planner may run a subquery again for each row of the outer
    # side, skip what it has locked itself, and so claim more than `limit`.
    due = (
        select(table.c.attempt_id)
        .where(
            text("next_check_at_us > 0"),
            table.c.next_check_at_us <= bindparam("now_us"),
            table.c.lease_until_us <= bindparam("now_us"),
        )
        .order_by(table.c.next_check_at_us)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claim = (
        update(table)
        .where(table.c.attempt_id.in_(select(due.c.attempt_id)))
        .values(lease_until_us=bindparam("lease_until_us"))
    )
    return attempts.compile(claim.returning(*table.columns))


def _purge(keys: TableStatements) -> Statement:
    table = keys.table
    inner = table.alias("old")
    old = (
        select(inner.c.created_at_us)
        .where(inner.c.created_at_us < bindparam("before_us"))
        .order_by(inner.c.created_at_us)
        .limit(bindparam("limit"))
    )
    # By age alone: two keys of the same microsecond go together, which is as right as one after the other.
    return keys.compile(delete(table).where(table.c.created_at_us.in_(old)))
