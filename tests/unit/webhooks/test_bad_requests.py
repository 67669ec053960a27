"""What is no request can not flood the log: it is said once a minute, without a traceback."""

from __future__ import annotations

import logging

import pytest
from tollbridge_server.services.repeated_lines import RepeatedLines
from tollbridge_server.webhooks.http_errors import HttpErrors

from tests.unit.webhooks.listening import PATH, Clock, listening, ours, post

BAD = {
    "a verb that is none": b"\x00\x01\x02 / HTTP/1.1\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00" + b"A" * 100,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a header without a colon": b"POST / HTTP/1.1\r\nHost: x\r\nA B\r\n\r\n",
    "a long line": b"GET /" + b"4" * 9000 + b" HTTP/1.1\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"4" * 9000 + b"\r\n\r\n",
    "an address that is none": b"POST http://[::1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
    "a chunk that is none": f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n".encode(),
}
SAID = "what came to the listener of notifications is no HTTP/1.1 request"


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD.keys())
async def test_what_is_no_request_is_refused_and_said_once(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening() as listener:
        answers = [await (await listener.peer(sent)).answer() for _ in range(5)]
        answers.append(await (await listener.peer(post())).answer())

    assert answers == [400] * 5 + [200]
    assert len(ours(caplog)) <= 1
    assert [(each.levelname, each.message.startswith(SAID)) for each in ours(caplog)] in ([], [("WARNING", True)])
    assert [record for record in caplog.records if record.exc_info] == []


async def test_how_often_it_came_is_said_with_the_next_line(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as listener:
        for wait_us in (0, 0, 0, 60_000_000):
            listener.clock.at_us += wait_us
            assert await (await listener.peer(BAD["TLS"])).answer() == 400

    assert [each.message.rpartition("? ")[2] for each in ours(caplog)] == [
        "0 more since the last such line",
        "2 more since the last such line",
    ]


@pytest.mark.parametrize("level", ["exception", "debug"])
def test_an_error_of_our_own_keeps_its_traceback(level: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    errors = HttpErrors(logging.getLogger("tollbridge_server.test"), RepeatedLines(Clock()))  # type: ignore[arg-type]
    getattr(errors, level)("Unhandled %s", "exception", exc_info=ValueError("ours"))

    [record] = caplog.records
    assert record.message == "Unhandled exception"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "ours"
