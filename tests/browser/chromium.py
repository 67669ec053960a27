"""Finds Debian's Chromium and its driver, and starts them on a fresh profile. Refuses to download either of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

WAIT_S = 20.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # Chromium's own sandbox does not run as root, and every page here is ours.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # Containers have little shared memory.
    "--window-size=1024,768",
)
MISSING = "{names} not found: install Debian's packages chromium and chromium-driver"


@dataclass(frozen=True, slots=True)
class Programs:
    """Where both programs stand."""

    chromium: str
    driver: str


def programs() -> Programs:
    """Return both programs. Skips the test where one is missing, and fails it in CI, which has to have them."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in found.items() if path is None]
    if missing and os.environ.get("CI"):
        pytest.fail(MISSING.format(names=" and ".join(missing)))
    if missing:
        pytest.skip(MISSING.format(names=" and ".join(missing)))
    return Programs(found["chromium"] or "", found["chromedriver"] or "")


@contextmanager
def running(at: Programs, *, profile: Path) -> Iterator[Chrome]:
    """Run a browser on an empty profile until the block ends, however it ends."""
    options = ChromeOptions()
    options.binary_location = at.chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # With the driver's path given, Selenium looks for none, and so downloads none.
    driver = Chrome(service=Service(executable_path=at.driver), options=options)
    try:
        driver.set_page_load_timeout(WAIT_S)
        yield driver
    finally:
        driver.quit()
