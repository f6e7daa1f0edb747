"""A Chromium without a window, led through its driver: to measure a page, and to test what one sees in it."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

from . import needs

_WORDS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1440,900")
_SECONDS = 60  # for a page to load, on a busy machine


def here() -> bool:
    """Whether there is one on this machine, and what it is led with."""
    return all(needs.TO_TEST[package][0]() for package in ("chromium", "chromium-driver", "python3-selenium"))


@contextlib.contextmanager
def opened(logs: dict[str, str] | None = None) -> Iterator[Any]:
    """One that ends with this, and keeps the logs that are asked for."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
    for word in _WORDS:
        options.add_argument(word)
    if logs:
        options.set_capability("goog:loggingPrefs", logs)
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver") or "/usr/bin/chromedriver"), options=options)
    try:
        driver.set_page_load_timeout(_SECONDS)
        yield driver
    finally:
        driver.quit()
