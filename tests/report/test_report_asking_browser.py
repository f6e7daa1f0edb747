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


def press(browser, name):
    browser.execute_script("document.getElementById(arguments[0]).click()", name)


def asked(shown, key=None):
    """The page with a question of this kind (or the first) asked, and that question."""
    browser = shown()
    questions = browser.execute_script("return rt0.questions(rt0.app.run, rt0.app.film.stages, 1)")
    question = next(each for each in questions if key in (None, each["key"]))
    browser.execute_script("rt0.app.go(arguments[0])", question["n"])
    press(browser, "predict-start")
    return browser, question


def test_nothing_that_knows_what_comes_is_seen_while_a_question_is_asked(shown):
    browser, _ = asked(shown)
    seen = [
        each.get_attribute("id")
        for each in browser.find_elements(By.CSS_SELECTOR, "nav, section")
        if each.is_displayed()
    ]
    assert "panel-predict" in seen and set(seen) <= {
        f"panel-{name}" for name in ("predict", "stop", "stack", "objects", "changes")
    }


def test_the_page_stands_at_the_stop_before_until_the_answer_is_given(shown):
    browser, question = asked(shown, "ask_stage")
    before = browser.execute_script("return rt0.app.at")
    press(browser, f"predict-{question['right'][0]}")
    assert (before, browser.execute_script("return rt0.app.at")) == (question["n"], question["stop"])


def test_a_right_answer_counts(shown):
    browser, question = asked(shown, "ask_stage")
    press(browser, "predict-leave")
    if browser.find_elements(By.ID, "predict-forget"):
        press(browser, "predict-forget")
    press(browser, "predict-start")
    press(browser, f"predict-{question['right'][0]}")
    assert texts(browser, "#predict-score") == ["Right: 1, half right: 0, asked: 1"]


def test_a_question_is_answered_with_keys_alone(shown):
    browser, question = asked(shown, "ask_fields")
    for i in question["right"]:
        browser.switch_to.active_element.send_keys(str(i + 1))
    browser.find_element(By.ID, "predict-answer").send_keys(Keys.ENTER)
    assert texts(browser, "#predict-verdict") == ["Right."]


def test_the_answer_shows_what_changed_and_which_line_wrote_it(shown):
    browser, question = asked(shown, "ask_fields")
    press(browser, f"predict-{question['right'][0]}")
    press(browser, "predict-answer")
    assert any("written by" in text for text in texts(browser, "#panel-predict .changes li"))


def test_who_walks_on_leaves_the_question(shown):
    browser, question = asked(shown)
    browser.execute_script("rt0.app.go(arguments[0])", question["stop"])
    assert browser.find_element(By.ID, "panel-timeline").is_displayed()
    assert browser.find_elements(By.CSS_SELECTOR, "#panel-predict .options") == []


def test_a_score_is_counted_where_the_browser_keeps_nothing(shown):
    browser = shown()
    browser.execute_script("Object.defineProperty(globalThis, 'localStorage', {get() { throw new Error('none') }})")
    press(browser, "predict-start")
    press(browser, "predict-0")
    if browser.find_elements(By.ID, "predict-answer"):
        press(browser, "predict-answer")
    assert "asked: 1" in texts(browser, "#predict-score")[0]


def test_the_panels_that_ask_say_nothing_to_the_console(browser):
    assert browser.get_log("browser") == []
