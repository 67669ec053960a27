"""One browser, one server with every simulator and one shop for all tests here; every test listens to the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser import chromium
from tests.browser.gateway import Gateway, serving
from tests.browser.payer import Payer
from tests.browser.shop import Shop, open_shop


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium.running(chromium.programs(), profile=tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="session")
def gateway(driver: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server, which is not started where there is no browser."""
    with serving(tmp_path_factory.mktemp("gateway")) as started:
        yield started


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@pytest.fixture
def payer(driver: Chrome) -> Iterator[Payer]:
    """The person; whatever the browser complained of fails the test: a violated policy, an error of a page."""
    person = Payer(driver)
    person.open("about:blank")
    person.complaints()
    yield person
    assert person.complaints() == []
