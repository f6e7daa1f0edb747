"""Programs in which C runs before Go does, and those whose symbols are elsewhere: they are looked at like others."""

import shutil
import subprocess

import pytest
from gdbrun import GDB, environment, run_gdb

FLAGS = "-gcflags=all=-N -l"
SOURCE = """package main

/*
__thread int counters[40];
int touch(int n) { return ++counters[n % 40]; }
*/
import "C"

func main() {
	stop(int(C.touch(3)))
}

//go:noinline
func stop(n int) {}
"""
LIBRARY = """package main

import "C"

var gate = make(chan int)

func waiter() {
	<-gate
}

//export Begin
func Begin() {
	go waiter()
	gate <- 1
	stop()
}

//go:noinline
func stop() {}

func main() {}
"""
AT_STOP = "do('set breakpoint pending on'); do('break main.stop'); do('run'); "
PLUGIN = """package main

var gate = make(chan int)

func Begin() {
	inner(gate)
}

//go:noinline
func inner(c chan int) {
	println(len(c))
}
"""
OPENS = """package main

import (
	"os"
	"plugin"
)

func main() {
	opened, _ := plugin.Open(os.Args[1])
	begin, _ := opened.Lookup("Begin")
	begin.(func())()
}
"""
HOST = "void Begin(void);\nint main(void) { Begin(); return 0; }\n"
pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="there is no gcc: `apt-get install gcc` brings one")


@pytest.fixture(scope="module")
def with_c(go_build):
    """A Go program that C's linker has linked."""
    return go_build("withc", SOURCE, FLAGS)


@pytest.fixture(scope="module")
def static_pie(go_build):
    """The same, linked with libc and movable."""
    return go_build("spie", SOURCE, "-buildmode=pie", "-ldflags=-linkmode external -extldflags -static-pie")


@pytest.fixture(scope="module")
def stripped(with_c, tmp_path_factory):
    """The same with its symbols in a file of their own."""
    folder = tmp_path_factory.mktemp("stripped")
    shutil.copy2(with_c, folder / "program")
    for command in (
        ("objcopy", "--only-keep-debug", "program", "program.debug"),
        ("strip", "program"),
        ("objcopy", "--add-gnu-debuglink=program.debug", "program"),
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder / "program"


@pytest.fixture(scope="module")
def host(go_build, tmp_path_factory):
    """A program of C's with Go in a shared library."""
    library, folder = go_build("lib.so", LIBRARY, FLAGS, "-buildmode=c-shared"), tmp_path_factory.mktemp("host")
    (folder / "host.c").write_text(HOST)
    words = ["gcc", "-g", "-o", "host", "host.c", library, f"-Wl,-rpath,{library.parent}"]
    subprocess.run(words, cwd=folder, check=True)
    return folder / "host"


def staged(text):
    """The names of the cards' stages."""
    return [line.split()[3] for line in text.splitlines() if line.startswith("== stage ")]


def test_the_tour_begins_in_c_and_comes_to_mains(with_c):
    names = staged(run_gdb(with_c, "-ex", "rt0 tour -batch").stdout)
    assert names[:3] + names[-2:] == ["_start", "main", "rt0_go", "main.main", "exit"]


def test_a_static_pie_stops_at_its_entry(static_pie, gdb_json):
    script = "do('rt0 run'); w = program.world(); result = program.register('rip'), w.elf.entry + w.slide"
    found = gdb_json(static_pie, script)
    assert found[0] == found[1]


def test_other_debuggers_are_told_where_a_program_lies(static_pie, gdb_json):
    script = (
        AT_STOP
        + """
from rt0lab.remote import server
said = server.Target(program.world().path).answer(b'qOffsets').decode()
rows = [row.split() for row in program.done('info proc mappings').splitlines()]
first = min(int(row[0], 0) for row in rows if row and row[-1].endswith('/spie'))
result = said, f'TextSeg={first:x}'
"""
    )
    said, wanted = gdb_json(static_pie, script)
    assert said == wanted


def test_libcs_threads_are_not_among_the_goroutines(with_c, gdb_json):
    script = (
        AT_STOP
        + """
alive = len(json.loads(do('info goroutines -json')))
do('rt0 threads'); do('inferior 2')
result = alive, len(gdb.selected_inferior().threads())
"""
    )
    alive, shown = gdb_json(with_c, script)
    assert alive == shown


def test_what_is_kept_of_a_stop_has_its_g_where_c_has_moved_that(with_c, gdb_json):
    script = "do('break main.stop'); do('run'); snap = console.so_far.now; result = snap.g_at(snap.tls_g).get('goid')"
    assert gdb_json(with_c, script) == 1


def test_symbols_in_a_file_of_their_own(stripped, gdb_json):
    rows = gdb_json(stripped, AT_STOP + "result = json.loads(do('info goroutines 1 -json'))")
    assert [row["at"]["function"] for row in rows] == ["main.stop"]


def test_the_goroutines_of_a_library(host, gdb_json):
    rows = gdb_json(host, AT_STOP + "result = json.loads(do('info goroutines -json'))")
    assert "main.stop" in [row["at"]["function"] for row in rows if row["current"]]


def test_the_goroutines_of_a_library_are_threads_that_gdb_can_name(host, gdb_json):
    script = "do('rt0 threads'); do('inferior 2'); result = [thread.switch() or program.name_of(gdb.newest_frame()) "
    names = gdb_json(host, AT_STOP + script + "for thread in gdb.selected_inferior().threads()]")
    assert "main.stop" in names


def test_a_librarys_g_is_found_where_the_loader_put_it(host, gdb_json):
    assert gdb_json(
        host, AT_STOP + "result = [r.verdict for r in checks.run(snapshot.Snapshot()) if r.name.startswith('TLS')]"
    ) == ["ok"]


def test_a_library_begins_where_c_calls_it(host):
    commands = "set breakpoint pending on", "tbreak _rt0_amd64_linux_lib", "run", "rt0 next"
    text = run_gdb(host, *(word for c in commands for word in ("-ex", c))).stdout
    assert staged(text) == ["_rt0_amd64_lib"]


def test_a_variable_of_a_plugins_is_searched(go_build, gdb_json):
    plugin = go_build("plug", PLUGIN, FLAGS, "-buildmode=plugin")
    line = 1 + PLUGIN.splitlines().index("\tprintln(len(c))")
    script = f"""
do('set args {plugin}'); do('set breakpoint pending on'); do('break plug.go:{line}'); do('run')
from rt0lab.goroutines import reach, wakers
channel = int(gdb.selected_frame().read_var('c'))
result = list(map(reach.variable_at, wakers.Graph().reach.variables_with({{channel}})[channel]))
"""
    found = gdb_json(go_build("opens", OPENS, FLAGS), script)
    assert [name.rpartition(".")[2] for name in found] == ["gate"]


def test_a_backtrace_names_files_from_the_root(gdb_text, hello):
    assert " at runtime/proc.cpp:" in gdb_text(hello, "rt0 until main.main", "bt")


def test_plain_gdb_finds_the_source_from_any_folder(hello, tmp_path):
    plain = [GDB, "-nx", "-q", "-batch", "-iex", "set auto-load off", str(hello), "-ex", "list runtime.schedinit"]
    result = subprocess.run(plain, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert "void schedinit() {" in result.stdout
