"""SIGKILL at every failpoint during every operation of every provider: no effect is lost, and none is booked twice.

On SQLite that is every combination. On PostgreSQL, which has the same engine before it, it is every failpoint at each
provider, with the operations in turn, so that each operation of each provider is struck there as well; `make soak`
strikes every combination there too.
"""

from __future__ import annotations

import os
from itertools import cycle

import pytest
from tollbridge_server.ports.failpoint import FAILPOINTS

from tests.crash.conftest import Rigs
from tests.crash.operations.alipay import ALIPAY
from tests.crash.operations.sandbox import SANDBOX
from tests.crash.operations.shapes import Provider
from tests.crash.operations.wechatpay import WECHATPAY
from tests.crash.rig import Rig
from tests.crash.strike import Case

PROVIDERS = {provider.name: provider for provider in (SANDBOX, ALIPAY, WECHATPAY)}

UNARRIVED = frozenset({"intent.after_commit", "send.before", "resolver.after_commit"})
"""Failpoints at which the intent is durable and the provider has not got the request."""

_Strike = tuple[str, str, str]
"""Provider, failpoint, operation."""


def _in_turn(provider: Provider) -> list[_Strike]:
    """Return each failpoint with the next operation on whose path it lies."""
    turn, found = cycle(provider.operations), []
    for failpoint in FAILPOINTS:
        operation = next(name for name in turn if (failpoint, name) not in provider.unreachable)
        found.append((provider.name, failpoint, operation))
    return found


EVERY = [
    (provider.name, failpoint, operation)
    for provider in PROVIDERS.values()
    for failpoint in FAILPOINTS
    for operation in provider.operations
]
IN_TURN = [strike for provider in PROVIDERS.values() for strike in _in_turn(provider)]
ON_POSTGRESQL = EVERY if os.environ.get("TOLLBRIDGE_SOAK") else IN_TURN


@pytest.mark.parametrize(("provider", "failpoint", "operation"), EVERY)
def test_a_kill_leaves_exactly_one_effect(rigs: Rigs, provider: str, failpoint: str, operation: str) -> None:
    rig = rigs.get(PROVIDERS[provider])

    _strike(rig, failpoint, operation)


@pytest.mark.postgres
@pytest.mark.parametrize(("provider", "failpoint", "operation"), ON_POSTGRESQL)
def test_a_kill_on_postgresql_leaves_exactly_one_effect(
    rigs: Rigs, provider: str, failpoint: str, operation: str
) -> None:
    rig = rigs.get(PROVIDERS[provider], has_postgres=True)

    _strike(rig, failpoint, operation)


def test_on_postgresql_every_failpoint_and_every_operation_of_each_provider_is_struck() -> None:
    for provider in PROVIDERS.values():
        struck = {(failpoint, operation) for name, failpoint, operation in IN_TURN if name == provider.name}

        assert {failpoint for failpoint, _ in struck} == set(FAILPOINTS)
        assert {operation for _, operation in struck} == set(provider.operations)


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_the_tables_of_a_provider_name_only_what_exists(provider: Provider) -> None:
    assert set(provider.unreachable) <= {
        (failpoint, operation) for failpoint in FAILPOINTS for operation in provider.operations
    }
    assert set(provider.faults) | UNARRIVED <= set(FAILPOINTS)


def _strike(rig: Rig, failpoint: str, operation: str) -> None:
    provider, asked = rig.provider, rig.provider.operations[operation]
    case = Case(rig, asked, asked.unsent if failpoint in UNARRIVED else None)
    case.prepare()

    case.strike(failpoint, fault=provider.faults.get(failpoint))
    if (failpoint, operation) in provider.unreachable:
        assert rig.server.is_running
    else:
        rig.wait_for_death()
    case.recover()

    assert case.findings() == []
    was_never_known = asked.waits_for_payer or (failpoint in UNARRIVED and asked.unsent is not None)
    rig.is_spoiled = provider.is_asked_on and was_never_known
