"""Whoever watches a payment hears of every committed change, whichever server made it, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from tollbridge_server.ports.storage import Storage, Subscription
from tollbridge_server.storage.changes import Changes
from tollbridge_server.storage.opening import open_storage

from tests.integration.storage import samples

_TIMEOUT_S = 30


async def _next(changes: AsyncIterator[str]) -> str:
    return await asyncio.wait_for(anext(changes), _TIMEOUT_S)


async def _rest(subscription: Subscription) -> list[str]:
    async with asyncio.timeout(_TIMEOUT_S):
        return [payment_id async for payment_id in subscription]


async def test_an_insert_and_an_update_are_told(storage: Storage) -> None:
    made = samples.payment(payment_id="pay_watched")
    changes = aiter(storage.changes().subscribe(["pay_watched"]))
    await storage.write(lambda tx: tx.payments.insert(made))
    assert await _next(changes) == "pay_watched"
    await storage.write(lambda tx: tx.payments.update(samples.at_next_version(made)))
    assert await _next(changes) == "pay_watched"


async def test_a_change_is_told_after_its_commit(storage: Storage) -> None:
    changes = aiter(storage.changes().subscribe(["pay_watched"]))
    made = samples.payment(payment_id="pay_watched")
    writing = asyncio.create_task(storage.write(lambda tx: tx.payments.insert(made)))
    await _next(changes)
    assert await storage.read(lambda tx: tx.payments.get("pay_watched")) == made
    await writing


async def test_a_unit_that_failed_is_not_told(storage: Storage) -> None:
    changes = aiter(storage.changes().subscribe(["pay_undone", "pay_done"]))
    undone, done = samples.payment(payment_id="pay_undone"), samples.payment(payment_id="pay_done")

    def fail(tx: object) -> None:
        tx.payments.insert(undone)  # type: ignore[attr-defined]
        raise LookupError

    with pytest.raises(LookupError):
        await storage.write(fail)
    await storage.write(lambda tx: tx.payments.insert(done))
    assert await _next(changes) == "pay_done"


async def test_a_unit_that_changed_two_payments_tells_of_both(storage: Storage) -> None:
    changes = aiter(storage.changes().subscribe(["pay_1", "pay_2"]))
    made = samples.payment(payment_id="pay_1"), samples.payment(payment_id="pay_2")
    await storage.write(lambda tx: samples.insert_payments(tx, *made))
    assert {await _next(changes), await _next(changes)} == {"pay_1", "pay_2"}


async def test_payments_that_are_not_watched_are_not_told(storage: Storage) -> None:
    changes = aiter(storage.changes().subscribe(["pay_watched"]))
    for payment_id in ("pay_other", "pay_watched"):
        await samples.stored_payment(storage, payment_id=payment_id)
    assert await _next(changes) == "pay_watched"


async def test_closing_ends_the_iteration_that_waits(storage: Storage) -> None:
    subscription = storage.changes().subscribe(["pay_watched"])
    waiting = asyncio.create_task(_rest(subscription))
    await asyncio.sleep(0)
    subscription.close()
    assert await waiting == []


async def test_closing_while_an_id_is_in_hand_ends_the_iteration(storage: Storage) -> None:
    subscription = storage.changes().subscribe(["pay_watched"])
    await samples.stored_payment(storage, payment_id="pay_watched")
    seen = []
    async with asyncio.timeout(_TIMEOUT_S):
        async for payment_id in subscription:
            seen.append(payment_id)
            subscription.close()
    assert seen == ["pay_watched"]


async def test_a_slow_subscriber_is_told_once_about_each_payment() -> None:
    changes = Changes()
    subscription = changes.subscribe(["pay_1", "pay_2"])
    changes.publish(["pay_1", "pay_2", "pay_1", "pay_1"])
    reading = aiter(subscription)
    assert [await _next(reading), await _next(reading)] == ["pay_1", "pay_2"]
    changes.publish(["pay_2"])
    assert await _next(reading) == "pay_2"


@pytest.mark.postgres
async def test_a_change_is_told_to_the_other_server(postgres_url: str) -> None:
    here, there = await open_storage(postgres_url), await open_storage(postgres_url)
    changes = aiter(there.changes().subscribe(["pay_watched"]))
    await samples.stored_payment(here, payment_id="pay_watched")
    assert await _next(changes) == "pay_watched"
    await here.close()
    await there.close()


@pytest.mark.postgres
async def test_after_a_lost_connection_every_watched_payment_is_told_once(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    changes = aiter(storage.changes().subscribe(["pay_1", "pay_2"]))
    with psycopg.connect(postgres_url, autocommit=True) as administrator:
        ended = administrator.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        ).fetchall()
    assert ended == [(True,)]
    assert {await _next(changes), await _next(changes)} == {"pay_1", "pay_2"}
    await samples.stored_payment(storage, payment_id="pay_2")
    assert await _next(changes) == "pay_2"
    await storage.close()
