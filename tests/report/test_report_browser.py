"""The page in a real browser: it asks nobody for anything, complains of nothing, and moves."""

import json

import pytest


def test_the_page_opens_without_a_complaint(shown):
    browser = shown()
    assert browser.get_log("browser") == []


def test_nothing_but_the_file_is_asked_for(shown):
    browser = shown()
    browser.get_log("performance")
    browser = shown("newproc1/entry")
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
    assert asked and all(url.startswith(("file:", "about:", "data:")) for url in asked)


def test_a_link_opens_its_moment(shown, recorded):
    browser = shown("newproc1/entry")
    stop = browser.execute_script("return rt0.app.run.stop(rt0.app.at)")
    assert (stop["stage"], stop["kind"]) == ("newproc1", "entry")


def test_the_page_speaks_the_other_language(shown):
    browser = shown()
    browser.execute_script("rt0.app.speak('zh')")
    assert browser.find_element("tag name", "h1").text == "hello 的启动"


def wide(browser, width):
    """Gives the page a screen of this many pixels; a window cannot be as narrow as a phone."""
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    assert browser.execute_script("return innerWidth") == width


def faults(browser, axe):
    """What the checker finds, as {rule: [elements]}."""
    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    return {each["id"]: [node["html"] for node in each["nodes"]] for each in found["violations"]}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_a_checker_of_accessibility_finds_nothing(shown, axe, theme, width):
    browser = shown("newproc1/entry")
    wide(browser, width)
    browser.execute_script("rt0.app.paint(arguments[0])", theme)
    assert faults(browser, axe) == {}


def test_the_checker_would_find_something(shown, axe):
    browser = shown()
    browser.execute_script("document.querySelector('main').append(document.createElement('button'))")
    assert "button-name" in faults(browser, axe)


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_page_is_no_wider_than_its_window(shown, width):
    browser = shown("newproc1/entry")
    wide(browser, width)
    assert browser.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
