"""The acquirer's book holds its own sums, remembers references and tombstones, and can be read by another process."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.books import BookUnreadable
from tollbridge_server.testing.simulators.sandbox import SandboxAcquirer, read_book
from tollbridge_server.testing.simulators.sandbox.book import open_book

from tests.integration.sandbox.desks import ACCOUNT, InProcessDesk, succeeded
from tests.unit.providers import orders
from tests.unit.providers.orders import eur

CLIENTS = 50
FULL = 2  # As SQLite numbers PRAGMA synchronous.


def reason(evidence: Evidence) -> DeclineReason | None:
    return evidence.failure.reason if evidence.failure else None


async def test_fifty_concurrent_captures_never_take_more_than_was_authorized(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(amount=eur(1000)))

    found = await asyncio.gather(*(desk.adapter.capture(orders.capture(f"c{n}", eur(70))) for n in range(CLIENTS)))

    assert sum(succeeded(evidence, 70) for evidence in found) == 14
    assert {reason(e) for e in found if not succeeded(e)} == {DeclineReason.AMOUNT_INVALID}
    assert desk.booked().captured_minor == 980


async def test_fifty_concurrent_refunds_never_give_back_more_than_was_taken(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(amount=eur(1000), kind=OperationKind.SALE))

    found = await asyncio.gather(*(desk.adapter.refund(orders.refund(f"r{n}", eur(70))) for n in range(CLIENTS)))

    assert sum(succeeded(evidence, 70) for evidence in found) == 14
    assert desk.booked().refunded_minor == 980


async def test_captures_racing_a_cancel_leave_every_unit_either_taken_or_released(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(amount=eur(1000)))

    captures = [desk.adapter.capture(orders.capture(f"c{n}", eur(10))) for n in range(CLIENTS)]
    await asyncio.gather(*captures[:25], desk.adapter.cancel(orders.cancel("x")), *captures[25:])

    booked = desk.booked()
    released = next(e.amount_minor for e in booked.effects if e.kind is OperationKind.CANCEL)
    assert booked.captured_minor + released == 1000


async def test_concurrent_repeats_of_one_reference_have_one_effect(desk: InProcessDesk) -> None:
    found = await asyncio.gather(*(desk.adapter.charge(orders.charge()) for _ in range(CLIENTS)))

    assert len({evidence.provider_reference for evidence in found}) == 1
    assert all(succeeded(evidence, 10_000) for evidence in found)
    assert len(desk.booked().effects) == 1


async def test_a_repeated_capture_refund_or_cancel_has_the_first_answer_and_no_second_effect(
    desk: InProcessDesk,
) -> None:
    await desk.adapter.charge(orders.charge())
    for _ in range(2):
        first = await desk.adapter.capture(orders.capture("c", eur(4000)))
        assert await desk.adapter.capture(orders.capture("c", eur(4000))) == first
        first = await desk.adapter.refund(orders.refund("r", eur(1000)))
        assert await desk.adapter.refund(orders.refund("r", eur(1000))) == first
        first = await desk.adapter.cancel(orders.cancel("x"))
        assert await desk.adapter.cancel(orders.cancel("x")) == first

    booked = desk.booked()
    assert (booked.captured_minor, booked.refunded_minor, len(booked.effects)) == (4000, 1000, 4)


@pytest.mark.parametrize(
    "other",
    [
        orders.charge(amount=eur(9999)),
        orders.charge(amount=Money(10_000, "USD")),
        orders.charge(kind=OperationKind.SALE),
        orders.charge(method=orders.card("5555555555554444")),
        orders.charge(method=PaymentMethod(MethodKind.PAYPAL)),
        orders.charge(return_url="https://shop.example/other"),
    ],
    ids=["amount", "currency", "kind", "card", "method", "return_url"],
)
async def test_a_charge_reference_with_other_content_is_unknown_and_changes_nothing(
    desk: InProcessDesk, other: object
) -> None:
    await desk.adapter.charge(orders.charge())
    before = desk.booked()

    found = await desk.adapter.charge(other)  # type: ignore[arg-type]

    assert (found.outcome, found.failure) == (Outcome.UNKNOWN, None)
    assert desk.booked() == before


async def test_an_effect_reference_with_other_content_is_unknown_and_changes_nothing(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())
    order = orders.capture("c", eur(4000))
    await desk.adapter.capture(order)
    before = desk.booked()

    others = [
        await desk.adapter.capture(replace(order, amount=eur(4001))),
        await desk.adapter.capture(replace(order, is_final=True)),
        await desk.adapter.capture(replace(order, charge=orders.about("other"))),
        await desk.adapter.refund(orders.refund("c", eur(4000))),
        await desk.adapter.cancel(orders.cancel("c")),
    ]

    assert {evidence.outcome for evidence in others} == {Outcome.UNKNOWN}
    assert desk.booked() == before


async def test_accounts_do_not_see_each_other(desk: InProcessDesk) -> None:
    other = desk.adapter_of("other")
    await desk.adapter.charge(orders.charge())

    assert (await other.query(orders.inquiry("charge"))).absent
    assert (await other.capture(orders.capture("c", eur(1)))).outcome is Outcome.DECLINED
    assert succeeded(await other.charge(orders.charge(amount=eur(77))), 77)


async def test_a_cancel_of_a_charge_never_seen_keeps_the_late_charge_from_coming_true(desk: InProcessDesk) -> None:
    confirmed = await desk.adapter.cancel(orders.cancel("x"))
    late = await desk.adapter.charge(orders.charge(kind=OperationKind.SALE))

    assert (confirmed.outcome, late.outcome) == (Outcome.SUCCEEDED, Outcome.CANCELED)
    assert (await desk.adapter.query(orders.inquiry("charge"))).outcome is Outcome.CANCELED
    assert desk.booked().captured_minor == 0


async def test_a_tombstone_survives_a_restart(desk: InProcessDesk) -> None:
    await desk.adapter.cancel(orders.cancel("x"))
    await desk.reopen()

    assert (await desk.adapter.charge(orders.charge())).outcome is Outcome.CANCELED


async def test_a_charge_racing_its_cancel_is_either_voided_or_never_made(desk: InProcessDesk) -> None:
    for n in range(20):
        racers = [desk.adapter.charge(orders.charge(f"p{n}")), desk.adapter.cancel(orders.cancel(f"x{n}", of=f"p{n}"))]
        await asyncio.gather(*(racers if n % 2 else reversed(racers)))

        assert (await desk.adapter.query(orders.inquiry(f"p{n}"))).outcome is Outcome.CANCELED
        assert desk.booked(f"p{n}").is_voided


async def test_a_voided_authorization_is_reported_as_canceled_and_can_not_be_captured(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())
    await desk.adapter.cancel(orders.cancel("x"))

    assert (await desk.adapter.query(orders.inquiry("charge"))).outcome is Outcome.CANCELED
    assert reason(await desk.adapter.capture(orders.capture("c", eur(1)))) is DeclineReason.CAPTURE_NOT_POSSIBLE


async def test_a_cancel_after_a_partial_capture_releases_only_the_rest(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())
    await desk.adapter.capture(orders.capture("c", eur(4000)))

    assert succeeded(await desk.adapter.cancel(orders.cancel("x")), 6000)
    assert succeeded(await desk.adapter.query(orders.inquiry("charge")), 10_000)


async def test_a_second_cancel_is_confirmed_and_releases_nothing_more(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())
    await desk.adapter.cancel(orders.cancel("x"))

    assert succeeded(await desk.adapter.cancel(orders.cancel("y")), 0)


@pytest.mark.parametrize("kind", [OperationKind.SALE, OperationKind.AUTHORIZE])
async def test_a_cancel_of_what_was_taken_is_refused(desk: InProcessDesk, kind: OperationKind) -> None:
    await desk.adapter.charge(orders.charge(kind=kind))
    if kind is OperationKind.AUTHORIZE:
        await desk.adapter.capture(orders.capture("c", eur(4000), is_final=True))

    assert reason(await desk.adapter.cancel(orders.cancel("x"))) is DeclineReason.CANCEL_NOT_POSSIBLE
    assert not any(effect.kind is OperationKind.CANCEL for effect in desk.booked().effects)


async def test_a_final_capture_releases_the_rest(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())
    await desk.adapter.capture(orders.capture("c", eur(4000), is_final=True))

    assert reason(await desk.adapter.capture(orders.capture("d", eur(1)))) is DeclineReason.CAPTURE_NOT_POSSIBLE


async def test_a_refund_in_another_currency_is_refused(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(kind=OperationKind.SALE))

    found = await desk.adapter.refund(orders.refund("r", Money(1, "USD")))

    assert reason(found) is DeclineReason.CURRENCY_NOT_SUPPORTED
    assert await desk.adapter.refund(orders.refund("r", Money(1, "USD"))) == found


async def test_a_refund_of_what_was_only_authorized_is_refused(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())

    assert reason(await desk.adapter.refund(orders.refund("r", eur(1)))) is DeclineReason.AMOUNT_INVALID


async def test_nothing_is_captured_or_refunded_for_an_unknown_charge(desk: InProcessDesk) -> None:
    assert (await desk.adapter.capture(orders.capture("c", eur(1)))).outcome is Outcome.DECLINED
    assert (await desk.adapter.refund(orders.refund("r", eur(1)))).outcome is Outcome.DECLINED


async def test_what_was_acknowledged_is_there_after_a_restart(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())
    await desk.adapter.capture(orders.capture("c", eur(4000)))
    await desk.reopen()

    assert succeeded(await desk.adapter.query(orders.inquiry("c", OperationKind.CAPTURE)), 4000)
    assert succeeded(await desk.adapter.capture(orders.capture("c", eur(4000))), 4000)
    assert desk.booked().captured_minor == 4000


async def test_another_process_reads_the_book_while_it_is_open(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge(kind=OperationKind.SALE))
    await desk.adapter.refund(orders.refund("r", eur(300)))
    program = (
        "import sys; from pathlib import Path; from tollbridge_server.testing.simulators.sandbox import read_book;"
        f"c, = read_book(Path(sys.argv[1]))['{ACCOUNT}'].charges();"
        "print(c.captured_minor, c.refunded_minor, *(e.request_reference for e in c.effects))"
    )

    read = subprocess.run(
        [sys.executable, "-c", program, str(desk.book_path)], capture_output=True, text=True, timeout=60, check=True
    )

    assert read.stdout.split() == ["10000", "300", "charge", "r"]


async def test_the_book_can_be_read_at_a_path_with_special_characters(tmp_path: Path) -> None:
    path = tmp_path / "100% a?b#c.db"
    acquirer = SandboxAcquirer(path)
    await acquirer.close()

    assert read_book(path) == {}


async def test_the_book_itself_refuses_sums_that_break(desk: InProcessDesk) -> None:
    await desk.adapter.charge(orders.charge())

    for column in ("captured_minor", "refunded_minor"):
        with pytest.raises(sqlite3.IntegrityError), sqlite3.connect(desk.book_path) as connection:
            connection.execute(f"UPDATE charges SET {column} = amount_minor + 1")


async def test_the_book_holds_no_card_number_and_no_cvv(desk: InProcessDesk) -> None:
    method = orders.card("4000000000003220")
    await desk.adapter.charge(orders.charge(method=method))
    await desk.acquirer.close()

    stored = b"".join(path.read_bytes() for path in desk.book_path.parent.glob("book.db*"))
    await desk.reopen()

    assert b"4000000000003220" not in stored
    assert b"3220" in stored


def test_the_book_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    connection = open_book(tmp_path / "book.db")
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    connection.close()

    assert found == ["wal", FULL]


def test_a_book_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "book.db") as connection:
        connection.execute("CREATE TABLE charges (account TEXT)")

    with pytest.raises(BookUnreadable, match="another version"):
        SandboxAcquirer(tmp_path / "book.db")
