"""Concurrent units on one payment never take more than was authorized; the control shows that the lock is why."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.payment import Payment
from tollbridge_server.ports.storage import Storage, StorageUnavailable, Transaction
from tollbridge_server.storage import postgres, rows
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.storage.queries import Statements
from tollbridge_server.storage.statements import TableStatements, dialect_of
from tollbridge_server.storage.tables import PaymentRow

from tests.integration.storage import samples

_AUTHORIZED_MINOR = 1_000
_CAPTURE_MINOR = 100
_OVERLAP_S = 0.002  # Between reading and writing, so that units without a lock are sure to overlap.


async def _authorized_payment(storage: Storage) -> Payment:
    nothing = dict.fromkeys(("captured_minor", "capture_reserved_minor", "refunded_minor", "refund_reserved_minor"), 0)
    return await samples.stored_payment(storage, version=1, authorized_minor=_AUTHORIZED_MINOR, **nothing)


async def _capture_by_64_units(storage: Storage, payment: Payment) -> int:
    """Let 64 concurrent units capture what they find capturable; return how much they were told they captured."""

    def capture(tx: Transaction) -> int:
        found = tx.payments.lock(payment.payment_id)
        assert found is not None
        if found.captured_minor + _CAPTURE_MINOR > found.authorized_minor:
            return 0
        time.sleep(_OVERLAP_S)
        captured_minor = found.captured_minor + _CAPTURE_MINOR
        tx.payments.update(replace(found, version=found.version + 1, captured_minor=captured_minor))
        return _CAPTURE_MINOR

    return sum(await asyncio.gather(*(storage.write(capture) for _ in range(64))))


async def test_64_concurrent_captures_take_exactly_what_was_authorized(storage: Storage) -> None:
    payment = await _authorized_payment(storage)
    taken_minor = await _capture_by_64_units(storage, payment)
    found = await storage.read(lambda tx: tx.payments.get(payment.payment_id))
    assert found is not None
    assert taken_minor == found.captured_minor == _AUTHORIZED_MINOR
    assert found.version == 1 + _AUTHORIZED_MINOR // _CAPTURE_MINOR


class _Unguarded(Statements):
    """Statements that write a payment without a look at its version."""

    def __init__(self, name: Any) -> None:
        super().__init__(name)
        unguarded = TableStatements(PaymentRow, dialect_of(name)).update_by("payment_id", *rows.PAYMENT_CHANGES)
        # The repository hands over the version all the same, so something has to take it.
        self.payment_update = replace(unguarded, sql=unguarded.sql + " AND %s::BIGINT > 0")


class _Unlocked(Statements):
    """Statements that read a payment for update without a lock."""

    def __init__(self, name: Any) -> None:
        super().__init__(name)
        self.payment_lock = self.payment_get


class _UnlockedAndUnguarded(_Unlocked, _Unguarded):
    """The defect of the control: read, check and write in READ COMMITTED."""


@pytest.mark.postgres
async def test_without_lock_and_version_the_same_captures_take_too_much(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "Statements", _UnlockedAndUnguarded)
    storage = await open_storage(postgres_url)
    taken_minor = await _capture_by_64_units(storage, await _authorized_payment(storage))
    await storage.close()
    assert taken_minor > _AUTHORIZED_MINOR


@pytest.mark.postgres
async def test_the_lock_alone_keeps_captures_within_what_was_authorized(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "Statements", _Unguarded)
    storage = await open_storage(postgres_url)
    taken_minor = await _capture_by_64_units(storage, await _authorized_payment(storage))
    await storage.close()
    assert taken_minor == _AUTHORIZED_MINOR


@pytest.mark.postgres
async def test_the_version_alone_keeps_captures_within_what_was_authorized(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "Statements", _Unlocked)
    storage = await open_storage(postgres_url)
    payment = await _authorized_payment(storage)

    async def capture() -> int:
        try:
            return await _capture_once(storage, payment)
        except StorageUnavailable:
            return 0

    taken_minor = sum(await asyncio.gather(*(capture() for _ in range(16))))
    found = await storage.read(lambda tx: tx.payments.get(payment.payment_id))
    await storage.close()
    assert found is not None
    assert 0 < taken_minor == found.captured_minor <= _AUTHORIZED_MINOR


async def _capture_once(storage: Storage, payment: Payment) -> int:
    def capture(tx: Transaction) -> int:
        found = tx.payments.lock(payment.payment_id)
        assert found is not None
        if found.captured_minor + _CAPTURE_MINOR > found.authorized_minor:
            return 0
        captured_minor = found.captured_minor + _CAPTURE_MINOR
        tx.payments.update(replace(found, version=found.version + 1, captured_minor=captured_minor))
        return _CAPTURE_MINOR

    return await storage.write(capture)


@pytest.mark.postgres
async def test_units_that_deadlock_are_run_again_and_both_commit(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    one, two = await samples.stored_payment(storage, version=1), await samples.stored_payment(storage, version=1)
    both_hold_one = threading.Barrier(2, timeout=30)
    runs: list[str] = []

    def unit(tx: Transaction, first: str, second: str) -> None:
        runs.append(first)
        tx.payments.lock(first)
        if runs.count(first) == 1:
            both_hold_one.wait()
        tx.payments.lock(second)
        for payment_id in (first, second):
            found = tx.payments.get(payment_id)
            assert found is not None
            tx.payments.update(samples.at_next_version(found))

    await asyncio.gather(
        storage.write(lambda tx: unit(tx, one.payment_id, two.payment_id)),
        storage.write(lambda tx: unit(tx, two.payment_id, one.payment_id)),
    )
    found = await storage.read(lambda tx: (tx.payments.get(one.payment_id), tx.payments.get(two.payment_id)))
    await storage.close()
    assert [payment and payment.version for payment in found] == [3, 3]
    assert len(runs) > 2


@pytest.mark.postgres
async def test_a_reading_unit_sees_one_moment(postgres_url: str) -> None:
    storage = await open_storage(postgres_url)
    payment = await samples.stored_payment(storage)
    has_read, has_changed = threading.Event(), threading.Event()

    def read(tx: Transaction) -> tuple[Payment | None, Payment | None]:
        before = tx.payments.get(payment.payment_id)
        has_read.set()
        assert has_changed.wait(timeout=30)
        return before, tx.payments.get(payment.payment_id)

    reading = asyncio.create_task(storage.read(read))
    assert await asyncio.to_thread(has_read.wait, 30)
    await storage.write(lambda tx: tx.payments.update(samples.at_next_version(payment)))
    has_changed.set()
    assert await reading == (payment, payment)
    await storage.close()
