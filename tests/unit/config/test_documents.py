"""The pages of the providers name every setting and every control of their simulators, and none that does not exist."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from tollbridge_server.app.accounts import account_settings
from tollbridge_server.app.simulators import read_simulator
from tollbridge_server.config import Config, load
from tollbridge_server.providers import alipay, wechatpay
from tollbridge_server.testing.simulators.alipay import Behavior as AlipayBehavior
from tollbridge_server.testing.simulators.alipay.delivery import Manner as AlipayManner
from tollbridge_server.testing.simulators.wechatpay import Behavior as WechatPayBehavior
from tollbridge_server.testing.simulators.wechatpay.delivery import Manner as WechatPayManner

from tests.unit.config.simulated import simulated

SETTINGS = {"alipay": alipay.AlipaySettings, "wechatpay": wechatpay.WechatPaySettings}
BEHAVIORS = {"alipay": AlipayBehavior, "wechatpay": WechatPayBehavior}
MANNERS = {"alipay": AlipayManner, "wechatpay": WechatPayManner}
PROVIDERS = list(SETTINGS)


def page_of(provider: str) -> str:
    module = {"alipay": alipay, "wechatpay": wechatpay}[provider]
    return Path(str(module.__file__)).with_name("README.md").read_text()


def rows_of(page: str, heading: str) -> list[str]:
    """Return the first cell of each row of the table that begins with a cell."""
    table = page.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [line.split("|")[1] for line in table.splitlines()[2:]]


def words_of(text: str) -> list[str]:
    return re.findall(r"`([a-z0-9_]+)`", text)


def bullet_of(page: str, beginning: str) -> str:
    """Return what a bullet says, to the next one."""
    found = re.search(rf"^- {beginning}(.*?)(?=^- |^$)", page, flags=re.MULTILINE | re.DOTALL)
    assert found is not None, beginning
    return found[1]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(tmp_path_factory.mktemp("documented"))


@pytest.fixture(params=PROVIDERS)
async def simulator(request: pytest.FixtureRequest, config: Path, tmp_path: Path) -> AsyncIterator[tuple[str, Any]]:
    loaded = load(config)
    section = dict(loaded.config.simulators.sections())[request.param]
    make = read_simulator(loaded, request.param, section, account_settings(loaded))
    assert make is not None
    made = make(tmp_path / "book.db")
    await made.start("127.0.0.1", 0)
    yield request.param, made
    await made.stop()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_table_of_settings_is_the_settings(provider: str) -> None:
    named = [word for row in rows_of(page_of(provider), "Setting") for word in words_of(row)]

    assert sorted(named) == sorted(each.name for each in fields(SETTINGS[provider]))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_row_of_settings_says_what_where_and_an_example(provider: str) -> None:
    table = page_of(provider).partition("\n| Setting |")[2].partition("\n\n")[0]

    for line in table.splitlines()[2:]:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        assert len(cells) == 4, line
        assert all(cells), line


async def test_the_table_of_controls_is_the_controls(simulator: tuple[str, Any]) -> None:
    provider, made = simulator
    page = page_of(provider)
    routes = {
        (route.method, route.resource.canonical)
        for route in made._runner.app.router.routes()
        if route.resource.canonical.startswith("/control/") and route.method != "HEAD"
    }

    named = {tuple(name) for row in rows_of(page, "Route") for name in re.findall(r"`(POST|GET) (/control/\w+)`", row)}

    assert named == routes


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_behavior_and_manner_is_named(provider: str) -> None:
    page = page_of(provider)

    assert set(words_of(bullet_of(page, "Behaviors"))) == set(BEHAVIORS[provider])
    assert set(words_of(bullet_of(page, "Manners"))) == set(MANNERS[provider])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_key_of_the_simulators_section_is_named(provider: str) -> None:
    section = Config.model_fields["simulators"].default
    kind = type(section).model_fields[provider].annotation.__args__[0]

    line = page_of(provider).partition(f"`[simulators.{provider}]`: ")[2].partition("\n\n")[0]

    assert set(kind.model_fields) <= set(words_of(line))
