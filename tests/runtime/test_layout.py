"""The data model beside Go 1.10.2's: every field of Go's is here or is listed in the notes, and the layouts agree where
they can. Go's fields and offsets: tests/oracle/go1.10.2-types.json; ours are asked of gdb."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

GO = json.loads((ROOT / "tests/oracle/go1.10.2-types.json").read_text())
ASK = """
import gdb, json
gdb.execute("set language c++")
types = {t: {f.name: f.bitpos // 8 for f in gdb.lookup_type(t).fields()} for t in %r}
open(%r, "w").write(json.dumps(types))
"""


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    """Our structures, as {type: {field: offset}}."""
    folder = tmp_path_factory.mktemp("layout")
    script, answer = folder / "ask.py", folder / "types.json"
    script.write_text(ASK % (list(GO), str(answer)))
    subprocess.run(
        ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", script, ROOT / "build/debug/runtime/programs/hello"],
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
    )
    return json.loads(answer.read_text())


def listed(kind):
    """The fields that the notes say are left out of this type."""
    rows = re.findall(r"^\| (\w+) \| (.+?) \| .+ \|$", (ROOT / "notes/ours-and-go.md").read_text(), re.M)
    return [field for of, fields in rows if of == kind for field in re.findall(r"`(\w+)`", fields)]


@pytest.mark.parametrize("kind", GO)
def test_every_field_of_go_s_is_here_or_listed(ours, kind):
    assert sorted(set(GO[kind]) - set(ours[kind])) == sorted(listed(kind))


@pytest.mark.parametrize(
    "kind, own",
    [
        ("g", {"context", "schedahead", "stktop"}),
        ("m", {"tlsguard", "leaving"}),
        ("hchan", {"refs"}),
        ("schedt", {"injecthead", "injecttail"}),
    ],
)
def test_our_own_fields_are_those_the_notes_name(ours, kind, own):
    assert set(ours[kind]) - set(GO[kind]) == own


@pytest.mark.parametrize("kind", [kind for kind in GO if kind not in ("g", "m", "p", "schedt")])
def test_small_structures_have_go_s_layout(ours, kind):
    assert {field: ours[kind][field] for field in GO[kind]} == GO[kind]


@pytest.mark.parametrize("kind, last", [("g", "paniconfault"), ("m", "preemptoff"), ("schedt", "sudogcache")])
def test_large_structures_begin_with_go_s_layout(ours, kind, last):
    fields = [field for field in GO[kind] if GO[kind][field] <= GO[kind][last] and field not in listed(kind)]
    assert {field: ours[kind][field] for field in fields} == {field: GO[kind][field] for field in fields}
