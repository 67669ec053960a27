"""The refusals that several use cases share: wrong state, wait a moment, account gone."""

from __future__ import annotations

from datetime import UTC, datetime

from tollbridge_server.domain.errors import Effect, ErrorReason, FieldViolation, RequestError
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment import Payment
from tollbridge_server.ports.provider import ProviderAccount, ProviderAccounts


def state_conflict(payment: Payment, operation: str, message: str, *violations: FieldViolation) -> RequestError:
    """Return the error for a payment whose present state does not allow `operation`."""
    return RequestError(
        ErrorReason.PAYMENT_STATE_CONFLICT,
        f"the payment is {payment.state.value}: {message}",
        facts={"payment_id": payment.payment_id, "state": payment.state.value, "operation": operation},
        violations=violations,
    )


def in_progress(payment: Payment, message: str) -> RequestError:
    """Return the error for a request that must wait for an operation in flight; it had no effect."""
    return RequestError(
        ErrorReason.OPERATION_IN_PROGRESS,
        f"{message}; ask again in a moment with the same key",
        effect=Effect.EXCLUDED,
        facts={"payment_id": payment.payment_id},
        retry_after_s=1.0,
    )


def payment_expired(expires_at_us: int) -> RequestError:
    """Return the error for a payment whose time to pay is over."""
    expire_time = datetime.fromtimestamp(expires_at_us / 1_000_000, UTC).isoformat().replace("+00:00", "Z")
    return RequestError(
        ErrorReason.PAYMENT_EXPIRED,
        "the time to pay is over; create a new payment with a later expire_time, or without one",
        facts={"expire_time": expire_time},
        violations=(FieldViolation("expire_time", "has passed"),),
    )


def wrong_currency(payment: Payment) -> RequestError:
    """Return the error for an amount in another currency than the payment's."""
    message = f"the payment is in {payment.currency}"
    return RequestError(
        ErrorReason.REQUEST_INVALID, message, violations=(FieldViolation("amount.currency_code", message),)
    )


def require_account(accounts: ProviderAccounts, payment: Payment, kind: OperationKind) -> ProviderAccount:
    """Return the account that holds a payment, or raise when it is gone or can not do `kind`."""
    account = accounts.get(payment.provider_account_id)
    if account is None:
        raise RequestError(
            ErrorReason.PROVIDER_ACCOUNT_NOT_FOUND,
            f"provider account {payment.provider_account_id} holds this payment but is not configured any more; "
            "put it back into the server's configuration",
            facts={"provider_account_id": payment.provider_account_id},
        )
    if kind not in account.adapter.capabilities.operations:
        raise RequestError(
            ErrorReason.PAYMENT_METHOD_NOT_SUPPORTED,
            f"{account.provider} can not {kind.value.lower()} this payment",
            facts={"payment_method_kind": payment.method.kind.value, "capability": kind.value},
        )
    return account
