"""`rt0 threads`: the goroutines as threads of a second inferior, on live programs, on core files and through
gdbserver."""

import os
import shutil

import pytest

from gdbrun import ROOT

BUILD = os.environ.get("RT0LAB_BUILD", ROOT / "build" / "debug")
STAND = """
from rt0lab.commands import threads
from rt0lab.formats import corefile
from rt0lab.frames import registers
from rt0lab.goroutines import threads
from rt0lab.program import bulk
def stand():
    do('break main.standing'), do('run')
def state(thread):
    thread.switch()
    return [thread.name, program.register('rip'), program.register('rsp'), program.tls_g()[1]]
def view():  # {id: [name, pc, sp, current g]}
    do('inferior 2')
    return {thread.ptid[1]: state(thread) for thread in gdb.selected_inferior().threads()}
def gs():  # what allgs says, without those that are no more
    found = [program.read_struct('g', address) for address in bulk.allgs()[0]]
    return [g for g in found if program.world().g_status(g.get('atomicstatus')) not in ('_Gidle', '_Gdead')]
def waiting():
    return [g for g in gs() if program.world().g_status(g.get('atomicstatus')) == '_Gwaiting']
def stack():
    frame, names = gdb.newest_frame(), []
    while frame is not None and len(names) < 30 and 'goexit' not in (names or [''])[-1]:
        names.append((program.world().symbol_at(frame.pc()) or ['?'])[0])
        frame = frame.older()
    return names
"""


def mirror(build=BUILD):
    path = ROOT / build / "tests" / "runtime" / "standing"
    if not path.exists():
        pytest.skip(f"{path} is not built: `./lab test` builds it")
    return path


@pytest.fixture(params=["mirror", "go"])
def standing(request):
    """The program with parked goroutines, in each of the two worlds."""
    return mirror() if request.param == "mirror" else request.getfixturevalue("go_standing")


# ---- live ------------------------------------------------------------------------------------------------------------


def test_each_goroutine_is_a_thread(gdb_json, standing):
    ours, its = gdb_json(
        standing, STAND + "stand(); its = [g.get('goid') for g in gs()]; do('rt0 threads'); result = list(view()), its"
    )
    assert len(its) > 20 and sorted(ours) == sorted(its)


def test_the_stops_before_are_still_there(gdb_json, standing):
    script = (
        "stand(); do('rt0 threads'), do('stepi'), do('rt0 threads'); result = [told.Kept(moment).number for moment"
        " in history.kept.moments]"
    )
    assert gdb_json(standing, STAND + script) == [1, 2]


def test_the_panel_of_a_goroutine_s_thread_compares_with_no_stop(gdb_json, standing):
    assert (
        gdb_json(
            standing,
            STAND + "stand(); do('stepi'), do('rt0 threads'), do('inferior 2'); result = panel_command.present()[1]",
        )
        is None
    )


def test_a_thread_stands_where_its_goroutine_does(gdb_json, standing):
    script = (
        "stand(); its = {g.get('goid'): [g.get('sched.pc'), g.get('sched.sp'), g.addr] for g in waiting()}; do('rt0"
        " threads')"
    )
    ours, its = gdb_json(standing, STAND + script + "\nresult = view(), its")
    assert len(its) > 20 and {goid: ours[goid][1:] for goid in its} == its


def test_names_say_what_goroutines_wait_for(gdb_json, standing):
    script = (
        "stand(); its = {g.get('goid'): program.wait_reason(g) for g in waiting()}; do('rt0 threads'); result ="
        " view(), its"
    )
    ours, its = gdb_json(standing, STAND + script)
    assert "chan receive" in its.values()
    assert all(ours[goid][0].startswith(f"g{goid} {reason} ") for goid, reason in its.items())


def test_names_end_with_the_function_it_stands_in(gdb_json, standing):
    ours = gdb_json(standing, STAND + "stand(); do('rt0 threads'); result = [name for name, *_ in view().values()]")
    assert "g1 running main.standing" in ours and sum(name.endswith("worker") for name in ours) == 20


def test_the_running_goroutine_has_its_threads_registers(gdb_json, standing):
    script = "stand(); live = [program.register(name) for name in corefile.REGISTERS]; do('rt0 threads'); view()\n"
    script += "do('thread 2.1'); result = live, [program.register(name) for name in corefile.REGISTERS], stack()[0]"
    live, ours, innermost = gdb_json(standing, STAND + script)
    assert innermost == "main.standing" and ours == live


def test_backtraces_reach_goexit(gdb_json, standing):
    script = """
stand(); do('rt0 threads'); do('inferior 2'); result = []
for thread in gdb.selected_inferior().threads(): thread.switch(); result.append(stack())
"""
    stacks = gdb_json(standing, STAND + script)
    assert len(stacks) > 20 and [names for names in stacks if names[-1].removesuffix(".abi0") != "runtime.goexit"] == []


def test_the_users_frames_and_locals_are_there(gdb_json, standing):
    script = """
stand(); do('rt0 threads'); do('inferior 2'); result = []
for thread in gdb.selected_inferior().threads():
    thread.switch(); frame = gdb.newest_frame()
    while frame is not None and 'worker' not in str(frame.name()): frame = frame.older()
    if frame is not None:
        mine, number, depth = (int(frame.read_var(name)) for name in ('mine', 'number', 'depth'))
        result.append([mine, number * 1000 + depth])
"""
    found = gdb_json(standing, STAND + script)
    assert len(found) == 20 and all(mine == expected for mine, expected in found)


def test_the_heap_is_there(gdb_json, standing):
    script = """
stand(); g = next(g for g in waiting() if program.wait_reason(g) == 'chan receive')
def channel(): return program.read_struct('hchan', program.read_struct('sudog', g.get('waiting')).get('c')).data.hex()
live = channel(); do('rt0 threads'); do('inferior 2'); result = live, channel()
"""
    live, ours = gdb_json(standing, STAND + script)
    assert ours == live


def test_our_own_commands_know_the_threads_goroutine(gdb_json, standing):
    script = "stand(); do('rt0 threads'); do('inferior 2'); do('thread 2.3'); "
    script += "result = int(gdb.parse_and_eval('$getg()')['goid']), gdb.selected_thread().ptid[1]"
    goid, number = gdb_json(standing, STAND + script)
    assert goid == number


def test_the_selection_stays(gdb_json, standing):
    script = (
        "stand(); do('up'); a = gdb.selected_thread().global_num, gdb.selected_frame().level(); do('rt0 threads'); "
    )
    script += "result = a, (gdb.selected_thread().global_num, gdb.selected_frame().level())"
    before, after = gdb_json(standing, STAND + script)
    assert after == before


def test_the_process_is_not_touched(gdb_json, standing):
    script = """
def everything():
    memory = [program.read(s.lo, s.hi - s.lo).hex() for s in program.world().elf.sections if s.writable
        and s.name != '.tbss']
    before, registers = gdb.selected_thread(), []
    for thread in gdb.selected_inferior().threads(): thread.switch(); registers.append(do('info registers'))
    before.switch()
    return memory, registers
stand(); before = everything(); do('rt0 threads'); result = before == everything()
"""
    assert gdb_json(standing, STAND + script)


def test_the_process_goes_on_and_the_view_follows_when_asked(gdb_json, standing):
    script = "stand(); do('rt0 threads'); do('finish'); pc = program.register('rip'); do('rt0 threads'); "
    script += "result = pc, view()[1][1], len(gdb.inferiors())"
    pc, ours, inferiors = gdb_json(standing, STAND + script)
    assert (ours, inferiors) == (pc, 2)


def test_the_view_can_be_removed_and_made_again(gdb_json, standing):
    script = "stand(); do('rt0 threads'); do('inferior 2'); do('detach'); do('inferior 1'); do('remove-inferiors 2'); "
    script += "do('rt0 threads'); result = [len(i.threads()) for i in gdb.inferiors() if i.num > 1]"
    found = gdb_json(standing, STAND + script)
    assert len(found) == 1 and found[0] > 20


def test_non_stop(gdb_json, standing):
    script = (
        STAND + "do('set non-stop on'); stand(); its = [g.get('goid') for g in gs()]; do('rt0 threads'); result ="
        " list(view()), its"
    )
    ours, its = gdb_json(standing, script)
    assert len(its) > 20 and sorted(ours) == sorted(its)


# mcall's frame, as asm_amd64.S: SAVE_REGISTERS draws it: counted from the caller's SP, which the gobuf has.
FRAME = {"rbp": -16, "rbx": -24, "r12": -32, "r13": -40, "r14": -48, "r15": -56}
KEPT = f"""
FRAME = {FRAME}
stand(); g = next(g for g in waiting() if program.wait_reason(g) == 'chan receive')
its = {{name: program.read_word(g.get('sched.sp') + at) for name, at in FRAME.items()}}
"""


@pytest.mark.parametrize("build", ["debug", "release"])
def test_what_the_compiler_keeps_in_registers_is_there(gdb_json, build):
    script = (
        KEPT
        + """
do('rt0 threads'); view(); next(t for t in gdb.selected_inferior().threads() if t.ptid[1] == g.get('goid')).switch()
result = its, {name: program.register(name) for name in FRAME}
"""
    )
    its, ours = gdb_json(mirror(build=ROOT / "build" / build), STAND + script)
    assert ours == its


def test_a_goroutines_frames_know_these_registers_too(gdb_json):
    script = (
        KEPT
        + """
said = do(f"goroutine {g.get('goid')} frame apply level 1 -q info registers " + ' '.join(FRAME)).split()
result = its, {name: int(said[said.index(name) + 1], 0) & (1 << 64) - 1 for name in FRAME}
"""
    )
    its, ours = gdb_json(mirror(build=ROOT / "build" / "release"), STAND + script)
    assert ours == its


def test_registers_of_one_that_is_being_left(gdb_json):
    """Its context is odd, and the address of mcall's frame plus one: nothing of Boost's is below it yet."""
    script = (
        KEPT
        + """
leaf = g.layout.at['context']; frame = g.get('sched.sp') - 64
gdb.selected_inferior().write_memory(g.addr + leaf.offset, (frame + 1).to_bytes(8, 'little'))
result = its, registers.registers([g.addr])[g.addr] | {'rbp': its['rbp']}
"""
    )
    its, ours = gdb_json(mirror(build=ROOT / "build" / "release"), STAND + script)
    assert ours == its


@pytest.mark.parametrize("before, after", [("scalars", "presence"), ("all", "all")])
def test_of_very_many_a_list_leaves_arguments_out_unless_the_user_wants_them(gdb_json, mirror_test, before, after):
    script = f"""
do('break main.ready'), do('run 1100'), do('set print frame-arguments {before}')
result = do('rt0 threads').count('scalars'), gdb.parameter('print frame-arguments')
"""
    said, now = gdb_json(mirror_test("parked"), STAND + script)
    assert (said, now) == (after != before, after)


def test_of_few_a_list_shows_arguments(gdb_json, standing):
    assert (
        gdb_json(standing, STAND + "stand(); do('rt0 threads'); result = gdb.parameter('print frame-arguments')")
        == "scalars"
    )


def test_pieces_of_memory_are_few(gdb_json, hello):
    """gdb looks through all of them for every word it reads."""
    script = """
do('break main.main'), do('run')
class Far: stacks = [((1 << 40) + i * 0x10000, (1 << 40) + i * 0x10000 + 0x2000) for i in range(5000)]
result = len(threads.memory([Far])[0])
"""
    assert gdb_json(hello, STAND + script) <= 128


# ---- core files, gdbserver -------------------------------------------------------------------------------------------


@pytest.fixture
def core(gdb_json, standing, tmp_path):
    """(core file at main.standing, what its goroutines are)"""
    path = tmp_path / "core"
    return path, gdb_json(
        standing, STAND + f"stand(); do('rt0 threads'); result = view(); do('inferior 1'); do('gcore {path}')"
    )


def test_a_core_file_shows_the_same(gdb_json, standing, core):
    path, live = core
    assert gdb_json(standing, STAND + "do('rt0 threads'); result = view()", "-core", str(path)) == live


def test_what_is_written_to_a_file_shows_the_same(gdb_json, standing, tmp_path):
    path = tmp_path / "goroutines.core"
    live = gdb_json(standing, STAND + f"stand(); do('rt0 threads {path}'); do('rt0 threads'); result = view()")
    script = "result = {t.ptid[1]: state(t)[1:] for t in gdb.selected_inferior().threads()}"
    assert gdb_json(standing, STAND + script, "-core", str(path)) == {goid: rest for goid, (_, *rest) in live.items()}


def test_through_gdbserver(gdb_json, standing):
    if not shutil.which("gdbserver"):
        pytest.skip("there is no gdbserver: `apt-get install gdbserver` brings one")
    script = f"""
do('target remote | gdbserver --once --no-startup-with-shell - {standing}'); do('break main.standing'); do('continue')
its = [g.get('goid') for g in gs()]; do('rt0 threads'); result = list(view()), its
"""
    ours, its = gdb_json(standing, STAND + script)
    assert len(its) > 20 and sorted(ours) == sorted(its)


# ---- what cannot be shown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", ["pass", "do('rt0 run')", "stand(); do('kill')"], ids=["not started", "no goroutine", "ended"]
)
def test_without_goroutines_a_sentence(gdb_json, standing, state):
    text = gdb_json(standing, STAND + f"{state}; result = do('rt0 threads')")
    assert len(text.splitlines()) == 1 and "rt0 itself" not in text and "gdb says" not in text


def test_a_file_that_cannot_be_written_is_a_sentence(gdb_json, standing):
    text = gdb_json(standing, STAND + "stand(); result = do('rt0 threads /nonexistent/core')")
    assert "/nonexistent/core" in text and "rt0 itself" not in text


def test_a_view_of_a_view_is_refused(gdb_json, standing):
    assert "inferior 1" in gdb_json(
        standing, STAND + "stand(); do('rt0 threads'); do('inferior 2'); result = do('rt0 threads')"
    )


BROKEN = {
    "two of one id": "put(a, 'goid', 1)",
    "no id": "put(a, 'goid', -1)",
    "wild sp": "put(a, 'sched.sp', 8)",
    "wild pc": "put(a, 'sched.pc', 0xdeadbeef)",
    "endless stack": "put(a, 'stack.hi', 1 << 62)",
    "no status": "put(a, 'atomicstatus', 77)",
}


@pytest.mark.parametrize("how", BROKEN)
def test_one_broken_goroutine_hides_no_other(gdb_json, standing, how):
    script = """
def put(g, path, value):
    leaf = g.layout.at[path]
    gdb.selected_inferior().write_memory(g.addr + leaf.offset,
        (value & (1 << 64) - 1).to_bytes(8, 'little')[:leaf.size])
stand(); all = gs(); a = waiting()[-1]
"""
    found, count = gdb_json(standing, STAND + script + BROKEN[how] + "; do('rt0 threads'); result = view(), len(all)")
    assert len(found) == count


# ---- the core file itself, without gdb -------------------------------------------------------------------------------

PAGE = 4096


@pytest.fixture
def written(tmp_path):
    """written(threads, memory, {page address: bytes}): the core file as pyelftools reads it, and its path."""
    elffile = pytest.importorskip("elftools.elf.elffile", reason="python3-pyelftools is not there")
    from rt0lab.formats import corefile

    def write(threads, memory, pages):
        def read(address, size):
            wanted = [pages.get(page) for page in range(address, address + size, PAGE)]
            return None if None in wanted else b"".join(wanted)

        path = tmp_path / "core"
        with open(path, "wb") as file:
            corefile.write(file, 7, "program", b"", threads, memory, read)
        return elffile.ELFFile(open(path, "rb")), path

    return write


def loads(core):
    return [(s["p_vaddr"], s.data()) for s in core.iter_segments("PT_LOAD")]


def test_a_core_has_a_note_for_each_thread(written):
    core, _ = written([(n, {"rip": n}) for n in (5, 6, 7)], [], {})
    notes = [note["n_type"] for segment in core.iter_segments("PT_NOTE") for note in segment.iter_notes()]
    assert notes.count("NT_PRSTATUS") == 3


def test_pages_that_cannot_be_read_are_left_out(written):
    page = bytes(range(256)) * 16
    core, _ = written([(1, {})], [(0, 4 * PAGE)], {0: page, 2 * PAGE: page, 3 * PAGE: page})
    assert loads(core) == [(0, page), (2 * PAGE, 2 * page)]


def test_pages_of_zeros_are_holes(written):
    size = 64 << 20
    core, path = written([(1, {})], [(0, size)], dict.fromkeys(range(0, size, PAGE), bytes(PAGE)))
    assert core.get_segment(1)["p_filesz"] == size and os.stat(path).st_blocks * 512 < 1 << 20


def test_ranges_are_merged(hello):
    from rt0lab.formats import corefile

    assert corefile.merged([(5000, 6000), (4096, 4097), (100, 200), (9000, 9001), (50, 50)]) == [(0, 12288)]


def test_a_full_memory_leaves_out_all_but_what_backtraces_need(gdb_json, standing):
    script = (
        "stand(); threads.MAX_MEMORY = 1 << 20; before = do('rt0 threads'); do('inferior 2'); thread ="
        " gdb.selected_thread()\n"
    )
    script += "do('thread 3'); result = len(before.splitlines()), stack()[-1]"
    lines, root = gdb_json(standing, STAND + script)
    assert (lines, root.removesuffix(".abi0")) == (2, "runtime.goexit")
