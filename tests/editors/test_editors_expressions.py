"""Go's names in an editor's watch window: `runtime.g0`, `sched`, `allgs[0]`, in both worlds, in frames of every
language."""

import dap as dap_client
import mi as mi_client
import pytest

NAMES = ("g0", "runtime.g0", "m0", "runtime.m0", "sched", "runtime.sched", "allgs", "runtime.allgs", "runtime.g0.goid")
ELEMENTS = ("allgs[0]", "allp[0]", "runtime.allgs[0]", "runtime.allp[0]", "runtime.allp[0].id")
# assembly, C++ or Go, before and after all is set up
PLACES = ("runtime.rt0_go", "runtime.schedinit", "runtime.mstart", "main.main")
ASSEMBLY = {"runtime.rt0_go", "runtime.mstart"}

OWN = """package main

var sched = 42

func main() { println("hello", sched) }
"""


@pytest.fixture(params=["dap", "mi"])
def asked(request):
    """asked(program, expressions): {place: {expression: (value, type) or gdb's sentence}} over each protocol."""
    start = request.getfixturevalue(request.param)

    def ask(program, expressions):
        editor = start(program)
        if request.param == "dap":
            editor.start(*PLACES)
        else:
            editor.command("-enable-pretty-printing")
            for place in PLACES:
                editor.command(f"-break-insert {place}")
            editor.command("-exec-run")
        found = {}
        while "main.main" not in found:
            stopped = editor.wait("stopped")
            if request.param == "dap":
                frame = editor.frames(stopped["threadId"], levels=1)[0]
                found[frame["name"]] = {each: _evaluated(editor, each, frame["id"]) for each in expressions}
                editor.send("continue", threadId=stopped["threadId"])
            else:
                place = stopped["frame"]["func"].replace("main_main", "main.main")
                found[place if "." in place else "runtime." + place] = {
                    each: _created(editor, each) for each in expressions
                }
                editor.send("-exec-continue")
        return found

    return ask


def _evaluated(editor, expression, frame):
    try:
        body = editor.evaluate(expression, frameId=frame)
    except dap_client.Refused as error:
        return str(error)
    return body["result"], body["type"]


def _created(editor, expression):
    try:
        fields = editor.command(f'-var-create - * "{expression}"')
    except mi_client.Refused as error:
        return str(error)
    return fields["value"], fields["type"]


@pytest.fixture(params=["mirror", "go"])
def program(request):
    """A hello of each world."""
    return request.getfixturevalue("hello" if request.param == "mirror" else "go_hello")


def test_names_work_in_every_frame(asked, program):
    found = asked(program, NAMES)
    assert set(found) == set(PLACES)
    assert {
        (place, name, text) for place, texts in found.items() for name, text in texts.items() if isinstance(text, str)
    } == set()


def test_elements_work_once_there_are_some(asked, program):
    found = asked(program, ELEMENTS)
    refused = {
        (place, name)
        for place in ("runtime.mstart", "main.main")
        for name, text in found[place].items()
        if isinstance(text, str)
    }
    plain = {("runtime.mstart", name) for name in ("allgs[0]", "allp[0]")}  # gdb asks what `[]` means only in C++
    assert refused == (plain if "programs" in str(program) else set())


def test_both_ways_to_say_it_are_the_same(asked, program):
    found = asked(program, ["&runtime.g0", "&'runtime.g0'"])
    assert {len({text[0].split()[0] for text in texts.values()}) for texts in found.values()} == {1}


def test_a_program_that_is_moved_is_followed(asked, go_build):
    moved = go_build("hello", "package main\n\nfunc main() { println(1) }\n", "-gcflags=all=-N -l", "-buildmode=pie")
    found = asked(moved, ["&runtime.g0", "&'runtime.g0'"])
    assert {len({text[0].split()[0] for text in texts.values()}) for texts in found.values()} == {1}


def test_a_name_of_the_programs_own_stays_its_own(asked, go_build):
    own = go_build("hello", OWN, "-gcflags=all=-N -l")
    assert "schedt" not in str(asked(own, ["sched"])["main.main"]["sched"])
