"""The rooms of labs/runner and labs/gdb: each uses only those that its first lines name, and nobody goes round in a
circle."""

import ast
import re

import pytest
from arrows import arrows, circle, trespasses
from learners import ROOT

RUNNER, INSIDE = ROOT / "labs" / "runner", ROOT / "labs" / "gdb" / "inside"
GROUND = {"failure", "tree", "parser"}
MAY = {  # room: the rooms that it may use, beside itself and the ground floor
    "host": set(),
    "likeness": set(),
    "report": {"host", "likeness"},
    "pages": {"host", "report"},
    "editors": {"host"},
    "exercises": {"host"},
    "classes": {"host", "exercises"},
    "bench": {"host", "report", "exercises", "classes"},
    "matrix": {"host"},
    "mutation": {"host"},
    "verbs": {"host", "likeness", "report", "pages", "editors", "exercises", "classes", "bench", "matrix", "mutation"},
}
DOOR = {"cli", "__main__"}


def room(module):
    """`host` for runner.host.build, `tree` for runner.tree, "" for what is none of the runner's."""
    return (module.split(".") + [""])[1] if module.startswith("runner.") else ""


def rooms():
    """{(room, room)} for what a module imports of the runner's, outside its own room."""
    return {(room(one), room(other)) for one, other in arrows(RUNNER) if room(other) and room(one) != room(other)}


def test_no_room_uses_one_that_it_may_not():
    allowed = {(one, other) for one, others in MAY.items() for other in others | GROUND}
    allowed |= {("cli", other) for other in ("verbs", "host", *GROUND)} | {("__main__", "cli"), ("parser", "failure")}
    assert rooms() - allowed == set()


def test_every_room_is_in_the_table():
    found = {path.parent.name for path in RUNNER.glob("*/*.py")}
    assert found == MAY.keys() and {path.stem for path in RUNNER.glob("*.py")} == GROUND | DOOR | {"__init__"}


@pytest.mark.parametrize("folder", [RUNNER, INSIDE], ids=lambda folder: folder.name)
def test_nobody_goes_round_in_a_circle(folder):
    assert circle(arrows(folder)) == []


@pytest.mark.parametrize("folder", [RUNNER, INSIDE], ids=lambda folder: folder.name)
def test_nobody_uses_a_private_name_of_another_file(folder):
    assert trespasses(folder) == set()


def test_a_circle_would_be_found():
    assert circle({("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")}) == ["b", "c"]


def test_the_side_in_gdb_uses_the_exercises_alone():
    found = {other for _, other in arrows(INSIDE) if other.startswith("runner")}
    assert {room(other) for other in found} <= {"exercises", "failure"}


@pytest.mark.parametrize("name", MAY)
def test_a_room_says_what_it_holds_and_what_it_may_use(name):
    says = ast.get_docstring(ast.parse((RUNNER / name / "__init__.py").read_text()))
    uses = re.search(r"\b(?:May use|Uses) ([^.:]+)", says)[1]
    assert uses in ("every room", "no other room") or set(re.split(r",\s+", uses)) == MAY[name]
    if name != "verbs":  # called what is typed
        assert {path.stem for path in (RUNNER / name).glob("*.py")} - {"__init__"} <= set(re.findall(r"\w+", says))
