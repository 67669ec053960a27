"""Fetches a provider's bill for one account of a configuration, beside whatever server runs; it needs no database."""

from __future__ import annotations

from datetime import date

from tollbridge_server.app.accounts import account_settings
from tollbridge_server.config import Loaded
from tollbridge_server.ports.bills import Bill, BillSource, NoBill
from tollbridge_server.providers.registry import ProviderSpec, spec_of


class NoSuchBill(Exception):
    """An account that is not configured, or whose provider has no bills; the text names those that have."""


async def fetch_bill(loaded: Loaded, account_id: str, day: date) -> Bill | NoBill:
    """Return the bill of `day` in the provider's time zone. Raises ConfigInvalid and NoSuchBill."""
    settings = account_settings(loaded)
    billed = _billed(loaded)
    spec = billed.get(account_id)
    if spec is None:
        wrong = "has no bills to fetch" if account_id in settings else "is no account of this configuration"
        raise NoSuchBill(f"{account_id} {wrong}; accounts with bills: {', '.join(sorted(billed)) or 'none'}")
    adapter = spec.build(account_id, settings[account_id], None)
    try:
        if not isinstance(adapter, BillSource):
            raise TypeError(f"{spec.name} declares bills, and its adapter does not fetch them")
        return await adapter.fetch_bill(day)
    finally:
        await adapter.close()


def _billed(loaded: Loaded) -> dict[str, ProviderSpec]:
    """Return the provider of each account that has bills."""
    accounts = [account for merchant in loaded.config.merchants for account in merchant.accounts]
    specs = ((account.id, spec_of(account.provider)) for account in accounts)
    return {account_id: spec for account_id, spec in specs if spec is not None and spec.capabilities.has_bills}
