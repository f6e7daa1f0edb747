"""The runtime by itself, in every build: its programs boot, end and fail as Go's do, and its mechanisms stand load."""

import os
import re
import subprocess

import pytest
from elftools.elf.elffile import ELFFile


def in_gdb(*words, of):
    """What gdb, without scripts, says to these commands in a program with its arguments."""
    commands = (part for word in words for part in ("-ex", word))
    result = subprocess.run(
        ["gdb", "-nx", "-batch", "-iex", "set auto-load no", *commands, "--args", *of],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.stdout


def test_hello_prints_its_line_and_exits_0(run):
    result = run("hello")
    assert (result.stdout, result.stderr, result.returncode) == ("hello world\n", "", 0)


def test_pingpong_passes_the_number_over_channels(run):
    assert run("pingpong").stdout.splitlines() == ["ping 1", "pong 2", "ping 3", "pong 4", "ping 5", "game over"]


def test_hello_boots_a_hundred_times(run):
    assert {run("hello").stdout for _ in range(100)} == {"hello world\n"}


@pytest.mark.parametrize("value", ["0", "-3", "abc", "", "1", "3", "100000", "99999999999999999999"])
def test_any_gomaxprocs_boots(run, value):
    assert run("hello", GOMAXPROCS=value).returncode == 0


@pytest.mark.parametrize("value", ["", "nonsense", "nonsense=1", "cgocheck=x,,=,invalidptr", "a=1,b=2"])
def test_any_godebug_boots(run, value):
    assert run("hello", GODEBUG=value).returncode == 0


def test_a_large_environment_and_many_arguments_boot(run):
    environment = {f"V{i}": "x" * 100 for i in range(1000)}
    assert run("hello", *["argument"] * 1000, **environment).returncode == 0


def test_a_closed_standard_output_is_not_a_crash(build):
    command = f"{build}/runtime/programs/hello >&-"
    assert subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE).returncode == 0


def test_hello_boots_on_one_cpu(build):
    cpu = min(os.sched_getaffinity(0))
    result = subprocess.run(
        [build / "runtime/programs/hello"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
    )
    assert result.stdout == "hello world\n"


def test_without_memory_to_reserve_it_says_so(build):
    command = f"ulimit -v 900; exec {build}/runtime/programs/hello"
    result = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr.splitlines()[0]) == (2, "fatal error: mallocinit: cannot reserve memory")


def test_little_address_space_is_enough(build):
    command = f"ulimit -v 50000; exec {build}/runtime/programs/hello"
    assert subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE).stdout == b"hello world\n"


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_no_goroutine_or_message_is_lost(run, procs):
    assert re.findall(r"\w+ (\w+) \d+", run("churn", GOMAXPROCS=procs).stdout) == ["ok", "ok", "ok"]


@pytest.mark.parametrize("procs", ["1", "7"])
def test_where_a_block_begins_can_be_told_of_every_address_in_it(run, procs):
    assert run("blocks", GOMAXPROCS=procs).stdout == "blocks ok 160000\n"


@pytest.mark.parametrize("procs", ["1", "2"])
def test_stacks_grow_and_come_back(run, procs):
    assert run("grow", GOMAXPROCS=procs).stdout == "stacks 8 of 8\n"


def test_a_loop_that_calls_functions_is_preempted(run):
    assert run("preempt", GOMAXPROCS="1").stdout == "preempted\n"


def test_channels_keep_order_and_lose_nothing(run):
    assert run("chans").stdout.splitlines() == [
        "len 3 cap 3",
        "order 1 2 3 then 0 closed",
        "moved 5050",
        "alive 0",
        "nil channel waits",
    ]


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_select_loses_nothing_and_favours_none(run, procs):
    assert run("selects", GOMAXPROCS=procs).stdout.splitlines() == ["sent ok 80000", "fair ok ", "default ok close ok"]


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_locks_exclude(run, procs):
    assert run("locks", GOMAXPROCS=procs).stdout.splitlines() == ["mutex ok 100000", "rwmutex ok 0", "once 1"]


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_conditions_wake_in_order_and_lose_nobody(run, procs):
    assert run("conds", GOMAXPROCS=procs).stdout.splitlines() == [
        "order ok",
        "broadcast 100",
        "tickets ok",
        "buffer 199990000 of 199990000",
    ]


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_semaphores_serve_each_line_in_order_and_keep_their_trees(run, procs):
    assert run("sematreap", GOMAXPROCS=procs).stdout.splitlines() == [
        "waiting 21200",
        "released 20000 left 0 lines in order 100 wrong 0",
    ]


@pytest.mark.parametrize("build", [("g++", "release")], ids="-".join, indirect=True)
def test_two_hundred_thousand_semaphores_are_waited_on(run):
    assert run("sematreap", "200000", GOMAXPROCS="2").stdout.splitlines() == [
        "waiting 201200",
        "released 200000 left 0 lines in order 100 wrong 0",
    ]


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_timers_are_never_early_and_never_lost(run, procs):
    assert run("timers", GOMAXPROCS=procs).stdout.splitlines() == ["early 0", "slept ok", "timeout ok ticks 5"]


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_deleted_timers_stay_quiet_and_late_ones_catch_up(run, procs):
    assert run("timerload", GOMAXPROCS=procs).stdout.splitlines() == [
        "timers ok wrong 0",
        "order ok",
        "stopped ok wrong 0",
    ]


def test_what_a_channel_still_held_is_finalized_elsewhere(run):
    assert run("finalize").stdout == "finalizer elsewhere\n"


def test_a_deadlock_is_noticed(run):
    result = run("deadlock")
    assert (result.returncode, result.stderr.splitlines()[0]) == (
        2,
        "fatal error: all goroutines are asleep - deadlock!",
    )


def test_a_fault_is_reported_with_its_address(run):
    result = run("fault")
    assert result.returncode == 2
    assert re.search(
        r"^\[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x[0-9a-f]+\]$", result.stderr, re.M
    )


def test_nothing_of_libc_is_linked(build):
    symbols = subprocess.run(
        ["nm", "--undefined-only", build / "runtime/programs/hello"], capture_output=True, text=True
    )
    assert symbols.stdout == ""


def test_the_entry_point_is_go_s(build):
    header = subprocess.run(["readelf", "-h", build / "runtime/programs/hello"], capture_output=True, text=True).stdout
    names = subprocess.run(["nm", build / "runtime/programs/hello"], capture_output=True, text=True).stdout
    entry = int(re.search(r"Entry point address:\s+(0x[0-9a-f]+)", header)[1], 16)
    assert entry == int(re.search(r"^([0-9a-f]+) . _rt0_amd64_linux$", names, re.M)[1], 16)


def test_every_function_of_the_boot_checks_its_stack(build):
    """Only what Go marks nosplit, too, or what runs on g0 may do without: a prologue is where a goroutine is preempted
    and where its stack grows."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", build / "runtime/programs/hello"], capture_output=True, text=True
    ).stdout
    bodies = dict(re.findall(r"^[0-9a-f]+ <([^>]+)>:\n((?:.+\n)*)", listing, re.M))
    checked = {name for name, body in bodies.items() if "__morestack" in body}
    assert {"runtime.schedinit", "runtime.allgadd", "runtime.wakep", "runtime.main", "main.main"} <= checked


@pytest.mark.skipif(not os.path.exists("/sys/kernel/mm/transparent_hugepage"), reason="this kernel has no huge pages")
@pytest.mark.parametrize("goroutines, asked", [(10000, False), (40000, True)])
@pytest.mark.parametrize("build", [("g++", "debug")], ids="-".join, indirect=True)
def test_a_large_heap_may_have_huge_pages_and_a_small_one_not(build, goroutines, asked):
    maps = "python print(open(f'/proc/{gdb.selected_inferior().pid}/smaps').read())"
    said = in_gdb("catch syscall exit_group", "run", maps, of=[build / "tests/bench/sched", "park", str(goroutines)])
    flags = re.findall(r"^VmFlags:.*$", said, re.M)
    assert flags and any(" hg" in line for line in flags) == asked


def test_a_goroutine_is_entered_by_a_call_that_ends_where_it_returns_to(build):
    """The processor guesses where a `ret` goes by the calls that it has seen: with a jump the last one costs 10 ns."""
    with open(build / "runtime/programs/hello", "rb") as file:
        elf = ELFFile(file)
        goexit = elf.get_section_by_name(".symtab").get_symbol_by_name("runtime.goexit")[0]["st_value"]
        text = elf.get_section_by_name(".text")
        at = goexit + 1 - text["sh_addr"]
        assert text.data()[at - 3 : at] == bytes.fromhex("ff5190")  # call *-112(%rcx)


def test_the_jump_to_another_goroutine_is_no_call(build):
    """It comes back by no `ret`: see above."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", build / "runtime/programs/hello"], capture_output=True, text=True
    ).stdout
    before = re.findall(r"(\w+) .*\n.*\bcall .*<jump_fcontext>", listing)
    assert before and set(before) == {"jmp"}  # so none of these calls is reached


@pytest.mark.parametrize("build", [("g++", "debug")], ids="-".join, indirect=True)
def test_no_other_thread_is_there_before_main_asks_for_one(build):
    """The first thread is to run main, and another might be there sooner."""
    counts = "python print(len(gdb.selected_inferior().threads()), 'thread')"
    said = in_gdb("break *&'runtime.main'", "run", counts, of=[build / "runtime/programs/hello"])
    assert "1 thread" in said.splitlines()


def test_an_mstart_that_returns_crashes_at_0xf1(build):
    """gdb makes mstart return at once; what stands behind the call is the crash."""
    back = ("set $pc = *(unsigned long *) $sp", "set $sp = $sp + 8")
    fault = 'printf "fault at %p\\n", $_siginfo._sifields._sigfault.si_addr'
    words = ("break *&'runtime.mstart'", "run", *back, "handle SIGSEGV stop", "continue", fault)
    assert "fault at 0xf1" in in_gdb(*words, of=[build / "runtime/programs/hello"])
