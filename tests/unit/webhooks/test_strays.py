"""A notification to a path of nobody's is answered 404 and logged, and the internet can not flood the log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.unit.webhooks.listening import Clock, Listening, listening

STRAY = "a notification came to a path that is none of an account's"


@pytest.fixture
async def listener() -> AsyncIterator[Listening]:
    async with listening() as made:
        yield made


@pytest.fixture
def clock(listener: Listening) -> Clock:
    return listener.clock


@pytest.fixture
def url(listener: Listening) -> str:
    return listener.url


async def posted(url: str, *paths: str) -> list[int]:
    async with aiohttp.ClientSession() as session:
        statuses = []
        for path in paths:
            async with session.post(f"{url}{path}", data=b"x") as answer:
                statuses.append(answer.status)
        return statuses


def strays(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.message.startswith(STRAY)]


@pytest.mark.parametrize("path", ["/notifications/alipay/nobody", "/notifications/wechatpay/shop", "/pay/alipay", "/"])
async def test_a_path_of_nobody_is_refused_and_said(url: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    assert await posted(url, path) == [404]
    [record] = strays(caplog)
    assert (record.levelname, vars(record)["path"]) == ("WARNING", path)
    assert "check notify_url, which ends in /notifications/<provider>/<account id>" in record.message


async def test_an_accounts_own_path_is_not_said(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert await posted(url, "/notifications/alipay/shop") == [200]
    assert strays(caplog) == []


async def test_many_within_a_minute_are_said_once_and_counted(
    url: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    assert await posted(url, *(f"/{i}" for i in range(20))) == [404] * 20
    assert len(strays(caplog)) == 1
    clock.at_us += 60_000_000
    await posted(url, "/again", "/and-again")
    assert len(strays(caplog)) == 2
    assert "19 more since the last such line" in strays(caplog)[1].message


async def test_a_query_and_the_end_of_a_long_path_are_not_shown(url: str, caplog: pytest.LogCaptureFixture) -> None:
    await posted(url, "/" + "a" * 500 + "?token=secret")
    [record] = strays(caplog)
    assert len(vars(record)["path"]) == 120
    assert "secret" not in str(vars(record))


async def test_what_only_looks_is_answered_and_not_said(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/robots.txt") as answer:
        assert answer.status == 404
    assert strays(caplog) == []
