"""Whoever connects and sends nothing, or sends slowly, or reads no answer, takes nothing away from the providers.

That time has passed is seen from a connection that began later and has been cut: no test looks at a clock.
"""

from __future__ import annotations

import asyncio
import resource

import pytest
from tollbridge_server.webhooks.connections import ListenerLimits, limits_of_this_process

from tests.unit.webhooks.listening import Listening, Peer, head, listening, ours, post

LONG_S = 600.0
SHORT_S = 0.05
AMPLE_S = 0.5
"""Time enough for what has been sent to be read, however busy the machine is, by whoever must not be cut."""
LATER_S = 0.3
HALF_A_HEAD = b"POST /notifications/alipay/shop HTTP/1.1\r\nHost: shop.exam"


async def until_later(listener: Listening) -> None:
    """Wait for as long as a connection may take for its head."""
    witness = await listener.peer()
    assert await witness.cut()


async def slow(listener: Listening) -> Peer:
    """Connect, and begin a body that never ends."""
    return await listener.peer(head(1000) + b"a")


async def test_slow_bodies_keep_no_notification_out() -> None:
    async with listening(max_in_flight=2, read_timeout_s=LONG_S) as listener:
        waiting = [await slow(listener) for _ in range(5)]
        peer = await listener.peer(post())

        assert await peer.answer() == 200
        assert all(each.is_open() for each in waiting)


async def test_more_than_can_be_handled_at_once_are_sent_away() -> None:
    async with listening(max_in_flight=1) as listener:
        listener.service.gate.clear()
        late = await listener.peer(head(3, "Expect: 100-continue"))
        assert await late.answer() == 100
        first = await listener.peer(post())
        await listener.service.has_begun(1)
        second = await listener.peer(post())
        await late.send(b"a=b")

        assert (await second.answer(), await late.answer()) == (503, 503)
        listener.service.gate.set()
        assert await first.answer() == 200
        assert await (await listener.peer(post())).answer() == 200


@pytest.mark.parametrize("sent", [b"", HALF_A_HEAD])
async def test_a_connection_without_a_whole_head_is_cut(sent: bytes) -> None:
    async with listening(head_timeout_s=SHORT_S) as listener:
        assert await (await listener.peer(sent)).cut()


async def test_a_head_that_comes_byte_by_byte_is_cut() -> None:
    async with listening(head_timeout_s=SHORT_S) as listener:
        peer = await listener.peer(HALF_A_HEAD)

        async def trickle() -> None:
            while True:
                await peer.send(b"a")
                await asyncio.sleep(SHORT_S / 5)

        trickling = asyncio.create_task(trickle())
        assert await peer.cut()
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)


async def test_a_slow_body_is_cut_and_handed_to_nobody() -> None:
    async with listening(read_timeout_s=SHORT_S) as listener:
        assert await (await slow(listener)).cut()
        assert listener.service.bodies == []


async def test_a_body_has_its_own_time_after_the_head() -> None:
    async with listening(head_timeout_s=AMPLE_S, read_timeout_s=LONG_S) as listener:
        peer = await listener.peer(head(3))
        await until_later(listener)
        await peer.send(b"a=b")

        assert await peer.answer() == 200


async def test_a_connection_whose_notification_is_being_handled_is_not_cut() -> None:
    limits = {"head_timeout_s": AMPLE_S, "read_timeout_s": AMPLE_S, "keepalive_timeout_s": AMPLE_S}
    async with listening(**limits) as listener:
        listener.service.gate.clear()
        peer = await listener.peer(post())
        await listener.service.has_begun(1)
        await until_later(listener)
        listener.service.gate.set()

        assert await peer.answer() == 200


async def test_an_answered_connection_is_kept_for_the_proxy() -> None:
    async with listening(head_timeout_s=AMPLE_S) as listener:
        peer = await listener.peer(post())
        assert await peer.answer() == 200
        await until_later(listener)
        await peer.send(post())

        assert await peer.answer() == 200


async def test_an_answered_connection_is_not_kept_for_ever() -> None:
    async with listening(keepalive_timeout_s=SHORT_S) as listener:
        peer = await listener.peer(post())

        assert (await peer.answer(), await peer.cut()) == (200, True)


async def test_a_peer_that_reads_no_answer_is_cut() -> None:
    async with listening(keepalive_timeout_s=SHORT_S, head_timeout_s=LATER_S) as listener:
        listener.service.reply = b"x" * 2**26
        peer = await listener.peer(post(), buffer_bytes=2**10)
        await listener.service.has_begun(1)
        await until_later(listener)

        got = 0
        try:
            while part := await asyncio.wait_for(peer.reader.read(2**20), 20):
                got += len(part)
        except ConnectionError:
            pass
        assert got < len(listener.service.reply)


async def test_the_connection_that_waited_longest_makes_room() -> None:
    async with listening(max_open=3, head_timeout_s=LONG_S, read_timeout_s=LONG_S) as listener:
        body, idle, kept = await slow(listener), await listener.peer(), await listener.peer(post())
        assert await kept.answer() == 200
        peers = [await listener.peer(post()), await listener.peer(post())]

        assert [await peer.answer() for peer in peers] == [200, 200]
        assert (await body.cut(), await idle.cut(), kept.is_open()) == (True, True, True)


async def test_a_notification_that_is_being_handled_makes_no_room() -> None:
    async with listening(max_open=2, max_in_flight=2) as listener:
        listener.service.gate.clear()
        handled = [await listener.peer(post()), await listener.peer(post())]
        await listener.service.has_begun(2)
        refused = await listener.peer()

        assert await refused.cut()
        listener.service.gate.set()
        assert [await peer.answer() for peer in handled] == [200, 200]


async def test_places_are_free_again_when_connections_end(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(max_open=2, max_in_flight=2) as listener:
        for _ in range(6):
            peer = await listener.peer(post(b"a=b", "Connection: close"))
            assert (await peer.answer(), await peer.cut()) == (200, True)
        idle = await listener.peer()

        assert await (await listener.peer(post())).answer() == 200
        assert (idle.is_open(), ours(caplog)) == (True, [])


async def test_that_all_places_are_taken_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(max_open=1, max_in_flight=1, head_timeout_s=LONG_S) as listener:
        before = [await listener.peer() for _ in range(11)]
        assert [await each.cut() for each in before[:-1]] == [True] * 10
        [said] = ours(caplog)
        listener.clock.at_us += 60_000_000
        await listener.peer()
        assert await before[-1].cut()

        assert said.message.startswith("all 1 places for connections that bring notifications are taken")
        assert [each.message.rpartition("; ")[2] for each in ours(caplog)] == [
            "0 more since the last such line",
            "9 more since the last such line",
        ]


async def test_a_listener_with_open_connections_stops() -> None:
    async with listening(head_timeout_s=LONG_S, keepalive_timeout_s=LONG_S) as listener:
        idle, kept = await listener.peer(), await listener.peer(post())
        assert await kept.answer() == 200

    assert (await idle.cut(), await kept.cut()) == (True, True)


@pytest.mark.parametrize(
    ("files", "max_open", "max_in_flight"),
    [(resource.RLIM_INFINITY, 512, 256), (20_000, 512, 256), (1024, 512, 256), (256, 128, 64), (20, 16, 8)],
)
def test_half_of_the_files_are_left_to_everything_else(
    monkeypatch: pytest.MonkeyPatch, files: int, max_open: int, max_in_flight: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, resource.RLIM_INFINITY))

    assert limits_of_this_process() == ListenerLimits(max_open=max_open, max_in_flight=max_in_flight)
