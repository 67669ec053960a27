"""The tables: integers, text and bytes only, with the sums as CHECKs, so that no defect can commit a broken one.

Times are microseconds since the epoch, flags are 0 or 1, enums are their names, nested values are JSON text. There
is no column for a card number, a CVV or an identity document.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

# SQLite's strict tables know one integer and one text type; PostgreSQL compares identifiers byte by byte too.
WHOLE = BigInteger().with_variant(Integer(), "sqlite")
WORD = Text(collation="C").with_variant(Text(), "sqlite")
OPTIONS = {"sqlite_strict": True, "sqlite_with_rowid": False}


def _word(*, primary_key: bool = False) -> str:
    return Field(sa_type=WORD, primary_key=primary_key, nullable=False)  # type: ignore[no-any-return]


def _whole(*, primary_key: bool = False) -> int:
    return Field(sa_type=WHOLE, primary_key=primary_key, nullable=False)  # type: ignore[no-any-return]


def _later_word() -> str:
    """Return a column that came after rows were stored, in which they have nothing."""
    return Field(sa_type=WORD, nullable=False, sa_column_kwargs={"server_default": text("''")})  # type: ignore[no-any-return]


def _later_whole() -> int:
    return Field(sa_type=WHOLE, nullable=False, sa_column_kwargs={"server_default": text("0")})  # type: ignore[no-any-return]


def _octets() -> bytes:
    return Field(sa_type=LargeBinary, nullable=False)  # type: ignore[no-any-return]


class PaymentRow(SQLModel, table=True):
    """One payment."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        CheckConstraint("captured_minor >= 0 AND capture_reserved_minor >= 0", name="captured_is_not_negative"),
        CheckConstraint("refunded_minor >= 0 AND refund_reserved_minor >= 0", name="refunded_is_not_negative"),
        CheckConstraint("captured_minor + capture_reserved_minor <= authorized_minor", name="captured_fits_authorized"),
        CheckConstraint("refunded_minor + refund_reserved_minor <= captured_minor", name="refunded_fits_captured"),
        Index("payments_by_merchant", "merchant_id", "payment_id"),
        Index(
            "payments_by_merchant_reference",
            "merchant_id",
            "merchant_reference",
            sqlite_where=text("merchant_reference <> ''"),
            postgresql_where=text("merchant_reference <> ''"),
        ),
        Index(
            "payments_by_provider_reference",
            "merchant_id",
            "provider_reference",
            sqlite_where=text("provider_reference <> ''"),
            postgresql_where=text("provider_reference <> ''"),
        ),
        Index(
            "payments_waiting",
            "expires_at_us",
            sqlite_where=text("state = 'REQUIRES_ACTION'"),
            postgresql_where=text("state = 'REQUIRES_ACTION'"),
        ),
        OPTIONS,
    )

    payment_id: str = _word(primary_key=True)
    merchant_id: str = _word()
    merchant_reference: str = _word()
    state: str = _word()
    version: int = _whole()
    amount_minor: int = _whole()
    currency: str = _word()
    capture_method: str = _word()
    on_decline: str = _word()
    method: str = _word()
    provider: str = _word()
    provider_account_id: str = _word()
    created_at_us: int = _whole()
    updated_at_us: int = _whole()
    charge_operation_id: str = _word()
    charge: str = _word()
    authorized_minor: int = _whole()
    captured_minor: int = _whole()
    capture_reserved_minor: int = _whole()
    refunded_minor: int = _whole()
    refund_reserved_minor: int = _whole()
    refund_count: int = _whole()
    is_released: int = _whole()
    is_canceling: int = _whole()
    cancel_cause: str = _word()
    unresolved_count: int = _whole()
    is_contradicted: int = _whole()
    provider_reference: str = _word()
    next_action: str = _word()
    failure: str = _word()
    expires_at_us: int = _whole()
    details: str = _word()


class OperationRow(SQLModel, table=True):
    """One side-effecting call to a provider on behalf of a payment."""

    __tablename__ = "operations"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_is_not_negative"),
        Index("operations_by_payment", "payment_id"),
        OPTIONS,
    )

    operation_id: str = _word(primary_key=True)
    payment_id: str = Field(sa_type=WORD, foreign_key="payments.payment_id", nullable=False)
    merchant_id: str = _word()
    kind: str = _word()
    state: str = _word()
    amount_minor: int = _whole()
    currency: str = _word()
    created_at_us: int = _whole()
    updated_at_us: int = _whole()
    refund_id: str = _word()
    is_final: int = _whole()
    cancel_cause: str = _word()
    reason: str = _word()
    failure: str = _word()
    capture_operation_id: str = _later_word()


class AttemptRow(SQLModel, table=True):
    """One try of an operation; a request reference is used once on an account."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("attempts_by_payment", "payment_id"),
        Index("attempts_by_reference", "request_reference", "provider_account_id", unique=True),
        Index(
            "attempts_due",
            "next_check_at_us",
            sqlite_where=text("next_check_at_us > 0"),
            postgresql_where=text("next_check_at_us > 0"),
        ),
        OPTIONS,
    )

    attempt_id: str = _word(primary_key=True)
    operation_id: str = Field(sa_type=WORD, foreign_key="operations.operation_id", nullable=False)
    payment_id: str = _word()
    merchant_id: str = _word()
    provider: str = _word()
    provider_account_id: str = _word()
    request_reference: str = _word()
    state: str = _word()
    created_at_us: int = _whole()
    updated_at_us: int = _whole()
    lease_until_us: int = _whole()
    send_deadline_us: int = _whole()
    key_expires_at_us: int = _whole()
    next_check_at_us: int = _whole()
    checks: int = _whole()
    sends: int = _whole()
    is_replayable: int = _whole()
    provider_reference: str = _word()
    next_action: str = _word()
    is_watched: int = _later_whole()


class RefundRow(SQLModel, table=True):
    """One refund."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        Index("refunds_by_payment", "payment_id"),
        Index("refunds_by_merchant", "merchant_id", "refund_id"),
        Index(
            "refunds_by_merchant_reference",
            "merchant_id",
            "merchant_reference",
            sqlite_where=text("merchant_reference <> ''"),
            postgresql_where=text("merchant_reference <> ''"),
        ),
        Index(
            "refunds_by_provider_reference",
            "merchant_id",
            "provider_reference",
            sqlite_where=text("provider_reference <> ''"),
            postgresql_where=text("provider_reference <> ''"),
        ),
        OPTIONS,
    )

    refund_id: str = _word(primary_key=True)
    payment_id: str = Field(sa_type=WORD, foreign_key="payments.payment_id", nullable=False)
    merchant_id: str = _word()
    merchant_reference: str = _word()
    state: str = _word()
    version: int = _whole()
    amount_minor: int = _whole()
    currency: str = _word()
    reason: str = _word()
    provider: str = _word()
    provider_account_id: str = _word()
    operation_id: str = _word()
    created_at_us: int = _whole()
    updated_at_us: int = _whole()
    provider_reference: str = _word()
    failure: str = _word()


class IdempotencyRow(SQLModel, table=True):
    """One idempotency key of a merchant, bound to its request."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_by_age", "created_at_us"), OPTIONS)

    merchant_id: str = _word(primary_key=True)
    method: str = _word(primary_key=True)
    key: str = _word(primary_key=True)
    fingerprint: bytes = _octets()
    resource_id: str = _word()
    created_at_us: int = _whole()


class EventRow(SQLModel, table=True):
    """One change of a payment: exactly one row for each version."""

    __tablename__ = "events"
    __table_args__ = (OPTIONS,)

    payment_id: str = Field(sa_type=WORD, foreign_key="payments.payment_id", primary_key=True, nullable=False)
    version: int = _whole(primary_key=True)
    event_id: str = _word()
    merchant_id: str = _word()
    refund_id: str = _word()
    type: str = _word()
    body: str = _word()
    created_at_us: int = _whole()


class InboxRow(SQLModel, table=True):
    """One verified notification."""

    __tablename__ = "inbox"
    __table_args__ = (OPTIONS,)

    provider: str = _word(primary_key=True)
    provider_account_id: str = _word(primary_key=True)
    event_id: str = _word(primary_key=True)
    body: bytes = _octets()
    received_at_us: int = _whole()


class ExceptionRow(SQLModel, table=True):
    """One thing that a person has to look at."""

    __tablename__ = "exceptions"
    __table_args__ = (Index("exceptions_by_payment", "payment_id"), OPTIONS)

    exception_id: str = _word(primary_key=True)
    merchant_id: str = _word()
    payment_id: str = _word()
    attempt_id: str = _word()
    kind: str = _word()
    detail: str = _word()
    created_at_us: int = _whole()
