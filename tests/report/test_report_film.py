"""The film: what the page is told of a run is what the recorder wrote, small, and harmless whatever a text holds."""

import json
import re

from runner.report import film, page, words


def state_at(run, n):
    """The fields at a stop, put together from the differences."""
    state = {}
    for stop in run["stops"][: n + 1]:
        pairs = stop["delta"]
        state |= {run["paths"][p]: run["values"][v] for p, v in zip(pairs[::2], pairs[1::2])}
    return state


def test_the_state_of_a_stop_is_the_trace_s(boot, recorded):
    for n in (0, 26, 100, len(boot["stages"]) - 1):
        stage, state = boot["stages"][n], state_at(recorded["runs"][0], n)
        assert {path: state[path] for path, _ in film.flat("m0", stage["m0"])} == dict(film.flat("m0", stage["m0"]))
        assert state["tls_g"] == stage["tls_g"] and state["sched.runq"] == stage["runq"]
        assert all(state[f"{g['name']}.status"] == g["status"] for g in stage["allgs"])


def test_scripts_put_the_same_state_together(recorded, node):
    n = len(recorded["runs"][0]["stops"]) - 1
    state = node(recorded, f"(run.state({n}), run.state(10), Object.fromEntries(run.state({n})))")
    assert state == state_at(recorded["runs"][0], n)


def test_the_changes_worth_an_eye_stand_first_and_noise_last():
    new = [("g1.goid", None, 1), ("g1.status", None, 2)]
    first, others = film.ranked([("m0.locks", 0, 1), ("m0.fastrand.1", 0, 7), ("tls_g", 0, "g1"), *new])
    assert [path for path, *_ in first] == ["tls_g", "m0.locks", "g1.status"]
    assert {path for path, *_ in others} == {"m0.fastrand.1", "g1.goid"}


def test_a_goroutine_that_has_its_number_is_no_longer_called_by_its_place(recorded):
    run, n = recorded["runs"][0], len(recorded["runs"][0]["stops"]) - 1
    named = {path for path, value in state_at(run, n).items() if path.startswith("allgs[") and value is not None}
    assert named == set()


def test_a_field_without_a_name_is_only_a_field():
    assert film.ranked([("", 0, 1)]) == ([("", 0, 1)], [])


def test_a_film_of_a_boot_is_small(recorded):
    assert len(page.html(recorded, "en")) < 1_000_000


def test_a_moment_is_found_by_its_name_and_named_again(recorded, node):
    stops = recorded["runs"][0]["stops"]
    names = node(recorded, "run.data.stops.map((_, n) => run.moment(n))")
    assert len(set(names)) == len(stops)
    assert node(recorded, f"{json.dumps(names)}.map((name) => run.named(name))") == list(range(len(stops)))


def test_no_text_ends_the_data(boot):
    row = boot["stages"][0] | {"stage": "</script><script>alert(1)</script>", "bt": ["<!--"]}
    text = page.html(film.of([(boot | {"stages": [row], "program": "</title>"}, _Nowhere())]), "en")
    assert text.count("</script>") == 2 and text.count("</title>") == 1 and "<!--" not in text


class _Nowhere:
    def around(self, places):
        return {}


def test_both_languages_have_the_same_sentences_with_the_same_places():
    en, zh = (words.tables()[language] for language in ("en", "zh"))
    assert {key: set(re.findall(r"\{\w+\}", text)) for key, text in en.items()} == {
        key: set(re.findall(r"\{\w+\}", text)) for key, text in zh.items()
    }


SOURCE = page.joined(page.SCRIPTS) + (page.HERE / "film.html.jinja").read_text()


def test_every_sentence_that_is_asked_for_is_there():
    asked = re.findall(r'\bt\(\s*"(\w+)"', SOURCE) + re.findall(r'\{\{ words\.(\w+)|data-words="(\w+)"', SOURCE)
    assert {key for each in asked for key in ([each] if isinstance(each, str) else each) if key} <= words.tables()[
        "en"
    ].keys()


def test_no_sentence_is_there_that_nobody_asks_for():
    assert [key for key in words.tables()["en"] if not re.search(rf"\b{key}\b", SOURCE)] == []


def test_no_script_makes_code_or_markup_of_a_text():
    found = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(|XMLHttp", SOURCE
    )
    assert found == []
