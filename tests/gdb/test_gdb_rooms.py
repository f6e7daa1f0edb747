"""The rooms of gdb-scripts/rt0lab: each uses only those that the table in the package's first lines gives it, nobody
goes round in a circle, a private name stays in its file, and what is found out about a program with its World."""

import ast
import re

import pytest
from arrows import arrows, circle, foreign_names, trespasses
from gdbrun import ROOT

HOUSE = ROOT / "gdb-scripts" / "rt0lab"


def says(path):
    """A file's first lines."""
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


ROWS = re.findall(r"^(\w+) {2,}(.+)$", says(HOUSE / "__init__.py"), re.M)
ORDER = [name for name, _ in ROWS]


def allowed(name, row):
    """The rooms that a row of the table lets its room use."""
    uses = re.search(r"; uses ([\w, ]+)$", row)
    if uses is None:
        return set()
    return set(ORDER[: ORDER.index(name)]) if uses[1] == "all" else set(uses[1].split(", "))


MAY = {name: allowed(name, row) for name, row in ROWS}


def room(module):
    """`program` for rt0lab.program.memory, "" for what is none of the house's."""
    return (module.split(".") + [""])[1] if module.startswith("rt0lab.") else ""


def unlawful(found):
    """Those of these (importer, imported) that the table does not allow."""
    return {
        (one, other)
        for one, other in found
        if room(other) and room(other) not in {room(one), *MAY.get(room(one), ()), "formats", "words"}
    }


def test_no_room_uses_one_that_it_may_not():
    assert unlawful(arrows(HOUSE)) == set()


def test_an_arrow_against_the_table_would_be_found():
    up = {("rt0lab.program.memory", "rt0lab.frames.view"), ("rt0lab.show.card", "rt0lab.remote.server")}
    down = {("rt0lab.frames.view", "rt0lab.program"), ("rt0lab.program.memory", "rt0lab.formats.elf")}
    assert unlawful(up | down) == up


def test_the_package_itself_uses_no_room():
    assert {room(other) for one, other in arrows(HOUSE) if one == "rt0lab"} <= {""}


def test_every_room_is_in_the_table():
    rooms = {path.parent.name for path in HOUSE.glob("*/*.py")}
    assert rooms | {"loading"} == set(ORDER) and {path.stem for path in HOUSE.glob("*.py")} == {"__init__", "loading"}


@pytest.mark.parametrize("name", ORDER)
def test_a_room_uses_only_those_above_it(name):
    assert MAY[name] <= set(ORDER[: ORDER.index(name)])


@pytest.mark.parametrize("name", ORDER[:-1])
def test_a_room_says_at_its_door_what_the_table_says(name):
    uses = re.search(r"\bUses ([^.]+)\.", says(HOUSE / name / "__init__.py"))
    assert uses is None or set(re.findall(r"\w+", uses[1])) - {"and"} == MAY[name]


def test_every_file_says_what_it_is_for():
    assert [str(path) for path in HOUSE.rglob("*.py") if not re.match(r"[^\n]", says(path))] == []


@pytest.mark.parametrize("name", ["formats", "words"])
def test_what_the_command_line_uses_too_knows_no_gdb(name):
    assert {one for one, other in arrows(HOUSE) if other.partition(".")[0] == "gdb" and room(one) == name} == set()


def test_nobody_goes_round_in_a_circle():
    assert circle(arrows(HOUSE)) == []


def test_nobody_uses_a_private_name_of_another_file():
    assert trespasses(HOUSE) == set()


# ---- what is kept ----------------------------------------------------------------------------------------------------

# What a module keeps while gdb lives, and why it is not a program's: the rest is kept by its World.
KEPT = {
    ("boot.stages", "load"): "the tables of stages, the same for all programs",
    ("program.worlds", "_worlds"): "the programs themselves",
    ("program.worlds", "_found"): "the objfile that is the key to them, as long as gdb loads no other",
    ("program.homes", "_files"): "files in which no program was found yet, by the objfile that gdb made of them",
    ("program.worlds", "_held"): "the one that stays while a stop is looked at",
    ("program.worlds", "_loads"): "how often gdb loaded something",
    ("program.worlds", "_moves"): "how often something ran",
    ("program.worlds", "_writes"): "how often somebody wrote",
    ("program.past", "_past"): "which moment is read, while one is",
    ("program.settings", "_aside"): "the user's settings, while they are set aside",
    ("program.settings", "for_an_editor"): "how gdb was started",
    ("program.far", "_now"): "what was read at the other end of a line, while the program stands still there",
    ("program.far", "_packets"): "of gdb's connections, whose numbers come once",
    ("program.memory", "_connections"): "of gdb's connections, whose numbers come once",
    ("frames.view", "_open"): "which view is open, while one is",
    ("boot.stops", "_met"): "breakpoints, while the program runs for us",
    ("heap.native", "library"): "a library of ours that gdb has loaded",
    ("remote.server", "_PLACES"): "no cache: a table, filled where it stands",
    ("show.interfaces", "_following"): "how deep gdb is in a value, while it prints it",
    ("show.opening", "_editor"): "who works with this gdb",
    ("show.packages", "_listening"): "that gdb was given the names",
    ("show.packages", "_offered"): "the files that program spaces were given; one takes the place of another",
    ("commands.past", "_replayed"): "the user's choice",
    ("commands.rewind", "_now"): "a recording of gdb's, while it lasts",
    ("commands.register", "_registered"): "that gdb was given the commands",
    ("commands.step", "_going"): "a step, while it lasts",
    ("commands.step", "_next"): "a step, while it lasts",
    ("commands.step", "_step"): "a step, while it lasts",
    ("commands.step", "_unattended"): "a step, while it lasts",
    ("commands.styles", "_sets"): "settings that gdb was given",
    ("commands.threads", "_views"): "of gdb's inferiors, whose numbers come once",
    ("commands.wide", "_users"): "the user's choice, while it is set aside",
    ("commands.window", "_windows"): "gdb's windows",
    ("words.catalogue", "_sentences"): "the files of words, the same for all programs",
    ("words.chosen", "_now"): "the learner's language",
    ("loading", "_for_now"): "which language we gave gdb",
    ("loading", "_style"): "what the user had before we came",
}


def kept(path):
    """The names of what a module keeps from one call to the next: caches, collections that begin empty, globals that
    functions set."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            empty = ast.unparse(node.value) in ("{}", "[]", "set()", "dict()", "list()")
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if empty and isinstance(target, ast.Name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
        elif isinstance(node, ast.FunctionDef):
            yield from (node.name for each in node.decorator_list if re.search(r"\b(lru_)?cache\b", ast.unparse(each)))


def test_what_is_found_out_about_a_program_is_kept_by_its_world():
    files = {".".join(path.relative_to(HOUSE).with_suffix("").parts): path for path in HOUSE.rglob("*.py")}
    assert {(name, one) for name, path in files.items() for one in kept(path)} ^ KEPT.keys() == set()


TRESPASSER = """
import os
from .memory import _connections, read
from . import worlds
class Mine:
    _kept = 1
    def same(self, other):
        self._also = other._also + other._kept + worlds._kept + other.thing._theirs + read()._fields
        os._exit(worlds.__doc__)
"""


def test_private_names_of_others_would_be_found():
    found = {"memory._connections", "worlds._kept", "other.thing._theirs"}
    assert set(foreign_names(ast.parse(TRESPASSER))) == found
