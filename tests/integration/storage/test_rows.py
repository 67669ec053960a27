"""Every field of every row comes back as it was written, on both databases."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

from tollbridge_server.domain.event import Event, ExceptionRecord
from tollbridge_server.ports.storage import IdempotencyRecord, InboxEntry, Storage

from tests.integration.storage import samples

_PAYMENT_NEVER_CHANGES = {
    "payment_id",
    "merchant_id",
    "merchant_reference",
    "amount_minor",
    "currency",
    "capture_method",
    "on_decline",
    "created_at_us",
    "expires_at_us",
    "details",
}
_OPERATION_NEVER_CHANGES = {
    "operation_id",
    "payment_id",
    "merchant_id",
    "kind",
    "amount",
    "created_at_us",
    "refund_id",
    "is_final",
    "cancel_cause",
    "reason",
    "capture_operation_id",
}
_ATTEMPT_NEVER_CHANGES = {
    "attempt_id",
    "operation_id",
    "payment_id",
    "merchant_id",
    "provider",
    "provider_account_id",
    "request_reference",
    "created_at_us",
    "key_expires_at_us",
    "is_replayable",
}
_REFUND_NEVER_CHANGES = {
    "refund_id",
    "payment_id",
    "merchant_id",
    "merchant_reference",
    "amount",
    "reason",
    "provider",
    "provider_account_id",
    "operation_id",
    "created_at_us",
}


def _differing(first: Any, second: Any) -> set[str]:
    names = [f.name for f in dataclasses.fields(first)]
    return {name for name in names if getattr(first, name) != getattr(second, name)}


def test_the_samples_leave_no_field_at_its_default() -> None:
    made = samples.payment()
    for f in dataclasses.fields(made):
        assert f.default is dataclasses.MISSING or getattr(made, f.name) != f.default, f.name


async def test_a_payment_comes_back_with_every_field(storage: Storage) -> None:
    made = await samples.stored_payment(storage)
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) == made


async def test_a_payment_without_optional_values_comes_back_without_them(storage: Storage) -> None:
    made = samples.payment(cancel_cause=None, next_action=None, failure=None, is_released=False, is_canceling=False)
    await storage.write(lambda tx: tx.payments.insert(made))
    assert await storage.read(lambda tx: tx.payments.get(made.payment_id)) == made


async def test_a_locked_payment_is_the_payment(storage: Storage) -> None:
    made = await samples.stored_payment(storage)
    assert await storage.write(lambda tx: tx.payments.lock(made.payment_id)) == made


async def test_what_is_not_there_is_none(storage: Storage) -> None:
    found = await storage.write(
        lambda tx: (
            tx.payments.get("none"),
            tx.payments.lock("none"),
            tx.operations.get("none"),
            tx.attempts.get("none"),
            tx.refunds.get("none"),
            tx.idempotency.get("none", "none", "none"),
        )
    )
    assert found == (None,) * 6


async def test_an_update_of_a_payment_writes_exactly_what_may_change(storage: Storage) -> None:
    made = await samples.stored_payment(storage, is_released=False, is_canceling=False, is_contradicted=False)
    smaller = {"authorized_minor": 90_000, "captured_minor": 40_000, "refunded_minor": 10_000}
    wanted = samples.payment(
        payment_id=made.payment_id,
        version=made.version + 1,
        capture_reserved_minor=6_000,
        refund_reserved_minor=2_000,
        state=next(s for s in type(made.state) if s is not made.state),
        charge=next(s for s in type(made.charge) if s is not made.charge),
        cancel_cause=None,
        **smaller,
    )
    await storage.write(lambda tx: tx.payments.update(wanted))
    found = await storage.read(lambda tx: tx.payments.get(made.payment_id))
    assert found is not None
    # Enums of two members may agree by chance in the two samples, so ask for what changed, not for what did not.
    assert _differing(found, wanted) <= _PAYMENT_NEVER_CHANGES
    assert _differing(found, made) == {f.name for f in dataclasses.fields(made)} - _PAYMENT_NEVER_CHANGES


async def test_an_operation_comes_back_with_every_field_and_updates_what_may_change(storage: Storage) -> None:
    made = await samples.stored_operation(storage)
    assert await storage.read(lambda tx: tx.operations.get(made.operation_id)) == made
    wanted = replace(
        samples.operation(await samples.stored_payment(storage)),
        operation_id=made.operation_id,
        state=next(s for s in type(made.state) if s is not made.state),
    )
    await storage.write(lambda tx: tx.operations.update(wanted))
    found = await storage.read(lambda tx: tx.operations.get(made.operation_id))
    assert found is not None
    assert _differing(found, made) == {f.name for f in dataclasses.fields(made)} - _OPERATION_NEVER_CHANGES
    assert _differing(found, wanted) <= _OPERATION_NEVER_CHANGES


async def test_an_attempt_comes_back_with_every_field_and_updates_what_may_change(storage: Storage) -> None:
    parent = await samples.stored_operation(storage)
    made = samples.attempt(parent)
    await storage.write(lambda tx: tx.attempts.insert(made))
    assert await storage.read(lambda tx: tx.attempts.get(made.attempt_id)) == made
    state = next(s for s in type(made.state) if s is not made.state)
    wanted = samples.attempt(parent, attempt_id=made.attempt_id, state=state, is_watched=False)
    await storage.write(lambda tx: tx.attempts.update(wanted))
    found = await storage.read(lambda tx: tx.attempts.get(made.attempt_id))
    assert found is not None
    assert _differing(found, made) == {f.name for f in dataclasses.fields(made)} - _ATTEMPT_NEVER_CHANGES
    assert _differing(found, wanted) <= _ATTEMPT_NEVER_CHANGES


async def test_a_refund_comes_back_with_every_field_and_updates_what_may_change(storage: Storage) -> None:
    parent = await samples.stored_payment(storage)
    made = samples.refund(parent)
    await storage.write(lambda tx: tx.refunds.insert(made))
    assert await storage.read(lambda tx: tx.refunds.get(made.refund_id)) == made
    state = next(s for s in type(made.state) if s is not made.state)
    wanted = samples.refund(parent, refund_id=made.refund_id, version=made.version + 1, state=state)
    await storage.write(lambda tx: tx.refunds.update(wanted))
    found = await storage.read(lambda tx: tx.refunds.get(made.refund_id))
    assert found is not None
    assert _differing(found, made) == {f.name for f in dataclasses.fields(made)} - _REFUND_NEVER_CHANGES
    assert _differing(found, wanted) <= _REFUND_NEVER_CHANGES


async def test_an_event_comes_back_with_every_field(storage: Storage) -> None:
    made = samples.distinct(Event, payment_id=(await samples.stored_payment(storage)).payment_id)
    await storage.write(lambda tx: tx.events.insert(made))
    assert await storage.read(lambda tx: tx.events.of_payment(made.payment_id)) == [made]


async def test_an_exception_record_comes_back_with_every_field(storage: Storage) -> None:
    made = samples.distinct(ExceptionRecord)
    await storage.write(lambda tx: tx.exceptions.insert(made))
    assert await storage.read(lambda tx: tx.exceptions.of_payment(made.payment_id)) == [made]


async def test_an_idempotency_record_comes_back_with_every_field(storage: Storage) -> None:
    made = samples.distinct(IdempotencyRecord)
    await storage.write(lambda tx: tx.idempotency.put(made))
    assert await storage.read(lambda tx: tx.idempotency.get(made.merchant_id, made.method, made.key)) == made


async def test_a_notification_is_stored_once(storage: Storage) -> None:
    made = samples.distinct(InboxEntry)
    assert await storage.write(lambda tx: tx.inbox.put(made)) is True
    assert await storage.write(lambda tx: tx.inbox.put(replace(made, body=b"other"))) is False


async def test_numbers_of_64_bits_come_back(storage: Storage) -> None:
    largest = 2**63 - 1
    made = await samples.stored_payment(storage, expires_at_us=largest)
    found = await storage.read(lambda tx: tx.payments.get(made.payment_id))
    assert found is not None
    assert found.expires_at_us == largest
