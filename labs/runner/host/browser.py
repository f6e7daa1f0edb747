"""A Chromium without a window, led through its driver: to measure a page, and to test what one sees in it."""

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import needs

_WORDS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1440,900")
_SECONDS = 300  # for a page to load, or a script to end, on a machine that has much else to do

# The driver ends with us, also where we are killed, and its browser with it.
_DRIVER = '#!/bin/sh\nexec setpriv --pdeathsig TERM {driver} "$@"\n'


def here() -> bool:
    """Whether there is one on this machine, and what it is led with."""
    return all(needs.TO_TEST[package][0]() for package in ("chromium", "chromium-driver", "python3-selenium"))


@contextlib.contextmanager
def opened(folder: Path, logs: dict[str, str] | None = None) -> Iterator[Any]:
    """One that ends with this, keeps the logs that are asked for, and leaves files nowhere but in this folder."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
    for word in _WORDS:
        options.add_argument(word)
    if logs:
        options.set_capability("goog:loggingPrefs", logs)
    starter = folder / "driver"
    starter.write_text(_DRIVER.format(driver=shlex.quote(shutil.which("chromedriver") or "/usr/bin/chromedriver")))
    starter.chmod(0o755)
    service = Service(str(starter), env=os.environ | {"TMPDIR": str(folder)})
    driver = webdriver.Chrome(service=service, options=options)
    try:
        driver.set_page_load_timeout(_SECONDS)
        driver.set_script_timeout(_SECONDS)
        yield driver
    finally:
        driver.quit()
