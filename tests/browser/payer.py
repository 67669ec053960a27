"""The person before the browser: opens an address, reads what is shown, and presses what can be pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.chromium import WAIT_S

POLL_S = 0.02
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": True}


class Payer:
    """One person with one browser."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def reload(self) -> None:
        """Load the page again, which repeats a form's submission as a browser does."""
        document = self._document()
        self.driver.refresh()
        self._leave(document)

    def press(self, label: str) -> None:
        """Press the button or follow the link of that label, and wait for the page that follows."""
        document = self._document()
        [target] = [each for each in self._all("button, a") if each.text == label]
        target.click()
        self._leave(document)

    def arrive(self, url: str) -> None:
        """Wait until the browser shows an address that begins with `url`, where a page leads by itself."""
        self._until(lambda driver: driver.current_url.startswith(url) and _is_complete(driver))

    @property
    def heading(self) -> str:
        """The page's only heading."""
        [heading] = self._all("h1")
        return heading.text

    @property
    def text(self) -> str:
        """Everything that can be read on the page."""
        return self._all("body")[0].text

    @property
    def buttons(self) -> list[str]:
        """What stands on the buttons, in their order."""
        return [button.text for button in self._all("button") if button.is_displayed()]

    def scripts(self) -> int:
        """Return how many scripts the browser has found in the page."""
        return len(self._all("script"))

    def complaints(self) -> list[str]:
        """Return what the browser has complained of since it was last asked: violated policies, errors, warnings."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    @contextmanager
    def in_another_tab(self, url: str) -> Iterator[None]:
        """Do what follows in a tab of its own, then close it and return to the first."""
        first = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        try:
            self.open(url)
            yield
        finally:
            self.driver.close()
            self.driver.switch_to.window(first)

    @contextmanager
    def on_a_phone(self) -> Iterator[None]:
        """Hold a phone in place of the window: its size, its density, and its way with pages that name no width."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def is_readable_without_sideways_scrolling(self) -> bool:
        """Whether the page is as wide as the phone: wider ones are shown small, or have to be moved about."""
        widths = self.driver.execute_script("return [window.innerWidth, document.documentElement.scrollWidth]")
        return bool(widths == [PHONE["width"]] * 2)

    def button_sizes_px(self) -> list[tuple[float, float]]:
        """Return width and height of every button, in CSS pixels."""
        return [(each.rect["width"], each.rect["height"]) for each in self._all("button")]

    def _all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def _document(self) -> float:
        """Return what tells a document from the one before it: when its navigation began."""
        began: float = self.driver.execute_script("return performance.timeOrigin")
        return began

    def _leave(self, document: float) -> None:
        """Wait until another document is there, and complete."""
        self._until(lambda driver: self._document() != document and _is_complete(driver))

    def _until(self, condition: Callable[[Chrome], object]) -> None:
        # Who asks while one document takes the other's place may get an error for an answer, and asks again.
        WebDriverWait(self.driver, WAIT_S, POLL_S, ignored_exceptions=(WebDriverException,)).until(condition)


def _is_complete(driver: Chrome) -> bool:
    return bool(driver.execute_script("return document.readyState") == "complete")
