"""A unit writes all or nothing, may not break a rule of the tables, and ends even when its caller is gone."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.errors import BrokenInvariant
from tollbridge_server.domain.event import Event
from tollbridge_server.domain.payment import Payment
from tollbridge_server.ports.storage import StaleVersion, Storage, StorageUnavailable, Transaction
from tollbridge_server.storage.opening import open_storage

from tests.integration.storage import samples


async def test_units_of_one_batch_fail_alone(storage: Storage) -> None:
    made = [samples.payment() for _ in range(20)]

    def unit(number: int, tx: Transaction) -> int:
        tx.payments.insert(made[number])
        if number % 3 == 0:
            raise LookupError(number)
        return number

    def of(number: int) -> Any:
        return storage.write(lambda tx: unit(number, tx))

    results = await asyncio.gather(*(of(number) for number in range(20)), return_exceptions=True)
    stored = await storage.read(lambda tx: [tx.payments.get(p.payment_id) is not None for p in made])
    assert stored == [number % 3 != 0 for number in range(20)]
    assert [r if isinstance(r, int) else type(r) for r in results] == [
        LookupError if number % 3 == 0 else number for number in range(20)
    ]


async def test_a_unit_sees_what_it_wrote(storage: Storage) -> None:
    made = samples.payment()

    def unit(tx: Transaction) -> Payment | None:
        tx.payments.insert(made)
        return tx.payments.get(made.payment_id)

    assert await storage.write(unit) == made


async def test_a_reading_unit_does_not_write(storage: Storage) -> None:
    made = samples.payment()
    with pytest.raises(StorageUnavailable):
        await storage.read(lambda tx: tx.payments.insert(made))
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) is None


async def test_an_update_expects_the_version_before(storage: Storage) -> None:
    made = await samples.stored_payment(storage)
    child = samples.refund(made)
    await storage.write(lambda tx: tx.refunds.insert(child))

    def unit(tx: Transaction) -> None:
        for version in (made.version, made.version + 2):
            with pytest.raises(StaleVersion):
                tx.payments.update(replace(made, version=version, provider_reference="changed"))
        for version in (child.version, child.version + 2):
            with pytest.raises(StaleVersion):
                tx.refunds.update(replace(child, version=version, provider_reference="changed"))

    await storage.write(unit)
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) == made
    assert await storage.read(lambda tx: tx.refunds.get(child.refund_id)) == child


async def test_an_update_of_a_row_that_is_not_there_is_refused(storage: Storage) -> None:
    parent = await samples.stored_operation(storage)

    def unit(tx: Transaction) -> None:
        with pytest.raises(StaleVersion):
            tx.attempts.update(samples.attempt(parent))
        with pytest.raises(StaleVersion):
            tx.operations.update(replace(parent, operation_id="none"))

    await storage.write(unit)


@pytest.mark.parametrize(
    "broken",
    [
        {"amount_minor": 0},
        {"captured_minor": 99_999, "capture_reserved_minor": 2},
        {"captured_minor": -1, "refunded_minor": 0, "refund_reserved_minor": 0},
        {"capture_reserved_minor": -1},
        {"refunded_minor": 49_999, "refund_reserved_minor": 2},
        {"refunded_minor": -1},
        {"refund_reserved_minor": -1},
    ],
)
async def test_a_broken_sum_can_not_be_committed(storage: Storage, broken: dict[str, int]) -> None:
    made = samples.payment(**broken)
    with pytest.raises(BrokenInvariant):
        await storage.write(lambda tx: tx.payments.insert(made))
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) is None


async def test_an_update_can_not_break_a_sum(storage: Storage) -> None:
    made = await samples.stored_payment(storage)
    with pytest.raises(BrokenInvariant):
        await storage.write(lambda tx: tx.payments.update(samples.at_next_version(made, captured_minor=100_001)))
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) == made


async def test_a_version_has_one_event(storage: Storage) -> None:
    parent = await samples.stored_payment(storage)
    events = [samples.distinct(Event, payment_id=parent.payment_id, version=2) for _ in range(2)]
    await storage.write(lambda tx: tx.events.insert(events[0]))
    with pytest.raises(BrokenInvariant):
        await storage.write(lambda tx: tx.events.insert(events[1]))
    assert await storage.read(lambda tx: tx.events.of_payment(parent.payment_id)) == events[:1]


async def test_a_request_reference_is_used_once_on_an_account(storage: Storage) -> None:
    parent = await samples.stored_operation(storage)
    first = samples.attempt(parent)
    second = replace(first, attempt_id="another")
    await storage.write(lambda tx: tx.attempts.insert(first))
    with pytest.raises(BrokenInvariant):
        await storage.write(lambda tx: tx.attempts.insert(second))


async def test_a_child_needs_its_parent(storage: Storage) -> None:
    orphan = samples.operation(samples.payment())
    with pytest.raises(BrokenInvariant):
        await storage.write(lambda tx: tx.operations.insert(orphan))


async def test_only_units_that_changed_something_are_counted(storage: Storage) -> None:
    made = await samples.stored_payment(storage)
    before = storage.statistics()
    await storage.write(lambda tx: tx.payments.lock(made.payment_id))
    await storage.read(lambda tx: tx.payments.get(made.payment_id))
    after = storage.statistics()
    assert after.commits == before.commits
    assert after.statements == before.statements + 2
    await storage.write(lambda tx: tx.payments.update(samples.at_next_version(made)))
    assert storage.statistics().commits == before.commits + 1


async def test_close_finishes_what_is_queued(database_url: str) -> None:
    storage = await open_storage(database_url)
    made = [samples.payment() for _ in range(50)]
    writes = [
        asyncio.create_task(storage.write(lambda tx, p=p: tx.payments.insert(p)))  # type: ignore[misc]
        for p in made
    ]
    await asyncio.sleep(0)
    await storage.close()
    assert await asyncio.gather(*writes) == [None] * 50
    again = await open_storage(database_url)
    assert len(await again.read(lambda tx: tx.payments.scan("", limit=100))) == 50
    await again.close()


async def test_a_closed_storage_refuses_units(database_url: str) -> None:
    storage = await open_storage(database_url)
    await storage.close()
    with pytest.raises(StorageUnavailable):
        await storage.write(lambda tx: tx.payments.get("none"))
    with pytest.raises(StorageUnavailable):
        await storage.read(lambda tx: tx.payments.get("none"))


async def test_a_caller_that_gives_up_does_not_stop_its_unit(database_url: str) -> None:
    storage = await open_storage(database_url)
    is_running, may_go_on = threading.Event(), threading.Event()
    made = samples.payment()
    if database_url.startswith("sqlite"):
        may_go_on.set()  # Its units run on this thread, so nobody can give up in the middle of one.

    def unit(tx: Transaction) -> None:
        tx.payments.insert(made)
        is_running.set()
        assert may_go_on.wait(timeout=30)
        tx.payments.update(samples.at_next_version(made))

    waiting = asyncio.create_task(storage.write(unit))
    assert await asyncio.to_thread(is_running.wait, 30)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    may_go_on.set()
    await storage.close()
    again = await open_storage(database_url)
    found = await again.read(lambda tx: tx.payments.get(made.payment_id))
    assert found == samples.at_next_version(made)
    await again.close()


async def test_a_working_storage_is_healthy(storage: Storage) -> None:
    assert await storage.is_healthy()


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "sqlite://", "sqlite:///", "sqlite:///a?b", "a/path", ""])
async def test_another_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///path or postgresql://") as refused:
        await open_storage(url)
    assert "secret" not in str(refused.value)
