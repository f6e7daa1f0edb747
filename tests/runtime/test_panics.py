"""What a program says when it fails, as Go 1.10 says it: tracebacks, deadlocks, signals, panics. And what it
survives."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
RUNTIME = HERE.parent.parent / "runtime"
TRACEBACKS = (HERE / "tracebacks.cpp").read_text().splitlines()
PANICS = (HERE / "panics.cpp").read_text().splitlines()
DEADLOCK = "fatal error: all goroutines are asleep - deadlock!"


def line(source, text, nth=1):
    """The number of the nth line that has this text."""
    return [n for n, content in enumerate(source, 1) if text in content][nth - 1]


def goroutines(report):
    """{header: [(function, file, line)]} of a report's goroutines; "created by" is a function like others."""
    found = {}
    for block in re.split(r"\n\n+", report):
        header, *rest = block.splitlines()
        if re.match(r"goroutine \d+ \[.*\]:$", header):
            found[header] = [
                (name.split("(")[0], *re.match(r"\t(.*):(\d+)", place).groups())
                for name, place in zip(rest[0::2], rest[1::2])
                if place.startswith("\t")
            ]
    return found


def stacks(report):
    """The same without ids and paths: {status: [(function, line)]}."""
    return {
        re.search(r"\[(.*)\]", header)[1]: [(name, int(n)) for name, _, n in frames]
        for header, frames in goroutines(report).items()
    }


@pytest.fixture
def in_gdb(build, tmp_path):
    """Runs a program in gdb, with these commands."""

    def go(name, *commands):
        (tmp_path / "commands").write_text("\n".join(commands))
        return subprocess.run(
            [
                "gdb",
                "-nx",
                "-batch",
                "-iex",
                "set auto-load no",
                "-x",
                tmp_path / "commands",
                build / "tests/runtime" / name,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return go


# ---- tracebacks ----------------------------------------------------------------------------------------------------


@pytest.fixture
def waits(run):
    return run("tracebacks", "waits")


def test_a_deadlock_says_so_and_exits_2(waits):
    assert (waits.stderr.split("\n")[:2], waits.returncode) == ([DEADLOCK, ""], 2)


def test_functions_and_lines_are_the_program_s(waits):
    t = TRACEBACKS
    assert stacks(waits.stderr)["chan receive"][-6:] == [
        ("main.leaf", line(t, "c.recv();")),
        ("main.tree.wait", line(t, "leaf(c);")),
        ("main.tree.wait", line(t, "wait(depth - 1);")),
        ("main.tree.wait", line(t, "wait(depth - 1);")),
        ("main.waits.func1", line(t, ".wait(2)")),
        ("created by main.waits", line(t, ".wait(2)")),
    ]


def test_a_nil_channel_waits_for_ever(waits):
    assert stacks(waits.stderr)["chan send (nil chan)"][0] == ("shop.open", line(TRACEBACKS, "c.send(1);"))


def test_a_lambda_in_a_lambda_is_numbered_after_it(waits):
    assert stacks(waits.stderr)["select (no cases)"][:2] == [
        ("main.waits.func3.1", line(TRACEBACKS, "Select();")),
        ("main.waits.func3", line(TRACEBACKS, "inner();")),
    ]


def test_a_mutex_is_waited_for_in_semacquire(waits):
    functions = [name for name, _ in stacks(waits.stderr)["semacquire"]]
    assert functions == [
        "sync.runtime_Semacquire",
        "sync.Mutex.lockSlow",
        "sync.Mutex.Lock",
        "main.waits.func4",
        "created by main.waits",
    ]


def test_goroutines_stand_in_the_order_they_were_made(waits):
    assert [re.search(r"\[(.*)\]", h)[1] for h in goroutines(waits.stderr)] == [
        "chan receive",
        "chan receive",
        "chan send (nil chan)",
        "select (no cases)",
        "semacquire",
    ]


def test_files_have_their_full_names(waits):
    assert {file for frames in goroutines(waits.stderr).values() for _, file, _ in frames} <= {
        str(HERE / "tracebacks.cpp"),
        *(str(RUNTIME / name) for name in ("sema.cpp", "std/sync.cpp", "std/sync.hpp")),
    }


def test_a_header_says_that_the_goroutine_is_locked(run):
    assert "\n\ngoroutine 1 [chan receive, locked to thread]:\n" in run("tracebacks", "locked").stderr


def test_a_header_says_how_many_minutes_it_has_waited(in_gdb):
    """gdb lets main have waited for 100 s when the machine started."""
    report = in_gdb(
        "tracebacks",
        "break *&'runtime.tracebackothers'",
        "run",
        "set var allgs.array[0]->waitsince = -100000000000",
        "continue",
    ).stderr
    assert re.search(r"^goroutine 1 \[chan receive, \d+ minutes\]:$", report, re.M)


def test_a_walk_crosses_stack_segments(run):
    frames = stacks(run("tracebacks", "deep").stderr)["chan receive"]
    t = TRACEBACKS
    assert (
        frames[:-1] == [("main.deep", line(t, "return c.recv()"))] + [("main.deep", line(t, "return deep(n - 1"))] * 30
    )
    assert frames[-1] == ("main.main", line(t, "deep(30, c)"))


def test_a_smashed_frame_pointer_ends_the_walk(run):
    result = run("tracebacks", "smashed")
    assert (len(goroutines(result.stderr)), result.stderr.count("main.smash("), result.returncode) == (6, 5, 2)
    assert max(len(frames) for frames in goroutines(result.stderr).values()) < 5


def test_a_stripped_program_still_reports(build, tmp_path):
    subprocess.run(["strip", "-o", tmp_path / "stripped", build / "tests/runtime/tracebacks"], check=True)
    result = subprocess.run([tmp_path / "stripped"], capture_output=True, text=True)
    assert re.match(DEADLOCK + r"\n\ngoroutine 1 \[chan receive\]:\n(0x[0-9a-f]+\n)+$", result.stderr)


def test_without_debug_information_there_are_symbols(build, tmp_path):
    subprocess.run(["strip", "-g", "-o", tmp_path / "plain", build / "tests/runtime/tracebacks"], check=True)
    result = subprocess.run([tmp_path / "plain"], capture_output=True, text=True)
    assert re.match(
        DEADLOCK + r"\n\ngoroutine 1 \[chan receive\]:\nmain\.main\(\.\.\.\)\n\t\?:0 \+0x[0-9a-f]+\n$", result.stderr
    )


@pytest.mark.parametrize(
    "level, ids, runtime",
    [
        ("none", 0, False),
        ("single", 1, False),
        ("", 1, False),
        ("all", 3, False),
        ("system", 6, True),
        ("0", 0, False),
        ("2", 6, True),
    ],
)
def test_gotraceback_says_how_much(run, level, ids, runtime):
    """A panic of main's, with a goroutine that waits and one that has not run; g2, g3 and g4 are the system's."""
    report = run("panics", "beside", GOTRACEBACK=level, GOMAXPROCS="1").stderr
    assert (len(goroutines(report)), "runtime.goexit" in report) == (ids, runtime)


def test_crash_ends_with_sigabrt(run):
    assert run("panics", "plain", GOTRACEBACK="crash").returncode == -signal.SIGABRT


def test_a_closed_standard_error_is_not_a_hang(build):
    command = f"exec {build}/tests/runtime/panics plain 2>&-"
    assert subprocess.run(["sh", "-c", command], timeout=20).returncode == 2


def test_a_standard_error_that_nobody_reads_any_more_changes_nothing(build):
    """SIGPIPE is nothing there: only os.Stdout and os.Stderr die of it, and this is the runtime's own print."""
    here, there = os.pipe()
    os.close(here)
    process = subprocess.Popen([build / "tests/runtime/panics", "plain"], stderr=there)
    os.close(there)
    assert process.wait(60) == 2


# ---- signals -------------------------------------------------------------------------------------------------------


@pytest.fixture
def quit_report(build):
    with subprocess.Popen(
        [build / "tests/runtime/tracebacks", "quit"],
        env={"GOMAXPROCS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as p:
        assert p.stdout.readline() == "ready\n"
        p.send_signal(signal.SIGQUIT)
        return *p.communicate(timeout=20), p.returncode


def test_sigquit_shows_every_goroutine_and_exits_2(quit_report):
    _, report, status = quit_report
    assert status == 2
    assert re.match(r"SIGQUIT: quit\nPC=0x[0-9a-f]+ m=\d+ sigcode=0\n\ngoroutine ", report)
    assert ("time.Sleep", "main.main.func6") == tuple(name for name, _ in stacks(report)["sleep"])[:2]
    assert [name for name, _ in stacks(report)["chan receive"]] == ["main.main"]


def test_sigquit_ends_with_the_registers(quit_report):
    names = re.findall(r"^(\w+) +0x[0-9a-f]+$", quit_report[1].split("\n\n")[-1], re.M)
    assert names == ("rax rbx rcx rdx rdi rsi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags cs fs gs").split()


def test_a_fault_is_a_panic_with_its_address(run):
    result = run("panics", "nil")
    assert re.match(
        r"panic: runtime error: invalid memory address or nil pointer dereference\n"
        r"\[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x[0-9a-f]+\]\n\ngoroutine 1 \[running\]:\n",
        result.stderr,
    )
    assert stacks(result.stderr)["running"][0] == ("main.dereference", line(PANICS, "void dereference"))
    assert result.returncode == 2


def test_a_division_by_zero_is_a_panic(run):
    result = run("panics", "divide")
    assert result.stderr.startswith("panic: runtime error: integer divide by zero\n[signal SIGFPE: ")
    assert stacks(result.stderr)["running"][0] == ("main.divide", line(PANICS, "void divide"))


def test_a_fault_far_from_null_is_fatal(run):
    result = run("panics", "wild")
    assert result.stderr.startswith("unexpected fault address 0x123456789018\nfatal error: fault\n[signal SIGSEGV: ")
    assert [name for name, _ in stacks(result.stderr)["running"]][:3] == [
        "runtime.throw",
        "runtime.sigpanic",
        "main.dereference",
    ]


def test_a_call_of_nothing_shows_its_caller(run):
    result = run("panics", "call")
    assert re.search(r"addr=0x0 pc=0x0\]", result.stderr)
    assert stacks(result.stderr)["running"][0][0] == "main.callnothing"


def test_a_call_of_no_code_shows_its_caller(run):
    result = run("panics", "callwild")
    assert re.search(r"addr=0x10 pc=0x10\]", result.stderr)
    assert stacks(result.stderr)["running"][0][0] == "main.callwild"


def test_a_fault_on_g0_is_the_runtime_s(run):
    result = run("panics", "system")
    assert result.stderr.startswith("fatal error: unexpected signal during runtime execution\n[signal SIGSEGV: ")
    assert "\n\nruntime stack:" in result.stderr
    assert result.returncode == 2


def test_a_fault_in_a_report_is_told_in_fewer_words(in_gdb):
    """gdb makes every traceback a jump to nowhere."""
    result = in_gdb(
        "panics",
        "handle SIGSEGV nostop noprint pass",
        "break *&'runtime.traceback'",
        "commands\nsilent\nset $pc = 0\ncontinue\nend",
        "run plain",
    )
    assert "panic during panic\n" in result.stderr
    assert result.stderr.count("stack trace unavailable\n") == 1
    assert "exited with code 04]" in result.stdout


# ---- panics --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what, words",
    [
        ("plain", "panic: boom\n"),
        ("number", "panic: -42\n"),
        ("repanic", "panic: a\n\tpanic: b\n"),
        ("recovered", "panic: a [recovered]\n\tpanic: a\n"),
        ("unlock", "fatal error: sync: unlock of unlocked mutex\n"),
    ],
)
def test_panics_have_go_s_words(run, what, words):
    result = run("panics", what)
    assert result.stderr.startswith(words + "\ngoroutine 1 [running]:\n")
    assert result.returncode == 2


def test_a_panic_in_a_goroutine_names_who_made_it(run):
    at = line(PANICS, 'panic("there")')
    assert stacks(run("panics", "goroutine").stderr) == {
        "running": [("main.main.func1", at), ("created by main.main", at)]
    }


def test_a_deferred_call_s_panic_shows_where_the_first_one_was(run):
    assert [name for name, _ in stacks(run("panics", "repanic").stderr)["running"]] == [
        "main.main.func2.1",
        "panic",
        "main.main.func2",
        "main.main",
    ]


def test_two_panics_at_once_are_told_one_after_the_other(run):
    for _ in range(10):
        result = run("panics", "both")
        assert result.returncode == 2
        assert re.fullmatch(
            (
                r"(panic: together\n\ngoroutine \d+ \[running\]:\n(\S+\n\t\S+( \+0x\w+)?\n|created by main.main\n\t\S+"
                r" \S+\n)+){1,2}"
            ),
            result.stderr,
        )


def test_deferred_calls_run_last_one_first(run):
    assert run("panics", "order").stdout.splitlines() == ["body", "deferred 3", "deferred 2", "deferred 1"]


def test_what_go_can_recover_from_can_be_recovered_from(run):
    assert run("panics", "recovers").stdout.splitlines() == [
        "send: send on closed channel",
        "close: close of closed channel",
        "nil: close of nil channel",
        "size: makechan: size out of range",
        "group: sync: negative WaitGroup counter",
        "divide: runtime error: integer divide by zero",
        "memory: runtime error: invalid memory address or nil pointer dereference",
        "deep: deep",
        "again: deep",
        "none: nothing",
        "value: 7 0",
    ]


def test_recover_answers_to_the_panic_that_runs_the_call(run):
    assert run("panics", "nested").stdout.splitlines() == [
        "not this panic's ok",
        "recovered second once",
        "first deferred, last called ok",
        "outside ok",
    ]


def test_the_caller_s_registers_survive_a_recover(run):
    assert run("panics", "registers").stdout == "2497515\n"


def test_goexit_runs_deferred_calls_and_destroys_captures(run):
    assert run("panics", "exits").stdout.splitlines() == ["deferred ok", "destroyed"]


def test_main_may_call_goexit(run):
    result = run("panics", "goexit")
    assert result.stdout.splitlines() == ["main's deferred", "others go on"]
    assert result.stderr == "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"
    assert result.returncode == 2


@pytest.mark.parametrize("what", ["overflow", "overflowlocked"])
def test_a_stack_overflow_shows_a_hundred_frames(run, what):
    result = run("panics", what)
    assert result.stderr.startswith(
        "runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n\nruntime stack:\n"
    )
    assert result.stderr.count("\nmain.overflow(") + result.stderr.count("\n__morestack(") == 100
    assert "\n...additional frames elided...\n" in result.stderr
    assert result.returncode == 2
