"""The panels of a stop in a real browser: the line of source, the pictures, and the room that they have."""

import pytest
from browsing import until


def test_the_line_of_the_stop_is_marked(shown, recorded):
    browser = shown("newproc1/entry")
    stop = browser.execute_script("return rt0.app.run.stop(rt0.app.at)")
    mark = browser.find_element("css selector", "#panel-stop mark")
    assert mark.text.split()[0] == str(stop["line"]) and "newproc1" in mark.text


def test_the_stage_s_sentence_is_in_the_page_s_language(shown, recorded):
    browser = shown("newproc1/entry")
    browser.execute_script("rt0.app.speak('zh')")
    assert browser.find_element("css selector", "#panel-stop .why").text == recorded["stages"]["newproc1"]["why"]["zh"]


def test_code_in_the_stage_s_sentence_is_code(shown):
    assert shown("allgadd/entry").find_element("css selector", "#panel-stop .why code").text == "info goroutines"


def test_a_step_draws_the_pictures_again(shown):
    browser = shown("newproc1/entry")
    before = browser.find_element("css selector", "#panel-stack svg title").get_attribute("textContent")
    browser.execute_script("rt0.app.go(rt0.app.at + 1)")
    assert browser.find_element("css selector", "#panel-stack svg title").get_attribute("textContent") != before


def test_what_changed_stands_beside_the_stop_and_the_stack_under_it(shown):
    browser = shown("newproc1/entry")
    tops = """return ["stop", "changes", "stack"].map((name) => document.getElementById(`panel-${name}`))
        .map((panel) => panel.getBoundingClientRect()).map(({ left, top }) => [left, top])"""
    (_, stop), (left, changes), (below, stack) = browser.execute_script(tops)
    assert changes == stop < stack and left == below


def test_what_is_printed_is_dark_on_light_whatever_the_screen_shows(shown):
    browser = shown("newproc1/entry")
    colour = "rt0.app.paint(arguments[0]); return getComputedStyle(document.body).color"
    light, dark = [browser.execute_script(colour, theme) for theme in ("light", "dark")]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    printed = browser.execute_script(colour, "dark")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.execute_script(colour, "")
    assert dark != light == printed


@pytest.mark.parametrize("fold, opened", [("stack-words", True), ("registers", False)])
def test_what_is_folded_stays_so_from_stop_to_stop(shown, fold, opened):
    browser = shown("newproc1/entry")
    state, told = (f"document.getElementById('{fold}').{name}" for name in ("open", "dataset.told"))
    browser.execute_script(f"document.getElementById('{fold}').addEventListener('toggle', () => {told} = 1)")
    browser.find_element("id", f"{fold}-summary").click()
    until(browser, lambda b: b.execute_script(f"return {told}"))
    browser.execute_script("rt0.app.go(rt0.app.at + 1)")
    assert browser.execute_script(f"return {state}") is opened


def test_on_a_phone_the_page_does_not_scroll_sideways(shown):
    browser = shown("gogo/entry")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
