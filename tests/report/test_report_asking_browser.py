"""Asking the film, in a real browser: what changed, the life of a field, predictions, notes."""

import pytest
from browsing import until
from runner.report import page
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def texts(browser, selector):
    script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText.trim())"
    return browser.execute_script(script, selector)


def comes_to(browser, moment):
    return until(browser, lambda b: b.execute_script("return rt0.app.run.moment(rt0.app.at)") == moment)


def test_a_changed_field_opens_its_life(shown):
    browser = shown("gogo/entry")
    browser.find_element(By.CSS_SELECTOR, "#panel-changes .field").click()
    assert texts(browser, "article.life h3") == ["m0.curg"]


@pytest.mark.parametrize("named", [True, False])
def test_that_nobody_is_known_to_have_written_what_changed_is_said(shown, named):
    browser = shown()
    script = """const { run } = rt0.app;
        const named = (n) => rt0.told(run, n).first.map(([path]) => run.writer(n, path) !== null);
        const stops = [...Array(run.length).keys()].slice(1).filter((n) => named(n).length);
        rt0.app.go(stops.find((n) => named(n).includes(true) === arguments[0]));
        return rt0.app.t("changes_unwritten")"""
    said = browser.execute_script(script, named)
    assert (said in texts(browser, "#panel-changes > p")) is not named


def test_a_value_of_a_life_leads_to_its_stop(shown):
    browser = shown("exit")
    browser.execute_script("rt0.app.openField('m0.curg')")
    browser.find_elements(By.CSS_SELECTOR, "article.life a")[1].click()
    assert comes_to(browser, "gogo/entry")


def test_a_life_shows_what_holds_now_and_the_link_keeps_the_focus(shown):
    browser = shown("exit")
    browser.execute_script("rt0.app.openField('pc')")  # another one at each stop
    browser.execute_script("const link = document.getElementById('life-0-30'); link.focus(); link.click()")
    until(browser, lambda b: texts(b, "article.life li[aria-current]") == texts(b, "#life-0 li:nth-child(31)"))
    script = """const [outer, inner] = ["#life-0 ol", "#life-0 li[aria-current]"]
            .map((each) => document.querySelector(each).getBoundingClientRect());
        return [document.activeElement.id, inner.top >= outer.top && inner.bottom <= outer.bottom]"""
    assert browser.execute_script(script) == ["life-0-30", True]


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


def test_arrows_go_from_option_to_option_and_never_on_to_the_answer(shown):
    browser, question = asked(shown)
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_LEFT):
        browser.switch_to.active_element.send_keys(key)
    focused = browser.switch_to.active_element.get_attribute("id")
    assert (focused, browser.execute_script("return rt0.app.at")) == ("predict-0", question["n"])


def test_no_key_walks_on_while_a_question_is_asked(shown):
    browser, question = asked(shown)
    browser.find_element(By.TAG_NAME, "body").send_keys("n", "t", Keys.ARROW_RIGHT, Keys.PAGE_DOWN)
    assert browser.execute_script("return rt0.app.at") == question["n"]


def test_the_answer_shows_what_changed_and_which_line_wrote_it(shown):
    browser, question = asked(shown, "ask_fields")
    press(browser, f"predict-{question['right'][0]}")
    press(browser, "predict-answer")
    assert any("written by" in text for text in texts(browser, "#panel-predict .changes li"))


def test_the_answer_stands_where_the_question_stood_and_all_comes_back_in_the_end(shown):
    browser, question = asked(shown, "ask_stage")
    press(browser, f"predict-{question['right'][0]}")
    panel = browser.find_element(By.ID, "panel-timeline")
    during = panel.is_displayed()
    press(browser, "predict-leave")
    assert (during, panel.is_displayed()) == (False, True)


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


HOSTILE = "<img src=x onerror=alert(1)></script>"


def noted(shown, text, moment="gogo/entry"):
    browser = shown(moment)
    browser.execute_script("try { localStorage.clear() } catch {}")
    browser = shown(moment)
    browser.find_element(By.ID, "note-text").send_keys(text)
    press(browser, "note-add")
    return browser


def test_a_note_is_kept_and_shows_at_its_moment_alone(shown):
    browser = noted(shown, "the switch")
    here = texts(browser, "#panel-note .note")
    browser.execute_script("rt0.app.go(0)")
    assert (here, texts(browser, "#panel-note .note")) == (["the switch"], [])


def test_a_note_leads_to_its_moment(shown):
    browser = noted(shown, "the switch")
    browser.execute_script("rt0.app.go(0)")
    browser.find_element(By.CSS_SELECTOR, "#panel-notebook .notes a").click()
    assert comes_to(browser, "gogo/entry")


def test_a_note_is_removed(shown):
    browser = noted(shown, "the switch")
    press(browser, "note-remove-0")
    assert texts(browser, "#panel-notebook .note") == []


def test_notes_are_saved_as_a_file_and_taken_from_it_again(shown, tmp_path):
    browser = noted(shown, HOSTILE)
    browser.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    press(browser, "note-save")
    file = tmp_path / "notes-hello.json"
    until(browser, lambda _: file.exists())
    press(browser, "note-remove-0")
    browser.find_element(By.ID, "note-open").send_keys(str(file))
    until(browser, lambda b: texts(b, "#panel-notebook .note") == [HOSTILE])
    assert "Notes taken: 1." in texts(browser, "#note-says")[0]


def test_a_file_of_no_notes_is_refused_in_a_sentence(shown, tmp_path):
    browser = shown()
    (tmp_path / "x.json").write_text("[]")
    browser.find_element(By.ID, "note-open").send_keys(str(tmp_path / "x.json"))
    assert until(browser, lambda b: texts(b, "#note-says")[0]).startswith("This is no file of notes")


def test_a_large_file_is_not_read(shown, tmp_path):
    browser = shown()
    (tmp_path / "x.json").write_text(" " * (1 << 20) + "{}")
    browser.find_element(By.ID, "note-open").send_keys(str(tmp_path / "x.json"))
    assert "larger than 1 MiB" in until(browser, lambda b: texts(b, "#note-says")[0])


def test_a_teacher_s_note_shows_at_its_moment(browser, recorded, tmp_path):
    given = {"format": 1, "program": "hello", "notes": [{"moment": "gogo/entry", "text": HOSTILE}]}
    (tmp_path / "boot.html").write_text(page.html(recorded | {"notes": given}, "en"), "utf-8")
    browser.get(f"{(tmp_path / 'boot.html').as_uri()}#gogo/entry")
    assert texts(browser, "#panel-note .note") == [HOSTILE]


def test_who_opens_a_film_first_finds_three_questions_whose_moments_are_there(shown):
    browser = shown()
    links = browser.find_elements(By.CSS_SELECTOR, "#begin > ol > li > a")
    names = [link.get_attribute("href").rpartition("#")[2] for link in links]
    assert len(texts(browser, "#begin > ol > li")) == 3
    assert browser.execute_script("return arguments[0].filter((name) => rt0.app.run.named(name) < 0)", names) == []


def test_a_moment_to_look_at_is_in_view(shown):
    browser = shown()
    browser.find_elements(By.CSS_SELECTOR, "#begin > ol > li > a")[1].click()
    comes_to(browser, "runtime.main/entry")
    top = "return document.getElementById('stop-head').getBoundingClientRect().top"
    assert until(browser, lambda b: 0 <= b.execute_script(top) < b.execute_script("return innerHeight / 2"))


def test_where_to_start_stays_closed_once_it_was_closed(shown):
    browser = shown()
    browser.find_element(By.CSS_SELECTOR, "#begin > summary").click()
    until(browser, lambda b: b.execute_script("return rt0.kept('rt0lab.begun')"))
    assert shown().execute_script("return document.getElementById('begin').open") is False


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_wider_than_a_phone(shown, language):
    browser = shown("gogo/entry")
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_script("rt0.app.speak(arguments[0]); rt0.app.openField('m0.curg')", language)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width <= 360
