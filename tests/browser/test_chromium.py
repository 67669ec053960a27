"""Without a browser the tests here are skipped, or fail in CI; with one they hear what it complains of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.payer import Payer
from tests.browser.shop import Page, Shop

PACKAGES = "install Debian's packages chromium and chromium-driver"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str) -> str:
    program = folder / name
    program.touch(mode=0o755)
    return str(program)


def test_who_has_no_browser_is_told_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match=f"chromium and chromedriver not found: {PACKAGES}"):
        chromium.programs()


@pytest.mark.parametrize(("there", "missing"), [("chromium", "chromedriver"), ("chromedriver", "chromium")])
def test_ci_without_one_of_both_programs_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch, there: str, missing: str
) -> None:
    monkeypatch.setenv("CI", "true")
    put(folder, there)

    with pytest.raises(pytest.fail.Exception, match=f"^{missing} not found: {PACKAGES}"):
        chromium.programs()


def test_programs_that_are_there_are_found(folder: Path) -> None:
    expected = chromium.Programs(chromium=put(folder, "chromium"), driver=put(folder, "chromedriver"))

    assert chromium.programs() == expected


def test_a_page_that_breaks_its_own_policy_is_heard_of(payer: Payer, shop: Shop) -> None:
    policy = {"Content-Security-Policy": "default-src 'none'"}
    payer.open(shop.show("/blocked", Page("<script>document.title = 'run'</script>", policy)))

    [complaint] = payer.complaints()
    assert "Content Security Policy" in complaint
    assert payer.driver.title == "Shop"
