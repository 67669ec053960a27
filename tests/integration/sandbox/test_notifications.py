"""The acquirer notifies until it is heard, across restarts; forged notifications are refused by the merchant's side."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.testing.simulators.sandbox import SandboxAccount, SandboxAcquirer, SandboxServer
from tollbridge_server.testing.simulators.sandbox.book import Ledger

from tests.integration.sandbox.desks import ACCOUNT, SECRET, WAIT_S, HttpDesk
from tests.unit.providers import orders
from tests.unit.providers.orders import eur

DUPLICATED = 9110
REORDERED = 9111


async def decide(http: HttpDesk) -> None:
    """Let the acquirer post one notification: that of a payer's approval."""
    await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    await http.control("decide", account=ACCOUNT, reference="charge", decision="approve")


async def listed(http: HttpDesk) -> list[dict[str, Any]]:
    notifications: list[dict[str, Any]] = (await http.listed("notifications"))["notifications"]
    return notifications


async def until_closed(http: HttpDesk) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        while True:
            newest = (await listed(http))[0]
            if newest["is_closed"]:
                return newest
            await asyncio.sleep(0.02)


async def test_an_approval_is_notified_authentically(http: HttpDesk) -> None:
    await decide(http)
    (notification,) = await http.merchant.wait_for(1)

    assert (notification.request_reference, notification.evidence.outcome) == ("charge", Outcome.SUCCEEDED)
    assert notification.evidence.amount == eur(10_000)
    assert (await until_closed(http))["event_id"] == notification.event_id


async def test_a_notification_is_sent_again_until_it_is_acknowledged(http: HttpDesk) -> None:
    http.merchant.outages = 2
    await decide(http)
    await http.merchant.wait_for(1)

    assert (await until_closed(http))["tries"] == 3


async def test_a_notification_that_nobody_heard_survives_a_restart(http: HttpDesk) -> None:
    await http.control("notify", account=ACCOUNT, url="")
    await decide(http)
    assert http.merchant.accepted == []
    await http.adapter.close()
    await http.server.stop()
    await http.open_acquirer()

    (notification,) = await http.merchant.wait_for(1)
    assert notification.request_reference == "charge"


async def test_one_event_notified_three_times_has_one_id(http: HttpDesk) -> None:
    await http.adapter.charge(orders.charge(amount=eur(DUPLICATED), kind=OperationKind.SALE))
    notifications = await http.merchant.wait_for(3)

    assert len({notification.event_id for notification in notifications}) == 1
    assert http.booked().captured_minor == DUPLICATED


async def test_reordered_notifications_arrive_newest_first(http: HttpDesk) -> None:
    await http.adapter.charge(orders.charge(amount=eur(REORDERED)))
    notifications = await http.merchant.wait_for(2)

    assert [n.evidence.outcome for n in notifications] == [Outcome.SUCCEEDED, Outcome.PENDING]


async def test_an_event_that_is_sent_again_is_authentic_and_the_same(http: HttpDesk) -> None:
    await decide(http)
    (first,) = await http.merchant.wait_for(1)
    answer = await http.control("replay", event_id=first.event_id)

    assert orjson.loads(answer) == {"status": 200}
    assert http.merchant.accepted == [first, first]


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("wrong_key", "wrong signature"),
        ("altered", "wrong signature"),
        ("stale", "too old or too new"),
        ("unsigned", "no timestamp"),
    ],
)
async def test_a_forged_notification_is_refused(http: HttpDesk, manner: str, reason: str) -> None:
    await decide(http)
    (first,) = await http.merchant.wait_for(1)
    answer = await http.control("replay", event_id=first.event_id, manner=manner)

    assert orjson.loads(answer) == {"status": 400}
    assert http.merchant.refused == [reason]
    assert http.merchant.accepted == [first]


def post_to_both(ledger: Ledger) -> None:
    """Let both notifications be due at one moment: whichever was seen alone would be sent alone."""
    for account in ("deaf", ACCOUNT):
        ledger.outbox.post(f"ev_{account}", account, BODY, due_at_us=1)


async def test_an_account_that_does_not_answer_does_not_silence_the_others(http: HttpDesk) -> None:
    never = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.close()

    hanging = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    await http.adapter.close()
    await http.server.stop()
    acquirer = SandboxAcquirer(http.book_path)
    accounts = {
        "deaf": SandboxAccount("deaf", SECRET.encode(), f"http://127.0.0.1:{port}/"),
        ACCOUNT: SandboxAccount(ACCOUNT, SECRET.encode(), http.notify_url),
    }
    http.server = SandboxServer(acquirer, accounts)
    http.url = f"http://127.0.0.1:{await http.server.start('127.0.0.1', 0)}"
    http.adapter = http.merchant.adapter = http.adapter_with()
    await acquirer.write(post_to_both)

    assert [n.event_id for n in await http.merchant.wait_for(1)] == [f"ev_{ACCOUNT}"]
    (waiting,) = await acquirer.notifications_of("deaf")
    assert (waiting.tries, waiting.is_closed) == (0, False)
    never.set()
    hanging.close()


BODY = orjson.dumps(
    {
        "event_id": f"ev_{ACCOUNT}",
        "account": ACCOUNT,
        "answer": {"reference": "charge", "kind": "SALE", "state": "pending"},
    }
)
