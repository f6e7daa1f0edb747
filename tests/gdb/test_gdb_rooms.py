"""The rooms of gdb-scripts/rt0lab: each uses only those that the table in the package's first lines gives it, nobody goes
round in a circle, and a private name stays in its file."""

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
        if room(other) and room(other) not in {room(one), *MAY.get(room(one), ()), "formats"}
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


def test_file_formats_know_no_gdb():
    assert {one for one, other in arrows(HOUSE) if other.partition(".")[0] == "gdb" and room(one) == "formats"} == set()


def test_nobody_goes_round_in_a_circle():
    assert circle(arrows(HOUSE)) == []


def test_nobody_uses_a_private_name_of_another_file():
    assert trespasses(HOUSE) == set()


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
