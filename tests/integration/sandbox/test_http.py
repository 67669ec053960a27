"""The adapter and the acquirer over real HTTP: signed both ways, faults on the wire, pages, and a guarded control."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import orjson
import pytest
from aiohttp import web
from tollbridge_server.domain.evidence import DeclineReason, Evidence, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.providers.sandbox import SandboxSettings, build, signing, wire
from tollbridge_server.providers.sandbox.wire import Answer
from tollbridge_server.testing import payer
from tollbridge_server.testing.simulators.sandbox.rules import BOOKED_BEHAVIORS, UNBOOKED_BEHAVIORS, Behavior

from tests.integration.sandbox.desks import ACCOUNT, SECRET, HttpDesk, succeeded
from tests.unit.providers import orders
from tests.unit.providers.orders import eur

PATH = "/v1/charges"


async def press(url: str, decision: payer.Decision) -> str:
    return await asyncio.to_thread(payer.decide, url, decision)


async def test_a_payment_goes_from_authorization_to_refund(http: HttpDesk) -> None:
    assert succeeded(await http.adapter.charge(orders.charge()), 10_000)
    assert succeeded(await http.adapter.capture(orders.capture("c", eur(4000))), 4000)
    assert succeeded(await http.adapter.capture(orders.capture("d", eur(1000), is_final=True)), 1000)
    assert succeeded(await http.adapter.refund(orders.refund("r", eur(1500))), 1500)
    assert succeeded(await http.adapter.query(orders.inquiry("r", OperationKind.REFUND)), 1500)

    booked = http.booked()
    assert (booked.captured_minor, booked.refunded_minor, len(booked.effects)) == (5000, 1500, 4)


async def test_a_decline_comes_with_its_reason(http: HttpDesk) -> None:
    failure = (await http.adapter.charge(orders.charge(method=orders.card("4000000000009995")))).failure

    assert failure is not None
    assert failure.reason is DeclineReason.INSUFFICIENT_FUNDS


async def test_an_authorization_is_canceled_and_then_reported_so(http: HttpDesk) -> None:
    await http.adapter.charge(orders.charge())
    await http.adapter.cancel(orders.cancel("x"))

    assert (await http.adapter.query(orders.inquiry("charge"))).outcome is Outcome.CANCELED


async def test_a_reference_that_nobody_sent_is_absent(http: HttpDesk) -> None:
    assert (await http.adapter.query(orders.inquiry("never"))).absent


async def test_a_reused_reference_is_unknown(http: HttpDesk) -> None:
    await http.adapter.charge(orders.charge())

    found = await http.adapter.charge(orders.charge(amount=eur(1)))

    assert (found.outcome, found.detail) == (Outcome.UNKNOWN, "HTTP 409")


async def test_a_request_signed_with_another_key_is_unknown_and_books_nothing(http: HttpDesk) -> None:
    stranger = http.adapter_with(secret="another secret of thirty-two letters")

    found = await stranger.charge(orders.charge())
    await stranger.close()

    assert (found.outcome, found.unsent, found.failure) == (Outcome.UNKNOWN, False, None)
    assert (await http.adapter.query(orders.inquiry("charge"))).absent


@pytest.mark.parametrize("spoil", ["altered", "old", "future", "other_path", "other_account", "unsigned", "no_text"])
async def test_a_request_that_is_not_authentic_is_refused_without_a_word(http: HttpDesk, spoil: str) -> None:
    body = wire.write(wire.charge_request(orders.charge()))
    shift_s = {"old": -signing.WINDOW_S - 5, "future": signing.WINDOW_S + 5}.get(spoil, 0)
    now_s = int(time.time()) + shift_s
    path = "/v1/refunds" if spoil == "other_path" else PATH
    signature = signing.sign(SECRET.encode(), body, timestamp_s=now_s, context=signing.request_context(path))
    headers = {
        "sandbox-account": "other" if spoil == "other_account" else ACCOUNT,
        signing.TIMESTAMP_HEADER: str(now_s),
        signing.SIGNATURE_HEADER: "\udcff" if spoil == "no_text" else signature,
    }
    if spoil == "unsigned":
        del headers[signing.SIGNATURE_HEADER]
    if spoil == "altered":
        body = body.replace(b"10000", b"10001")

    async with http.session.post(http.url + PATH, data=body, headers=headers) as response:
        assert (response.status, await response.read()) == (401, b"")

    assert (await http.adapter.query(orders.inquiry("charge"))).absent


async def test_a_signed_request_that_can_not_be_read_is_unknown(http: HttpDesk) -> None:
    async with _signed_post(http, b'{"reference":"charge","amount_minor":-5}') as response:
        assert response.status == 400


@pytest.mark.parametrize("behavior", sorted(BOOKED_BEHAVIORS))
async def test_a_lost_answer_is_unknown_and_books_once(http: HttpDesk, behavior: Behavior) -> None:
    await http.control("arm", behavior=behavior.value, count="2")
    hasty = http.adapter_with(timeout_s=1.0)
    order = orders.charge(kind=OperationKind.SALE)
    lost = [await hasty.charge(order) for _ in range(2)]
    await hasty.close()

    assert {(e.outcome, e.absent, e.unsent) for e in lost} == {(Outcome.UNKNOWN, False, False)}
    assert succeeded(await http.adapter.charge(order), 10_000)
    assert (http.booked().captured_minor, len(http.booked().effects)) == (10_000, 1)


@pytest.mark.parametrize("behavior", sorted(UNBOOKED_BEHAVIORS))
async def test_a_lost_request_is_unknown_and_books_nothing(http: HttpDesk, behavior: Behavior) -> None:
    await http.control("arm", behavior=behavior.value)
    hasty = http.adapter_with(timeout_s=1.0)
    lost = await hasty.charge(orders.charge())
    await hasty.close()

    assert (lost.outcome, lost.unsent) == (Outcome.UNKNOWN, False)
    assert (await http.adapter.query(orders.inquiry("charge"))).absent


async def test_an_acquirer_that_is_down_leaves_the_request_unsent(http: HttpDesk) -> None:
    await http.server.stop()
    found = await http.adapter.charge(orders.charge())
    await http.open_acquirer()

    assert (found.outcome, found.unsent) == (Outcome.UNKNOWN, True)


async def test_a_request_whose_caller_hung_up_is_booked_once_or_never(http: HttpDesk) -> None:
    for n in range(20):
        sent = asyncio.ensure_future(http.adapter.charge(orders.charge(f"p{n}", kind=OperationKind.SALE)))
        await asyncio.sleep(0.0005 * n)
        sent.cancel()
        await asyncio.gather(sent, return_exceptions=True)

        assert succeeded(await http.adapter.charge(orders.charge(f"p{n}", kind=OperationKind.SALE)), 10_000)
        assert len(http.booked(f"p{n}").effects) == 1


async def test_the_payer_approves_on_the_page_and_is_led_back_to_the_shop(http: HttpDesk) -> None:
    back = 'https://shop.example/back?a=1&b="2"'
    opened = await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED), return_url=back))
    assert opened.next_action is not None
    async with http.session.get(opened.next_action.url) as page:
        assert "3-D Secure" in await page.text()

    approved = await press(opened.next_action.url, "approve")

    assert 'http-equiv="refresh"' in approved
    assert "https://shop.example/back?a=1&amp;b=&quot;2&quot;" in approved
    assert succeeded(await http.adapter.query(orders.inquiry("charge")), 10_000)


async def test_a_page_leads_nowhere_but_to_the_web(http: HttpDesk) -> None:
    order = orders.charge(method=orders.card(orders.CHALLENGED), return_url="javascript:alert(1)")
    opened = await http.adapter.charge(order)
    assert opened.next_action is not None

    assert "javascript" not in await press(opened.next_action.url, "approve")


async def test_a_page_that_does_not_exist_is_not_found(http: HttpDesk) -> None:
    async with http.session.post(f"{http.url}/pay/nobody", data={"decision": "approve"}) as response:
        assert response.status == 404


@pytest.mark.parametrize(("decision", "outcome"), [("approve", Outcome.SUCCEEDED), ("refuse", Outcome.DECLINED)])
async def test_control_does_as_the_payer(http: HttpDesk, decision: str, outcome: Outcome) -> None:
    await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    await http.control("decide", account=ACCOUNT, reference="charge", decision=decision)

    assert (await http.adapter.query(orders.inquiry("charge"))).outcome is outcome


async def test_control_lists_the_book_without_card_numbers_and_page_tokens(http: HttpDesk) -> None:
    opened = await http.adapter.charge(orders.charge(method=orders.card(orders.CHALLENGED)))
    assert opened.next_action is not None
    listed = await http.listed("book")

    assert [charge["reference"] for charge in listed["charges"]] == ["charge"]
    assert orders.CHALLENGED not in str(listed)
    assert opened.next_action.url.rpartition("/")[2] not in str(listed)


async def test_the_acquirer_says_that_it_is_well(http: HttpDesk) -> None:
    async with http.session.get(f"{http.url}/health") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "forgery", ["unsigned", "other_key", "altered", "old", "other_request", "other_status", "no_text"]
)
async def test_an_answer_that_is_not_authentic_is_unknown(forgery: str) -> None:
    found = await _ask_impostor(forgery)

    assert (found.outcome, found.unsent, found.failure) == (Outcome.UNKNOWN, False, None)


async def test_the_answers_of_the_impostor_are_believed_where_they_are_authentic() -> None:
    assert succeeded(await _ask_impostor("authentic"), 10_000)


async def _ask_impostor(forgery: str) -> Evidence:
    """Charge at a server that answers with a success, authentic or forged in one way."""
    secret = SECRET.encode()

    async def answer(request: web.Request) -> web.Response:
        body = wire.write(Answer("charge", "succeeded", "ch_1", amount_minor=10_000, currency="EUR"))
        now_s = int(time.time()) - (signing.WINDOW_S + 5 if forgery == "old" else 0)
        of = "0" * 64 if forgery == "other_request" else request.headers[signing.SIGNATURE_HEADER]
        context = signing.answer_context(of, 201 if forgery == "other_status" else 200)
        key = b"t" * 32 if forgery == "other_key" else secret
        signature = signing.sign(key, body, timestamp_s=now_s, context=context)
        headers = {signing.TIMESTAMP_HEADER: str(now_s)}
        if forgery != "unsigned":
            headers[signing.SIGNATURE_HEADER] = "\udcff" if forgery == "no_text" else signature
        return web.Response(body=body.replace(b"10000", b"10001") if forgery == "altered" else body, headers=headers)

    application = web.Application()
    application.router.add_post(PATH, answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    adapter = build(ACCOUNT, SandboxSettings(SECRET, f"http://127.0.0.1:{runner.addresses[0][1]}"), None)
    try:
        return await adapter.charge(orders.charge())
    finally:
        await adapter.close()
        await runner.cleanup()


def _signed_post(http: HttpDesk, body: bytes) -> aiohttp.client._RequestContextManager:
    now_s = int(time.time())
    signature = signing.sign(SECRET.encode(), body, timestamp_s=now_s, context=signing.request_context(PATH))
    headers = {
        "sandbox-account": ACCOUNT,
        signing.TIMESTAMP_HEADER: str(now_s),
        signing.SIGNATURE_HEADER: signature,
    }
    return http.session.post(http.url + PATH, data=body, headers=headers)


def test_settings_refuse_a_short_secret_and_an_address_off_the_list() -> None:
    with pytest.raises(ValueError, match="secret"):
        SandboxSettings("short")
    with pytest.raises(ValueError, match="https"):
        SandboxSettings(SECRET, "http://acquirer.example")


def test_settings_show_no_secret() -> None:
    assert SECRET not in repr(SandboxSettings(SECRET))


def test_a_wire_request_is_json_with_integers_only() -> None:
    parsed = orjson.loads(wire.write(wire.charge_request(orders.charge())))

    assert parsed["amount_minor"] == 10_000
    assert not any(isinstance(value, float) for value in parsed.values())
