"""`lab dev check`: passes on what is here, and finds each thing that can be wrong with an exercise."""

import pytest
from learners import ROOT
from runner.exercises import forms, proof

JMP = "02-jmp-not-call"


@pytest.fixture
def live(monkeypatch):
    """live(FOLDER): what runs of the program show to be wrong, on two seeds."""
    monkeypatch.setattr(proof, "JUDGED_SEEDS", 1)
    return lambda folder: proof.live_problems([forms.load(folder)], seeds=range(1, 3))


def test_all_exercises_are_proved(learner):
    """On a few seeds: who changes an exercise proves it on all."""
    result = learner.lab("dev", "check", "--seeds", "3", within=900)
    assert result.returncode == 0 and "3 seeds" in result.stdout, result.stdout


def test_one_exercise_can_be_checked(learner):
    assert "ok: 1 exercise, 3 questions" in learner.lab("dev", "check", str(ROOT / "labs" / JMP)).stdout


def test_what_is_wrong_is_status_1(learner, copied):
    folder = copied(JMP, "hints.zh.toml", "[top]", "[pot]")
    result = learner.lab("dev", "check", str(folder))
    assert result.returncode == 1 and "zh: hints" in result.stdout


@pytest.mark.parametrize(
    "file, old, new, complaint",
    [
        (
            "hints.en.toml",
            '  "Look at the instruction itself: at the first stop, `x/i $pc`.",\n',
            "",
            "en: hints: not 4",
        ),
        ("replies.zh.toml", "jmp-returns =", "jmp-pushed =", "zh: replies: misconception.jmp-returns"),
        ("replies.en.toml", "[look]\ndelta =", "[look]\ndella =", "en: replies: look.delta"),
        ("text.zh.md", "2. `frames`", "2. `frame`", "zh: text: the tasks are"),
        ("exercise.toml", 'note = "the-', 'note = "no-', "there is no page"),
        ("text.en.md", "# jmp-not-call:", "# jump:", "en: text: the first line"),
        ("text.en.md", "Can the first", "Can the very first of all", "en: text: the title is wider"),
        ("text.en.md", "Goal: say", "Goal: " + "say " * 20, "columns"),
        ("solution.en.md", "delta = 0", "x\n" * 30, "lines"),
        (
            "tests.toml",
            'reply = "stack-grows-up"',
            'reply = "jmp-returns"',
            "no wrong answer to delta for the reply 'stack-grows-up'",
        ),
        ("tests.toml", "frames = 1\n", "", "no right answer for frames"),
        ("exercise.toml", 'type = "hex"', 'type = "free"', "not judged yet"),
        ("text.en.md", "Goal: say", "Goal (`lab anser`): say", "no command `lab anser`"),
        ("solution.zh.md", "delta = 0", "`rt0 dumpp g1`\ndelta = 0", "no command `rt0 dumpp`"),
        ("text.zh.md", "目标：", "目标`bt`：", "no space between code and Chinese"),
    ],
    ids=lambda text: text[:20],
)
def test_what_the_files_alone_show(copied, file, old, new, complaint):
    assert any(complaint in problem for problem in proof.static_problems(forms.load(copied(JMP, file, old, new))))


@pytest.mark.parametrize(
    "file, old, new, complaint",
    [
        ("tests.toml", "delta = 0\n", "delta = 1\n", "delta = 1: wrong  instead of pass"),
        ("tests.toml", "delta = -8\n", "delta = 0\n", "delta = 0: pass  instead of wrong jmp-returns"),
        ("exercise.toml", 'expr = "2"', 'expr = "1"', "rt0-is-the-caller has the same value as the truth"),
        ("exercise.toml", 'expr = "0"', 'expr = "2"', "no-frame-at-all has the same value as rt0-is-the-caller"),
        ("exercise.toml", 'expr = "$depth"', 'expr = "$nonsense->x"', "frames: gdb:"),
        ("exercise.toml", 'at = "fn:_rt0_amd64"', 'at = "fn:_rt0_amd65"', "no symbol _rt0_amd65"),
        ("exercise.toml", 'at = "fn:_rt0_amd64"', 'at = "fn:runtime.throw"', "never seen"),
        ("replies.en.toml", "JMP pushes nothing;", "It is 0;", "en: the reply jmp-returns to delta tells the truth"),
        ("hints.en.toml", "`x/i $pc`", "`x/i $pcc->x`", "`x/i $pcc->x`"),
        ("text.en.md", "Goal: say", "`finsh`: say", "`help finsh`"),
        ("solution.en.md", "delta = 0", "`info goroutinez`\ndelta = 0", "`help info goroutinez`"),
        ("solution.zh.md", "_rt0_amd64_linux", "_rt0_amd64_windows", "there is no symbol _rt0_amd64_windows"),
        ("solution.en.md", "delta = 0", "delta = 0 nonsense.S", "there is no file nonsense.S"),
    ],
    ids=lambda text: text[:20],
)
def test_what_runs_of_the_program_show(copied, live, file, old, new, complaint):
    problems = live(copied(JMP, file, old, new))
    assert any(complaint in problem for problem in problems), problems


def test_one_language_is_enough_to_begin_with(learner, copied):
    folder = copied(JMP, "hints.zh.toml", "[top]", "[pot]")
    (folder / "text.zh.md").unlink()
    assert proof.static_problems(forms.load(folder), ["en"]) == []


@pytest.mark.parametrize(
    "shown, complaint",
    [("```gdb\n(gdb) print 1 + 1\n$1 = 3\n```", "$1 = 2"), ("`./lab chek`", "there is no verb chek")],
    ids=["session", "verb"],
)
def test_what_an_exercise_shows_of_the_lab_is_so(learner, copied, shown, complaint):
    folder = copied(JMP, "solution.en.md", "delta = 0", f"{shown}\ndelta = 0")
    assert complaint in learner.lab("dev", "check", "--lang", "en", str(folder)).stdout


def test_a_command_in_what_is_said_at_a_goal_must_work(copied, live):
    problems = live(copied("01-entry", "replies.en.toml", "You are at", "`p $nonsense->x`. You are at"))
    assert any("`p $nonsense->x`" in problem for problem in problems), problems


@pytest.fixture
def fresh(tmp_path):
    """The skeleton that `dev new` makes."""
    from runner.exercises import skeleton

    return skeleton.make(tmp_path, "my-idea", ["en", "zh"])


def test_a_skeleton_says_what_is_still_to_be_written(fresh):
    assert any("text.zh.md:1: still to be written" in problem for problem in proof.static_problems(forms.load(fresh)))


def test_a_skeleton_passes_once_it_is_filled(fresh, live):
    for file in fresh.iterdir():
        file.write_text(file.read_text().replace("FILL", "Say"))
    assert proof.static_problems(forms.load(fresh)) + live(fresh) == []


@pytest.mark.parametrize("name", ["my-idea", "My idea", "../x"])
def test_a_skeleton_wants_an_id_of_its_own(learner, fresh, name):
    result = learner.lab("dev", "new", name, "--into", str(fresh.parent))
    assert result.returncode == 2 and result.stderr.count("\n") == 1


@pytest.fixture
def belief():
    """belief(**changes): what the register would find about one belief that 02 meets, with changes."""
    from runner.exercises import register

    row = {"id": "jmp-returns", "texts": {"en": "x", "zh": "x"}, "said": [], "met": ["jmp-not-call"]}
    row["shown"] = "the-first-instruction"
    exercises = [forms.load(ROOT / "labs" / JMP), forms.load(ROOT / "labs" / "01-entry")]
    return lambda **changes: list(register.problems([register.Belief(**row | changes)], exercises))


@pytest.mark.parametrize(
    "changes, complaint",
    [
        ({"texts": {"en": "x"}}, "not in both languages"),
        ({"said": ["golang/go 45247"]}, "is no place"),
        ({"met": []}, "no exercise meets it"),
        ({"met": ["jmp-not-call", "entry"]}, "entry does not meet it"),
        ({"met": []}, "jmp-not-call meets it, too"),
        ({"texts": {"en": "x"}, "shown": "no-such-page"}, "there is no notes/no-such-page.md"),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_register(belief, changes, complaint):
    assert [complaint in problem for problem in belief(**changes)].count(True) == 1


def test_a_right_row_of_the_register(belief):
    assert belief() == []


def test_a_reply_to_a_belief_of_the_register_shows_evidence(copied):
    folder = copied("05-stack-bounds", "replies.en.toml", "`", "")
    assert any("g0-grows: the evidence is missing" in p for p in proof.static_problems(forms.load(folder)))


def test_an_invariant_without_a_place_must_hold_at_every_checkpoint(copied, live):
    problems = live(copied("05-stack-bounds", "exercise.toml", '"only-the-frame-was-made"\nat = "after"', '"made"'))
    assert any("hi: made does not hold at runtime.rt0_go" in problem for problem in problems), problems


def test_an_untouched_copy_has_no_problems(copied, live):
    folder = copied(JMP, "tests.toml", "reply", "reply")
    assert proof.static_problems(forms.load(folder)) + live(folder) == []


def test_a_key_in_one_language_only_is_found(monkeypatch):
    tables = {"en": {"here": "x {a}", "more": "y"}, "zh": {"here": "x {b}"}}
    monkeypatch.setattr(proof.language, "table", tables.get)
    assert len(proof.messages_problems()) == 2
