"""A line that anybody can cause is said once a minute for each kind, with how many were left out."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tollbridge_server.ports.provider import InboundNotification, NotificationRefused, NotificationReply
from tollbridge_server.services.notifications import NotificationService
from tollbridge_server.services.repeated_lines import RepeatedLines

MINUTE_US = 60_000_000


class Clock:
    """A clock that a test sets; microseconds since the epoch."""

    def __init__(self) -> None:
        self.at_us = 1_800_000_000_000_000

    def now_us(self) -> int:
        return self.at_us

    def entropy(self, count: int) -> bytes:
        return bytes(count)


class Account:
    """An account, and its adapter too, which refuses every notification for the reason that stands in it."""

    provider = "alipay"

    @property
    def adapter(self) -> Account:
        return self

    def read_notification(self, inbound: InboundNotification) -> Any:
        raise NotificationRefused(inbound.body.decode())

    def notification_reply(self, *, accepted: bool) -> NotificationReply:
        return NotificationReply(200 if accepted else 400, b"")


class Accounts:
    def get(self, _: str) -> Account:
        return Account()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> NotificationService:
    unused: Any = None
    accounts: Any = Accounts()
    return NotificationService(engine=unused, storage=unused, accounts=accounts, clock=clock)


async def refuse(service: NotificationService, account_id: str, *reasons: str) -> None:
    """Let the service receive notifications that are refused."""
    for reason in reasons:
        inbound = InboundNotification(body=reason.encode(), headers={}, query="", received_at_us=0)
        reply = await service.receive("alipay", account_id, inbound)
        assert reply == NotificationReply(400, b"")


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{vars(record)['provider_account_id']}: {record.message}" for record in caplog.records]


def test_the_first_line_is_due(clock: Clock) -> None:
    assert RepeatedLines(clock).unsaid_before("shop", "forged") == 0


def test_a_line_is_due_again_after_a_minute_with_what_was_left_out(clock: Clock) -> None:
    lines = RepeatedLines(clock)
    found = [lines.unsaid_before("shop", "forged") for _ in range(4)]
    clock.at_us += MINUTE_US - 1
    found.append(lines.unsaid_before("shop", "forged"))
    clock.at_us += 1

    assert [*found, lines.unsaid_before("shop", "forged")] == [0, None, None, None, None, 4]


def test_a_clock_that_is_set_back_silences_nothing(clock: Clock) -> None:
    lines = RepeatedLines(clock)
    lines.unsaid_before("shop", "forged")
    clock.at_us -= MINUTE_US

    assert lines.unsaid_before("shop", "forged") == 0


def test_too_many_kinds_are_counted_as_one(clock: Clock) -> None:
    lines = RepeatedLines(clock, max_kinds=3)
    found = [lines.unsaid_before("shop", f"kind {number}") for number in range(6)]
    clock.at_us += MINUTE_US

    assert found == [0, 0, 0, 0, None, None]
    assert lines.unsaid_before("shop", "kind 3") == 0


def test_a_subject_with_too_many_kinds_silences_no_other(clock: Clock) -> None:
    lines = RepeatedLines(clock, max_kinds=1)
    for number in range(9):
        lines.unsaid_before("shop", f"kind {number}")

    assert lines.unsaid_before("other", "kind 0") == 0


async def test_a_refused_notification_is_said_once_for_each_account_and_reason(
    service: NotificationService, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await refuse(service, "shop", *["forged"] * 100, "stale", "forged")
    await refuse(service, "other", "forged")
    clock.at_us += MINUTE_US
    await refuse(service, "shop", "forged", "forged", "stale")

    assert said(caplog) == [
        "shop: notification refused: forged",
        "shop: notification refused: stale",
        "other: notification refused: forged",
        "shop: notification refused: forged (100 more since the last such line)",
        "shop: notification refused: stale",
    ]


async def test_reasons_that_a_stranger_makes_up_do_not_fill_the_log(
    service: NotificationService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await refuse(service, "shop", *(f"no key is known for serial {number:x}" for number in range(1000)))

    assert len(caplog.records) <= 17
