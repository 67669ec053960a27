"""Twenty kills at random moments and failpoints under the load of eight callers; then both books are compared."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import AsyncExitStack

import pytest
import tollbridge
from tollbridge_server.ports.failpoint import FAILPOINTS

from tests.crash.rig import SHORT_LEASES, Rig
from tests.crash.shoppers import Shopper

KILLS = 20
SHOPPERS = 8
SEED_VARIABLE = "TOLLBRIDGE_CRASH_SEED"


@pytest.mark.timeout(300)
async def test_random_kills_under_load_lose_nothing_and_charge_nothing_twice(rig: Rig) -> None:
    seed = os.environ.get(SEED_VARIABLE) or os.urandom(4).hex()
    print(f"{SEED_VARIABLE}={seed}")
    await asyncio.to_thread(rig.start, environment=SHORT_LEASES)
    async with AsyncExitStack() as clients:
        shoppers = [
            Shopper(
                f"{seed}-{number}",
                await clients.enter_async_context(
                    tollbridge.AsyncClient(
                        rig.target,
                        token=rig.token,
                        timeout_s=10.0,
                        retry=tollbridge.RetryPolicy(max_attempts=3, max_backoff_s=0.2),
                    )
                ),
                random.Random(f"{seed}/{number}"),
            )
            for number in range(SHOPPERS)
        ]
        closing = asyncio.Event()
        shopping = asyncio.gather(*(shopper.shop(closing) for shopper in shoppers))
        deaths = await _kill_at_random(rig, random.Random(seed), shopping)
        closing.set()
        await shopping
        doubled = [reference for shopper in shoppers for reference in await shopper.doubled_orders()]
    while rig.has_notifications_due():
        await asyncio.sleep(0.1)
    verification = await rig.verify()

    assert deaths == KILLS
    assert [broken for shopper in shoppers for broken in shopper.broken] == []
    assert doubled == []
    assert verification.breaks == []
    assert verification.in_flight == 0
    assert all(shopper.steps for shopper in shoppers)
    rig.is_spoiled = False


async def _kill_at_random(rig: Rig, chance: random.Random, shopping: asyncio.Future[list[None]]) -> int:
    """Kill and start again, half of the times with a failpoint that may be faster; return how many times it died."""
    deaths = 0
    while deaths < KILLS and not shopping.done():
        await asyncio.sleep(chance.uniform(0.05, 0.8))
        await asyncio.to_thread(rig.kill)
        deaths += 1
        is_armed = deaths < KILLS and chance.random() < 0.5
        failpoint = f"{chance.choice(FAILPOINTS)}:{chance.randint(1, 12)}" if is_armed else ""
        await asyncio.to_thread(rig.start, failpoint, environment=SHORT_LEASES)
    return deaths
