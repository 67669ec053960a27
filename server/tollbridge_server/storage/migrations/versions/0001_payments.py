"""Payments, operations, attempts, refunds, idempotency keys, events, inbox and exceptions.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORD = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "exceptions",
        sa.Column("exception_id", WORD, nullable=False),
        sa.Column("merchant_id", WORD, nullable=False),
        sa.Column("payment_id", WORD, nullable=False),
        sa.Column("attempt_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("detail", WORD, nullable=False),
        sa.Column("created_at_us", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("exception_id"),
        **OPTIONS,
    )
    op.create_index("exceptions_by_payment", "exceptions", ["payment_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("merchant_id", WORD, nullable=False),
        sa.Column("method", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("resource_id", WORD, nullable=False),
        sa.Column("created_at_us", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "method", "key"),
        **OPTIONS,
    )
    op.create_index("idempotency_keys_by_age", "idempotency_keys", ["created_at_us"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("provider", WORD, nullable=False),
        sa.Column("provider_account_id", WORD, nullable=False),
        sa.Column("event_id", WORD, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_us", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("provider", "provider_account_id", "event_id"),
        **OPTIONS,
    )
    op.create_table(
        "payments",
        sa.Column("payment_id", WORD, nullable=False),
        sa.Column("merchant_id", WORD, nullable=False),
        sa.Column("merchant_reference", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("amount_minor", WHOLE, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        sa.Column("capture_method", WORD, nullable=False),
        sa.Column("on_decline", WORD, nullable=False),
        sa.Column("method", WORD, nullable=False),
        sa.Column("provider", WORD, nullable=False),
        sa.Column("provider_account_id", WORD, nullable=False),
        sa.Column("created_at_us", WHOLE, nullable=False),
        sa.Column("updated_at_us", WHOLE, nullable=False),
        sa.Column("charge_operation_id", WORD, nullable=False),
        sa.Column("charge", WORD, nullable=False),
        sa.Column("authorized_minor", WHOLE, nullable=False),
        sa.Column("captured_minor", WHOLE, nullable=False),
        sa.Column("capture_reserved_minor", WHOLE, nullable=False),
        sa.Column("refunded_minor", WHOLE, nullable=False),
        sa.Column("refund_reserved_minor", WHOLE, nullable=False),
        sa.Column("refund_count", WHOLE, nullable=False),
        sa.Column("is_released", WHOLE, nullable=False),
        sa.Column("is_canceling", WHOLE, nullable=False),
        sa.Column("cancel_cause", WORD, nullable=False),
        sa.Column("unresolved_count", WHOLE, nullable=False),
        sa.Column("is_contradicted", WHOLE, nullable=False),
        sa.Column("provider_reference", WORD, nullable=False),
        sa.Column("next_action", WORD, nullable=False),
        sa.Column("failure", WORD, nullable=False),
        sa.Column("expires_at_us", WHOLE, nullable=False),
        sa.Column("details", WORD, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        sa.CheckConstraint(
            "captured_minor + capture_reserved_minor <= authorized_minor", name="captured_fits_authorized"
        ),
        sa.CheckConstraint("captured_minor >= 0 AND capture_reserved_minor >= 0", name="captured_is_not_negative"),
        sa.CheckConstraint("refunded_minor + refund_reserved_minor <= captured_minor", name="refunded_fits_captured"),
        sa.CheckConstraint("refunded_minor >= 0 AND refund_reserved_minor >= 0", name="refunded_is_not_negative"),
        sa.PrimaryKeyConstraint("payment_id"),
        **OPTIONS,
    )
    op.create_index("payments_by_merchant", "payments", ["merchant_id", "payment_id"], unique=False)
    op.create_index(
        "payments_by_merchant_reference",
        "payments",
        ["merchant_id", "merchant_reference"],
        unique=False,
        sqlite_where=sa.text("merchant_reference <> ''"),
        postgresql_where=sa.text("merchant_reference <> ''"),
    )
    op.create_index(
        "payments_by_provider_reference",
        "payments",
        ["merchant_id", "provider_reference"],
        unique=False,
        sqlite_where=sa.text("provider_reference <> ''"),
        postgresql_where=sa.text("provider_reference <> ''"),
    )
    op.create_index(
        "payments_waiting",
        "payments",
        ["expires_at_us"],
        unique=False,
        sqlite_where=sa.text("state = 'REQUIRES_ACTION'"),
        postgresql_where=sa.text("state = 'REQUIRES_ACTION'"),
    )
    op.create_table(
        "events",
        sa.Column("payment_id", WORD, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("event_id", WORD, nullable=False),
        sa.Column("merchant_id", WORD, nullable=False),
        sa.Column("refund_id", WORD, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("body", WORD, nullable=False),
        sa.Column("created_at_us", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments.payment_id"],
        ),
        sa.PrimaryKeyConstraint("payment_id", "version"),
        **OPTIONS,
    )
    op.create_table(
        "operations",
        sa.Column("operation_id", WORD, nullable=False),
        sa.Column("payment_id", WORD, nullable=False),
        sa.Column("merchant_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("amount_minor", WHOLE, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        sa.Column("created_at_us", WHOLE, nullable=False),
        sa.Column("updated_at_us", WHOLE, nullable=False),
        sa.Column("refund_id", WORD, nullable=False),
        sa.Column("is_final", WHOLE, nullable=False),
        sa.Column("cancel_cause", WORD, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("failure", WORD, nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name="amount_is_not_negative"),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments.payment_id"],
        ),
        sa.PrimaryKeyConstraint("operation_id"),
        **OPTIONS,
    )
    op.create_index("operations_by_payment", "operations", ["payment_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("refund_id", WORD, nullable=False),
        sa.Column("payment_id", WORD, nullable=False),
        sa.Column("merchant_id", WORD, nullable=False),
        sa.Column("merchant_reference", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("amount_minor", WHOLE, nullable=False),
        sa.Column("currency", WORD, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("provider", WORD, nullable=False),
        sa.Column("provider_account_id", WORD, nullable=False),
        sa.Column("operation_id", WORD, nullable=False),
        sa.Column("created_at_us", WHOLE, nullable=False),
        sa.Column("updated_at_us", WHOLE, nullable=False),
        sa.Column("provider_reference", WORD, nullable=False),
        sa.Column("failure", WORD, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments.payment_id"],
        ),
        sa.PrimaryKeyConstraint("refund_id"),
        **OPTIONS,
    )
    op.create_index("refunds_by_merchant", "refunds", ["merchant_id", "refund_id"], unique=False)
    op.create_index(
        "refunds_by_merchant_reference",
        "refunds",
        ["merchant_id", "merchant_reference"],
        unique=False,
        sqlite_where=sa.text("merchant_reference <> ''"),
        postgresql_where=sa.text("merchant_reference <> ''"),
    )
    op.create_index("refunds_by_payment", "refunds", ["payment_id"], unique=False)
    op.create_index(
        "refunds_by_provider_reference",
        "refunds",
        ["merchant_id", "provider_reference"],
        unique=False,
        sqlite_where=sa.text("provider_reference <> ''"),
        postgresql_where=sa.text("provider_reference <> ''"),
    )
    op.create_table(
        "attempts",
        sa.Column("attempt_id", WORD, nullable=False),
        sa.Column("operation_id", WORD, nullable=False),
        sa.Column("payment_id", WORD, nullable=False),
        sa.Column("merchant_id", WORD, nullable=False),
        sa.Column("provider", WORD, nullable=False),
        sa.Column("provider_account_id", WORD, nullable=False),
        sa.Column("request_reference", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("created_at_us", WHOLE, nullable=False),
        sa.Column("updated_at_us", WHOLE, nullable=False),
        sa.Column("lease_until_us", WHOLE, nullable=False),
        sa.Column("send_deadline_us", WHOLE, nullable=False),
        sa.Column("key_expires_at_us", WHOLE, nullable=False),
        sa.Column("next_check_at_us", WHOLE, nullable=False),
        sa.Column("checks", WHOLE, nullable=False),
        sa.Column("sends", WHOLE, nullable=False),
        sa.Column("is_replayable", WHOLE, nullable=False),
        sa.Column("provider_reference", WORD, nullable=False),
        sa.Column("next_action", WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.operation_id"],
        ),
        sa.PrimaryKeyConstraint("attempt_id"),
        **OPTIONS,
    )
    op.create_index("attempts_by_payment", "attempts", ["payment_id"], unique=False)
    op.create_index("attempts_by_reference", "attempts", ["request_reference", "provider_account_id"], unique=True)
    op.create_index(
        "attempts_due",
        "attempts",
        ["next_check_at_us"],
        unique=False,
        sqlite_where=sa.text("next_check_at_us > 0"),
        postgresql_where=sa.text("next_check_at_us > 0"),
    )
