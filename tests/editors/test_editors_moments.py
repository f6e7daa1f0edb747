"""Whatever an editor asks, whenever it asks: it gets an answer or a sentence, and the session lives on."""

import dap as dap_client
import mi as mi_client
import pytest

MOMENTS = ["not started", "entry", "schedinit", "main.main", "ended"]
PLACES = {"entry": "*{entry}", "schedinit": "runtime.schedinit", "main.main": "main.main"}

MI = [
    "-stack-list-frames",
    "-stack-info-depth",
    "-stack-list-variables --all-values",
    "-stack-list-arguments 1",
    "-thread-info",
    "-list-thread-groups",
    "-data-evaluate-expression g0",
    "-data-evaluate-expression sched",
    "-var-create - * m0",
    "-data-list-register-values x 16",
    "-data-disassemble -s $pc -e $pc+16 -- 0",
    "-data-read-memory-bytes $sp 32",
    "-break-insert runtime.newproc",
    "-break-list",
    "-exec-next",
    '-interpreter-exec console "rt0"',
    '-interpreter-exec console "info goroutines"',
    '-interpreter-exec console "rt0 check"',
    '-interpreter-exec console "rt0 waits"',
    '-interpreter-exec console "bt"',
]


@pytest.fixture(params=["mirror", "go"])
def program(request):
    """Each of the two worlds' hello in turn."""
    return request.getfixturevalue("hello" if request.param == "mirror" else "go_hello")


def _entry(path):
    """The address of an ELF file's first instruction."""
    with open(path, "rb") as file:
        return int.from_bytes(file.read(32)[24:], "little")


def _brought(editor, moment, program):
    """MI at this moment."""
    if moment in PLACES:
        editor.command(f"-break-insert {PLACES[moment].format(entry=_entry(program))}")
    if moment != "not started":
        editor.command("-exec-run")
        editor.wait("stopped")


@pytest.mark.parametrize("moment", MOMENTS)
def test_mi_answers_at_any_moment(mi, program, moment):
    editor = mi(program)
    _brought(editor, moment, program)
    refused_ones = []
    for command in MI:
        try:
            if editor.command(command) == {} and command == "-exec-next" and moment not in ("not started", "ended"):
                editor.wait("stopped")
        except mi_client.Refused as refused:
            assert (
                str(refused) and "Traceback" not in str(refused) and "Error occurred in Python" not in str(refused)
            ), command
            refused_ones.append(command)
    assert editor.command("-gdb-version") == {}
    if moment in PLACES:  # Go's variables have their package's name
        assert [
            each for each in refused_ones if not each.startswith(("-data-evaluate-expression ", "-var-create "))
        ] == []


def _all_asked(editor, pc):
    """Everything that an editor asks after a stop, and some that it asks at other times; returns which requests were
    refused."""
    refused_ones = set()

    def asked(command, **arguments):
        try:
            return editor.request(command, **arguments)
        except dap_client.Refused as refused:
            assert str(refused) and "Traceback" not in str(refused), command
            if "Cannot access memory" not in str(refused):  # which is true of a variable that points nowhere yet
                refused_ones.add(command)
            return {}

    threads = asked("threads").get("threads", [])
    thread = threads[0]["id"] if threads else 1
    frames = asked("stackTrace", threadId=thread).get("stackFrames", [])
    for frame in frames[:3] or [{"id": 0}]:
        for scope in asked("scopes", frameId=frame["id"]).get("scopes", []):
            for variable in asked("variables", variablesReference=scope["variablesReference"]).get("variables", [])[
                :20
            ]:
                known = variable.get("namedVariables", 0) + variable.get("indexedVariables", 0)
                # To gdb 16 a pointer to nothing known has something behind it, and it fails there.
                if variable["variablesReference"] and known and not variable.get("type", "").startswith("void"):
                    asked("variables", variablesReference=variable["variablesReference"], count=min(known, 20))
    for expression in ("g0", "sched", "allgs", "$g(1)", "nosuch"):
        asked("evaluate", expression=expression, context="watch")
    for line in ("rt0", "info goroutines", "rt0 check", "rt0 waits", "bt"):
        asked("evaluate", expression=line, context="repl")
    asked("setFunctionBreakpoints", breakpoints=[{"name": "runtime.newproc"}])
    asked("disassemble", memoryReference=pc, instructionCount=4)
    asked("readMemory", memoryReference=pc, count=16)
    asked("readMemory", memoryReference="0x10", count=16)
    asked("modules")
    asked("loadedSources")
    return refused_ones


@pytest.mark.parametrize("moment", MOMENTS)
def test_dap_answers_at_any_moment(dap, program, moment):
    editor = dap(program)
    if moment == "ended":
        editor.start()
        editor.wait("exited")
    elif moment == "entry":
        editor.request("setInstructionBreakpoints", breakpoints=[{"instructionReference": hex(_entry(program))}])
        editor.launch()
    elif moment != "not started":
        editor.launch(PLACES[moment])
    refused_ones = _all_asked(editor, hex(_entry(program)))
    if moment in PLACES:  # of what does not exist, and of memory that cannot be read
        assert refused_ones <= {"evaluate", "readMemory"}
    assert editor.evaluate("echo here", "repl")["result"] == "here"
