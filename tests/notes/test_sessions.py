"""How sessions are found, compared and rewritten, on small texts: each test is a way in which a page can be wrong or
right."""

import pytest
from runner.pages import claims, sessions, shelf


def page(*body):
    """A page with one shell fence."""
    return "\n".join(["# A page", "```session", *body, "```", ""])


def outcome(shown, real):
    """What is wrong with a session of one command that shows this, when the command prints that."""
    session = sessions.Session(1, [sessions.Step("$ x", shown, 3)])
    return sessions.differences(session, [real])


@pytest.mark.parametrize(
    "shown, real",
    [
        (["a", "b"], ["a", "b"]),
        (["a", "...", "z"], ["a", "b", "c", "z"]),
        (["a", "...", "z"], ["a", "z"]),
        (["..."], []),
        (["...", "m", "..."], ["a", "m", "m", "z"]),
        (["LWP 12, process 7"], ["LWP 99, process 8"]),
        (["$1 = 0x401150"], ["$1 = 0x7fffffffe000"]),
        (["0x401150 0x401150"], ["0x500000 0x500000"]),
        (["m0{id 0, thread 4711, g0 g0}"], ["m0{id 0, thread 12, g0 g0}"]),
        (["took 1.5 s"], ["took 2 s"]),
        (["SCHED 0ms:"], ["SCHED 12ms:"]),
        (["p0{schedtick 1}"], ["p0{schedtick 2}"]),
        (["6   AT_PAGESZ  4096"], ["6 AT_PAGESZ    4096"]),
    ],
)
def test_fits(shown, real):
    assert outcome(shown, real) == ""


@pytest.mark.parametrize(
    "shown, real",
    [
        (["a"], ["b"]),
        (["a"], []),
        ([], ["a"]),
        (["a", "...", "z"], ["a", "b"]),
        (["a", "...", "z"], ["a", "z", "b"]),
        (["...", "m", "k", "..."], ["k", "m"]),
        (["$1 = 0x123"], ["$1 = 0x124"]),  # small: a value, not a place
        (["guard 0xfffffffffffffade"], ["guard 0xfffffffffffffadf"]),  # stackPreempt: negative, a value too
        (["0x401150 0x401150"], ["0x500000 0x500008"]),  # the same place on the page, two in the run
        (["0x401150 0x401158"], ["0x500000 0x500000"]),
        (["goexit+1"], ["goexit+2"]),
        (["p0{schedtick 0}"], ["p0{schedtick 1}"]),
        (["thread 1, on g0"], ["thread 2, on g0"]),
    ],
)
def test_does_not_fit(shown, real):
    assert outcome(shown, real)


def test_addresses_are_compared_across_the_steps_of_a_session():
    steps = [sessions.Step("(gdb) a", ["0x401150"], 3), sessions.Step("(gdb) b", ["0x401150"], 5)]
    assert sessions.differences(sessions.Session(1, steps), [["0x500000"], ["0x600000"]])


@pytest.mark.parametrize(
    "shown, real, new",
    [
        (["a", "...", "z"], ["a2", "b", "c", "z2"], ["a2", "...", "z2"]),
        (["a", "z"], ["a", "m", "z"], ["a", "m", "z"]),
        (["a", "m", "z"], ["a", "z"], ["a", "z"]),
        (["...", "count: 10 of 12", "..."], ["x", "count: 11 of 12", "y"], ["...", "count: 11 of 12", "..."]),
        ([], ["a", "b"], ["a", "b"]),
    ],
)
def test_rewriting_keeps_what_is_left_out(shown, real, new):
    text = page("$ x", *shown)
    session = sessions.find(text)[0]
    assert sessions.rewritten(text, session, [real]) == page("$ x", *new)


def test_a_rewritten_page_fits():
    text = page("$ printf '%s\\n' one two three", "uno", "...")
    seen = {}
    _, wrong = sessions.checked(text, seen)
    assert wrong and sessions.checked(sessions.updated(text, seen), seen)[1] == []


def test_a_shell_session_runs_each_line_in_the_project():
    text = page("$ pwd", sessions.SHOWN_ROOT, "$ echo two >&2", "two")
    assert sessions.checked(text, {})[1] == []


def test_a_session_is_run_in_its_reader_s_language():
    assert sessions.checked(page("$ echo $LAB_LANG", "zh"), {}, "zh")[1] == []


def test_a_gdb_fence_goes_on_where_the_last_one_stopped(built):
    text = "```gdb\n$ ./lab gdb pingpong\n...\n(gdb) set $x = 42\n```\nthen\n```gdb\n(gdb) p $x\n$1 = 42\n```\n"
    found, wrong = sessions.checked(text, {})
    assert len(found) == 1 and wrong == []


def test_a_gdb_fence_without_a_start_is_on_hello(built):
    assert sessions.checked("```gdb\n(gdb) info symbol _rt0_amd64\n_rt0_amd64 in section .text\n```\n", {})[1] == []


@pytest.mark.parametrize(
    "text",
    ["```session\nno command\n```\n", "```session\n(gdb) bt\n```\n", "```gdb\n$ ls\n```\n", "```gdb\n(gdb) bt\n"],
)
def test_a_fence_that_cannot_run_is_reported(text):
    assert len(sessions.checked(text, {})[1]) == 1


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("`asm_amd64.S: runtime.rt0_go`", 0),
        ("`proc_g.cpp: gfput, gfget`", 0),
        ("`proc_g.cpp: gfput, gfgot`", 1),
        ("`proc_g.cpp: newpro`", 1),  # part of a word
        ("`nosuch.cpp: newproc1`", 1),
        ("`nosuch.cpp`", 1),
        ("`runtime/programs/hello.cpp`", 0),
        ("see proc_g.cpp:98", 1),
        ("[a page](nosuch.md)", 1),
        ("```\nproc_g.cpp:98\n```", 0),  # in a session line numbers are gdb's
    ],
)
def test_references(text, wrong):
    assert len(claims.references(text)) == wrong


def guide(folder, **changes):
    """A page that is right in both languages but for what is changed, and what its structure is said to lack."""
    parts = {
        "question": '*"Why?"*',
        "filling": "\n".join(["x"] * 60),
        "picture": '![A stack.](pictures/page.svg "./lab report hello --svg")',
        "fence": "```session\n$ true\n```",
        "last": "## Try this",
        "exercise": "`./lab goto 06-tls`",
    }
    page = folder / "page.md"
    text = "# T\n\n" + "\n\n".join([*parts.values()])
    page.with_name("page.zh.md").write_text(text.replace("## Try this", "## 试一试"))
    page.write_text("# T\n\n" + "\n\n".join((parts | changes).values()))
    return claims.structure(page)


def test_a_page_with_the_shape_of_the_guide(tmp_path):
    assert guide(tmp_path) == []


@pytest.mark.parametrize(
    "change",
    [
        {"question": "No question."},
        {"filling": "x"},
        {"filling": "\n".join(["x"] * 150)},
        {"filling": "\n".join(["x"] * 60 + ["## Another heading"])},
        {"filling": "\n".join(["x"] * 60 + ["`proc_g.cpp: newproc1`"])},
        {"fence": "```session\n$ false\n```"},
        {"picture": '![A stack.](pictures/page.svg "./lab report hello --svg --at ok")'},
        {"last": "## The end"},
        {"exercise": "`./lab goto 06-tls`\n`./lab goto 05-stack-bounds`"},
    ],
)
def test_a_page_without_it(tmp_path, change, monkeypatch):
    monkeypatch.setattr(shelf, "ROOT", tmp_path)
    assert len(guide(tmp_path, **change)) == 1


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("## Try this\n\n`./lab goto 06-tls`", 0),
        ("## Try this\n\n`./lab goto 06-tls` and `./lab goto 6-tls`", 1),
        ("`./lab goto 06-tls`\n\n## Try this\n\nThis.", 1),
    ],
)
def test_the_exercise_of_a_page(text, wrong):
    assert len(claims.exercises(f"# T\n\n{text}\n")) == wrong


def test_a_session_that_does_not_end_is_killed_and_reported(monkeypatch):
    monkeypatch.setattr(sessions, "SECONDS", 0.2)
    assert "did not end" in sessions.checked(page("$ echo begun; sleep 600", "begun"), {})[1][0]


def test_a_page_without_a_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "ROOT", tmp_path)
    assert "a page shows at least one picture of a run" in guide(tmp_path, picture="none")
