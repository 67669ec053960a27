"""Lists, references and work lists find what they should, and nothing of another merchant."""

from __future__ import annotations

from typing import Any

import pytest
from tollbridge_server.domain.event import Event
from tollbridge_server.domain.payment import ChargeState, Payment, PaymentState
from tollbridge_server.domain.refund import Refund, RefundState
from tollbridge_server.ports.storage import PaymentFilter, RefundFilter, Storage

from tests.integration.storage import samples

_NOW_US = 1_000_000


async def _stored_payments(storage: Storage) -> list[Payment]:
    """Store ten payments of merchant `m`, oldest first, and one of another merchant that is like each of them."""
    made = [
        samples.payment(
            payment_id=f"pay_{number}",
            merchant_id="m",
            merchant_reference=f"order-{number // 2}",
            provider_reference=f"psp-{number // 2}",
            state=PaymentState.SUCCEEDED if number % 2 else PaymentState.FAILED,
            provider="alipay" if number < 5 else "stripe",
            provider_account_id=f"account-{number % 3}",
            created_at_us=_NOW_US + number,
        )
        for number in range(10)
    ]
    others = [
        samples.payment(payment_id=f"pay_{n}_other", merchant_id="other", **_alike(p)) for n, p in enumerate(made)
    ]
    await storage.write(lambda tx: samples.insert_payments(tx, *made, *others))
    return made


def _alike(value: Payment | Refund) -> dict[str, Any]:
    names = ("merchant_reference", "provider_reference", "state", "provider", "provider_account_id", "created_at_us")
    return {name: getattr(value, name) for name in names}


@pytest.mark.parametrize(
    ("wanted", "before_id", "found"),
    [
        (PaymentFilter(), "", [9, 8, 7, 6]),
        (PaymentFilter(), "pay_3", [2, 1, 0]),
        (PaymentFilter(states=(PaymentState.FAILED,)), "", [8, 6, 4, 2]),
        (PaymentFilter(states=(PaymentState.FAILED, PaymentState.SUCCEEDED)), "pay_2", [1, 0]),
        (PaymentFilter(states=(PaymentState.EXPIRED,)), "", []),
        (PaymentFilter(provider="alipay"), "", [4, 3, 2, 1]),
        (PaymentFilter(provider_account_id="account-1"), "", [7, 4, 1]),
        (PaymentFilter(merchant_reference="order-3"), "", [7, 6]),
        (PaymentFilter(created_from_us=_NOW_US + 8), "", [9, 8]),
        (PaymentFilter(created_to_us=_NOW_US + 2), "", [1, 0]),
        (PaymentFilter(created_from_us=_NOW_US + 3, created_to_us=_NOW_US + 4), "", [3]),
        (PaymentFilter(provider="alipay", states=(PaymentState.SUCCEEDED,), created_to_us=_NOW_US + 3), "", [1]),
    ],
)
async def test_a_page_of_payments_is_filtered_and_newest_first(
    storage: Storage, wanted: PaymentFilter, before_id: str, found: list[int]
) -> None:
    made = await _stored_payments(storage)
    page = await storage.read(lambda tx: tx.payments.page("m", wanted, before_id=before_id, limit=4))
    assert list(page) == [made[number] for number in found]


@pytest.mark.parametrize(
    ("wanted", "before_id", "found"),
    [
        (RefundFilter(), "", [5, 4, 3]),
        (RefundFilter(), "re_2", [1, 0]),
        (RefundFilter(payment_id="pay_1"), "", [5, 4, 3]),
        (RefundFilter(payment_id="pay_0"), "", [2, 1, 0]),
        (RefundFilter(states=(RefundState.FAILED,)), "", [4, 2, 0]),
        (RefundFilter(provider="alipay"), "", [1, 0]),
        (RefundFilter(provider_account_id="account-1"), "", [4, 1]),
        (RefundFilter(merchant_reference="order-1"), "", [3, 2]),
        (RefundFilter(created_from_us=_NOW_US + 5), "", [5]),
        (RefundFilter(created_to_us=_NOW_US + 1), "", [0]),
    ],
)
async def test_a_page_of_refunds_is_filtered_and_newest_first(
    storage: Storage, wanted: RefundFilter, before_id: str, found: list[int]
) -> None:
    made = await _stored_refunds(storage)
    page = await storage.read(lambda tx: tx.refunds.page("m", wanted, before_id=before_id, limit=3))
    assert list(page) == [made[number] for number in found]


async def _stored_refunds(storage: Storage) -> list[Refund]:
    parents = [await samples.stored_payment(storage, payment_id=f"pay_{number}") for number in range(2)]
    made = [
        samples.refund(
            parents[number // 3],
            refund_id=f"re_{number}",
            merchant_id="m",
            merchant_reference=f"order-{number // 2}",
            provider_reference=f"psp-{number // 2}",
            state=RefundState.SUCCEEDED if number % 2 else RefundState.FAILED,
            provider="alipay" if number < 2 else "stripe",
            provider_account_id=f"account-{number % 3}",
            created_at_us=_NOW_US + number,
        )
        for number in range(6)
    ]
    others = [
        samples.refund(parents[n // 3], refund_id=f"re_{n}_other", merchant_id="other", **_alike(r))
        for n, r in enumerate(made)
    ]

    await storage.write(lambda tx: [tx.refunds.insert(each) for each in (*made, *others)])
    return made


async def test_references_find_the_payments_of_their_merchant_alone(storage: Storage) -> None:
    made = await _stored_payments(storage)
    by_ours = await storage.read(lambda tx: tx.payments.find_by_merchant_reference("m", "order-2", limit=5))
    by_theirs = await storage.read(lambda tx: tx.payments.find_by_provider_reference("m", "psp-2", limit=5))
    assert {p.payment_id for p in by_ours} == {p.payment_id for p in by_theirs} == {"pay_4", "pay_5"}
    assert made[4] in by_ours
    assert made[4] in by_theirs


async def test_references_find_the_refunds_of_their_merchant_alone(storage: Storage) -> None:
    made = await _stored_refunds(storage)
    by_ours = await storage.read(lambda tx: tx.refunds.find_by_merchant_reference("m", "order-2", limit=5))
    by_theirs = await storage.read(lambda tx: tx.refunds.find_by_provider_reference("m", "psp-2", limit=5))
    assert {r.refund_id for r in by_ours} == {r.refund_id for r in by_theirs} == {"re_4", "re_5"}
    assert made[4] in by_ours
    assert made[4] in by_theirs


async def test_an_empty_reference_finds_nothing(storage: Storage) -> None:
    parent = await samples.stored_payment(storage, merchant_id="m", merchant_reference="", provider_reference="")
    child = samples.refund(parent, merchant_id="m", merchant_reference="", provider_reference="")
    await storage.write(lambda tx: tx.refunds.insert(child))
    found = await storage.read(
        lambda tx: (
            *tx.payments.find_by_merchant_reference("m", "", limit=5),
            *tx.payments.find_by_provider_reference("m", "", limit=5),
            *tx.refunds.find_by_merchant_reference("m", "", limit=5),
            *tx.refunds.find_by_provider_reference("m", "", limit=5),
        )
    )
    assert found == ()


async def test_references_are_bounded(storage: Storage) -> None:
    await _stored_payments(storage)
    assert len(await storage.read(lambda tx: tx.payments.find_by_merchant_reference("m", "order-2", limit=1))) == 1
    assert len(await storage.read(lambda tx: tx.payments.find_by_provider_reference("m", "psp-2", limit=1))) == 1


async def test_a_scan_walks_all_merchants_oldest_first(storage: Storage) -> None:
    await _stored_payments(storage)
    seen = [""]
    for _ in range(4):
        page = await storage.read(lambda tx: tx.payments.scan(seen[-1], limit=7))
        assert len(page) <= 7
        seen.extend(p.payment_id for p in page)
    assert seen[1:] == sorted(f"pay_{number}{suffix}" for number in range(10) for suffix in ("", "_other"))


async def test_identifiers_are_ordered_byte_by_byte(storage: Storage) -> None:
    wanted = ["A-1", "A1", "B", "_", "a", "é"]
    made = [samples.payment(payment_id=each, merchant_id="m") for each in wanted]
    await storage.write(lambda tx: samples.insert_payments(tx, *made))
    found = await storage.read(lambda tx: tx.payments.scan("", limit=10))
    assert [p.payment_id for p in found] == wanted


async def test_children_come_in_the_order_of_their_ids(storage: Storage) -> None:
    parent = await samples.stored_payment(storage)
    operations = [samples.operation(parent, operation_id=f"op_{letter}") for letter in "cab"]
    attempts = [samples.attempt(operations[0], attempt_id=f"att_{letter}") for letter in "bac"]
    refunds = [samples.refund(parent, refund_id=f"re_{letter}") for letter in "bca"]

    def insert(tx: Any) -> None:
        for repository, values in ((tx.operations, operations), (tx.attempts, attempts), (tx.refunds, refunds)):
            for value in values:
                repository.insert(value)

    await storage.write(insert)
    found = await storage.read(
        lambda tx: (
            [o.operation_id for o in tx.operations.of_payment(parent.payment_id)],
            [a.attempt_id for a in tx.attempts.of_payment(parent.payment_id)],
            [a.attempt_id for a in tx.attempts.of_operation(operations[0])],
            [a.attempt_id for a in tx.attempts.of_operation(operations[1])],
            [r.refund_id for r in tx.refunds.of_payment(parent.payment_id)],
        )
    )
    in_order = ["att_a", "att_b", "att_c"]
    assert found == (["op_a", "op_b", "op_c"], in_order, in_order, [], ["re_a", "re_b", "re_c"])


async def test_an_attempt_is_found_by_reference_on_its_own_account_only(storage: Storage) -> None:
    parent = await samples.stored_operation(storage)
    made = [samples.attempt(parent, request_reference="ref", provider_account_id=each) for each in ("one", "two")]
    await storage.write(lambda tx: [tx.attempts.insert(each) for each in made])
    found = await storage.read(
        lambda tx: [tx.attempts.find_by_request_reference(account, "ref") for account in ("one", "two", "three")]
    )
    assert found == [*made, None]


async def test_events_come_by_version_from_where_the_reader_stopped(storage: Storage) -> None:
    parent = await samples.stored_payment(storage)
    made = [samples.distinct(Event, payment_id=parent.payment_id, version=version) for version in (3, 1, 2, 4)]
    await storage.write(lambda tx: [tx.events.insert(each) for each in made])
    found = await storage.read(lambda tx: tx.events.of_payment(parent.payment_id, after_version=1, limit=2))
    assert [event.version for event in found] == [2, 3]


_DUE: dict[str, Any] = {
    "state": PaymentState.REQUIRES_ACTION,
    "charge": ChargeState.DECLINED,
    "expires_at_us": _NOW_US,
    "is_canceling": False,
}


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        ({}, True),
        ({"charge": ChargeState.CANCELED}, True),
        ({"expires_at_us": _NOW_US + 1}, False),
        ({"expires_at_us": 0}, False),
        ({"state": PaymentState.PROCESSING}, False),
        ({"charge": ChargeState.PROCESSING}, False),
        ({"charge": ChargeState.REQUIRES_ACTION}, False),
        ({"is_canceling": True}, False),
    ],
)
async def test_only_a_payment_that_nobody_else_waits_for_is_due_to_expire(
    storage: Storage, changes: dict[str, Any], is_due: bool
) -> None:
    made = await samples.stored_payment(storage, **(_DUE | changes))
    found = await storage.read(lambda tx: tx.payments.due_to_expire(_NOW_US, limit=10))
    assert list(found) == ([made.payment_id] if is_due else [])


async def test_what_is_longest_overdue_expires_first_and_within_the_limit(storage: Storage) -> None:
    made = [samples.payment(**(_DUE | {"expires_at_us": _NOW_US - age})) for age in (1, 3, 2)]
    await storage.write(lambda tx: samples.insert_payments(tx, *made))
    found = await storage.read(lambda tx: tx.payments.due_to_expire(_NOW_US, limit=2))
    assert list(found) == [made[1].payment_id, made[2].payment_id]
