"""Panics, what interfaces hold, errors, functions, times and labels of a Go program, live and on its core."""

import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).with_name("cases") / "panics.go"
FIRST = "do('handle SIGFPE SIGSEGV nostop noprint pass'); do('break main.stop'); do('run')\n"
AGAIN = '\tpanic(fmt.Errorf("again: %v", recover()))'
ROWS = "rows = json.loads(do('rt0 panic -json'))\n"


@pytest.fixture(scope="module", params=["-N -l", "default"])
def panics(request, go_build):
    """A Go program with a goroutine for each kind of panic, and labels."""
    return go_build("panics", SOURCE.read_text(), *(["-gcflags=all=-N -l"] if request.param == "-N -l" else []))


@pytest.fixture(scope="module")
def plain(go_build):
    """The same, not optimised: all its variables can be read."""
    return go_build("panics", SOURCE.read_text(), "-gcflags=all=-N -l")


_known = {}


@pytest.fixture
def found(gdb_json, panics):
    """{the function that raised the last panic: `rt0 panic`'s row}"""
    if panics not in _known:
        rows, defers = gdb_json(panics, FIRST + ROWS + "result = [rows, do('goroutine all defers')]")
        _known[panics] = {row["panics"][0]["raised"]["function"]: row for row in rows}
        _known[panics]["defers"] = defers
    return _known[panics]


def test_the_value_of_a_panic_is_known(found):
    assert found["main.unrecovered"]["panics"][0]["text"] == '*main.mine {code = 7, what = "lost"}'


def test_a_runtime_error_is_known_by_its_text(found):
    text = found["main.repanic.func1"]["panics"][-1]["text"]
    assert "assignment to entry in nil map" in text and text.startswith("runtime.")


def test_a_panic_tells_where_it_was_raised(found):
    lines = SOURCE.read_text().splitlines()
    raised = found["main.unrecovered"]["panics"][0]["raised"]
    assert lines[raised["line"] - 1].strip().startswith("panic(&mine{7")


def test_a_panic_in_a_deferred_call_stands_before_the_one_that_made_it(found):
    nested = found["main.nested.func1"]["panics"]
    assert [panic["text"] for panic in nested] == ['*fmt.wrapError "second: inner"', 'string "first"']


def test_recovered_is_said_of_the_one_that_was(found):
    nested = found["main.nested.func1"]["panics"]
    assert [panic["recovered"] for panic in nested] == [True, False]


def test_each_panic_was_raised_where_its_own_frame_was_called(found):
    nested = found["main.nested.func1"]["panics"]
    assert [panic["raised"]["function"] for panic in nested] == ["main.nested.func1", "main.nested"]


def test_a_fault_that_is_over_is_not_what_one_panics_by(found):
    assert found["main.unrecovered"]["signal"] is None


def test_nobody_ends_the_program_while_deferred_calls_are_made(found):
    assert {row["dying"] for name, row in found.items() if name != "defers"} == {False}


def test_a_panic_is_told_of_those_that_were_asked_for(gdb_json, plain):
    script = """(one, *_), none = json.loads(do('rt0 panic -json')), json.loads(do('rt0 panic 1 -json'))
asked = f"rt0 panic {one['goroutine']} -json"; result = [json.loads(do(asked)) == [one], none]"""
    assert gdb_json(plain, FIRST + script) == [True, []]


def test_the_deferred_calls_are_listed_the_next_one_first(found):
    pending = [call for call in found["defers"].splitlines() if "deferred in main.deferring" in call]
    wraps = [re.match(r"  main\.deferring\.(\w+),", call)[1] for call in pending]
    assert [wraps.count(wrap) for wrap in dict.fromkeys(wraps)] == [3, 1]


def test_deferred_calls_that_only_a_frame_has_are_listed(found):
    pending = [call for call in found["defers"].splitlines() if "deferred in main.opened" in call]
    assert len(pending) == 3 and pending[0].startswith("  main.opened.func1,")


def test_goexit_is_no_panic(found):
    assert found["main.exiting"]["panics"][0]["goexit"]


def test_the_list_marks_who_panics(gdb_json, plain):
    script = r"import re; result = re.findall(r'(?m)^.!.* main\.(\w+)', do('info goroutines'))"
    marked = gdb_json(plain, FIRST + script)
    assert sorted(marked) == ["nested", "repanic", "unrecovered"]


def test_the_list_shows_labels(gdb_json, plain):
    shown = gdb_json(plain, FIRST + "result = [line for line in do('info goroutines').splitlines() if 'user' in line]")
    assert len(shown) == 1 and {"user=bob", "path=/api"} <= set(shown[0].split())


def test_of_an_earlier_stop_no_labels_are_told_that_are_those_of_now(gdb_json, plain):
    script = """do('info goroutines -json')
with history.kept.keep().seen(): result = [row['labels'] for row in json.loads(do('info goroutines -json'))]"""
    assert set(map(str, gdb_json(plain, FIRST + script))) == {"{}"}


def test_a_label_is_searched_for(gdb_json, panics):
    script = """
def ids(test):
    return [row['labels'] for row in json.loads(do('info goroutines -json -with label=' + test))]
result = [ids(test) for test in ('user', 'user=b*', 'path=/api*', 'user=alice', 'bob')]"""
    labels = [{"user": "bob", "path": "/api x"}]
    assert gdb_json(panics, FIRST + script) == [labels, labels, labels, [], []]


def test_the_mirrors_panics_are_known_too(gdb_json, hello):
    script = """do("break *&'fmt.Println'"); do('run'); do('handle SIGSEGV nostop noprint pass'); do('set $pc = 0')
do("break *&'runtime.dopanic'"); do('continue')
(row,) = json.loads(do('rt0 panic -json')); result = [row['panics'][0]['text'], row['signal'], row['dying']]"""
    text = 'error "runtime error: invalid memory address or nil pointer dereference"'
    assert gdb_json(hello, script) == [text, {"signal": "SIGSEGV", "address": 0}, True]


def test_a_core_has_the_panic_that_ended_the_program(gdb_json, plain, tmp_path):
    core = tmp_path / "core"
    fault, again = (1 + SOURCE.read_text().splitlines().index(3 * "\t" + each) for each in ("p.v = 1", AGAIN))
    script = f"""do('set environment GOTRACEBACK=crash'); do('handle SIGSEGV nostop noprint pass')
do('break panics.go:{again}'); do('run end'); rows = json.loads(do('rt0 panic -json')); do('delete'); do('continue')
before = [row['dying'] for row in rows if row['goroutine'] == 1]
do('generate-core-file {core}'); do('kill'); do('core-file {core}')
result = before, [row for row in json.loads(do('rt0 panic -json')) if row['dying']]"""
    before, (row,) = gdb_json(plain, script)
    assert before == [False]
    assert [panic["recovered"] for panic in row["panics"]][0] is False
    assert row["panics"][0]["raised"]["function"] == "main.main.func2.1"
    assert row["panics"][0]["text"].startswith('string "again: runtime error: invalid memory address')
    assert (row["panics"][1]["raised"]["line"], row["panics"][1]["raised"]["fault"]) == (fault, True)
    assert row["signal"] == {"signal": "SIGSEGV", "address": 0}


SHOWN = {
    "e1": "int 42",
    "e2": 'string "text"',
    "e4": "main.tree = {l = 0x0, r = 0x0, v = 2}",
    "e5": "[]int = {1, 2, 3}",
    "e6": 'map[string]int = {["a"] = 1}',
    "e7": "main.level 3",
    "e8": "func(int) int main.values.func1",
    "eA": "float64 2.5",
    "eB": "time.Duration 1s",
    "eC": "main.ids = {4, 5}",
    "eE": "bool true",
    "nile": "nil",
    "sh": "main.square = {side = 3}",
    "err1": '*errors.errorString "plain"',
    "err2": '*fmt.wrapError "wrapped: plain"',
    "err3": '*io/fs.PathError "open /no/such: no such file or directory"',
    "err4": 'syscall.Errno "no such file or directory"',
    "err6": r'*strconv.NumError "strconv.Atoi: parsing \"x1\": invalid syntax"',
    "err7": '*io/fs.PathError "read /x: wrapped: plain"',
    "err8": 'context.deadlineExceededError "context deadline exceeded"',
    "nilerr": "nil",
    "fn": "main.values.func14",
    "mv": "main.(*method).do-fm",
    "fp": "fmt.Sprint",
    "nilfn": "nil",
    "d": "1.5s",
    "t0": "0001-01-01 00:00:00 +0000 UTC",
    "t2": "2024-02-29 12:34:56.789 +0000 UTC",
    "t3": "1600-01-01 00:00:00 +0100 X",
    "$at(is, 2)": "6",
    '$at(mi, "n")': "int 3",
    '$at(e6, "a")': "1",
    "$at(e3).v": "1",
    "$at(is, 3)": "there is no element 3: there are 3.",
    "$at(is, -1)": "there is no element -1: there are 3.",
    "$at(eD, 1)": "there is no element 1: there are 1.",
    "$at($at(eD, 0)).v": "9",
    "$at(nile, 0)": "the interface is nil.",
    '$at(mi, "other")': "the map has no such key, among those that were found.",
    "far": f"{2**40 + 62135596800} s since the year 1",
    "circle": '*io/fs.PathError "' + 16 * "round /: " + '..."',
    "$at(d, 0)": "a value of type time.Duration has no elements.",
    "si": '[]error = {*errors.errorString "plain", nil, *io/fs.PathError "open /no/such: no such file or directory"}',
}
_printed = {}


@pytest.mark.parametrize("name", SHOWN)
def test_a_value_is_shown_as_people_read_it(gdb_json, plain, name):
    if not _printed:
        script = f"do('up'); result = {{name: do('output ' + name) for name in {[*SHOWN]!r}}}"
        _printed.update(gdb_json(plain, FIRST + script))
    assert _printed[name] == SHOWN[name]


def test_moments_and_durations_are_what_their_program_prints(gdb_json, plain):
    script = """do('up')
said = [do(f'output $at(moments, {i})') for i in range(17)] + [do(f'output $at(spans, {i})') for i in range(7)]
result = said, [json.loads(do(f'output $at(told, {i})')) for i in range(24)]"""
    said, told = gdb_json(plain, FIRST + script)
    assert said == told


def test_a_pointer_in_an_interface_shows_what_it_leads_to(gdb_json, plain):
    said = gdb_json(plain, FIRST + "do('up'); result = do('output err5')")
    assert re.fullmatch(r'\*main\.mine 0x[0-9a-f]+ = \{code = 5, what = "mine"\}', said)


def test_an_error_says_what_its_program_would_print(gdb_json, plain):
    script = """do('up')
result = [[do(f'output $at({name}, {i})') for name in ('kept', 'texts')] for i in range(12)]"""
    said = gdb_json(plain, FIRST + script)
    assert [one.partition(" ")[2] for one, _ in said] == [text for _, text in said]


DAMAGED = """
do('up'); from rt0lab.program import dynamic
word = dynamic.in_interface(gdb.selected_frame().read_var('e5'))[1]
def write(address, word): gdb.selected_inferior().write_memory(address, word.to_bytes(8, 'little'))
"""


def test_a_type_that_is_made_of_itself_ends(gdb_json, plain):
    script = """
owner = dynamic.type_named('internal/abi.SliceType') or dynamic.type_named('runtime.slicetype')
(element,) = [field for field in program.fields_of(owner) if field.name.lower() == 'elem']
write(word + element.bitpos // 8, word); worlds.loaded(); result = dynamic.of(word).name"""
    assert gdb_json(plain, FIRST + DAMAGED + script).endswith("[][]int")


def test_what_lies_behind_all_types_is_none(gdb_json, plain):
    script = """at = program.register('rsp') - 2048; gdb.selected_inferior().write_memory(at, program.read(word, 64))
result = dynamic.of(word).name, dynamic.of(at) is None"""
    assert gdb_json(plain, FIRST + DAMAGED + script) == ["[]int", True]


def test_what_cannot_be_read_of_an_error_is_not_its_text(gdb_json, plain):
    script = """do('up'); at = int(gdb.selected_frame().read_var('err2').address)
gdb.selected_inferior().write_memory(at + 8, (1).to_bytes(8, 'little')); result = do('output err2')"""
    assert gdb_json(plain, FIRST + script) == "*fmt.wrapError 0x1 = {msg = <unreadable 0x1>, err = <unreadable 0x11>}"


def test_an_error_whose_text_is_not_in_memory_has_none(gdb_json, plain):
    script = """do('up'); from rt0lab.show import errors; from rt0lab.program import dynamic
kind, _, data = dynamic.in_interface(gdb.selected_frame().read_var('err1')); value = kind.value(data)
before = errors.text(kind.name, value); gdb.selected_inferior().write_memory(data, (1).to_bytes(8, 'little'))
result = before, errors.text(kind.name, kind.value(data))"""
    assert gdb_json(plain, FIRST + script) == ["plain", None]


def test_an_editor_opens_what_an_interface_leads_to(gdb_json, plain):
    script = """do('up'); printer = gdb.default_visualizer(gdb.selected_frame().read_var('e3'))
result = [printer.to_string().partition(' ')[0], [printer.child(i)[0] for i in range(printer.num_children())]]"""
    assert gdb_json(plain, FIRST + script) == ["*main.tree", ["l", "r", "v"]]


def test_a_fatal_error_is_no_panic_and_says_where(gdb_json, mirror_program):
    program = mirror_program("deadlock", "runtime/programs", "debug")
    script = """do("break *&'runtime.dopanic'"); do('run'); (row,) = json.loads(do('rt0 panic -json'))
result = [row['fatal'], row['raised']['function']]"""
    assert gdb_json(program, script) == ["all goroutines are asleep - deadlock!", "runtime.checkdead"]
