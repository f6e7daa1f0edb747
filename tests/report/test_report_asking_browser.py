"""Asking the film, in a real browser: what changed, the life of a field, predictions, notes."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def texts(browser, selector):
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, selector)]


def moment(browser):
    return browser.execute_script("return rt0.app.run.moment(rt0.app.at)")


def test_a_changed_field_opens_its_life(shown):
    browser = shown("gogo/entry")
    browser.find_element(By.CSS_SELECTOR, "#panel-changes .field").click()
    assert texts(browser, "article.life h3") == ["m0.curg"]


def test_a_value_of_a_life_leads_to_its_stop(shown):
    browser = shown("exit")
    browser.execute_script("rt0.app.openField('m0.curg')")
    browser.find_elements(By.CSS_SELECTOR, "article.life a")[1].click()
    assert moment(browser) == "gogo/entry"


def test_a_field_is_searched_and_opened_with_keys_alone(shown):
    browser = shown()
    browser.find_element(By.ID, "life-search").send_keys("g1.status", Keys.ENTER)
    assert texts(browser, "article.life h3") == ["g1.status"]


def test_a_field_that_is_kept_stays_beside_the_next(shown):
    browser = shown()
    browser.execute_script("rt0.app.openField('m0.p')")
    browser.find_element(By.ID, "life-pin-0").click()
    browser.execute_script("rt0.app.openField('p0.m')")
    assert texts(browser, "article.life h3") == ["p0.m", "m0.p"]


def test_the_panels_that_ask_say_nothing_to_the_console(browser):
    assert browser.get_log("browser") == []
