"""What one asks of a server at three in the morning: who stands in this function, how many look the same, which address
does this one read from, which timers are set."""

import json
import pathlib
import subprocess

import pytest

READERS = 6
HOUR = 3600 * 10**9
SOURCE = (pathlib.Path(__file__).with_name("cases") / "night.go").read_text()
READ = f"night.go:{SOURCE[: SOURCE.index('c.Read')].count(chr(10)) + 1}"  # where readLoop reads
READY = "stops.toward({program.world().address('main.ready')}, 'run')\n"
ASKED = (
    "info goroutines -with frame=*readLoop* -json",
    "info goroutines -with fn=*readLoop* -json",
    "info goroutines -with frame=MAIN.READL??P -json",
    "info goroutines -with frame=*readLoop* -with id=1 -json",
    "info goroutines -with reason=select -without reason=sel* -json",
    f"info goroutines -with frame=*({READ}) -json",
    "info goroutines -without frame=*readLoop* -json",
    "info goroutines -with frame=main.ready -json",
    "info goroutines -with fn=main.(*Map[...]).Wait -json",
    "info goroutines -with fn=main.Each[go.shape.string* -json",
    "info goroutines -with fn=main.[E]ach* -json",
    "info goroutines -json",
    "info goroutines -group stack -json",
    "info goroutines -group stack",
    "info goroutines -with frame=*readLoop* -group reason -json",
    "info timers -json",
    "info timers",
    "info timers -limit 1 -json",
)
# A core from before the first connection, and one from where the program stands.
EARLY = """
stops.toward({program.world().address('net.(*Dialer).DialContext')}, 'run')
do('gcore FOLDER/early')
"""
NARROW = """
said = [[do(f"output $at('main.{name}', {i})") for name in ('failures', 'texts')] for i in range(5)]
result['failures'] = [[one.partition(' ')[2], text] for one, text in said]
do('gcore FOLDER/same')
result['early -json'] = do('info goroutines -against FOLDER/early -json')
result['early'] = do('info goroutines -against FOLDER/early')
result['same -json'] = do('info goroutines -against FOLDER/same -json')
result['reasons -json'] = do('info goroutines -against FOLDER/early -group reason -with frame=*readLoop* -json')
result['no core'] = do('info goroutines -against /dev/null')
result['by label -json'] = do('info goroutines -group label:request -json')
from rt0lab.commands import against
result['became'] = [against.Change(None, *each).how for each in ((2, 0), (3, 2), (2, 3), (0, 2), (2, 2))]
from rt0lab.show import table
with settings.looking():
    everybody = census.Census()
    alive = [row for row in everybody.rows if row.status not in everybody.ended]
    result['narrow'] = '\\n'.join(table.lines(table.View(everybody, alive), 60))
"""
_answers = {}


@pytest.fixture(scope="session", params=["plain", "optimised"])
def night(request):
    flags = ["-gcflags=all=-N -l"] if request.param == "plain" else []
    return request.getfixturevalue("go_build")("night", SOURCE, *flags)


@pytest.fixture
def answers(gdb_json, night, tmp_path):
    """One look at the program, by which all tests here judge."""
    if night not in _answers:
        script = EARLY + READY + f"result = {{c: do(c) for c in {ASKED!r}}}\n" + NARROW
        try:
            said = gdb_json(night, script.replace("FOLDER", str(tmp_path)))
        finally:
            for core in ("early", "same"):  # a gigabyte each
                (tmp_path / core).unlink(missing_ok=True)
        _answers[night] = {c: json.loads(text) if c.endswith("-json") else text for c, text in said.items()}
    return _answers[night]


def ids(found):
    return sorted(g["id"] for g in found)


def standing_in(answers, name):
    return ids(g for g in answers["info goroutines -json"] if g["at"] and g["at"]["function"].startswith(name))


def test_a_frame_is_found_that_is_not_the_place(answers):
    assert len(answers["info goroutines -with frame=*readLoop* -json"]) == READERS
    assert answers["info goroutines -with fn=*readLoop* -json"] == []


def test_case_is_nothing_to_a_pattern_and_a_question_mark_any_character(answers):
    assert len(answers["info goroutines -with frame=MAIN.READL??P -json"]) == READERS


def test_all_that_is_wanted_must_hold_and_nothing_that_is_not(answers):
    assert answers["info goroutines -with frame=*readLoop* -with id=1 -json"] == []
    assert answers["info goroutines -with reason=select -without reason=sel* -json"] == []


def test_a_frame_is_found_by_its_line(answers):
    assert ids(answers[f"info goroutines -with frame=*({READ}) -json"]) == ids(
        answers["info goroutines -with frame=*readLoop* -json"]
    )


def test_what_has_such_a_frame_can_be_left_out(answers):
    assert ids(
        answers["info goroutines -without frame=*readLoop* -json"]
        + answers["info goroutines -with frame=*readLoop* -json"]
    ) == ids(answers["info goroutines -json"])


def test_a_frame_of_the_running_one_is_found(answers):
    assert ids(answers["info goroutines -with frame=main.ready -json"]) == [1]


def test_a_generic_name_is_found_as_tracebacks_write_it(answers):
    assert ids(answers["info goroutines -with fn=main.(*Map[...]).Wait -json"]) == standing_in(answers, "main.(*Map[")


def test_brackets_of_a_pattern_are_brackets(answers):
    assert ids(answers["info goroutines -with fn=main.Each[go.shape.string* -json"]) == standing_in(
        answers, "main.Each["
    )
    assert answers["info goroutines -with fn=main.[E]ach* -json"] == []


def test_equal_stacks_are_one_group_with_its_frames(answers):
    first = answers["info goroutines -group stack -json"][0]
    assert (first["count"], len(first["goroutines"])) == (READERS, READERS)
    assert "main.readLoop" in [frame["function"] for frame in first["frames"]]


def test_all_goroutines_are_in_one_group_of_stacks_each(answers):
    groups = answers["info goroutines -group stack -json"]
    assert sorted(name for group in groups for name in group["goroutines"]) == sorted(
        g["name"] for g in answers["info goroutines -json"]
    )


def test_another_line_of_the_same_function_is_another_stack(answers):
    groups = answers["info goroutines -group stack -json"]
    assert [g["count"] for g in groups if "main.twice" in [frame["function"] for frame in g["frames"]]] == [1, 1]


def test_a_groups_frames_stand_below_its_count(answers):
    head, *frames = answers["info goroutines -group stack"].splitlines()
    assert head.split()[0] == str(READERS) and any(f"main.readLoop ({READ})" in line for line in frames[:12])


def test_those_that_were_chosen_are_grouped(answers):
    (group,) = answers["info goroutines -with frame=*readLoop* -group reason -json"]
    assert (group["group"], group["count"]) == ("IO wait", READERS)


def test_a_narrow_terminal_shows_whole_names_the_generic_ones_brief(answers):
    lines = answers["narrow"].splitlines()
    named = [g["at"]["function"].partition("[")[0] for g in answers["info goroutines -json"]]
    assert [name in line for line, name in zip(lines, named)] == [True] * len(lines)
    assert [line for line in lines if "[go.shape" in line] == []


def descriptors(answers):
    return [item for g in answers["info goroutines -json"] for item in g["on"] if item["kind"] == "fd"]


def test_who_reads_waits_for_a_descriptor_with_two_ends(answers):
    found = [item for item in descriptors(answers) if len(item["ends"]) == 2]
    assert len({item["fd"] for item in found}) == len({item["ends"][1] for item in found}) == READERS
    assert {(item["network"], item["way"]) for item in found} == {("tcp", "read")}


def test_who_accepts_waits_for_the_address_that_readers_have(answers):
    tcp = [item["ends"] for item in descriptors(answers) if item["network"] == "tcp"]
    (listening,) = [ends[0] for ends in tcp if len(ends) == 1]
    assert {ends[0] for ends in tcp} == {listening}


def test_who_writes_to_a_pipe_waits_for_a_file_without_giving_up(answers):
    (item,) = [item for item in descriptors(answers) if item["network"] is None]
    assert (item["way"], item["ends"], item["gives_up_in_ns"]) == ("write", ["|1"], None)


def test_an_error_of_package_net_says_what_its_program_would_print(answers):
    assert [said for said, _ in answers["failures"]] == [text for _, text in answers["failures"]]


def test_who_reads_gives_up_within_the_hour(answers):
    left = [item["gives_up_in_ns"] for item in descriptors(answers) if len(item["ends"]) == 2]
    assert all(0 < ns <= HOUR for ns in left)


def timers(answers, does):
    return [timer for timer in answers["info timers -json"] if timer["does"] == does]


def with_reason(answers, reason):
    return ids(g for g in answers["info goroutines -json"] if g["reason"] == reason)


def test_a_sleepers_timer_wakes_it(answers):
    (timer,) = timers(answers, "wakes")
    assert timer["wakes"] == with_reason(answers, "sleep") and 0 < timer["in_ns"] <= HOUR


def test_a_ticker_comes_again_and_wakes_who_receives(answers):
    (timer,) = timers(answers, "sends")
    (waiting,) = [g for g in answers["info goroutines -json"] if [i["address"] for i in g["on"]] == [timer["target"]]]
    assert (timer["period_ns"], timer["wakes"]) == (HOUR // 6, [waiting["id"]])


def test_afterfuncs_timer_calls_the_function(answers):
    assert [timer["function"] for timer in timers(answers, "calls")] == ["main.later", "main.setAnew"]


def test_a_timer_that_was_set_anew_is_due_then(answers):
    (timer,) = [timer for timer in timers(answers, "calls") if timer["function"] == "main.setAnew"]
    assert timer["in_ns"] > 2 * HOUR


def test_so_many_timers_are_listed_as_one_asked_for(answers):
    assert len(answers["info timers -limit 1 -json"]) == 1


def test_each_reader_has_a_deadline(answers):
    waited_for = {item["address"] for item in descriptors(answers) if len(item["ends"]) == 2}
    assert {timer["target"] for timer in timers(answers, "deadline")} == waited_for


def test_timers_are_in_the_order_in_which_they_are_due(answers):
    when = [timer["when"] for timer in answers["info timers -json"]]
    assert when == sorted(when) and len(answers["info timers"].splitlines()) == len(when)


def test_beside_its_own_core_nothing_has_changed(answers):
    found = answers["same -json"]
    assert (found["groups"], found["here"]) == ([], found["there"]) and found["same"] > READERS


def test_who_came_since_an_earlier_core_is_a_group_that_appeared(answers):
    (readers,) = [group for group in answers["early -json"]["groups"] if group["here"] == READERS]
    assert (readers["change"], readers["there"], len(readers["goroutines"])) == ("appeared", 0, READERS)
    assert "main.readLoop" in [frame["function"] for frame in readers["frames"]]


def test_what_became_of_a_group_is_told_by_how_many_are_in_it(answers):
    assert answers["became"] == ["appeared", "grew", "shrank", "disappeared", "same"]


def test_what_appeared_comes_first(answers):
    became = [group["change"] for group in answers["early -json"]["groups"]]
    assert became == sorted(became, key=answers["became"].index)


def test_who_is_there_no_more_is_a_group_that_disappeared(answers):
    there = [group for group in answers["early -json"]["groups"] if group["change"] == "disappeared"]
    assert {(group["here"], len(group["goroutines"])) for group in there} == {(0, 0)}


def test_the_groups_to_compare_are_those_that_were_asked_for(answers):
    (group,) = answers["reasons -json"]["groups"]
    assert (group["group"], group["change"], group["here"]) == ("IO wait", "appeared", READERS)


def test_what_is_no_core_is_one_sentence(answers):
    assert answers["no core"].count("\n") == 0 and "/dev/null" in answers["no core"]


def test_those_with_the_same_label_are_a_group(answers):
    counts = {group["group"]: group["count"] for group in answers["by label -json"]}
    assert counts["42"] == 1 and sum(counts.values()) == len(answers["info goroutines -json"])


def test_a_selects_cases_say_which_way_they_go(answers):
    (selects,) = [g for g in answers["info goroutines -json"] if g["reason"] == "select"]
    assert sorted(item["way"] for item in selects["on"]) == ["receive", "receive", "send"]


# ---- coroutines ------------------------------------------------------------------------------------------------------

PULL = """package main

import (
	"iter"
	"time"
)

func count(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

func slow(yield func(int) bool) {
	ready()
	yield(1)
}

//go:noinline
func ready() {}

func main() {
	next, _ := iter.Pull(iter.Seq[int](count))
	next()
	other, _ := iter.Pull(iter.Seq[int](slow))
	other()
	time.Sleep(time.Hour)
}
"""


@pytest.fixture(scope="session")
def pull(go_build):
    try:
        return go_build("pull", PULL)
    except subprocess.CalledProcessError:
        pytest.skip("this Go has no package iter: Debian 13's golang-go brings one")


def test_coroutines_know_their_partners(gdb_json, pull):
    gs = gdb_json(pull, READY + "result = json.loads(do('info goroutines -json'))")
    mine = {g["id"]: g["on"][0] for g in gs if g["reason"] == "coroutine"}
    (running,) = [g["id"] for g in gs if g["current"]]
    assert (mine[1]["partner"], mine[1]["runs_it"]) == (running, False)
    assert [(one["runs_it"], one["maker"]) for goid, one in mine.items() if goid != 1] == [(True, 1)]


def test_coroutines_stand_in_their_own_functions(gdb_json, pull):
    gs = gdb_json(pull, READY + "result = json.loads(do('info goroutines -json'))")
    stand = {g["id"] == 1: g["at"]["function"] for g in gs if g["reason"] == "coroutine"}
    assert stand == {True: "main.main", False: "main.count"}
