"""Chooses the provider account for a payment; refuses what no configured account can take, before any effect."""

from __future__ import annotations

from tollbridge_server.domain.errors import ErrorReason, FieldViolation, RequestError
from tollbridge_server.domain.money import Money, is_known_currency
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import ProviderAccount, ProviderAccounts


def choose_account(
    accounts: ProviderAccounts,
    merchant_id: str,
    *,
    wanted_id: str,
    kind: OperationKind,
    method: MethodKind,
    amount: Money,
    has_identity: bool = False,
) -> ProviderAccount:
    """Return the merchant's first account (in the order of the configuration) that takes method and currency.

    With `has_identity` it also has to be one whose provider checks who pays.

    Raises RequestError with PROVIDER_ACCOUNT_NOT_FOUND, NO_PROVIDER_ACCOUNT, CURRENCY_NOT_SUPPORTED or
    PAYMENT_METHOD_NOT_SUPPORTED.
    """
    if not is_known_currency(amount.currency):
        raise _unsupported_currency(amount.currency)
    candidates = accounts.of_merchant(merchant_id)
    if wanted_id:
        candidates = tuple(account for account in candidates if account.account_id == wanted_id)
        if not candidates:
            raise RequestError(
                ErrorReason.PROVIDER_ACCOUNT_NOT_FOUND,
                f"this merchant has no provider account {wanted_id!r}; leave provider_account_id out to let the "
                "server choose, or add the account to the server's configuration",
                facts={"provider_account_id": wanted_id},
            )
    if not candidates:
        raise RequestError(
            ErrorReason.NO_PROVIDER_ACCOUNT,
            "this merchant has no provider account; add one to the server's configuration",
            facts={"payment_method_kind": method.value, "currency_code": amount.currency},
        )
    with_method = [a for a in candidates if method in a.methods and kind in a.adapter.capabilities.operations]
    if not with_method:
        raise RequestError(
            ErrorReason.PAYMENT_METHOD_NOT_SUPPORTED,
            f"no provider account of this merchant takes {method.value} for {kind.value}",
            facts={"payment_method_kind": method.value, "capability": kind.value},
            violations=(FieldViolation("payment_method", "no provider account takes this payment method"),),
        )
    if has_identity:
        with_method = [a for a in with_method if a.adapter.capabilities.checks_identity]
    if not with_method:
        raise RequestError(
            ErrorReason.PAYMENT_METHOD_NOT_SUPPORTED,
            f"no provider account of this merchant checks who pays with {method.value}; leave customer.identity out, "
            "or take another payment method",
            facts={"payment_method_kind": method.value, "capability": "IDENTITY_CHECK"},
            violations=(FieldViolation("customer.identity", "no provider account checks the payer's identity"),),
        )
    for account in with_method:
        if _takes_currency(account, amount.currency):
            return account
    raise _unsupported_currency(amount.currency)


def _takes_currency(account: ProviderAccount, currency: str) -> bool:
    declared = account.adapter.capabilities.currencies
    return (not declared or currency in declared) and (not account.currencies or currency in account.currencies)


def _unsupported_currency(currency: str) -> RequestError:
    return RequestError(
        ErrorReason.CURRENCY_NOT_SUPPORTED,
        f"no provider account of this merchant takes {currency}",
        facts={"currency_code": currency},
        violations=(FieldViolation("amount.currency_code", f"{currency} is not supported"),),
    )
