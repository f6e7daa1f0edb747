"""Exercises in which the learner writes a file: it is put there, built, judged in a sandbox, and set aside."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from learners import ROOT
from runner.exercises import forms, judge, patches
from runner.exercises.making import door, earlier, implement, mended, source, trial, workshop
from runner.host import sandbox

NEWPROC, GINFO = "11-impl-newproc", "07-ginfo"
needs_a_sandbox = pytest.mark.skipif(not sandbox.possible()[0], reason=sandbox.possible()[1])


def solution(name, suffix, *changes):
    """The solution of an exercise, with some changes."""
    text = (ROOT / "labs" / name / f"solution{suffix}").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def written(learner, name, suffix, text):
    """Puts this text where the learner's file is."""
    (learner.folder / "answers").mkdir(exist_ok=True)
    (learner.folder / "answers" / f"{name}{suffix}").write_text(text)


def test_run_puts_the_stub_there_first_and_says_where(learner):
    learner.lab("goto", "impl-newproc")
    said = learner.lab("run").stdout
    file = learner.folder / "answers" / f"{NEWPROC}.cpp"
    assert file.read_text() == (ROOT / "labs" / NEWPROC / "stub.cpp").read_text() and file.name in said


def test_run_leaves_what_is_there(learner):
    written(learner, NEWPROC, ".cpp", "mine")
    learner.lab("goto", "impl-newproc")
    learner.lab("run")
    assert (learner.folder / "answers" / f"{NEWPROC}.cpp").read_text() == "mine"


def test_a_stub_is_incomplete(learner):
    learner.lab("goto", "impl-newproc")
    learner.lab("run")
    assert "INCOMPLETE" in learner.lab("check").stdout


def test_no_file_is_incomplete_and_says_where_it_would_be(learner):
    learner.lab("goto", "impl-newproc")
    done = learner.lab("check")
    assert done.returncode == 1 and f"{NEWPROC}.cpp" in done.stderr


@needs_a_sandbox
def test_the_solution_passes_and_is_kept(learner):
    learner.lab("goto", "impl-newproc")
    written(learner, NEWPROC, ".cpp", solution(NEWPROC, ".cpp"))
    assert learner.lab("check").returncode == 0
    assert learner.entry("impl-newproc")["status"] == "pass"


@needs_a_sandbox
def test_what_does_not_compile_is_shown_in_the_learners_file(learner):
    learner.lab("goto", "impl-newproc")
    written(learner, NEWPROC, ".cpp", solution(NEWPROC, ".cpp", ("newg->stktopsp = sp;", "newg->stktopsp = ps;")))
    said = learner.lab("check").stdout
    assert f"answers/{NEWPROC}.cpp:" in said and "‘ps’ was not declared" in said


@needs_a_sandbox
@pytest.mark.parametrize("name, suffix", [(NEWPROC, ".cpp"), (GINFO, ".py")])
def test_of_a_file_that_cannot_be_judged_the_last_line_says_what_to_do(learner, name, suffix):
    learner.lab("goto", name)
    written(learner, name, suffix, "Nonsense()\n")
    said = " ".join(learner.lab("check").stdout.partition("INCOMPLETE")[2].split())
    assert "nothing was judged. Mend in" in said and f"{name}{suffix}" in said


@needs_a_sandbox
def test_what_else_the_runtime_has_cannot_be_replaced(tmp_path):
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    text = solution(NEWPROC, ".cpp") + "\nvoid schedule() { for (;;) {} }\n"
    verdicts = door.verdicts([(exercise, {source.FILE: text})], tmp_path, 1)[0]
    assert verdicts["stack"].what == judge.INCOMPLETE and "multiple definition" in verdicts["stack"].said


@needs_a_sandbox
@pytest.mark.parametrize(
    "hostile",
    [
        "for (;;) {}",
        '__asm__ volatile("mov $57, %eax\\n\\tsyscall\\n\\tjmp .-7");',
    ],
    ids=["loops", "forks"],
)
def test_a_hostile_function_passes_nothing_and_leaves_nothing(tmp_path, monkeypatch, hostile):
    monkeypatch.setattr(implement, "_TO_RUN", sandbox.Limits(seconds=3, cpu=2))  # it would use all that it may
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    text = solution(NEWPROC, ".cpp", ("    releasem(mp);", hostile + "\n    releasem(mp);"))
    verdicts = door.verdicts([(exercise, {source.FILE: text})], tmp_path, 1)[0]
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True).stdout
    assert verdicts["runs"].what == judge.WRONG and left == ""


@needs_a_sandbox
def test_a_file_of_others_is_not_shown_in_what_the_compiler_says(tmp_path):
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    secret = tmp_path / "theirs.cpp"
    secret.write_text("#error SECRET-OF-OTHERS")
    text = f'#include "{secret}"\n' + solution(NEWPROC, ".cpp")
    verdicts = door.verdicts([(exercise, {source.FILE: text})], tmp_path / "home", 1)[0]
    assert verdicts["stack"].reason == "no-build" and "SECRET-OF-OTHERS" not in verdicts["stack"].said


@needs_a_sandbox
@pytest.mark.parametrize("text", ["// none\n", '#include "runtime.hpp"\nvoid newproc2() {}\n'])
def test_a_file_without_the_function_is_not_judged(tmp_path, text):
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    verdicts = door.verdicts([(exercise, {source.FILE: text})], tmp_path, 1)[0]
    assert {(v.what, v.reason) for v in verdicts.values()} == {(judge.INCOMPLETE, "no-build")}


@needs_a_sandbox
def test_a_program_that_prints_a_verdict_of_its_own_is_not_believed(tmp_path):
    """The word that makes a line the judge's is new each time, and nothing that the program can read holds it."""
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    said = (
        '0123456789abcdef0123456789abcdef {\\"steps\\": {\\"goid\\": [\\"pass\\", \\"\\"]}, \\"trouble\\": \\"\\"}\\n'
    )
    write = f'static char s[] = "{said}"; long n = 1; __asm__ volatile("syscall" : "+a"(n) : "D"(1), "S"(s),'
    write += ' "d"(sizeof s - 1) : "rcx", "r11", "memory");'
    changes = [
        ("    newg->goid = static_cast<int64>(pp->goidcache++);\n", ""),
        ("    releasem(mp);", f"    {write}\n    releasem(mp);"),
    ]
    text = solution(NEWPROC, ".cpp", *changes)
    verdicts = door.verdicts([(exercise, {source.FILE: text})], tmp_path, 1)[0]
    assert verdicts["goid"].reason == "no-goid"


LOOKS = """
static long system_call(long number, const void* path) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(path), "S"(0) : "rcx", "r11", "memory");
    return result;
}

/// Can the memory of whoever started this process be opened?
static bool looks() {
    char path[32] = "/proc/", digits[16];
    int at = 6, count = 0;
    for (long parent = system_call(110, nullptr); parent; parent /= 10) digits[count++] = char('0' + parent % 10);
    while (count) path[at++] = digits[--count];
    for (const char* rest = "/mem"; *rest;) path[at++] = *rest++;
    return system_call(2, path) >= 0;
}

void newproc1("""


@needs_a_sandbox
def test_a_program_cannot_look_into_the_gdb_that_judges_it(tmp_path):
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    goid = "    newg->goid = static_cast<int64>(pp->goidcache++);\n"
    text = solution(NEWPROC, ".cpp", ("void newproc1(", LOOKS), (goid, "    if (!looks())\n    " + goid))
    assert door.verdicts([(exercise, {source.FILE: text})], tmp_path, 1)[0]["goid"].what == judge.PASS


def test_without_a_sandbox_the_verdict_is_inconclusive_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(door.sandbox, "possible", lambda: (False, "there is none"))
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    verdicts = door.verdicts([(exercise, {source.FILE: solution(NEWPROC, ".cpp")})], tmp_path, 1)[0]
    assert {(v.what, v.reason) for v in verdicts.values()} == {(judge.INCONCLUSIVE, "there is none")}


def test_reset_sets_the_file_aside(learner):
    written(learner, NEWPROC, ".cpp", "mine")
    said = learner.lab("reset", "impl-newproc").stdout
    folder = learner.folder / "answers"
    assert os.listdir(folder) == [f"{NEWPROC}.before-1.cpp"] and f"{NEWPROC}.before-1.cpp" in said


def test_what_was_set_aside_before_stays(learner):
    for text in ("one", "two"):
        written(learner, NEWPROC, ".cpp", text)
        learner.lab("reset", "impl-newproc")
    folder = learner.folder / "answers"
    assert [(folder / f"{NEWPROC}.before-{n}.cpp").read_text() for n in (1, 2)] == ["one", "two"]


@needs_a_sandbox
def test_run_opens_gdb_on_a_program_with_the_learners_function(learner):
    written(learner, NEWPROC, ".cpp", solution(NEWPROC, ".cpp"))
    said = learner.gdb("impl-newproc", "break 'runtime.newproc1'", "run", "info source")
    assert f"{NEWPROC}.cpp" in said


def test_in_gdb_there_is_nothing_to_answer(learner):
    written(learner, NEWPROC, ".cpp", solution(NEWPROC, ".cpp"))
    assert learner.gdb("impl-newproc", "lab answer stack = 1", "lab check").count("not answered but written") == 2


@needs_a_sandbox
def test_in_gdb_a_step_that_is_wrong_is_told_apart_from_one_that_was_not_tried(learner):
    learner.lab("goto", "ginfo")
    written(learner, GINFO, ".py", solution(GINFO, ".py", ("print(self.verdict())", "print('OK')")))
    learner.lab("check")
    assert "[~] finds: not right yet" in learner.gdb("ginfo", "lab check")


# ---- a command for gdb -----------------------------------------------------------------------------------------------


def tried(tmp_path, text):
    """The verdicts on a ginfo."""
    return door.verdicts([(forms.load(ROOT / "labs" / GINFO), {source.FILE: text})], tmp_path, 1)[0]


def ginfo(body):
    """A command that does this."""
    return solution(GINFO, ".py", ("print(self.verdict())", body))


@needs_a_sandbox
def test_a_command_is_right_or_partly_right(tmp_path):
    text = solution(GINFO, ".py", ('int(m["g0"]) != int(g0)', 'int(m["g0"]) and int(m["g0"]) != int(g0)'))
    verdicts = tried(tmp_path, text)
    assert (verdicts["healthy"].what, verdicts["finds"].reason, verdicts["finds"].share) == (
        judge.PASS,
        "g0-in-mstart",
        0.75,
    )


@needs_a_sandbox
def test_what_python_does_not_take_is_shown_with_its_line(learner):
    learner.lab("goto", "ginfo")
    written(learner, GINFO, ".py", solution(GINFO, ".py") + "\nGinf()\n")
    said = learner.lab("check").stdout
    assert f'"{GINFO}.py", line' in said and "name 'Ginf' is not defined" in said


@needs_a_sandbox
def test_what_python_said_of_an_error_is_shown_with_its_line_and_nothing_else(tmp_path):
    said = tried(tmp_path, ginfo("print('OK' if int(gdb.parse_and_eval('m0.g0.m.g0')) else 1)"))["finds"].said
    assert f'"{GINFO}.py", line' in said and "Cannot access memory" in said and "breakpoint" not in said


@needs_a_sandbox
@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import os; os.kill(os.getpid(), 9)",
        "import os\n        while True: os.fork()",
        "print('OK' * 10**9)",
        "gdb.execute('quit')",
        "raise SystemExit",
    ],
)
def test_a_hostile_command_passes_nothing(tmp_path, body):
    assert {verdict.what for verdict in tried(tmp_path, ginfo(body)).values()} <= {judge.WRONG, judge.INCOMPLETE}


@needs_a_sandbox
def test_a_command_sees_neither_the_solution_nor_what_is_broken(tmp_path):
    seen = ginfo(f"import os; print('BROKEN' if os.path.exists({str(ROOT / 'labs' / GINFO)!r}) else 'OK')")
    assert tried(tmp_path, seen)["healthy"].what == judge.PASS


@needs_a_sandbox
def test_the_order_of_the_programs_is_the_seeds(tmp_path):
    """A command that counts how often it was asked does not know which program it is asked about."""
    exercise = forms.load(ROOT / "labs" / GINFO)
    text = ginfo("gdb.asked = getattr(gdb, 'asked', 0) + 1; print('OK' if gdb.asked == 1 else 'BROKEN')")
    found = {door.verdicts([(exercise, {source.FILE: text})], tmp_path, seed)[0]["healthy"].what for seed in range(4)}
    assert judge.WRONG in found


@needs_a_sandbox
def test_run_opens_gdb_with_the_learners_command(learner):
    written(learner, GINFO, ".py", solution(GINFO, ".py"))
    assert "(lab 07) OK" in learner.gdb("ginfo", "break *'runtime.check'", "run", "ginfo")


# ---- beside the verbs ------------------------------------------------------------------------------------------------


@needs_a_sandbox
def test_what_is_said_of_a_crash_is_the_same_each_time(tmp_path):
    exercise = forms.load(ROOT / "labs" / NEWPROC)
    text = solution(NEWPROC, ".cpp", ("    gostartcallfn(&newg->sched, fn);\n", ""))
    first, second = (door.verdicts([(exercise, {source.FILE: text})], tmp_path, 1)[0]["runs"] for _ in range(2))
    assert first.said and first == second


@needs_a_sandbox
def test_a_step_of_which_no_moment_says_anything_is_not_passed(tmp_path):
    folder = tmp_path / NEWPROC
    shutil.copytree(ROOT / "labs" / NEWPROC, folder)
    table = (folder / "exercise.toml").read_text()
    (folder / "exercise.toml").write_text(re.sub(r'when = "[^"]+"', 'when = "0"', table))
    exercise = dataclasses.replace(forms.load(folder), hidden=0)
    case = (exercise, {source.FILE: solution(NEWPROC, ".cpp")})
    assert door.verdicts([case], tmp_path / "home", 1)[0]["queue"].what == judge.INCOMPLETE


def test_in_gdb_one_does_not_go_on_to_what_is_written(learner):
    """tls comes before ginfo, which is no matter of answers."""
    learner.lab("goto", "tls")
    state = learner.state()
    state["exercises"]["tls"] = {"status": "pass"}
    learner.file.write_text(json.dumps(state))
    assert "07 ginfo" in learner.gdb("tls", "lab next").split("you write a file")[0].splitlines()[-1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_file_begins_in_the_learners_language(learner, language):
    learner.lab("goto", "ginfo")
    learner.lab("run", LAB_LANG=language)
    text = (learner.folder / "answers" / f"{GINFO}.py").read_text()
    assert text == source.stub(forms.load(ROOT / "labs" / GINFO), language, 1)


# ---- sources that are mended -----------------------------------------------------------------------------------------

REPAIR = "16-repair"


@pytest.fixture(scope="module")
def repair():
    return forms.load(ROOT / "labs" / REPAIR)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sources_to_mend_begin_with_both_bugs(repair, seed):
    stub = source.stub(repair, "en", seed)
    assert [all(block in stub for block in patches.blocks(bug)) for bug in repair.bugs(seed)] == [True, True]


def test_the_bug_of_the_exercise_before_is_the_same_learners(repair):
    before = repair.before()
    assert [repair.bugs(seed)[0] for seed in range(20)] == [before.patch(seed) for seed in range(20)]


def test_sources_as_they_begin_are_incomplete(repair):
    assert not source.begun(repair, source.stub(repair, "zh", 5), 5)


@pytest.mark.parametrize("judge_step", [mended.under_schedules, earlier.as_before])
def test_what_fails_at_once_is_not_looked_at_further(repair, tmp_path, judge_step):
    assert judge_step(repair, tmp_path, 1, [judge.Verdict(judge.WRONG)]).what == judge.INCOMPLETE


def without(text, old):
    """The text, once less."""
    assert old in text
    return text.replace(old, "", 1)


SEED = 3
IDEAS = {
    "alarm-is-the-bug": lambda text: without(text, 'throw_("gopark: the goroutine is not running")'),
    "a-sleep-mends-it": lambda text: text.replace("void gopark(", "void nap() { usleep_(1); }\nvoid gopark("),
    "it-works-so-it-is-right": lambda text: text + "// mended",
}


@pytest.mark.parametrize("idea", IDEAS)
def test_a_mended_file_shows_what_its_author_thought(repair, idea):
    text = IDEAS[idea](source.stub(repair, "en", SEED))
    found = {question.id: judge.Verdict(judge.WRONG) for question in repair.questions}
    mended.explain(repair, text, SEED, found)
    assert idea in {verdict.reason for verdict in found.values()}


def test_a_file_without_bugs_shows_no_such_thought(repair):
    found = {question.id: judge.Verdict(judge.WRONG) for question in repair.questions}
    mended.explain(repair, trial.solution(repair), SEED, found)
    assert {verdict.reason for verdict in found.values()} == {""}


@needs_a_sandbox
def test_run_opens_gdb_on_sources_as_they_begin(learner):
    learner.lab("goto", "repair")
    assert f"{REPAIR}.cpp" in learner.gdb("repair", "list 'runtime.schedule'", "info source")


def test_blocks_of_a_patch_are_what_stands_there_with_it(tmp_path):
    patch = tmp_path / "one.patch"
    patch.write_text("--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n@@ -9,2 +9,2 @@\n-nine\n+9\n ten\n")
    assert patches.blocks(patch) == ["one\n2\nthree\n", "9\nten\n"]


def test_a_file_as_it_begins_is_no_attempt(learner):
    learner.lab("goto", "repair")
    learner.lab("check")  # there is no file yet
    written(learner, REPAIR, ".cpp", source.stub(forms.load(ROOT / "labs" / REPAIR), "en", learner.state()["seed"]))
    learner.lab("check")
    assert learner.entry("repair")["attempts"] == 0


def test_schedules_that_gdb_did_not_live_to_see_are_inconclusive_and_it_is_said_why(repair, tmp_path, monkeypatch):
    row = {"wrong": "", "unknown": ""}
    monkeypatch.setattr(mended.workshop, "watched", lambda *_: ([row], "", ""))
    verdict = mended.under_schedules(repair, tmp_path, 1, [])
    assert verdict.what == judge.INCONCLUSIVE and verdict.reason


def test_two_threads_make_the_object_that_gives_way_at_once(tmp_path, monkeypatch):
    (tmp_path / "build").mkdir()
    both = threading.Barrier(2, timeout=60)

    def run(words, *_):
        Path(words[-1]).write_text("an object")
        both.wait()  # each has written what it made before one of them gives it its name

    monkeypatch.setattr(workshop.patched, "run", run)
    replaces = forms.load(ROOT / "labs" / NEWPROC).replaces
    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(workshop.yielding, replaces, tmp_path) for _ in range(2)]
        assert [list(one.result().values())[0].read_text() for one in made] == ["an object"] * 2
