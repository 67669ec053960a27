"""Only what can not lead to another machine is this machine."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.hosts import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1"])
def test_this_machine_is_known_by_its_name_and_each_of_its_loopback_addresses(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "128.0.0.1",
        "::2",
        "127.1",
        "127.0.0.1.example.com",
        "localhost.example.com",
        "notlocalhost",
        "[::1]",
        "127.0.0.1:80",
        "2130706433",
        "0x7f.0.0.1",
        "acquirer.example",
    ],
)
def test_whatever_may_lead_elsewhere_is_another_machine(host: str) -> None:
    assert not is_loopback(host)
