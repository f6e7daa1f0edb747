"""Waiting for what a browser does in its own time."""

PATIENCE = 300  # seconds; no working page comes near, also where the machine has much else to do


def until(browser, condition):
    """Waits for a link, a file, a text, and gives what came true; what is drawn anew meanwhile is asked for again."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, PATIENCE, ignored_exceptions=[StaleElementReferenceException]).until(condition)
