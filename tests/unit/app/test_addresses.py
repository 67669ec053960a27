"""Two listeners clash when only one of them can listen, and an account finds whoever listens at its address."""

from __future__ import annotations

import pytest
from tollbridge_server.app.addresses import clashes, is_at


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("127.0.0.1:7443", "127.0.0.1:7443"),
        ("[::1]:7443", "[::1]:7443"),
        ("localhost:7443", "127.0.0.1:7443"),
        ("localhost:7443", "[::1]:7443"),
        ("127.0.0.2:7443", "localhost:7443"),
        ("0.0.0.0:7443", "127.0.0.2:7443"),
        ("10.0.0.1:7443", "0.0.0.0:7443"),
        ("[::]:7443", "[::1]:7443"),
    ],
)
def test_whoever_wants_what_another_has_is_named_with_the_remedy(address: str, other: str) -> None:
    [(key, remedy)] = clashes([("server.listen", address), ("metrics.listen", other)])
    assert key == "metrics.listen"
    assert remedy == f"{other} is the address of server.listen too; give one of them another port"


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("127.0.0.1:7443", "127.0.0.1:7444"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("127.0.0.1:7443", "127.0.0.2:7443"),
        ("127.0.0.1:7443", "[::1]:7443"),
        ("10.0.0.1:7443", "127.0.0.1:7443"),
        ("10.0.0.1:7443", "localhost:7443"),
    ],
)
def test_two_that_can_both_listen_do_not_clash(address: str, other: str) -> None:
    assert list(clashes([("server.listen", address), ("metrics.listen", other)])) == []


@pytest.mark.parametrize(
    ("address", "host", "is_there"),
    [
        ("127.0.0.1:7491", "127.0.0.1", True),
        ("127.0.0.1:7491", "localhost", True),
        ("[::1]:7491", "localhost", True),
        ("[::1]:7491", "::1", True),
        ("localhost:7491", "::1", True),
        ("0.0.0.0:7491", "127.0.0.1", True),
        ("127.0.0.1:7491", "::1", False),
        ("127.0.0.1:7491", "127.0.0.2", False),
        ("127.0.0.1:7491", "openapi.alipay.com", False),
        ("127.0.0.1:7492", "127.0.0.1", False),
    ],
)
def test_a_host_and_a_port_lead_to_who_listens_there(address: str, host: str, is_there: bool) -> None:
    assert is_at(address, host, 7491) is is_there
