"""Two engines on one PostgreSQL database act as one: one key, one effect, one sum, whoever of them is asked."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tollbridge_server.domain.errors import BrokenInvariant, ErrorReason, RequestError
from tollbridge_server.domain.evidence import Evidence, EvidenceSource, Outcome
from tollbridge_server.domain.payment import CaptureMethod, PaymentState
from tollbridge_server.domain.refund import RefundState
from tollbridge_server.services.requests import CancelPayment, CapturePayment, CreateRefund, PaymentView, RefundView
from tollbridge_server.storage.migrations import migrate
from tollbridge_server.storage.postgres import PostgresStorage

from tests.unit.services.news import ABSENT, DECLINED, PAID, PENDING, UNKNOWN, exceptions_of, payment_of
from tests.unit.services.scripted import CALLER, QR, Bridge, Clock
from tests.waiting import until

pytestmark = pytest.mark.postgres
Servers = tuple[Bridge, Bridge]
REFUSED = (
    RequestError,
    BrokenInvariant,
)  # The contract's own bounds, which stand before the engine, refuse more kindly.


class CommonClock(Clock):
    """One time for both servers, whose ids differ all the same."""

    def entropy(self, count: int) -> bytes:
        return os.urandom(count)


@pytest.fixture
async def servers(postgres_url: str) -> AsyncIterator[Servers]:
    """Two engines with connections of their own, at one provider."""
    migrate(postgres_url)
    one = Bridge(await PostgresStorage.open(postgres_url, connections=4), clock=CommonClock())
    two = Bridge(await PostgresStorage.open(postgres_url, connections=4), clock=one.clock, adapter=one.adapter)
    yield one, two
    for server in (one, two):
        await server.engine.drained()
        await server.storage.close()


async def authorized(server: Bridge) -> str:
    """A payment of 10.00 EUR that can be captured."""
    made = await server.pay(method=QR, capture_method=CaptureMethod.MANUAL, token=server.token(os.urandom(8).hex()))
    return made.payment.payment_id


def reasons(answers: list[Any]) -> set[ErrorReason]:
    """Why requests were refused; anything but a refusal is raised."""
    failed = [one for one in answers if isinstance(one, BaseException)]
    for error in failed:
        if not isinstance(error, RequestError):
            raise error
    return {error.reason for error in failed if isinstance(error, RequestError)}


async def test_one_key_with_two_requests_at_two_servers_makes_one_payment(servers: Servers) -> None:
    one, two = servers
    for number in range(20):
        key = f"k{number}"
        uses = ((one, b"1"), (two, b"2"), (one, b"2"), (two, b"1"))
        calls = (server.pay(method=QR, token=server.token(key, request)) for server, request in uses)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert len({answer.payment.payment_id for answer in answers if isinstance(answer, PaymentView)}) == 1
        refusals = reasons(answers)
        assert ErrorReason.IDEMPOTENCY_KEY_REUSED in refusals
        assert refusals <= {ErrorReason.IDEMPOTENCY_KEY_REUSED, ErrorReason.OPERATION_IN_PROGRESS}
    assert len(one.adapter.sent("charge")) == 20


async def test_refunds_at_two_servers_reserve_no_more_than_was_captured_whatever_is_answered(servers: Servers) -> None:
    payment_id = (await servers[0].pay(1000, method=QR)).payment.payment_id
    chance = random.Random(5)
    adapter = servers[0].adapter
    adapter.will_always("refund", lambda _: chance.choice((UNKNOWN, PENDING, DECLINED, Evidence(Outcome.SUCCEEDED))))

    answers = await asyncio.gather(
        *(
            servers[number % 2].refunds.create(
                CALLER, CreateRefund(servers[0].token(f"r{number}"), payment_id, amount_minor=150)
            )
            for number in range(40)
        ),
        return_exceptions=True,
    )

    made = [answer for answer in answers if isinstance(answer, RefundView)]
    living_minor = sum(150 for answer in made if answer.refund.state is not RefundState.FAILED)
    payment = await payment_of(servers[1], payment_id)
    assert payment.refunded_minor + payment.refund_reserved_minor == living_minor <= 1000
    assert reasons(answers) == {ErrorReason.REFUND_EXCEEDS_CAPTURED}
    assert len(adapter.sent("refund")) == len(made)


async def test_a_capture_and_a_cancel_at_two_servers_never_both_go_out(servers: Servers) -> None:
    one, two = servers
    for number in range(20):
        payment_id = await authorized(one)
        await asyncio.gather(
            one.payments.capture(CALLER, CapturePayment(one.token(f"capture-{number}"), payment_id)),
            two.payments.cancel(CALLER, CancelPayment(two.token(f"cancel-{number}"), payment_id)),
            return_exceptions=True,
        )
        payment = await payment_of(one, payment_id)
        assert payment.state in (PaymentState.SUCCEEDED, PaymentState.CANCELED)
        sent = len(one.adapter.sent("capture")) + len(one.adapter.sent("cancel"))
        assert sent == number + 1


async def test_a_declined_payment_is_the_answer_to_its_key_at_the_other_server_too(servers: Servers) -> None:
    one, two = servers
    one.adapter.will("charge", DECLINED)
    first = await one.pay(token=one.token("k", b"r"))

    again = await two.pay(token=two.token("k", b"r"))

    assert again.is_replayed
    assert again.payment == first.payment
    assert again.payment.state is PaymentState.FAILED
    assert len(one.adapter.sent("charge")) == 1


@pytest.mark.parametrize("amount_minor", [-(2**63), -5, 2**63 - 1, 2**63, 2**64])
async def test_an_amount_beyond_every_bound_takes_and_gives_back_nothing(servers: Servers, amount_minor: int) -> None:
    one, two = servers
    payment_id = await authorized(one)
    with pytest.raises(REFUSED):
        await two.payments.capture(CALLER, CapturePayment(two.token("a"), payment_id, amount_minor=amount_minor))
    await one.payments.capture(CALLER, CapturePayment(one.token("b"), payment_id))
    with pytest.raises(REFUSED):
        await two.refunds.create(CALLER, CreateRefund(two.token("c"), payment_id, amount_minor=amount_minor))

    payment = await payment_of(one, payment_id)
    assert (payment.captured_minor, payment.capture_reserved_minor, payment.refund_reserved_minor) == (1000, 0, 0)
    assert (len(one.adapter.sent("capture")), len(one.adapter.sent("refund"))) == (1, 0)


@pytest.mark.parametrize("amount_minor", [0, -5])
async def test_a_payment_of_nothing_or_less_is_never_sent(servers: Servers, amount_minor: int) -> None:
    with pytest.raises(REFUSED):
        await servers[0].pay(amount_minor, method=QR)
    assert not servers[0].adapter.calls


async def test_a_key_outlives_the_purges_of_both_servers_while_its_payment_is_open(servers: Servers) -> None:
    one, two = servers
    one.adapter.will("charge", PENDING)
    first = await one.pay(method=QR, token=one.token("k", b"r"))
    one.clock.pass_s(6 * 86400)
    for server in servers:
        assert await server.resolver.purge_idempotency_keys() == 0

    again = await two.pay(method=QR, token=two.token("k", b"r"))

    assert again.payment.payment_id == first.payment.payment_id
    assert len(one.adapter.sent("charge")) == 1


async def test_a_server_whose_clock_is_slow_does_not_disturb_the_other_ones_payment(servers: Servers) -> None:
    ahead, behind = servers
    ahead.adapter.will("charge", UNKNOWN)
    payment_id = (await ahead.pay(method=QR)).payment.payment_id
    ahead.clock.pass_s(-300)
    await behind.resolver.work_once()
    assert not ahead.adapter.sent("query")
    ahead.clock.pass_s(300)

    ahead.adapter.will("query", PAID)
    await ahead.settle(seconds=600)

    assert (await payment_of(behind, payment_id)).state is PaymentState.SUCCEEDED
    assert len(ahead.adapter.sent("charge")) == 1


async def test_two_servers_that_both_decided_to_send_a_lost_charge_again_send_it_once(servers: Servers) -> None:
    one, two = servers
    one.adapter.will("charge", UNKNOWN)
    made = await one.pay(method=QR)
    attempt = made.operations[0][1][0]
    one.clock.pass_s(60)

    await asyncio.gather(one.engine.resend(attempt), two.engine.resend(attempt))

    assert len(one.adapter.sent("charge")) == 2
    assert (await payment_of(two, made.payment.payment_id)).state is PaymentState.SUCCEEDED


async def test_a_slow_sender_and_the_server_that_takes_over_send_one_reference_and_count_it_once(
    servers: Servers,
) -> None:
    one, two = servers
    payment_id = await authorized(one)
    release = asyncio.Event()

    async def slow(order: Any) -> Evidence:
        await release.wait()
        return Evidence(Outcome.SUCCEEDED, EvidenceSource.REPLY, "cap_1", order.amount)

    one.adapter.will("capture", slow, Evidence(Outcome.SUCCEEDED, provider_reference="cap_1"))
    sending = asyncio.create_task(one.payments.capture(CALLER, CapturePayment(one.token("c"), payment_id)))
    await until(lambda: one.adapter.sent("capture"))
    one.clock.pass_s(60)
    one.adapter.will("query", ABSENT)
    await two.resolver.work_once()
    release.set()
    await sending

    assert len(one.adapter.sent("capture")) == 2
    assert len({order.request_reference for order in one.adapter.sent("capture")}) == 1
    payment = await payment_of(two, payment_id)
    assert (payment.captured_minor, payment.capture_reserved_minor) == (1000, 0)
    assert not await exceptions_of(two, payment_id)
