"""A learner at an exercise in gdb: ticks at stops, answers, predictions, what is kept, and what is never done."""

import ast
import os
import re

import pexpect
import pytest
from learners import ROOT, Learner

ANSWER = "lab answer entry = _rt0_amd64_linux"


def said(text):
    """What the lab said, as one line."""
    return " ".join(text.split())


def test_a_stop_ticks_its_goal(learner):
    assert "ok 1/2 You are at the very first instruction" in said(learner.gdb("entry", "starti"))


def test_a_stop_elsewhere_ticks_nothing(learner):
    assert "ok 1/2" not in learner.gdb("entry", "b *'runtime.check'", "run")


def test_the_right_answer_passes(learner):
    assert "PASS 01" in learner.gdb("entry", "starti", ANSWER) and learner.entry("entry")["status"] == "pass"


def test_an_address_is_an_answer_too(learner):
    text = learner.gdb("entry", "starti", "info files")
    address = text.partition("Entry point: ")[2].split()[0]
    assert "PASS 01" in learner.gdb("entry", "starti", f"lab answer entry = {address}")


def test_a_misconception_gets_its_reply(learner):
    assert "nearly the last thing that starts" in said(learner.gdb("entry", "starti", "lab answer entry = main"))


def test_another_wrong_answer_is_told_where_to_look(learner):
    text = said(learner.gdb("entry", "starti", "lab answer entry = runtime.check"))
    assert "not yet" in text and "info files" in text


def test_an_answer_before_the_stop_is_judged_at_the_stop(learner):
    text = said(learner.gdb("entry", ANSWER, "starti"))
    assert text.index("Noted") < text.index("PASS 01")


def test_the_program_stops_by_itself_where_a_noted_answer_is_judged(learner):
    assert "PASS 01" in learner.gdb("entry", ANSWER, "run")


def test_the_program_stops_by_itself_at_a_goal_that_a_breakpoint_cannot_name(learner):
    assert "ok 1/" in said(learner.gdb("switch", "run"))


def test_a_goal_that_a_breakpoint_cannot_name_stops_the_program_once(learner):
    """Where it is, schedule is called again and again."""
    text = said(learner.gdb("yield", "run", "continue", "continue", "continue"))
    assert "ok 3/" in text and "exited normally" in text


def test_the_breakpoint_of_what_was_noted_rests_until_the_program_ends(learner):
    text = learner.gdb("entry", "starti", "maint info breakpoints", "kill", "echo ----", "maint info breakpoints")
    states = [re.findall(r"^-\d+ +breakpoint +keep ([yn])", part, re.M) for part in text.split("----")]
    assert states == [["n"], ["y"]]


def test_a_noted_answer_outlives_the_session(learner):
    learner.gdb("entry", ANSWER)
    assert "PASS 01" in learner.gdb("entry", "run")


def test_a_noted_answer_is_judged_by_check_too(learner):
    learner.gdb("entry", ANSWER)
    assert learner.lab("check").returncode == 0


def test_an_answer_for_a_place_that_is_past_says_so(learner):
    text = said(learner.gdb("newproc", "tb *'runtime.mstart'", "run", "lab answer goid = 1"))
    assert "This run is past that place already" in text


def test_the_end_of_the_program_says_what_was_not_judged(learner):
    text = learner.gdb("newproc", "tb *'runtime.mstart'", "run", "lab answer goid = 1", "continue")
    assert "never stopped at the return of `runtime.newproc`" in said(text)


def test_a_learner_who_ends_the_program_is_told_nothing_of_it(learner):
    text = learner.gdb("newproc", "tb *'runtime.mstart'", "run", "lab answer goid = 1", "kill")
    assert "never stopped" not in said(text)


def test_what_an_input_method_makes_of_the_equals_sign_is_one(learner):
    assert "PASS 01" in learner.gdb("entry", "starti", ANSWER.replace("=", "＝"))


def test_a_wrong_answer_is_marked_in_the_next_session(learner):
    learner.gdb("entry", "starti", "lab answer entry = main")
    assert "[~] 2. `entry`" in learner.gdb("entry")


def test_how_to_ask_for_a_hint_is_said_as_gdb_takes_it(learner):
    assert ": lab hint [entry] [1..4]" in learner.gdb("entry", "lab hint nonsense")


def test_attempts_are_counted(learner):
    learner.gdb("entry", "starti", "lab answer entry = main", ANSWER)
    assert learner.entry("entry")["attempts"] == 2


def test_the_same_answer_again_is_no_further_attempt(learner):
    learner.gdb("entry", "starti", *["lab answer entry = main"] * 2, *[ANSWER] * 2)
    assert learner.entry("entry")["attempts"] == 2


def test_a_check_of_what_was_answered_in_gdb_is_no_further_attempt(learner):
    learner.gdb("entry", "starti", ANSWER)
    assert learner.lab("check").returncode == 0 and learner.entry("entry")["attempts"] == 1


@pytest.mark.parametrize("line", ["lab answer", "lab answer entry", "lab answer entry =", "lab answer nonsense = 1"])
def test_how_to_write_an_answer_is_said(learner, line):
    assert "lab answer QUESTION = VALUE, where QUESTION is entry" in learner.gdb("entry", line)


@pytest.mark.parametrize(
    "value", ['$_shell("touch {}")', "`touch {}`", "main(touch {})", "$_exit", "1; shell touch {}"]
)
def test_what_a_learner_types_is_never_evaluated(learner, value):
    witness = learner.folder / "witness"
    text = learner.gdb("entry", "starti", "lab answer entry = " + value.format(witness))
    assert not witness.exists() and "is no number, name" in said(text)


def test_a_word_for_a_number_is_no_attempt(learner):
    learner.gdb("jmp-not-call", "lab predict delta = nonsense")
    assert "jmp-not-call" not in learner.state()["exercises"]


def test_help_lists_the_commands(learner):
    assert "lab task " in learner.gdb("entry", "lab help")


def test_what_cannot_be_done_is_said_in_80_columns(learner):
    text = learner.gdb("what-changed", "lab predict args = os.Args")
    lines = [line.removeprefix("(lab 08) ") for line in text.splitlines()[1:]]  # the first has a path
    assert max(len(line) for line in lines) <= 80


def test_an_unknown_command_points_to_the_list(learner):
    assert "`lab` alone lists" in learner.gdb("entry", "lab nonsense")


# ---- predictions -----------------------------------------------------------------------------------------------------


def test_a_prediction_comes_before_the_answer(learner):
    assert "to be predicted first" in learner.gdb("jmp-not-call", "starti", "si", "lab answer delta = 0")


def test_a_locked_prediction_stops_the_program_and_is_judged(learner):
    text = said(learner.gdb("jmp-not-call", "lab predict delta = -8", "run"))
    assert "_rt0_amd64 () at" in text and "you predicted -8, observed 0. JMP pushes nothing" in text


def test_a_locked_prediction_is_judged_after_a_step_too(learner):
    assert "observed 0" in said(learner.gdb("jmp-not-call", "starti", "lab predict delta = -8", "si"))


def test_a_wrong_prediction_is_shown_as_it_was_typed(learner):
    assert "you predicted base, observed slot" in said(
        learner.gdb("tls", "lab predict moves = base", "b *'main.main'", "run")
    )


def test_nobody_is_shown_as_nil(learner):
    text = learner.gdb("newproc", "b *'runtime.newproc'", "run", "finish", "lab answer goid = nobody", "lab check")
    assert "goid: wrong so far: nil" in text


def test_a_right_prediction_is_explained(learner):
    assert "and so it is. [lab] ok 1/3 JMP writes" in said(learner.gdb("jmp-not-call", "lab predict delta = 0", "run"))


def test_a_locked_prediction_stays(learner):
    text = learner.gdb("jmp-not-call", "lab predict delta = -8", "lab predict delta = 0")
    assert "locked: delta = -8" in text


def test_a_locked_prediction_outlives_the_session(learner):
    learner.gdb("jmp-not-call", "lab predict delta = -8")
    assert "you predicted -8, observed 0" in said(learner.gdb("jmp-not-call", "run"))


def test_after_a_wrong_prediction_an_answer_closes_the_question(learner):
    learner.gdb("jmp-not-call", "lab predict delta = -8", "run", "lab answer delta = 0")
    entry = learner.entry("jmp-not-call")
    assert (entry["answers"], entry["predicted"]["delta"]["right"]) == ({"delta": "0"}, False)


def test_an_answer_to_what_waits_for_its_stop_shows_the_prediction(learner):
    text = said(learner.gdb("jmp-not-call", "lab predict delta = -8", "lab answer delta = 0"))
    assert "your prediction is locked: delta = -8" in text


def test_an_order_with_names_left_out_is_no_prediction(learner):
    learner.gdb("map", "lab predict calls = args, check, settls")
    assert "map" not in learner.state()["exercises"]


def test_a_list_is_said_without_brackets(learner):
    text = said(learner.gdb("map", "lab predict stays = args", "lab predict stays = check"))
    assert "locked: stays = args." in text


def test_there_is_one_prediction(learner):
    assert "predicted already" in learner.gdb("jmp-not-call", "lab predict delta = -8", "run", "lab predict delta = 0")


def test_a_prediction_after_the_event_waits_for_the_next_run(learner):
    text = said(learner.gdb("jmp-not-call", "b *'runtime.check'", "run", "lab predict delta = 0", "run"))
    assert text.index("past that place already") < text.index("and so it is")


def test_a_run_that_was_tampered_with_is_inconclusive_and_the_prediction_stays(learner):
    text = said(
        learner.gdb("stack-bounds", "lab predict hi = 0", "b *'runtime.rt0_go'", "run", "jump *&nocpuinfo", "lab check")
    )
    assert "inconclusive: only-the-frame-was-made does not hold here" in text and "hi: predicted, not reached" in text


def test_what_is_not_predicted_is_said(learner):
    assert "looked up: lab answer entry = VALUE" in learner.gdb("entry", "lab predict entry = main")


def test_without_predictions_nothing_stops_the_program(learner):
    assert "exited normally" in learner.gdb("jmp-not-call", "run")


# ---- going on --------------------------------------------------------------------------------------------------------


def test_after_a_pass_it_stops_and_waits(learner):
    assert (
        learner.gdb("entry", "starti", ANSWER)
        .rstrip()
        .endswith("`./lab next` goes on: 02 jmp-not-call: Can the first function return?")
    )


def test_next_goes_on_in_the_same_process(learner):
    text = said(learner.gdb("entry", "starti", ANSWER, "lab next", "lab predict delta = 0", "si"))
    assert "== 02 jmp-not-call" in text and "and so it is" in text and learner.state()["current"] == "jmp-not-call"


def test_an_exercise_begins_without_the_breakpoints_of_the_last(learner):
    text = learner.gdb("entry", "b *'runtime.check'", "starti", ANSWER, "lab next", "info breakpoints")
    assert "The breakpoints of the last exercise are deleted" in said(text) and "No breakpoints" in text


def test_without_breakpoints_nothing_is_said_of_them(learner):
    assert "breakpoints of" not in said(learner.gdb("entry", "starti", ANSWER, "lab next"))


def test_that_the_breakpoints_are_gone_is_said_before_the_task(learner):
    text = learner.gdb("entry", "b *'runtime.check'", "starti", ANSWER, "lab next")
    assert text.index("breakpoints of the last") < text.index("== 02 jmp-not-call")


def test_next_does_not_leave_an_open_exercise(learner):
    assert "not passed yet" in learner.gdb("entry", "lab next")


def test_what_is_done_stays_done(learner):
    learner.gdb("newproc", "b *'runtime.newproc'", "run", "finish", "lab answer goid = 1")
    assert "[x] 4. `goid`" in learner.gdb("newproc")


def test_a_goal_that_was_reached_stays_ticked(learner):
    learner.gdb("entry", "starti")
    assert "[x] 1. `stop`" in learner.gdb("entry")


def test_check_says_how_every_step_stands(learner):
    text = learner.gdb("newproc", "lab predict curg = nil", "lab answer goid = 1", "lab check")
    assert [word in text for word in ("curg: predicted, not reached", "goid: noted, not reached", "fn: open")] == [
        True
    ] * 3


def test_a_step_that_was_answered_wrongly_says_so(learner):
    learner.gdb("entry", "starti", "lab answer entry = runtime.check")
    assert "[~] entry: wrong so far: runtime.check" in learner.gdb("entry", "lab check")


def test_of_a_step_that_is_done_no_wrong_answer_is_kept(learner):
    learner.gdb("entry", "starti", "lab answer entry = runtime.check", ANSWER)
    assert learner.entry("entry")["wrong"] == {}


def test_a_wrong_answer_makes_the_whole_wrong(learner):
    text = learner.gdb("entry", "starti", "lab answer entry = runtime.check", "lab check")
    assert "WRONG: look again" in text


def test_gdb_has_no_line_for_each_thread(learner):
    assert "[New " not in learner.gdb("entry", "b 'main.main'", "run")


def test_who_asks_for_a_line_for_each_thread_has_it(learner):
    assert "[New " in learner.gdb("entry", "set print thread-events on", "run")


def test_threads_are_counted_where_their_number_has_changed(learner):
    assert " threads now; 1 at the stop before" in said(learner.gdb("entry", "b 'main.main'", "run"))


def test_threads_are_counted_afresh_in_each_run(learner):
    text = said(learner.gdb("entry", "b *'runtime.rt0_go'", "b 'main.main'", "run", "continue", "run"))
    assert text.count(" threads now;") == 1


def test_a_prediction_is_judged_where_the_learner_finishes(learner):
    text = learner.gdb("newproc", "lab predict curg = 1", "b *'runtime.newproc'", "run", "finish")
    assert "you predicted g1, observed nil" in said(text)


def test_hint_task_and_solution(learner):
    text = learner.gdb("entry", "lab hint", "lab task", "lab solution", "starti", ANSWER, "lab solution")
    assert (
        "hint 1 of 4" in text
        and text.count("== 01 entry") == 2
        and "opens after the pass" in text
        and "e_entry" in text
    )


def test_no_warning_about_assembly(learner):
    assert "Warning" not in learner.gdb("jmp-not-call", "starti", "si")


def test_a_full_disk_is_one_line_and_the_session_goes_on(learner):
    learner.lab("goto", "entry")
    learner.gdb("entry")
    before = learner.file.read_text()
    text = learner.gdb(
        "entry",
        "python import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))",
        "starti",
        ANSWER,
        "lab check",
    )
    assert "cannot save your progress" in said(text) and "Traceback" not in text and learner.file.read_text() == before


def test_chinese(learner):
    assert "你正停在第一条指令上" in learner.gdb("entry", "starti", LAB_LANG="zh")


@pytest.mark.parametrize(
    "exercise, lines",
    [
        ("jmp-not-call", ["lab predict delta = 0", "lab predict frames = 1", "lab predict top = {argc}", "run"]),
        (
            "stack-bounds",
            [
                "lab predict down = -48",
                "lab predict hi = 0",
                "lab predict lo = -65432",
                "lab predict argc = {argc}",
                "run",
            ],
        ),
        (
            "newproc",
            [
                "lab predict curg = nil",
                "b *'runtime.newproc'",
                "run",
                "finish",
                "lab answer goid = g1",
                "lab answer status = _Grunnable",
                "lab answer fn = runtime.main",
                "lab answer ring = 0",
            ],
        ),
    ],
)
def test_each_exercise_can_be_passed(learner, exercise, lines):
    from runner.exercises import seed

    learner.gdb(exercise)
    argc = len(seed.arguments(learner.state()["seed"])) + 1
    assert "PASS" in learner.gdb(exercise, *(line.format(argc=argc) for line in lines))


def test_an_invariant_without_a_place_must_hold_where_the_learner_stops_too(learner):
    everywhere = "python from inside import commands; commands._open.exercise.invariants[0].at = ''"
    text = said(learner.gdb("stack-bounds", everywhere, "lab predict down = 0", "starti", "continue"))
    assert "only-the-frame-was-made does not hold at _rt0_amd64_linux" in text


def test_an_invariant_with_a_place_need_not_hold_elsewhere(learner):
    text = said(learner.gdb("stack-bounds", "lab predict down = 0", "starti", "continue"))
    assert "does not hold" not in text and "down: you predicted 0, observed" in text


def test_where_a_prediction_is_judged_is_shown_once(learner):
    assert learner.gdb("jmp-not-call", "lab predict delta = 0", "run").count("_rt0_amd64 () at") == 1


@pytest.mark.parametrize("typed", ["heap", "栈", "a b", "1+1"])
def test_what_is_not_to_choose_from_is_told_what_is(learner, typed):
    assert "stack, registers, variables" in said(learner.gdb("argv", f"lab answer where = {typed}"))


def test_a_reply_that_refuses_fits_the_terminal(learner):
    learner.lab("goto", "argv")
    settings = os.environ | learner.environment | {"TERM": "xterm", "NO_COLOR": "1"}
    gdb = pexpect.spawn(str(ROOT / "lab"), ["run"], env=settings, dimensions=(24, 60), timeout=120, encoding="utf-8")
    for line in ("lab answer where = heap", "q"):
        gdb.expect_exact("(lab 03) ")
        gdb.sendline(line)
    refused = gdb.before[gdb.before.index("cannot be") - 30 :]
    gdb.expect(pexpect.EOF)
    assert "registers" in refused and max(map(len, refused.splitlines())) <= 60


def test_leaving_says_nothing_of_a_breakpoint_of_one_thread(learner):
    assert "Thread-specific" not in learner.gdb("entry", "starti", "b *'runtime.check' thread 1")


# ---- names that gdb does not find ------------------------------------------------------------------------------------

WRITTEN = [
    ("b *main.main", False, "b *'main.main'"),
    ("b *main.main", True, ""),
    ("b main.main", False, ""),
    ("b *'main.main'", False, ""),
    ("tbreak check", True, "tbreak 'runtime.check'"),
    ("b *check", True, "b *'runtime.check'"),
    ("b nosuch", False, ""),
    ("x/2i runtime.check", False, "x/2i &'runtime.check'"),
    ("p runtime.check", False, "p 'runtime.check'"),
    ("p runtime.check", True, ""),
    ("p check", False, ""),
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """How gdb takes these lines, as one session says."""
    known = "{'main.main', 'runtime.check'}"
    asked = (f"names.meant({line!r}, {known}, {go})" for line, go, _ in WRITTEN)
    script = f"python from inside import names; print('>>', [{', '.join(asked)}])"
    told = Learner(tmp_path_factory.mktemp("learner")).gdb("entry", script)
    return ast.literal_eval(re.search(r"^.*>> (.*)$", told, re.M)[1])


@pytest.mark.parametrize("number", range(len(WRITTEN)), ids=lambda number: WRITTEN[number][0])
def test_how_gdb_takes_a_name(written, number):
    assert written[number] == WRITTEN[number][2]


def typed(learner, exercise, *lines):
    """What is said when these lines are typed at a terminal."""
    learner.lab("goto", exercise)
    settings = os.environ | learner.environment | {"TERM": "xterm", "NO_COLOR": "1"}
    gdb = pexpect.spawn(str(ROOT / "lab"), ["run"], env=settings, dimensions=(24, 80), timeout=120, encoding="utf-8")
    text = ""
    for line in (*lines, "q"):
        gdb.expect(r"\(lab \d+\) ")
        text += gdb.before
        gdb.sendline(line)
    gdb.expect(pexpect.EOF)
    return text


def test_a_name_that_gdb_did_not_find_is_said_behind_its_error(learner):
    text = typed(learner, "entry", "b *main.main")
    assert text.index("not a structure") < text.index("gdb takes it as `b *'main.main'`")


def test_it_is_said_once(learner):
    text = typed(learner, "entry", "b newproc1", "", "info breakpoints")
    assert text.count("gdb takes it as") == text.count("not defined") - 1 == 1


def test_of_a_line_that_made_a_breakpoint_nothing_is_said(learner):
    text = typed(learner, "entry", "set breakpoint pending on", "b newproc1")
    assert "gdb takes it as" not in text


# ---- lab snap, lab diff, lab when ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """What one session says that compares copies of the runtime's variables."""
    return Learner(tmp_path_factory.mktemp("learner")).gdb(
        "what-changed",
        "lab diff",
        "b *'runtime.check'",
        "b *'runtime.osinit'",
        "b *'runtime.newproc'",
        "run",
        "lab snap a;b",
        "lab snap begin",
        "lab diff",
        "continue",
        "lab snap",
        "finish",
        "continue",
        "lab diff begin 2",
        "lab diff 2",
        "lab diff nowhere",
        "lab when gomaxprocs",
        "lab when ncpu",
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "there is nothing to compare with yet: `lab snap` keeps",
        "give it one plain name",
        "Snapshot begin holds",
        "Nothing differs",
        "physPageSize: 0 → 0x1000",
        "ncpu: 0 → ",
        "there are: begin, 2",
        "gomaxprocs: 0 → ",
        "stop 3 runtime.rt0_go (asm_amd64.S:",
    ],
)
def test_copies_of_the_runtimes_variables_are_compared(compared, sentence):
    assert sentence in said(compared)


def test_where_a_file_is_written_gdb_says_which(learner):
    file = learner.file.parent / "answers" / "16-repair.cpp"
    assert str(file) in learner.gdb("repair", "lab check")
