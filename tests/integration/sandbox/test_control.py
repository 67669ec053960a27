"""Control serves programs on this machine alone, and refuses what makes no sense."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tollbridge_server.testing.simulators.frame import desk as frame
from tollbridge_server.testing.simulators.sandbox import SandboxAcquirer, SandboxServer
from tollbridge_server.testing.simulators.sandbox.book import Ledger
from tollbridge_server.testing.simulators.sandbox.control import SandboxControl
from tollbridge_server.testing.simulators.sandbox.delivery import SandboxDelivery

from tests.integration.sandbox.desks import ACCOUNT, WAIT_S, HttpDesk, InProcessDesk, succeeded
from tests.unit.providers import orders


async def test_control_refuses_what_a_web_page_sends(http: HttpDesk) -> None:
    query = {"behavior": "lost"}
    headers = {"Origin": "https://evil.example"}

    async with http.session.post(f"{http.url}/control/arm", params=query, headers=headers) as response:
        assert response.status == 403

    assert succeeded(await http.adapter.charge(orders.charge()), 10_000)


async def test_control_refuses_a_caller_without_an_address_of_this_machine(tmp_path: Path) -> None:
    acquirer = SandboxAcquirer(tmp_path / "book.db")
    application = web.Application()
    SandboxControl(acquirer, SandboxDelivery({}, {})).add_to(application)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    socket_path = str(tmp_path / "socket")  # Whoever comes by this way has no IP address at all.
    await web.UnixSite(runner, socket_path).start()
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket_path)) as session,
        session.post("http://sandbox/control/notify") as response,
    ):
        assert response.status == 403
    await runner.cleanup()
    await acquirer.close()


@pytest.mark.parametrize("count", ["0", "-1", "10001", "many"])
async def test_control_refuses_a_count_that_makes_no_sense(http: HttpDesk, count: str) -> None:
    query = {"behavior": "lost", "count": count}

    async with http.session.post(f"{http.url}/control/arm", params=query) as response:
        assert response.status == 400


@pytest.mark.parametrize("way", ["params", "data", "json"])
async def test_control_is_told_by_query_form_or_json(http: HttpDesk, way: str) -> None:
    await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    parameters = {"account": ACCOUNT, "reference": "charge", "decision": "approve"}

    async with http.session.post(f"{http.url}/control/decide", **{way: parameters}) as response:
        assert response.status == 200
    (told,) = await http.merchant.wait_for(1)
    assert told.request_reference == "charge"


@pytest.mark.parametrize("way", ["params", "data", "json"])
async def test_control_refuses_a_parameter_that_it_does_not_know_and_does_nothing(http: HttpDesk, way: str) -> None:
    parameters = {"behavior": "lost", "for": "query"}

    async with http.session.post(f"{http.url}/control/arm", **{way: parameters}) as response:
        assert (response.status, await response.text()) == (400, "there is no for; there are: behavior, count")
    assert succeeded(await http.adapter.charge(orders.charge()), 10_000)


async def test_control_refuses_a_decision_that_is_none(http: HttpDesk) -> None:
    await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    query = {"account": ACCOUNT, "reference": "charge", "decision": "steal"}

    async with http.session.post(f"{http.url}/control/decide", params=query) as response:
        assert (response.status, await response.text()) == (400, "decision has to be approve or refuse")


async def test_a_page_refuses_a_decision_that_is_none(http: HttpDesk) -> None:
    pending = await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    assert pending.next_action is not None

    async with http.session.post(pending.next_action.url, data={"decision": "steal"}) as response:
        assert (response.status, await response.text()) == (400, "decision has to be approve or refuse")


async def test_a_notification_of_an_account_that_is_no_more_is_not_sent_again(http: HttpDesk) -> None:
    await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    await http.control("decide", account=ACCOUNT, reference="charge", decision="approve")
    (told,) = await http.merchant.wait_for(1)
    await http.server.stop()
    http.server = SandboxServer(SandboxAcquirer(http.book_path), {})
    url = f"http://127.0.0.1:{await http.server.start('127.0.0.1', 0)}/control/replay"

    async with http.session.post(url, params={"event_id": told.event_id}) as response:
        assert response.status == 404


def post(ledger: Ledger) -> None:
    ledger.outbox.post("ev", ACCOUNT, b"{}", due_at_us=1)


async def test_whoever_waits_for_a_first_try_that_never_comes_goes_on(
    desk: InProcessDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "_FIRST_TRY_WITHIN_S", 0.05)
    await desk.acquirer.write(post)

    async with asyncio.timeout(WAIT_S):
        await desk.acquirer.first_tries(ACCOUNT)


@pytest.mark.parametrize("account", [ACCOUNT, "other"])
async def test_nobody_waits_for_a_second_try_nor_for_those_of_others(
    desk: InProcessDesk, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    monkeypatch.setattr(frame, "_FIRST_TRY_WITHIN_S", 10 * WAIT_S)
    await desk.acquirer.write(post)
    if account == ACCOUNT:
        (entry,) = await desk.acquirer.due_notifications()
        await desk.acquirer.note_delivery(entry, pause_s=0)
        assert [again.tries for again in await desk.acquirer.due_notifications()] == [1]

    async with asyncio.timeout(WAIT_S):
        await desk.acquirer.first_tries(account)
