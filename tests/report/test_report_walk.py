"""Walking through the film in a real browser: buttons, keys, the slider, links, and the timeline."""

import pytest
from browsing import until
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def at(browser):
    """The number of the stop that is shown."""
    return lambda: browser.execute_script("return rt0.app.at")


def find(browser, name):
    return browser.find_element(By.ID, name)


def keys(browser, *pressed):
    browser.find_element(By.TAG_NAME, "body").send_keys(*pressed)


def becomes(browser, number):
    """Waits until a stop is shown: the browser follows links and its history in its own time."""
    until(browser, lambda b: b.execute_script("return rt0.app.at") == number)


def test_buttons_step(shown, at):
    browser = shown("5")
    find(browser, "walk-next").click()
    find(browser, "walk-next").click()
    find(browser, "walk-previous").click()
    assert at() == 6


def test_keys_step(shown, at):
    browser = shown("5")
    keys(browser, Keys.ARROW_RIGHT, "n", "n", Keys.ARROW_LEFT, "p", Keys.PAGE_DOWN)
    assert at() == 26


def test_home_and_end_lead_to_the_ends(shown, at, recorded):
    browser = shown("5")
    keys(browser, Keys.END)
    last = at()
    keys(browser, Keys.HOME)
    assert (last, at()) == (len(recorded["runs"][0]["stops"]) - 1, 0)


def test_what_one_types_in_a_field_does_not_step(shown, at):
    browser = shown("5")
    find(browser, "walk-jump").send_keys("np", Keys.HOME)
    assert at() == 5


def test_letters_can_be_no_keys(shown, at):
    browser = shown("5")
    keys(browser, "?")
    find(browser, "walk-letters").click()
    keys(browser, "n", Keys.ARROW_RIGHT)
    assert at() == 6


def test_a_stage_s_name_leads_to_it(shown):
    browser = shown()
    find(browser, "walk-jump").send_keys("schedinit", Keys.ENTER)
    assert browser.execute_script("return rt0.app.run.stop(rt0.app.at).stage") == "schedinit"


def test_a_moment_that_is_not_there_is_said_to_be_none_and_one_stays(shown, at):
    browser = shown("5")
    browser.execute_script("location.hash = '#nowhere/%'")
    until(browser, lambda b: "nowhere/%" in find(b, "walk-now").text)
    assert at() == 5


def test_the_browser_s_back_leads_to_where_one_jumped_from(shown, at):
    browser = shown("5")
    find(browser, "walk-jump").send_keys("schedinit", Keys.ENTER)
    keys(browser, "n", "n")
    browser.back()
    becomes(browser, 5)


def test_a_pasted_address_leads_to_its_moment(shown):
    browser = shown("5")
    browser.execute_script("location.hash = '#42'")
    becomes(browser, 42)


def test_the_tour_s_next_stage_is_one_of_the_tour_s(shown, at, recorded):
    browser = shown("newproc1/entry")
    find(browser, "walk-tour-next").click()
    assert recorded["stages"][recorded["runs"][0]["stops"][at()]["stage"]]["tour"]


def test_the_same_m_s_next_stop_is_on_its_thread(shown, at, recorded):
    browser = shown("sysmon")
    stops = recorded["runs"][0]["stops"]
    thread = stops[at()]["thread"]
    find(browser, "walk-m-previous").click()
    assert stops[at()]["thread"] == thread


def test_where_one_is_is_said_to_who_cannot_see_it(shown):
    browser = shown("newproc1/entry")
    now = find(browser, "walk-now")
    assert now.get_attribute("aria-live") == "polite" and "newproc1, entry; m0 on the stack of its g0" in now.text


def test_where_a_page_may_not_copy_the_link_is_shown(shown):
    browser = shown("newproc1/entry")
    browser.execute_script("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    find(browser, "walk-copy").click()
    until(browser, lambda b: "#newproc1/entry" in find(b, "walk-now").text)


def test_the_slider_stays_the_same_element_while_it_is_dragged(shown, at):
    browser = shown("5")
    slider = find(browser, "walk-slider")
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert at() == 7


def test_keys_step_in_the_timeline_once(shown, at):
    browser = shown("5")
    find(browser, "timeline-all").send_keys(Keys.ARROW_RIGHT, Keys.END, Keys.ARROW_LEFT)
    assert at() == browser.execute_script("return rt0.app.run.length") - 2
    assert find(browser, "timeline-all").get_attribute("aria-valuenow") == str(at())


def test_a_click_in_the_timeline_chooses_the_stop_that_is_there(shown):
    browser = shown("5")
    find(browser, "timeline-all").click()  # in its middle
    middle = "((id) => { const r = document.getElementById(id).getBoundingClientRect(); return r.left + r.width / 2; })"
    asked = f"return Math.abs({middle}('timeline-cursor') - {middle}('timeline-all'))"
    assert browser.execute_script(asked) < 5


def test_lanes_can_be_those_of_goroutines(shown):
    browser = shown("runtime.main/entry")
    find(browser, "timeline-g").click()
    assert {"g1", "g2"} <= {each.text for each in browser.find_elements(By.CSS_SELECTOR, "#timeline-whole text")}


def test_who_woke_whom_leads_to_the_stop(shown, recorded):
    browser = shown()
    find(browser, "timeline-wakes-summary").click()
    link = browser.find_element(By.CSS_SELECTOR, ".wakes a")
    number = browser.execute_script("return rt0.wakes(rt0.app.run)[0].at")
    link.click()
    becomes(browser, number)
