"""`rt0 compat` and ./lab compat: all that is used of a program's runtime is in one table; what is missing is said."""

import re
import subprocess

import pytest

import asked
from rt0lab.program import uses

ASKED = asked.asked()
USES = uses.load()
# What is asked for by the same words of what is no structure of a program's.
OTHERS = """
    ? globals ms ps stack_hi stack_lo rip rsp signal sched tls int64 max_characters max_elements pretty_structs
    gdb.dap.breakpoint coroutine file mirror runtime.waitReasonStrings writers changed function line instruction
    last
""".split()


def named(*kinds):
    """The names in the table of these kinds."""
    return {name for use in USES for word in use.words if word.kind in kinds for name in word.names}


def paths():
    """The fields in the table, without their types."""
    return {name.partition(".")[2] for name in named("fields")} | named(uses.FOUND)


@pytest.mark.parametrize(
    "kind, known",
    [
        ("fields", paths),
        ("typed", lambda: named("fields")),
        ("variables", lambda: named("variables")),
        ("types", lambda: named("types") | {name.partition(".")[0] for name in named("fields")}),
        ("constants", lambda: named("constants")),
        ("symbols", lambda: named("symbols")),
    ],
)
def test_all_that_is_used_of_a_program_is_in_the_table(kind, known):
    missing = {word: file for word, file in ASKED[kind].items() if word and word not in {*known(), *OTHERS}}
    missing = {word: file for word, file in missing.items() if " " not in word}
    assert not missing, f"uses.toml must say what is lost without these: {missing}"


def test_all_that_is_in_the_table_is_used():
    words = {
        word
        for file in asked.ROOMS.rglob("*.py")
        for text in re.findall(r"[\"']([^\"'\n]*)[\"']", file.read_text())
        for word in text.split()
    }
    fields = {name.partition(".")[2] for name in named("fields")}
    used = named("variables", "types", "constants", "symbols", uses.FOUND) | fields
    assert {name for name in used if name not in words and name.rpartition(".")[2] not in words} == set()


@pytest.fixture(scope="module")
def answers(go_hello, tmp_path_factory):
    """What the table says of Go's hello, as JSON."""
    import json

    from gdbrun import run_gdb

    return json.loads(run_gdb(go_hello, "-ex", "rt0 compat -json", cwd=tmp_path_factory.mktemp("compat")).stdout)


def test_of_this_go_nothing_is_lost(answers):
    assert {answer["what"]: answer["lacks"] for answer in answers["uses"] if answer["lacks"]} == {}


def test_every_use_of_a_go_program_has_its_answer(answers):
    looked = [use.what for use in USES if not use.mirror and any(word.kind in uses.KINDS for word in use.words)]
    assert [answer["what"] for answer in answers["uses"]] == looked


def test_what_a_program_lacks_is_named_where_it_is_lost(gdb_json, go_hello):
    lacking = gdb_json(
        go_hello,
        "from rt0lab.program import uses\n"
        "word = uses.Word('fields', ('g.goid', 'g.id'), False), uses.Word('fields', ('g.nothing',), False)\n"
        "uses.load = lambda: (uses.Use('it', word, False),)\n"
        "result = [vars(answer) for answer in uses.answers()] + [uses.lost()]",
    )
    assert lacking == [
        {"what": "it", "has": ["g.goid"], "renamed": {}, "lacks": ["g.nothing"], "without": []},
        True,
    ]


def test_another_name_is_found_and_said(gdb_json, go_hello):
    found = gdb_json(
        go_hello,
        "from rt0lab.program import uses\n"
        "uses.load = lambda: (uses.Use('it', (uses.Word('variables', ('gone', 'allgs'), False),), False),)\n"
        "result = vars(uses.answers()[0])",
    )
    assert (found["has"], found["renamed"], found["lacks"]) == (["allgs"], {"gone": "allgs"}, [])


@pytest.fixture(scope="module")
def said(go_hello):
    """What ./lab compat prints."""
    return subprocess.run(
        [asked.ROOMS.parents[1] / "lab", "compat", go_hello], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def test_it_is_one_screen_and_ends_well(said):
    lines = said.stdout.splitlines()
    assert said.returncode == 0, said.stderr
    assert 20 <= len(lines) <= 40 and max(map(len, lines)) <= 80
    assert lines[-1] == "Nothing is lost."


def test_our_own_programs_are_none_of_gos(hello):
    done = subprocess.run([asked.ROOMS.parents[1] / "lab", "compat", hello], capture_output=True, text=True)
    assert done.returncode == 2 and "is no Go program" in done.stderr
