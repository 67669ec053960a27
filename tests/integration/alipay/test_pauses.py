"""A provider's schedule of notifications passes as fast as time is scaled, and ends."""

from __future__ import annotations

import pytest
from tollbridge_server.testing.simulators.frame.notifier import pause_of


@pytest.mark.parametrize(("tries", "pause_s"), [(0, 2.4), (1, 6.0)])
def test_the_pauses_of_a_schedule_are_divided(tries: int, pause_s: float) -> None:
    assert pause_of((240, 600), time_scale=100.0)(tries) == pause_s


def test_nothing_is_sent_after_the_last_pause() -> None:
    assert pause_of((240, 600), time_scale=1.0)(2) is None
