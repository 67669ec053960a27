"""Test processes that run at the same time never choose the same port."""

from __future__ import annotations

import socket

import pytest
from tollbridge_server.development import simulated

from tests import ports
from tests.ports import Ports


def test_processes_choose_from_shares_that_have_no_port_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_is_free", lambda _: True)
    shares = [Ports(process, 3).free((ports.END - ports.FIRST) // 3) for process in range(3)]

    assert len({port for share in shares for port in share}) == sum(len(share) for share in shares)


def test_a_process_chooses_no_port_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_is_free", lambda _: True)
    own = Ports(0, 1)
    chosen = [*own.free(500), *own.free(500)]

    assert len(set(chosen)) == 1000


def test_a_port_that_somebody_listens_on_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        assert not ports._is_free(taken.getsockname()[1])


def test_the_set_ups_of_tests_choose_among_them() -> None:
    assert isinstance(getattr(simulated.free_ports, "__self__", None), Ports)
