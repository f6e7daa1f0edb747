"""Looking is safe: names, texts, files and paths that a terminal or gdb would obey are shown, and nothing else
happens."""

import json
import os
import re
import shutil
import string
import subprocess

import pytest

import hostile
from gdbrun import LOADER, PREAMBLE, ROOT, run_gdb

LARGE = b"main." + b"\x1bA" * (5 << 20)
WALKS = (
    "rt0",
    "rt0 run",
    "rt0 stages",
    "rt0 next",
    "rt0 until schedinit",
    "rt0 diff",
    "rt0 history",
    "rt0 until main.main",
    "until nowhere",
    "advance nowhere",
)
LOOKS = (
    "rt0",
    "rt0 compat",
    "rt0 compat -json",
    "rt0 stages",
    "rt0 panel",
    "rt0 panel -json",
    "rt0 check",
    "rt0 waits",
    "rt0 waits -json",
    "rt0 leaks",
    "rt0 leaks -json",
    "rt0 back 1 rt0 leaks",
    "rt0 dump",
    "rt0 dump all",
    "rt0 diff",
    "rt0 diff 1 2",
    "rt0 diff 1 2 -json",
    "rt0 history",
    "rt0 history -json",
    "rt0 back",
    "rt0 back -json",
    "rt0 back 1 info goroutines",
    "rt0 when g1",
    "rt0 when g1 -> waiting",
    "rt0 why g1.startpc",
    "rt0 why g1.startpc -all",
    "rt0 why g1.startpc -json",
    "rt0 replay nowhere",
    "rt0 holders sched.lock",
    "rt0 holders 0x10",
    "rt0 holders Mutex 0x10",
    "rt0 paths 0x10",
    "rt0 paths $getg()",
    "rt0 paths $getg() -json",
    "rt0 paths $sp",
    "rt0 paths nowhere",
    "rt0 rewind",
    "rt0 rewind off",
    "rt0 panic",
    "rt0 panic -json",
    "goroutine all defers",
    "info goroutines",
    "info goroutines -long",
    "info goroutines -all -system",
    "info goroutines -json",
    "info goroutines -with frame=*main* -json",
    "info goroutines -limit 2",
    "info goroutines 1",
    *(
        f"info goroutines -group {key}"
        for key in ("status", "reason", "where", "fn", "start", "creator", "chan", "lock", "stack")
    ),
    *(f"info goroutines -with {key}=*" for key in ("fn", "where", "start", "creator", "reason")),
    "info goroutines -without fn=main.*",
    "info timers",
    "info timers -json",
    "info ms",
    "info ms -json",
    "info ps",
    "info ps -json",
    "info sched",
    "info sched -json",
    "goroutine all",
    "goroutine 1",
    "goroutine 1 bt",
    "goroutine all bt",
    "goroutine 1-99 bt -full",
    "goroutine all bt full",
    "goroutine -with fn=* bt",
    "goroutine all -without start=main.* print $getg()",
    "goroutine all up",
    "goroutine all down",
    "goroutine all frame",
    "goroutine all info frame",
    "goroutine all info locals",
    "goroutine all info args",
    "goroutine all print $_siginfo",
    "goroutine 1 nonsense",
    "bt",
    "print $getg()",
    "print *$getg()",
    "print *$g(1)",
    "print *$m(0)",
    "print *$p(0)",
    "print $stage()",
    "with print pretty on -- print *$g(1)",
    "complete goroutine ",
    "complete info goroutines -",
    "rt0 nonsense",
    "rt0 threads",
)
PAST = (
    "rt0 replay {}",
    "rt0 history",
    "rt0 history -json",
    "rt0 back",
    "rt0 back @1",
    "rt0 back 1 -json",
    "rt0 diff",
    "rt0 diff 1 2",
    "rt0 diff 1 2 -json",
    "rt0 when g1",
    "rt0 when p0.runnext",
    "rt0 when stage -> x",
    "rt0 when globals.runtime.ncpu",
    "rt0 replay off",
)
SAID = (
    PREAMBLE
    + """
gdb.execute('set width 0')
def said(command):
    try:
        return do(command)
    except UnicodeDecodeError as error:
        return error.object.decode('utf-8', 'surrogateescape')
"""
)
# A breakpoint of the user's in a function of such a name: gdb says of such a stop what it likes, where it likes.
STOP = """
names = [name for name in program.world().elf.symbols if name.startswith('main.\\x1b')
    and program.world().section_at(program.world().address(name)).code]
for name in names:
    do(f'break *{program.world().address(name):#x}')
result['rt0 next'] += said('rt0 next')
result |= {command: said(command) for command in ('bt -frame-arguments all', 'bt full', 'bt full -1')}
do('delete')
"""
# To where all goroutines stand; then the reasons why they wait are such texts, too.
READY = """
import struct
import hostile
stops.toward({program.world().address('main.ready')})
table = program.world().elf.symbols.get('runtime.waitReasonStrings')
if table:
    pairs = list(struct.iter_unpack('<QQ', program.read(*table)))
else:
    rows = [program.read_struct('g', at) for at in lists._slice('allgs', 100)]
    pairs = sorted({(g.get('waitreason.str'), g.get('waitreason.len')) for g in rows if g.get('waitreason.len')})
for (at, length), text in zip(pairs, hostile.TEXTS * 9):
    if length:
        gdb.selected_inferior().write_memory(at, text[:length])
"""
WINDOW = """
class Tui:
    height, width, title, drawn = 200, 100, '', ''
    def is_valid(self):
        return True
    def erase(self):
        pass
    def write(self, text):
        Tui.drawn = text
window = window.Window(Tui())
window.refresh()
window.close()
result['window'] = Tui.drawn
"""
COMMANDS = (
    "result['commands'] = [c.name for c in console.Command.__subclasses__() for c in (c.__subclasses__() or [c]) if"
    " c.name]\n"
)


@pytest.fixture(scope="session")
def hostile_go(go_build, tmp_path_factory):
    """A Go program full of such names."""
    plain = go_build(
        hostile.placeholder("file", 2), hostile.go_source(), "-gcflags=all=-N -l", "-ldflags=-compressdwarf=false"
    )
    return hostile.patched(plain, tmp_path_factory.mktemp("hostile") / "hostile")


@pytest.fixture(scope="session")
def hostile_mirror(mirror_test, tmp_path_factory):
    """The mirror's program with parked goroutines, its symbols renamed: one has ten million characters, many claim to
    be C++'s."""
    program = mirror_test("parked")
    listed = [
        line.split()[-1]
        for line in subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout.splitlines()
    ]
    texts = {
        symbol: hostile.TEXTS[i % len(hostile.TEXTS)] + b"%d" % i
        for i, symbol in enumerate(("main.middle", "runtime.bgsweep", "runtime.gopark", "main.init"))
    }
    mangled = [
        symbol for symbol in listed if symbol.startswith("_Z") and ("closure" in symbol or "main_main" in symbol)
    ]
    texts |= {symbol: b"_Z" + hostile.TEXTS[i % len(hostile.TEXTS)] + b"%d" % i for i, symbol in enumerate(mangled)}
    return hostile.renamed(program, tmp_path_factory.mktemp("hostile") / "hostile", texts | {"main.leaf": LARGE})


def inside(program, script, folder):
    """({command: what it said}, what gdb itself printed) of a script inside gdb, which fills `result`."""
    body, answer = folder / "body.py", folder / "answer.json"
    body.write_text(
        SAID + "result = {}\n" + script + f"\nwith open({str(answer)!r}, 'w') as file: json.dump(result, file)\n"
    )
    done = run_gdb(program, "-ex", f"source {body}", cwd=folder)
    assert answer.exists(), f"the script did not end:\n{done.stdout[-2000:]!r}\n{done.stderr[-2000:]!r}"
    return json.loads(answer.read_text()), done.stdout + done.stderr


@pytest.fixture(scope="module", params=["mirror", "go"])
def swept(request, tmp_path_factory):
    """({command: what it said}, what gdb itself printed, the folder where it was run) of all commands."""
    folder = tmp_path_factory.mktemp("swept")
    script = (
        f"for c in {WALKS!r}: result[c] = said(c)\n"
        + STOP
        + READY
        + f"for c in {LOOKS!r}: result[c] = said(c)\n"
        + WINDOW
        + COMMANDS
    )
    return *inside(request.getfixturevalue(f"hostile_{request.param}"), script, folder), folder


def test_no_name_reaches_the_terminal_as_it_stands(swept):
    said, printed, _ = swept
    assert {
        command: found for command, text in said.items() if command != "commands" and (found := hostile.obeyed(text))
    } == {}
    assert hostile.obeyed(printed) == []


def test_no_name_is_run(swept):
    assert hostile.ran(swept[2]) == []


def test_no_name_makes_a_command_fail(swept):
    """gdb itself, asked for a frame or a variable, says that it cannot name a type whose name is no UTF-8."""
    wrong = ("rt0 itself failed", "Traceback", "cannot be shown", "Python Exception")
    gdbs = ("frame", "up", "down", "info frame", "info locals", "info args")
    assert [
        (command, word, text[max(text.index(word) - 200, 0) : text.index(word) + 200])
        for command, text in swept[0].items()
        if command != "commands"
        for word in wrong
        if word in text and not (word == wrong[-1] and command.removeprefix("goroutine all ") in gdbs)
    ] == []


def test_no_name_makes_a_row(swept):
    said = swept[0]
    rows = json.loads(said["info goroutines -json"])
    for command in ("info goroutines", "info goroutines -with fn=*"):
        assert len([line for line in said[command].splitlines() if line[:2].strip() in ("", "*")]) == len(
            [row for row in rows if not row["system"]]
        )


def test_long_names_are_cut(swept):
    assert max(map(len, swept[0].values())) < 1 << 16


def test_every_command_was_tried(swept):
    tried = (*WALKS, *LOOKS, "rt0 tour", "rt0 record")  # these two have tests of their own
    assert [
        name for name in swept[0]["commands"] if not any((command + " ").startswith(name + " ") for command in tried)
    ] == []
    assert "stopped at breakpoint" in swept[0]["rt0 next"] and swept[0]["window"].startswith("stop ")


@pytest.mark.parametrize(
    "text",
    [
        "sched.lock.key = 5",
        "sched.lock.key++",
        "runtime_main()",
        '$_shell("touch HIT-holders")',
        "*(mutex *)main_main()",
    ],
)
def test_naming_a_lock_does_nothing(gdb_json, hello, tmp_path, text):
    script = (
        f"until('main.main'); before = do('print sched.lock.key'); said = do('rt0 holders ' + {text!r}); result ="
        " [said, before[3:] == do('print sched.lock.key')[3:]]"
    )
    said, same = gdb_json(hello, script)
    assert same and ("would call or change" in said or "gdb knows no" in said) and hostile.ran(tmp_path) == []


# ---- a recorded run --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replayed(hello, trace, tmp_path_factory):
    """({command: what it said}, what gdb itself printed, the folder) of a recorded run all of whose texts are such."""
    folder = tmp_path_factory.mktemp("replayed")
    whole = trace(hello)
    path = folder / "trace.json"
    path.write_text(json.dumps(hostile.trace({**whole, "stages": whole["stages"][::40]})))
    return (
        *inside(hello, f"for c in {[command.format(path) for command in PAST]!r}: result[c] = said(c)\n", folder),
        folder,
    )


def test_no_text_of_a_trace_reaches_the_terminal_as_it_stands(replayed):
    said, printed, _ = replayed
    assert {
        command: found for command, text in said.items() if (found := hostile.obeyed(text))
    } == {} and hostile.obeyed(printed) == []
    assert not any("rt0 itself" in text for text in said.values()) and "stops of" in next(iter(said.values()))


def test_no_text_of_a_trace_is_run_or_makes_a_row(replayed):
    said, _, folder = replayed
    assert hostile.ran(folder) == []
    assert len(said["rt0 history"].splitlines()) == len(json.loads(said["rt0 history -json"]))


@pytest.mark.parametrize(
    "content",
    [
        "[" * 3000 + "]" * 3000,
        '{"format": 1, "stages": [%s]}' % ("[" * 3000 + "]" * 3000),
        "\xff",
        "",
        '{"format": 1}',
        "null",
    ],
)
def test_a_file_that_is_no_recorded_run_is_refused(gdb_json, hello, tmp_path, content):
    (tmp_path / "x.json").write_text(content, "latin-1")
    assert (
        gdb_json(hello, f"result = do('rt0 replay {tmp_path}/x.json')")
        == f"{tmp_path}/x.json is no recorded run: `rt0 record FILE` or `./lab trace hello -o FILE` writes one."
    )


def test_a_recorded_run_with_a_value_that_is_too_deep_to_be_shown_is_refused(gdb_json, hello, trace, tmp_path):
    stages = [dict(stop, globals={"runtime.ncpu": "DEEP"}) for stop in trace(hello)["stages"][:3]]
    (tmp_path / "x.json").write_text(
        json.dumps({**trace(hello), "stages": stages}).replace('"DEEP"', "[" * 900 + "]" * 900, 1)
    )
    assert "is no recorded run" in gdb_json(hello, f"result = do('rt0 replay {tmp_path}/x.json')")


def test_what_is_no_file_is_not_read(gdb_json, hello, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    said = gdb_json(hello, f"result = [do('rt0 replay {tmp_path}/fifo'), do('rt0 replay /dev/zero')]")
    assert said == [f"cannot read {path}: it is no regular file." for path in (f"{tmp_path}/fifo", "/dev/zero")]


# ---- sources that debug information names ----------------------------------------------------------------------------


@pytest.fixture
def pipes(tmp_path):
    """A folder in whose place all of the runtime's sources are pipes, and one is /dev/zero."""
    sources = tmp_path / "runtime"
    sources.mkdir()
    for path in (ROOT / "runtime").iterdir():
        os.mkfifo(sources / path.name)
    (sources / "os_linux.cpp").unlink()
    (sources / "os_linux.cpp").symlink_to("/dev/zero")
    return tmp_path


def test_no_source_is_read_that_is_no_file(gdb_json, hello, pipes):
    """gdb itself would wait for ever at a pipe."""
    commands = (
        "rt0 run",
        "rt0 next",
        "rt0 until osinit",
        "rt0 stages",
        "break runtime.casgstatus",
        "rt0 until main.main",
        "goroutine m0.g0 up",
        "goroutine m0.g0 frame",
        "delete",
        "rt0 tour -batch",
    )
    script = f"do('set substitute-path {ROOT} {pipes}'); result = {{c: do(c) for c in {commands!r}}}"
    said = gdb_json(hello, script)
    assert "stage " in said["rt0 next"] and " -> " not in said["rt0 next"] and " -> " not in said["rt0 until osinit"]
    assert "stopped at breakpoint 1:" in said["rt0 until main.main"]
    assert (
        said["goroutine m0.g0 up"].startswith("#1 ")
        and said["goroutine m0.g0 frame"].startswith("#")
        and "stage 45/45" in said["rt0 tour -batch"]
    )


def test_source_text_is_shown_and_not_obeyed(gdb_json, hello, pipes):
    for path in (ROOT / "runtime").iterdir():
        (pipes / "runtime" / path.name).unlink()
        (pipes / "runtime" / path.name).write_bytes(b"\x1b[31m\x9b\xe2\x80\xae\r line\n" * 2000)
    commands = (
        "rt0 run",
        "rt0 until osinit",
        "break runtime.casgstatus",
        "rt0 until main.main",
        "goroutine m0.g0 up",
        "goroutine m0.g0 frame",
        "goroutine m0.g0 list",
    )
    script = f"do('set substitute-path {ROOT} {pipes}'); result = {{c: do(c) for c in {commands!r}}}"
    said = gdb_json(hello, script)
    assert {command: found for command, text in said.items() if (found := hostile.obeyed(text))} == {}
    assert "\\x1b[31m\\x9b\\u202e\\r line" in said["rt0 until osinit"] and "\\x1b[31m" in said["rt0 until main.main"]


def test_a_stop_shows_its_source(gdb_json, hello):
    script = "until('osinit'); do('break runtime.casgstatus'); result = do('rt0 until main.main')"
    assert gdb_json(hello, script).rstrip().splitlines()[-1].split("\t")[0].isdigit()


# ---- numbers that are claimed ----------------------------------------------------------------------------------------


def test_a_map_is_searched_only_so_far(gdb_json, go_build):
    source = (ROOT / "tests" / "gdb" / "cases" / "hollow.go").read_text()
    script = """
do('break main.stop'); do('run'); do('up')
before = do('print hollow')
head = gdb.parse_and_eval('hollow').dereference()
fields = {field.name for field in head.type.strip_typedefs().fields()}
def put(name, value):
    gdb.selected_inferior().write_memory(int(head[name].address), value.to_bytes(head[name].type.sizeof, 'little'))
put('buckets' if 'B' in fields else 'dirPtr', program.world().address('main.zeros'))
put('B' if 'B' in fields else 'dirLen', 31 if 'B' in fields else 1 << 40)
result = [before, do('print hollow')]
"""
    before, after = gdb_json(go_build("hollow", source, "-gcflags=all=-N -l"), script)
    assert before == "$1 = map[int]int\n" and re.search(r"<only \d+ of .* searched>", after)


def test_a_mangled_name_that_doubles_itself_stays_as_it_is(gdb_json, mirror_test, tmp_path):
    """Spelled out it would have hundreds of millions of characters."""
    digits = string.digits + string.ascii_uppercase
    name = "_Z1f1AIiiE" + "".join(f"S_IS{digits[i]}_S{digits[i]}_E" for i in range(27))
    hostile.renamed(mirror_test("parked"), tmp_path / "program", {"main.leaf": name.encode()})
    script = (
        "do('set demangle-style none'); do('file ' + path); address = program.world().elf.symbols[name][0]; result ="
        " program.world().symbol_at(address)[0]"
    )
    assert gdb_json("/bin/true", f"name, path = {name!r}, '{tmp_path}/program'\n" + script).endswith(name)


# ---- paths -----------------------------------------------------------------------------------------------------------

PATHS = {
    "apostrophe": "it's",
    "space": "a b",
    "newline": "a\nshell touch HIT-path\n",
    "quote": 'a" | touch HIT-path "',
    "shell": "$(touch HIT-path)`touch HIT-path`;&\\",
    "option": "-ex !touch HIT-path",
    "escape": "\x1b]0;owned\x07\u202e\x9b",
    "bytes": "a\udcff\udc9b",
}


@pytest.mark.parametrize("kind", PATHS)
def test_a_path_is_a_path(tmp_path, hello, kind):
    folder = tmp_path / PATHS[kind]
    folder.mkdir()
    program = shutil.copy(hello, folder / f"{PATHS[kind]} program")
    commands = (
        "rt0",
        "rt0 stages",
        "rt0 until main.main",
        "info goroutines",
        "bt",
        "rt0 threads",
        "rt0 threads x",
        "rt0 check",
        "rt0 record y",
        "rt0 dump x",
        "kill",
        "rt0 record y",
        "rt0 replay y",
    )
    said, printed = inside(program, f"for c in {commands!r}: result[c] = said(c)\n", tmp_path)
    said.pop("kill")  # gdb names the program as it stands
    assert {
        command: found for command, text in said.items() if (found := hostile.obeyed(text))
    } == {} and hostile.obeyed(printed) == []
    assert hostile.ran(tmp_path) == hostile.ran(folder) == []
    assert (
        "stage 44" in said["rt0 until main.main"]
        and "running" in said["info goroutines"]
        and " stops of " in said["rt0 replay y"]
    )
    threads = said["rt0 threads"]
    assert ("rename it" in threads) if kind in ("newline", "bytes") else ("are the threads of inferior 2" in threads)


# ---- the lab's verbs -------------------------------------------------------------------------------------------------


@pytest.fixture
def lab(tmp_path):
    """lab(argument...): what ./lab printed, without a terminal, having obeyed nothing."""

    def run(*arguments, status=0, typed=b""):
        done = subprocess.run(
            [ROOT / "lab", *map(str, arguments)], input=typed, capture_output=True, timeout=300, cwd=tmp_path
        )
        assert done.returncode == status, done.stderr
        assert hostile.obeyed(done.stdout) == hostile.obeyed(done.stderr) == hostile.ran(tmp_path) == []
        return (done.stdout + done.stderr).decode()

    return run


def test_the_tour_of_such_a_program(lab, hostile_go):
    assert "== stage 1/" in lab("tour", "--batch", hostile_go)


def test_a_trace_in_a_folder_of_such_a_name(lab, hello, tmp_path):
    folder = tmp_path / PATHS["shell"]
    folder.mkdir()
    assert "\\x1b" in lab("trace", shutil.copy(hello, folder), "-o", folder / "\x1b[31m trace.json")
    assert json.loads((folder / "\x1b[31m trace.json").read_text())["stages"]


@pytest.mark.parametrize("kind", ["apostrophe", "newline", "bytes"])
def test_a_core_file_of_any_name_is_served(gdb_json, lab, hello, tmp_path, kind):
    core, program = tmp_path / f"{PATHS[kind]}core", shutil.copy(hello, tmp_path / f"{PATHS[kind]}program")
    gdb_json(hello, f"until('main.main'); do('gcore {tmp_path}/core')")
    (tmp_path / "core").rename(core)
    assert "$T00thread:1;#" in lab("serve", core, program, "--stdio", typed=b"+$?#3f")


@pytest.mark.parametrize("kind", ["newline", "escape", "bytes"])
def test_what_is_wrong_with_a_file_is_one_line(lab, tmp_path, kind):
    (tmp_path / PATHS[kind]).write_bytes(b"no program")
    said = lab("tour", tmp_path / PATHS[kind], status=2)
    assert said.startswith("lab: ") and said.count("\n") == 1


def test_a_program_of_another_checkout_gets_this_one_s_script(lab, hello, tmp_path):
    data = hello.read_bytes()
    assert data.count(bytes(LOADER)) == 1
    (tmp_path / "other").write_bytes(
        data.replace(bytes(LOADER), b"/" + b"x" * (len(bytes(LOADER)) - 14) + b"/rt0lab-gdb.py"[1:])
    )
    (tmp_path / "other").chmod(0o755)
    assert "the program is not running" in lab("gdb", tmp_path / "other", "-batch", "-ex", "rt0")
    assert "== stage 1/" in lab("tour", "--batch", tmp_path / "other")
