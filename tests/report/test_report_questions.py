"""Questions of "predict first": each has exactly one right answer, true in the recording, and gives no address away."""

import json
import re

import pytest
from runner.report import words

SEEDS = list(range(1, 13))


@pytest.fixture(scope="module")
def asked(recorded, node):
    """All questions of hello's film that some seeds make, each with what the film says where it is answered."""
    return node(
        recorded,
        f"""{SEEDS}.flatMap((seed) => rt0.questions(run, film.stages, seed).map((question) => ({{
          ...question, seed,
          goes: rt0.spGoes(run, question.stop),
          next: run.stop(question.stop),
          told: rt0.told(run, question.stop).first.map(([path]) => path),
          known: question.options.map(({{field}}) => field === undefined || run.value(question.n, field) !== null),
          path: [question.places.path, run.value(question.n, question.places.path || "")],
          changed: run.changes(question.stop).map(([path]) => path),
          after: question.options.map(({{field}}) => field ? run.value(question.stop, field) : null),
          becomes: (run.changes(question.stop).find(([path]) => path === question.places.field) || [])[2] ?? null,
        }})))""",
    )


def of(asked, *keys):
    found = [question for question in asked if question["key"] in keys]
    assert found
    return found


VALUES = ("ask_value", "ask_tls_g", "ask_curg", "ask_runnext")


def test_every_seed_asks_enough_and_not_at_every_stop(asked, recorded):
    counts = [sum(question["seed"] == seed for question in asked) for seed in SEEDS]
    assert min(counts) >= 20 and max(counts) < len(recorded["runs"][0]["stops"]) / 4


def test_every_kind_of_question_is_asked(asked):
    assert {question["key"] for question in asked} >= {"ask_fields", "ask_stage", "ask_sp", "ask_tls_g", "ask_value"}


def test_the_same_seed_asks_the_same(recorded, node):
    one, other = node(recorded, "[7, 7].map((seed) => rt0.questions(run, film.stages, seed))")
    assert one == other


def test_options_differ_from_each_other(asked):
    for question in asked:
        options = [json.dumps(option.get("field", option)) for option in question["options"]]
        assert len(set(options)) == len(options) >= 3


def test_fields_that_are_right_changed_and_the_others_did_not(asked):
    for question in of(asked, "ask_fields"):
        for i, option in enumerate(question["options"]):
            assert (option["field"] in question["changed"]) == (i in question["right"])
            assert i in question["right"] or option["now"] == question["after"][i]


def test_a_question_for_a_value_has_one_right_answer_and_it_is_what_the_field_became(asked):
    for question in of(asked, *VALUES):
        right = [i for i, option in enumerate(question["options"]) if option["value"] == question["becomes"]]
        assert right == question["right"] and len(right) == 1


def test_no_field_is_offered_that_is_only_there_when_it_changes(asked):
    assert all(all(question["known"]) for question in of(asked, "ask_fields"))


def test_a_goroutine_is_asked_about_by_the_name_that_it_has_before_the_answer(asked):
    about = [question for question in of(asked, *VALUES) if question["places"]["before"] is not None]
    assert [question["path"] for question in about if question["path"][1] is None] == []
    assert any(question["places"]["path"].startswith("allgs[0].") for question in about)


def test_a_question_for_a_stage_has_one_right_answer_and_it_is_the_next_stop(asked):
    for question in of(asked, "ask_stage"):
        named = (question["next"]["stage"], question["next"]["kind"])
        right = [i for i, each in enumerate(question["options"]) if (each["stage"], each["kind"]) == named]
        assert right == question["right"] and len(right) == 1


def test_a_question_for_sp_has_one_right_answer_and_it_is_where_sp_went(asked):
    for question in of(asked, "ask_sp"):
        assert [question["options"][i]["sp"] for i in question["right"]] == [question["goes"]]


def test_nothing_asks_what_nobody_could_know(asked):
    shown = [str(option) for question in asked for option in question["options"]]
    assert [
        text for text in shown if re.search(r"procid|fastrand|[rR]andomData.array|InitTime|0x[0-9a-f]{6,}", text)
    ] == []


def test_it_is_asked_only_while_one_thread_runs(asked, recorded):
    stops = recorded["runs"][0]["stops"]
    assert {stops[k]["thread"] for question in asked for k in range(question["stop"] + 1)} == {stops[0]["thread"]}


def test_every_question_is_said_in_both_languages(asked):
    for table in words.tables().values():
        assert {question["key"] for question in asked} <= table.keys()


def test_real_go_s_boot_is_asked_about_too_and_not_for_a_number_that_only_its_source_tells(oracle, node):
    from runner.report import film, sources

    made = film.of([(oracle, sources.finder("go1.10.2"))])
    of_tls = (
        "filter(({ key }) => key === 'ask_tls_g').flatMap(({ options, right }) => right.map((i) => options[i].value))"
    )
    asked = node(made, f"{SEEDS}.map((seed) => rt0.questions(run, film.stages, seed)).flat()")
    told = node(made, f"{SEEDS}.map((seed) => rt0.questions(run, film.stages, seed)).flat().{of_tls}")
    assert len(asked) >= 20 * len(SEEDS) and told and all(isinstance(value, str) for value in told)


@pytest.mark.parametrize(
    "chosen, verdict",
    [([0, 2], "right"), ([2, 0], "right"), ([0], "half"), ([0, 2, 1], "half"), ([0, 1], "wrong"), ([1], "wrong")],
)
def test_an_answer_is_right_half_right_or_wrong(node, chosen, verdict):
    assert node({}, f"rt0.verdict({{right: [0, 2]}}, {chosen})") == verdict


def test_the_score_counts_each_answer_once(node):
    score = node({}, '["right", "half", "wrong"].reduce(rt0.scored, {asked: 0, right: 0, half: 0})')
    assert score == {"asked": 3, "right": 1, "half": 1}


def test_a_recording_cut_short_asks_nothing_and_does_not_fail(node):
    stop = {"stage": "a", "kind": "entry", "thread": 1, "delta": [], "changed": [], "telling": 0}
    assert node({"runs": [{"paths": [], "values": [None], "stops": [stop]}]}, "rt0.questions(run, {}, 1)") == []
