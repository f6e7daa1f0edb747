"""The page in a real browser: it asks nobody for anything, complains of nothing, and moves."""

import json


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
