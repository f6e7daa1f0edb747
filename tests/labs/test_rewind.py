"""Going back in an exercise: what is seen again counts for nothing, what was seen on the way forwards still counts."""

ENTRY = "lab answer entry = _rt0_amd64_linux"
RECORDED = ("tb *'runtime.schedinit'", "run", "finish", "rt0 rewind on", "tb *'runtime.mstart'", "continue")


def test_a_goal_that_is_reached_backwards_is_not_ticked(learner):
    text = learner.gdb("newproc", *RECORDED, "tb *'runtime.newproc'", "reverse-continue", "x/i $pc")
    assert "<runtime.newproc>" in text and "ok 1/" not in text


def test_a_goal_is_ticked_while_gdb_records(learner):
    learner.gdb("newproc", *RECORDED[:4], "tb *'runtime.newproc'", "continue")
    assert learner.entry("newproc")["reached"] == ["before"]


def test_an_answer_in_the_recorded_past_is_judged_by_what_was_seen_before(learner):
    text = learner.gdb("entry", "starti", "rt0 rewind on", "stepi 20", "reverse-stepi 9", "rt0 rewind", ENTRY)
    assert "recorded past" in text and learner.entry("entry")["status"] == "pass"


def test_questions_about_writers_leaks_and_stops_take_nothing_from_a_learner(learner):
    asked = ("rt0 why ncpu", "rt0 leaks", "rt0 back 1 info goroutines")
    learner.gdb("newproc", "tb *'runtime.check'", "run", "b *'runtime.newproc'", *asked, "continue", *asked)
    entry = learner.entry("newproc")
    assert (entry["reached"], entry["wrong"]) == (["before"], {})
