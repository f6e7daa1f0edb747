"""What opens in an editor: the runtime's structures, pointers, slices; as values with their types, page by page."""

import pathlib

import pytest

CASES = pathlib.Path(__file__).resolve().parents[1] / "gdb" / "cases"


def opened(editor, expression, *page):
    """{name: (value, type, does it open?)} of what is in an expression's value, over either protocol."""
    if hasattr(editor, "evaluate"):
        start, end = page or (0, 0)
        rows = editor.variables(editor.evaluate(expression)["variablesReference"], start=start, count=end - start)
        return {row["name"]: (row["value"], row["type"], bool(row["variablesReference"])) for row in rows}
    name = editor.command(f'-var-create - * "{expression}"')["name"]
    rows = editor.command(" ".join(["-var-list-children --all-values", name, *map(str, page)])).get("children", [])
    return {
        row["exp"]: (row["value"], row["type"], row["numchild"] != "0" or row.get("dynamic") == "1") for row in rows
    }


@pytest.fixture(params=["dap", "mi"])
def at_main(request):
    """at_main(program, function): an editor whose program has come to a function, over each protocol."""
    start = request.getfixturevalue(request.param)

    def come(program, function="main.main", *arguments):
        editor = start(program)
        if request.param == "dap":
            editor.launch(function, args=list(arguments))
            return editor
        editor.command("-enable-pretty-printing")
        editor.command(f"-break-insert {function}")
        editor.command(f"-exec-arguments {' '.join(arguments)}")
        editor.command("-exec-run")
        editor.wait("stopped", reason="breakpoint-hit")
        return editor

    return come


@pytest.mark.parametrize(
    "expression", ["g0", "m0", "sched", "*$g(1)", "*allp.array[0]", "g0.stack", "sched.lock", "m0.park"]
)
@pytest.mark.parametrize("pretty", ["on", "off"])
def test_structures_open_whatever_print_pretty_says(at_main, hello, expression, pretty):
    editor = at_main(hello)
    if hasattr(editor, "console"):
        editor.console(f"set print pretty {pretty}")
    else:
        editor.evaluate(f"set print pretty {pretty}", "repl")
    assert opened(editor, expression)


@pytest.mark.parametrize(
    "field, gdb_type", [("m", "m *"), ("atomicstatus", "uint32"), ("startpc", "uintptr"), ("schedlink", "guintptr")]
)
def test_fields_have_their_types(at_main, hello, field, gdb_type):
    assert opened(at_main(hello), "*$g(1)")[field][1] == gdb_type


@pytest.mark.parametrize(
    "field, text",
    [("atomicstatus", "2 (_Grunning)"), ("startpc", " <runtime.main>"), ("stackguard0", " <g1.stack.lo+")],
)
def test_fields_say_what_they_mean(at_main, hello, field, text):
    assert text in opened(at_main(hello), "*$g(1)")[field][0]


def test_pointers_open(at_main, hello):
    assert opened(at_main(hello), "*$g(1)")["m"][2]


@pytest.mark.parametrize("expression, field", [("allgs", "[0]"), ("m0", "g0"), ("sched", "midle")])
def test_pointers_are_named(dap, hello, expression, field):
    editor = dap(hello)
    editor.launch("main.main")
    value, gdb_type, _ = opened(editor, expression)[field]
    assert (
        value.startswith("0x")
        and value.endswith({"[0]": " <g1>", "g0": " <&runtime.g0>", "midle": ">"}[field])
        and "*" in gdb_type
        or "ptr" in gdb_type
    )


def test_nil_has_no_arrow(dap, hello):
    editor = dap(hello)
    editor.launch("main.main")
    assert opened(editor, "*$g(1)")["schedlink"] == ("nil", "guintptr", False)


def test_a_pointer_opens_to_the_fields_behind_it(dap, hello):
    editor = dap(hello)
    editor.launch("main.main")
    first = editor.variables(editor.evaluate("allgs")["variablesReference"])[0]
    rows = {row["name"]: row["value"] for row in editor.variables(first["variablesReference"])}
    assert rows["atomicstatus"] == "2 (_Grunning)"


def test_the_prompt_shows_one_line(at_main, hello):
    editor = at_main(hello)
    opened(editor, "g0")
    if hasattr(editor, "console"):
        editor.output()
        editor.console("output g0")
        said = editor.output()
    else:
        said = editor.evaluate("output g0", "repl")["result"]
    assert "g0{goid 0, " in said and "stackguard0" not in said


def test_a_value_asked_for_as_text_is_one_line(mi, hello):
    editor = mi(hello)
    assert editor.command("-data-evaluate-expression g0")["value"].endswith("(not yet initialised: rt0_go fills it)")


def test_one_unreadable_field_costs_one_row(at_main, hello):
    # its end lies beyond the program's memory
    rows = opened(at_main(hello), "*(g*)(((unsigned long)&_end + 4095 & ~4095ul) - 100)")
    assert rows["stack"][0] and ("unreadable" in rows["stktop"][0] or not rows["stktop"][0])  # MI shows it as nothing


HELD = {
    "is": ("slice of 3, room for 3", ["[0]", "[1]", "[2]"]),
    "units": ("2 of 3 in the buffer", ["[0]", "[1]"]),
    "set": ("map of 2", ["[0]", "[1]", "[2]", "[3]"]),
    "nilmap": ("nil", []),
    "nilch": ("nil", []),
    "empty": ("slice of 0, room for 0", []),
}


def test_what_a_go_program_holds_opens(dap, go_build):
    editor = dap(go_build("values", (CASES / "values.go").read_text(), "-gcflags=all=-N -l"))
    editor.launch("main.stop")
    frame = next(frame["id"] for frame in editor.frames() if frame["name"] == "main.main")
    found = {row["name"]: row for row in editor.variables(editor.scopes(frame)["Locals"]) if row["name"] in HELD}
    rows = {
        name: editor.variables(row["variablesReference"]) if row["variablesReference"] else []
        for name, row in found.items()
    }
    assert {name: (row["value"], [each["name"] for each in rows[name]]) for name, row in found.items()} == HELD


# ---- many ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def many(go_build):
    """A Go program in which as many goroutines wait as its argument says; it then calls main.parked."""
    return go_build("many-parked", (CASES / "many-parked.go").read_text(), "-gcflags=all=-N -l")


def test_any_page_of_many_opens(at_main, many):
    rows = opened(at_main(many, "main.parked", "1000"), "'runtime.allgs'", 900, 1000)
    assert [list(rows)[0], list(rows)[-1], len(rows)] == ["[900]", "[999]", 100]


def test_each_of_many_has_its_type(at_main, many):
    rows = opened(at_main(many, "main.parked", "1000"), "'runtime.allgs'", 900, 1000)
    assert {(gdb_type, opens) for _, gdb_type, opens in rows.values()} == {("runtime.g *", True)}


def test_an_editor_is_told_how_many_there_are(dap, many):
    editor = dap(many)
    editor.launch("main.parked", args=["1000"])
    assert editor.evaluate("'runtime.allgs'")["indexedVariables"] > 1000


def test_a_cap_is_told(at_main, many):
    editor = at_main(many, "main.parked", "100")
    lower = "python import rt0lab.show.go_values; rt0lab.show.go_values._MAX_ELEMENTS = 50"
    editor.console(lower) if hasattr(editor, "console") else editor.evaluate(lower, "repl")
    rows = opened(editor, "'runtime.allgs'")
    assert len(rows) == 51 and int(rows["more are claimed, and not shown"][0]) > 50
