"""Before its first use an adapter that wants to fetch something may, and one that does not is left alone."""

from __future__ import annotations

import asyncio
from typing import Any

from tollbridge_server.app.accounts import Accounts
from tollbridge_server.ports.provider import ProviderAccount


class Cold:
    """An adapter with nothing to fetch."""


class Warming:
    """An adapter that waits for the others before it is done, so that none may keep the next from beginning."""

    def __init__(self, barrier: asyncio.Barrier) -> None:
        self._barrier = barrier

    async def warm(self) -> None:
        await self._barrier.wait()


def account(adapter: Any) -> ProviderAccount:
    return ProviderAccount(str(id(adapter)), "shop", "wechatpay", adapter, frozenset())


async def test_every_adapter_that_can_warm_up_does_so_at_the_same_time() -> None:
    barrier = asyncio.Barrier(2)
    accounts = Accounts(tuple(account(each) for each in (Warming(barrier), Cold(), Warming(barrier))))

    async with asyncio.timeout(10):
        await accounts.warm()

    assert barrier.n_waiting == 0
