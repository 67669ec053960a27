"""However many callers, servers and databases: no money moves twice, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import random

import pytest
import tollbridge
from tollbridge_server.testing.simulators.sandbox import read_book

from tests.integration.concurrency.bridges import Bridges, settled
from tests.integration.concurrency.crowd import MANUAL, Crowd
from tests.integration.machine.shop import card, euros
from tests.waiting import until


async def _all_payments(client: tollbridge.AsyncClient) -> list[str]:
    return [payment.payment_id async for payment in client.list_payments(page_size=100)]


async def test_64_callers_on_20_payments_move_no_money_twice(running: Bridges) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    crowd = Crowd()
    async with running.client(max_attempts=8) as client:
        await crowd.open(client, 20)
        await crowd.rush(running, callers=64, calls=20, seed=seed)
        everything = await _all_payments(client)
        await settled(client, everything)
        await crowd.require_kept(client)
        assert set(crowd.payment_ids) | {one for ids in crowd.by_key.values() for one in ids} == set(everything)
        assert all(len(ids) == 1 for ids in crowd.by_key.values()), "one key made several payments"
        assert all(answers <= 1 for answers in crowd.first_answers.values()), "one key was carried out twice"
        found = await running.verified()
    assert (found.breaks, found.in_flight, found.payments) == ([], 0, len(everything))
    assert crowd.refusals, "nobody got into anybody's way, so nothing was tested"


async def test_the_same_key_at_once_makes_one_payment_and_one_charge(running: Bridges) -> None:
    clients = [running.client(number) for number in range(64)]

    async def pay(client: tollbridge.AsyncClient) -> tollbridge.CreatePaymentResponse | None:
        try:
            return await client.create_payment(
                amount=euros(4321), payment_method=card(), idempotency_key="one", merchant_reference="one"
            )
        except tollbridge.OperationInProgress:
            return None

    answers = await asyncio.gather(*(pay(client) for client in clients))
    given = [answer for answer in answers if answer is not None]
    assert len({answer.payment.payment_id for answer in given}) == 1
    assert sum(not answer.replayed for answer in given) == 1
    assert len(await _all_payments(clients[0])) == 1
    charges = [charge for book in read_book(running.sandbox.book_path).values() for charge in book.charges()]
    assert [charge.captured_minor for charge in charges] == [4321]
    await asyncio.gather(*(client.close() for client in clients))


async def test_captures_at_once_take_exactly_what_was_authorized(running: Bridges) -> None:
    async with running.client(max_attempts=8) as client, running.client(1, max_attempts=8) as other:
        paid = await client.create_payment(amount=euros(1000), payment_method=card(), capture_method=MANUAL)
        payment_id = paid.payment.payment_id

        async def capture(number: int) -> bool:
            try:
                await (client, other)[number % 2].capture_payment(payment_id=payment_id, amount=euros(100))
            except (tollbridge.CaptureExceedsAuthorized, tollbridge.PaymentStateConflict):
                return False
            return True

        taken = await asyncio.gather(*(capture(number) for number in range(40)))
        payment = (await client.get_payment(payment_id=payment_id)).payment
    assert sum(taken) == 10
    assert payment.captured_amount.amount_minor == 1000
    assert payment.state == tollbridge.PAYMENT_STATE_SUCCEEDED


@pytest.mark.postgres
async def test_a_watch_on_one_server_sees_and_resumes_what_another_server_does(pair: Bridges) -> None:
    async with pair.client(0) as here, pair.client(1) as there:
        paid = await here.create_payment(amount=euros(3000), payment_method=card(), capture_method=MANUAL)
        payment_id, version = paid.payment.payment_id, paid.payment.version

        async def next_status(after_version: int) -> tollbridge.PaymentStatus:
            async with asyncio.timeout(30):
                async for status in there.watch_status(payment_id=payment_id, after_version=after_version):
                    return status
            raise AssertionError("the watch ended")

        for captured in (1000, 2000, 3000):
            watching = asyncio.create_task(next_status(version))
            await asyncio.sleep(0.05)
            await here.capture_payment(payment_id=payment_id, amount=euros(1000))
            status = await watching
            while status.captured_amount.amount_minor < captured:
                status = await next_status(status.version)
            assert status.version > version
            version = status.version
        assert status.state == tollbridge.PAYMENT_STATE_SUCCEEDED


@pytest.mark.postgres
@pytest.mark.crash
async def test_a_killed_server_loses_nothing_and_the_other_one_finishes_its_work(pair: Bridges) -> None:
    crowd = Crowd()
    async with pair.client(1, max_attempts=8) as survivor:
        await crowd.open(survivor, 20)
        rush = asyncio.create_task(crowd.rush(pair, callers=64, calls=30, seed=7))
        await until(lambda: crowd.captures and crowd.refunds)
        await asyncio.to_thread(pair.servers[0].kill)
        await rush
        assert crowd.lost, "nobody was connected to the killed server"
        everything = await _all_payments(survivor)
        await settled(survivor, everything)
        await crowd.require_kept(survivor)
        found = await pair.verified()
    assert (found.breaks, found.in_flight) == ([], 0)
