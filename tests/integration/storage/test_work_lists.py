"""The resolver's work list and the idempotency keys: taken once, held once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.operation import Attempt
from tollbridge_server.ports.storage import IdempotencyRecord, Storage
from tollbridge_server.storage.opening import open_storage

from tests.integration.storage import samples

_NOW_US = 1_000_000
_LEASE_US = 2_000_000


async def _stored_attempts(storage: Storage, *changes: dict[str, Any]) -> list[Attempt]:
    parent = await samples.stored_operation(storage)
    due = {"next_check_at_us": _NOW_US, "lease_until_us": _NOW_US}
    made = [samples.attempt(parent, **(due | each)) for each in changes]
    await storage.write(lambda tx: [tx.attempts.insert(each) for each in made])
    return made


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        ({}, True),
        ({"next_check_at_us": 1, "lease_until_us": 0}, True),
        ({"next_check_at_us": 0}, False),
        ({"next_check_at_us": _NOW_US + 1}, False),
        ({"lease_until_us": _NOW_US + 1}, False),
    ],
)
async def test_an_attempt_is_claimed_when_it_is_due_and_its_lease_is_over(
    storage: Storage, changes: dict[str, Any], is_due: bool
) -> None:
    (made,) = await _stored_attempts(storage, changes)
    claimed = await storage.write(lambda tx: tx.attempts.claim_due(_NOW_US, lease_until_us=_LEASE_US, limit=10))
    assert list(claimed) == ([replace(made, lease_until_us=_LEASE_US)] if is_due else [])


async def test_a_claim_takes_the_longest_overdue_within_its_limit(storage: Storage) -> None:
    made = await _stored_attempts(storage, *({"next_check_at_us": _NOW_US - age} for age in (1, 4, 2, 3)))
    claimed = await storage.write(lambda tx: tx.attempts.claim_due(_NOW_US, lease_until_us=_LEASE_US, limit=2))
    assert {a.attempt_id for a in claimed} == {made[1].attempt_id, made[3].attempt_id}


async def test_a_claim_is_stored_and_counted_as_a_change(storage: Storage) -> None:
    (made,) = await _stored_attempts(storage, {})
    before = storage.statistics().commits
    await storage.write(lambda tx: tx.attempts.claim_due(_NOW_US, lease_until_us=_LEASE_US, limit=10))
    found = await storage.read(lambda tx: tx.attempts.get(made.attempt_id))
    assert found == replace(made, lease_until_us=_LEASE_US)
    assert storage.statistics().commits == before + 1


async def _claims(*storages: Storage) -> Counter[str]:
    """Let 16 claimers take batches until each finds none; return how often each attempt was taken."""
    taken: Counter[str] = Counter()

    async def claim(storage: Storage) -> None:
        while batch := await storage.write(
            lambda tx: tx.attempts.claim_due(_NOW_US, lease_until_us=_LEASE_US, limit=7)
        ):
            assert len(batch) <= 7
            taken.update(attempt.attempt_id for attempt in batch)

    await asyncio.gather(*(claim(storages[number % len(storages)]) for number in range(16)))
    return taken


async def test_no_attempt_is_claimed_twice_by_16_claimers(storage: Storage) -> None:
    made = await _stored_attempts(storage, *({} for _ in range(200)))
    assert await _claims(storage) == Counter(attempt.attempt_id for attempt in made)


@pytest.mark.postgres
async def test_no_attempt_is_claimed_twice_by_two_servers(postgres_url: str) -> None:
    one, two = await open_storage(postgres_url), await open_storage(postgres_url)
    made = await _stored_attempts(one, *({} for _ in range(200)))
    assert await _claims(one, two) == Counter(attempt.attempt_id for attempt in made)
    await one.close()
    await two.close()


async def test_the_first_holder_of_a_key_keeps_it(storage: Storage) -> None:
    first = samples.distinct(IdempotencyRecord)
    second = replace(first, fingerprint=b"other", resource_id="other", created_at_us=1)
    assert await storage.write(lambda tx: tx.idempotency.put(first)) is None
    assert await storage.write(lambda tx: tx.idempotency.put(second)) == first


async def test_a_key_belongs_to_one_merchant_and_one_method(storage: Storage) -> None:
    first = samples.distinct(IdempotencyRecord)
    others = [replace(first, merchant_id="other"), replace(first, method="other"), replace(first, key="other")]
    assert await storage.write(lambda tx: [tx.idempotency.put(each) for each in (first, *others)]) == [None] * 4


async def test_one_of_32_concurrent_holders_gets_the_key(storage: Storage) -> None:
    first = samples.distinct(IdempotencyRecord)
    records = [replace(first, resource_id=f"pay_{number}") for number in range(32)]
    holders = await asyncio.gather(*(storage.write(lambda tx, r=r: tx.idempotency.put(r)) for r in records))  # type: ignore[misc]
    winners = [record for record, holder in zip(records, holders, strict=True) if holder is None]
    assert len(winners) == 1
    assert [holder for holder in holders if holder is not None] == winners * 31


async def test_a_key_whose_unit_failed_is_free_again(storage: Storage) -> None:
    record = samples.distinct(IdempotencyRecord)

    def fail(tx: Any) -> None:
        tx.idempotency.put(record)
        raise LookupError

    with pytest.raises(LookupError):
        await storage.write(fail)
    assert await storage.write(lambda tx: tx.idempotency.put(record)) is None


async def test_a_purge_deletes_the_oldest_keys_within_its_limit(storage: Storage) -> None:
    records = [samples.distinct(IdempotencyRecord, created_at_us=age) for age in (5, 1, 4, 2, 3)]
    await storage.write(lambda tx: [tx.idempotency.put(each) for each in records])
    purge = [await storage.write(lambda tx: tx.idempotency.purge(5, limit=3)) for _ in range(3)]
    assert purge == [3, 1, 0]
    left = await storage.read(
        lambda tx: [r for r in records if tx.idempotency.get(r.merchant_id, r.method, r.key) is not None]
    )
    assert left == [records[0]]
